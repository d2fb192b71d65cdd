//! Same input, same bytes.

#![expect(clippy::panic, reason = "a test that cannot go on says why")]

use codegen::compile;
use codegen::emit::File;
use tests::{everi, orders, shuffle::shuffled};

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
    assert_eq!(files(&orders()), files(&orders()));
}

#[test]
fn the_order_of_the_specs_maps_changes_no_byte() {
    for (flow, seeds) in [(everi(), 24), (orders(), 12)] {
        let expected = files(&flow);
        for seed in 1..=seeds {
            let now = files(&reordered(&flow, seed));
            let paths = |files: &[File]| files.iter().map(|f| f.path.clone()).collect::<Vec<_>>();
            assert_eq!(paths(&expected), paths(&now), "{}, seed {seed}", flow.path);
            for (was, now) in expected.iter().zip(&now) {
                assert!(was.text == now.text, "{}, seed {seed}: {} differs", flow.path, was.path);
            }
        }
    }
}

/// The same flow with the maps of each of its files in another order.
fn reordered(flow: &codegen::Input, seed: u64) -> codegen::Input {
    let again = |bytes: &[u8]| shuffled(&String::from_utf8_lossy(bytes), seed).into_bytes();
    let files =
        flow.files.iter().map(|(name, file)| (name.clone(), file.as_ref().map(|b| again(b)).map_err(Clone::clone)));
    codegen::Input { bytes: again(&flow.bytes), files: files.collect(), ..flow.clone() }
}

#[test]
fn shuffling_does_change_the_spec() {
    let spec = String::from_utf8(everi().bytes).unwrap();
    assert_ne!(shuffled(&spec, 1), shuffled(&spec, 2));
}
