-- Version 1 of the store: see store/, which alone speaks SQL. Numbers of sentences count from 0; places in
-- a text are bytes of its UTF-8. No row holds a clock: the same inputs give the same rows.

CREATE TABLE document (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,              -- the path, with #n for a record of JSON Lines
    lang     TEXT NOT NULL,              -- BCP 47 primary subtag
    hash     BLOB NOT NULL,              -- SHA-256 of the text
    cut      BLOB NOT NULL,              -- SHA-256 of the sentences' places: the same text can be split in two ways
    url      TEXT,
    title    TEXT,
    byline   TEXT,
    date     TEXT,                       -- as the source writes it
    text     TEXT NOT NULL,              -- last, so that reading the columns before it touches one page
    UNIQUE (name, lang, hash, cut)
);

CREATE TABLE sentence (
    document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    start    INTEGER NOT NULL,
    stop     INTEGER NOT NULL,           -- one past the last byte
    PRIMARY KEY (document, number)
) WITHOUT ROWID;

CREATE TABLE engine (
    id        INTEGER PRIMARY KEY,
    signature TEXT NOT NULL UNIQUE
);

-- The translation memory. It belongs to no document and outlives them all.
CREATE TABLE translation (
    engine   INTEGER NOT NULL REFERENCES engine,
    sentence TEXT NOT NULL,
    english  TEXT NOT NULL,
    PRIMARY KEY (engine, sentence)
) WITHOUT ROWID;

CREATE TABLE bitext (
    id            INTEGER PRIMARY KEY,
    source        INTEGER NOT NULL REFERENCES document,
    target        INTEGER NOT NULL REFERENCES document,
    signature     TEXT NOT NULL,         -- what aligned it
    source_engine INTEGER REFERENCES engine, -- what translated the source for it, if anything did
    target_engine INTEGER REFERENCES engine,
    UNIQUE (source, target)
);
CREATE INDEX bitext_target ON bitext (target);

CREATE TABLE bead (
    id           INTEGER PRIMARY KEY,
    bitext       INTEGER NOT NULL REFERENCES bitext ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    source_first INTEGER NOT NULL,
    source_count INTEGER NOT NULL,
    target_first INTEGER NOT NULL,
    target_count INTEGER NOT NULL,
    type         TEXT NOT NULL GENERATED ALWAYS AS (source_count || '-' || target_count) VIRTUAL,
    score        REAL NOT NULL,          -- 0 to 1
    UNIQUE (bitext, number)
);

-- The beads with two sides, as text: from the first to the last of their sentences, as written.
CREATE VIEW pair AS
SELECT bead.id AS id,
       CAST(substr(CAST(s.text AS BLOB), s1.start + 1, s2.stop - s1.start) AS TEXT) AS source,
       CAST(substr(CAST(t.text AS BLOB), t1.start + 1, t2.stop - t1.start) AS TEXT) AS target
FROM bead
JOIN bitext ON bitext.id = bead.bitext
JOIN document AS s ON s.id = bitext.source
JOIN document AS t ON t.id = bitext.target
JOIN sentence AS s1 ON s1.document = s.id AND s1.number = bead.source_first
JOIN sentence AS s2 ON s2.document = s.id AND s2.number = bead.source_first + bead.source_count - 1
JOIN sentence AS t1 ON t1.document = t.id AND t1.number = bead.target_first
JOIN sentence AS t2 ON t2.document = t.id AND t2.number = bead.target_first + bead.target_count - 1
WHERE bead.source_count > 0 AND bead.target_count > 0;

-- The index of the concordance. Its content is the view, so no text is stored twice; save.rs adds and
-- removes its rows in the transaction that adds and removes the beads.
CREATE VIRTUAL TABLE pair_text USING fts5(
    source, target, content = 'pair', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
