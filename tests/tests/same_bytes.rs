//! Same input, same bytes.

#![expect(clippy::panic, reason = "a test that cannot go on says why")]

use codegen::compile;
use codegen::emit::File;
use tests::{everi, shuffle::shuffled};

fn files(input: &codegen::Input) -> Vec<File> {
    let compiled = compile(input);
    let found = codegen::render::human(&compiled.checked.sources, &compiled.checked.diagnostics, false);
    let mut files = compiled.output.unwrap_or_else(|| panic!("does not compile:\n{found}")).files;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

#[test]
fn two_compiles_of_one_spec_give_the_same_bytes() {
    assert_eq!(files(&everi()), files(&everi()));
}

#[test]
fn the_order_of_the_specs_maps_changes_no_byte() {
    let spec = String::from_utf8(everi().bytes).unwrap();
    let expected = files(&everi());
    for seed in 1..=24 {
        let input = codegen::Input { bytes: shuffled(&spec, seed).into_bytes(), ..everi() };
        for (was, now) in expected.iter().zip(files(&input)) {
            assert_eq!(was.path, now.path, "seed {seed}");
            assert!(was.text == now.text, "seed {seed}: {} differs", was.path);
        }
    }
}

#[test]
fn shuffling_does_change_the_spec() {
    let spec = String::from_utf8(everi().bytes).unwrap();
    assert_ne!(shuffled(&spec, 1), shuffled(&spec, 2));
}
