//! The explorer: searches small worlds for one in which the grouping protocol breaks its word.
//!
//! In: names of scenarios; all, if none is given. Out: the bounds and the number of worlds of each, or
//! the invariant that is broken and how one gets there, and then exit code 1.

mod hashed;
mod history;
mod scenario;
mod search;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    let names = std::env::args().skip(1).collect::<Vec<_>>();
    for scenario in scenario::all() {
        if !names.is_empty() && !names.iter().any(|name| name == scenario.name) {
            continue;
        }
        let began = std::time::Instant::now();
        let found = search::search(&scenario);
        println!(
            "{:12} {:>9} worlds {:>10} steps, depth {:>3}  {:>5.1} s  {}",
            scenario.name,
            found.states,
            found.steps,
            found.depth,
            began.elapsed().as_secs_f64(),
            scenario.about
        );
        if let Some((broken, way)) = found.broken {
            println!("broken: {}: {}", broken.invariant, broken.how);
            for line in way {
                println!("{line}");
            }
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
