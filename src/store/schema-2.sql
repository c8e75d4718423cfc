-- Version 2 of the store: corpora of many documents. See store/

-- What a build was asked for, pair by pair, and what became of it.
CREATE TABLE input (
    source  TEXT NOT NULL,               -- the names of the two documents
    target  TEXT NOT NULL,
    content BLOB NOT NULL,               -- SHA-256 of both inputs' bytes and of how they were to be treated:
                                         -- while it is the same, there is nothing to do
    reason  TEXT,                        -- NULL: its bitext is stored; else why it was skipped
    PRIMARY KEY (source, target)
) WITHOUT ROWID;

-- Why a pair is not worth keeping; NULL: it is kept, or was not judged yet.
ALTER TABLE bead ADD COLUMN rejected TEXT;

-- What holds for the whole store: `filter`, the options that all of `rejected` was judged with; absent while
-- some pair was not judged.
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
