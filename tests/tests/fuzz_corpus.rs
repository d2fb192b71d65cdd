//! What fuzzing began with and what it found: each compiles, or is refused, without a panic.

use tests::repository;

#[test]
fn every_case_of_the_corpus_ends() {
    let folder = repository().join("codegen/fuzz/corpus/compile");
    let mut cases: Vec<_> = std::fs::read_dir(&folder).unwrap().flatten().map(|e| e.path()).collect();
    cases.sort();
    assert!(!cases.is_empty(), "the corpus is in {}", folder.display());
    for case in cases {
        codegen::compile_bytes(&std::fs::read(&case).unwrap());
    }
}
