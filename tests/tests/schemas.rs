//! The schemas that the compiler writes are those that `schemars` makes of the generated Rust types.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

fn written(root: &str) -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(root).join("generated/schemas");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().trim_end_matches(".schema.json").to_owned();
            (name, serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap())
        })
        .collect()
}

#[test]
fn each_schema_is_that_of_its_rust_type() {
    let of_rust = [("..", generated::schema::schemas()), ("flows/orders", orders_generated::schema::schemas())];
    for (root, schemas) in of_rust {
        let schemas: BTreeMap<String, Value> =
            schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema.into())).collect();
        let written = written(root);
        assert!(written.keys().eq(schemas.keys()), "{root}: {:?} {:?}", written.keys(), schemas.keys());
        for (name, schema) in &schemas {
            assert_eq!(written.get(name), Some(schema), "{root}: {name}");
        }
    }
}
