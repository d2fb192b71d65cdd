//! The browser's client, `generated/client.ts`, run against a server that drops, repeats, reorders and forgets.
//!
//! In: the repository's own flow. Out: how many of the tests in `tests/client` passed. The pinned TypeScript compiler
//! turns it into JavaScript first.

use crate::error::Error;

use super::install::Judges;

/// Compiles and runs.
pub(crate) fn tested(judges: &Judges<'_>) -> Result<String, Error> {
    let repo = judges.repo();
    let place = judges.place("client");
    judges
        .node()
        .args([judges.place("node/node_modules/typescript/bin/tsc")])
        .args(["--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--types", ""])
        .args(["--outDir"])
        .args([&place, &repo.at("generated/client.ts")])
        .quiet()?;
    let (made, module) = (place.join("client.js"), place.join("client.mjs"));
    std::fs::rename(&made, &module).map_err(Error::file(&made))?;
    let tests = repo.at("tests/client/client.test.mjs");
    judges.node().args(["--test"]).args([tests]).env("CLIENT", &module).quiet()?;
    Ok("tests/client".to_owned())
}
