//! What an engine costs: one topic, three queues and three functions that do nothing, by AWS's APIs alone.
//!
//! `cargo bench -p local --bench engines -- NAME=COMMAND…`: each command starts an engine that says in its first line
//! where it is (as the example `bare` does) and that ends with its standard input. The engines take turns, round after
//! round, and are asked the same. Out: medians over the rounds.
//!
//! The first engine has bounds, and the exit code is 1 if it passes one. With `--soak=SECONDS` it is alone, under full load
//! for so long, and what is watched is its memory.
//!
//! This very program is the functions, too: they say each record to the bench by UDP, so that what is measured is when a
//! consumer runs and not what an engine says of it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement that fails should panic")]

#[path = "engines/function.rs"]
mod function;
#[path = "engines/process.rs"]
mod process;
#[path = "engines/soak.rs"]
mod soak;
#[path = "engines/stack.rs"]
mod stack;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use process::Process;
use stack::Stack;

/// How often each engine is measured.
const ROUNDS: usize = 3;
/// One by one, for the latency.
const SINGLE: usize = 200;
/// Invocations one by one, for the latency.
const INVOKES: usize = 300;
/// How long events are published as fast as they are taken.
const LOAD: Duration = Duration::from_secs(4);
/// After this long without a record the rest is taken as lost.
const SILENCE: Duration = Duration::from_secs(20);

/// What one round found.
struct Round {
    /// From the process's start to the stack being up.
    start: Duration,
    /// From before a publish to its record in the first function.
    reach: Vec<Duration>,
    /// Events that reached all three functions, a second.
    rate: f64,
    /// The engine's CPU for such an event.
    cpu: Duration,
    /// One synchronous invocation, over HTTP and back.
    invoke: Vec<Duration>,
    /// The engine's highest resident memory, without its functions: MiB.
    memory: f64,
}

/// A figure: its name, what it is in a round, and, of the first engine, its bound.
type Figure = (&'static str, fn(&Round) -> f64, Bound);

enum Bound {
    AtMost(f64),
    AtLeast(f64),
    None,
}

const FIGURES: [Figure; 8] = [
    ("start to ready, ms", |round| ms(round.start), Bound::AtMost(300.0)),
    ("publish to function, median, ms", |round| ms(at(&round.reach, 0.5)), Bound::AtMost(5.0)),
    ("publish to function, p99, ms", |round| ms(at(&round.reach, 0.99)), Bound::None),
    ("events/s to all three functions", |round| round.rate, Bound::AtLeast(5000.0)),
    ("engine's CPU for an event, µs", |round| round.cpu.as_secs_f64() * 1e6, Bound::None),
    ("invoke, median, ms", |round| ms(at(&round.invoke, 0.5)), Bound::AtMost(1.0)),
    ("invoke, p99, ms", |round| ms(at(&round.invoke, 0.99)), Bound::None),
    ("peak memory of the engine, MiB", |round| round.memory, Bound::None),
];

fn main() -> ExitCode {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        function::main();
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<(String, String)> = std::env::args()
        .filter_map(|argument| argument.split_once('=').map(|(name, line)| (name.to_owned(), line.to_owned())))
        .collect();
    let (options, engines): (Vec<_>, Vec<_>) = arguments.into_iter().partition(|(name, _)| name.starts_with("--"));
    let Some((_, first)) = engines.first() else {
        println!("no engine to measure: `cargo xtask bench` names them");
        return ExitCode::SUCCESS;
    };
    if let Some((_, seconds)) = options.iter().find(|(name, _)| name == "--soak") {
        let flat = runtime().block_on(soak::soak(first, Duration::from_secs(seconds.parse().unwrap())));
        return if flat { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let mut rounds: Vec<Vec<Round>> = engines.iter().map(|_| Vec::new()).collect();
    for round in 0..ROUNDS {
        for ((name, command), rounds) in engines.iter().zip(&mut rounds) {
            eprintln!("round {} of {ROUNDS}: {name}", round + 1);
            rounds.push(runtime().block_on(measure(command)));
        }
    }
    print!("{:<42}", "one topic, three queues, three functions");
    engines.iter().for_each(|(name, _)| print!(" {name:>12}"));
    println!();
    let broken = FIGURES.iter().filter(|figure| !row(figure, &rounds)).count();
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn measure(command: &str) -> Round {
    let started = Instant::now();
    let (mut process, place) = Process::start(command).await;
    let mut stack = Stack::up(&place).await;
    let start = started.elapsed();

    // The functions' first invocations start their processes.
    stack.publish_one().await;
    stack.heard(3, SILENCE).await;

    let mut reach = Vec::new();
    for _ in 0..SINGLE {
        let began = Instant::now();
        stack.publish_one().await;
        stack.heard(1, SILENCE).await;
        reach.push(began.elapsed());
        stack.heard(2, SILENCE).await;
    }
    let (cpu, began) = (process.cpu(), Instant::now());
    let published = stack.publish_for(LOAD).await;
    stack.heard(3 * published, SILENCE).await;
    let (rate, cpu) = (published as f64 / began.elapsed().as_secs_f64(), process.cpu() - cpu);

    let mut invoke = Vec::new();
    for _ in 0..INVOKES {
        let began = Instant::now();
        stack.invoke().await;
        invoke.push(began.elapsed());
    }
    let memory = process.peak_mib();
    process.end().await;
    Round { start, reach, rate, cpu: cpu / u32::try_from(published).unwrap(), invoke, memory }
}

/// Prints a figure's median of each engine, and says whether the first kept its bound.
fn row((name, of, bound): &Figure, rounds: &[Vec<Round>]) -> bool {
    let medians = rounds.iter().map(|rounds| {
        let mut values: Vec<f64> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    });
    let medians: Vec<f64> = medians.collect();
    print!("{name:<42}");
    medians.iter().for_each(|median| print!(" {median:>12.1}"));
    let (said, kept) = match *bound {
        Bound::AtMost(most) => (format!("at most {most}"), medians[0] <= most),
        Bound::AtLeast(least) => (format!("at least {least}"), medians[0] >= least),
        Bound::None => (String::new(), true),
    };
    println!("   {said}{}", if kept { "" } else { ": FAILED" });
    kept
}

fn at(times: &[Duration], share: f64) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[((times.len() - 1) as f64 * share) as usize]
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
