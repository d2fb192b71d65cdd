//! The explorer: searches small worlds for one in which the grouping protocol breaks its word.
//!
//! In: names of scenarios, or `--large` for the large ones beside the others; all others, if nothing
//! is given. Out: a row of a table for each, with its bounds and the number of its worlds; or the
//! invariant that is broken and how one gets there, and then exit code 1.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a search whose own numbers are wrong must stop")]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types,
    reason = "it is a program, with arguments, output and a clock; and it never asks a map for its order"
)]

mod hashed;
mod history;
mod process;
mod scenario;
mod search;
mod world;

use std::process::ExitCode;

use scenario::Scenario;

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let mut scenarios = scenario::all();
    if arguments.iter().any(|argument| argument.starts_with("--large")) {
        let large = scenario::large();
        if arguments.iter().any(|argument| argument == "--large") {
            scenarios.extend(large);
        } else {
            scenarios = large;
        }
    }
    let names = arguments.iter().filter(|argument| !argument.starts_with("--")).collect::<Vec<_>>();
    if let Some(name) = names.iter().find(|name| scenarios.iter().all(|scenario| scenario.name != name.as_str())) {
        eprintln!("error: there is no scenario `{name}`");
        return ExitCode::from(2);
    }
    scenarios.retain(|scenario| names.is_empty() || names.iter().any(|name| *name == scenario.name));
    for scenario in &scenarios {
        let began = std::time::Instant::now();
        let found = search::search(scenario);
        println!("{}", row(scenario, &found));
        eprintln!("{:>8.1} s", began.elapsed().as_secs_f64());
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

fn row(scenario: &Scenario, found: &search::Found) -> String {
    let faults = scenario.faults;
    let cells = [
        format!("`{}`", scenario.name),
        scenario.about.to_owned(),
        scenario.processes.to_string(),
        faults.crashes.to_string(),
        faults.lost_answers.to_string(),
        faults.duplicates.to_string(),
        faults.lost_timers.to_string(),
        found.states.to_string(),
        found.steps.to_string(),
        found.depth.to_string(),
    ];
    format!("| {} |", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(name: &str) -> search::Found {
        let all = scenario::all();
        search::search(all.iter().find(|scenario| scenario.name == name).unwrap())
    }

    #[test]
    fn two_events_and_a_lost_answer_break_nothing() {
        let found = searched("lost");
        assert!(found.broken.is_none(), "{:?}", found.broken);
        assert!(found.states > 1_000);
    }

    #[test]
    fn what_expires_in_time_breaks_nothing() {
        let found = searched("expired");
        assert!(found.broken.is_none(), "{:?}", found.broken);
    }

    #[test]
    fn a_search_is_the_same_each_time() {
        let (one, other) = (searched("sent-once"), searched("sent-once"));
        assert_eq!((one.states, one.steps, one.depth), (other.states, other.steps, other.depth));
    }

    #[test]
    fn what_never_ends_is_found() {
        let mut scenario = scenario::all().into_iter().find(|scenario| scenario.name == "swept").unwrap();
        scenario.sweep = false;
        let (broken, way) = search::search(&scenario).broken.unwrap();
        assert_eq!(broken.invariant, "I6");
        assert!(way.iter().any(|line| line.contains("LOST       timer")));
    }
}
