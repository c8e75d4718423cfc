//! The committed inputs of the fuzz targets, through the same functions: the targets never rot, and what was
//! found once stays mended.

#[path = "fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::Path;

#[test]
fn every_target_holds_on_its_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for (name, body) in targets::TARGETS {
        let mut inputs: Vec<_> = fs::read_dir(corpus.join(name))
            .unwrap_or_else(|cause| panic!("{name} has no seeds: {cause}"))
            .map(|entry| entry.unwrap().path())
            .collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{name} has no seeds");
        for input in inputs {
            let data = fs::read(&input).unwrap();
            body(&data);
        }
        body(b"");
    }
    targets::clean_up();
}
