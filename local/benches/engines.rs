//! What an engine costs: one topic, three queues and three functions that do nothing, by AWS's APIs alone.
//!
//! `cargo bench -p local --bench engines -- NAME=COMMAND…`: each command starts an engine that says in its first line
//! where it is (as the example `bare` does) and that ends with its standard input. The engines take turns, round after
//! round, and are asked the same. Out: medians over the rounds.
//!
//! This very program is the functions, too: they say each record to the bench by UDP, so that what is measured is when a
//! consumer runs and not what an engine says of it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement that fails should panic")]

#[path = "engines/function.rs"]
mod function;
#[path = "engines/process.rs"]
mod process;
#[path = "engines/stack.rs"]
mod stack;

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

fn main() {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return function::main();
    }
    let engines: Vec<(String, String)> = std::env::args()
        .filter_map(|argument| argument.split_once('=').map(|(name, line)| (name.to_owned(), line.to_owned())))
        .collect();
    if engines.is_empty() {
        println!("no engine to measure: `cargo xtask bench` names them");
        return;
    }
    let mut rounds: Vec<Vec<Round>> = engines.iter().map(|_| Vec::new()).collect();
    for round in 0..ROUNDS {
        for ((name, command), rounds) in engines.iter().zip(&mut rounds) {
            eprintln!("round {} of {ROUNDS}: {name}", round + 1);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            rounds.push(runtime.block_on(measure(command)));
        }
    }
    print!("{:<42}", "one topic, three queues, three functions");
    engines.iter().for_each(|(name, _)| print!(" {name:>12}"));
    println!();
    row("start to ready, ms", &rounds, |round| ms(round.start));
    row("publish to function, median, ms", &rounds, |round| ms(at(&round.reach, 0.5)));
    row("publish to function, p99, ms", &rounds, |round| ms(at(&round.reach, 0.99)));
    row("events/s to all three functions", &rounds, |round| round.rate);
    row("engine's CPU for an event, µs", &rounds, |round| round.cpu.as_secs_f64() * 1e6);
    row("invoke, median, ms", &rounds, |round| ms(at(&round.invoke, 0.5)));
    row("invoke, p99, ms", &rounds, |round| ms(at(&round.invoke, 0.99)));
    row("peak memory of the engine, MiB", &rounds, |round| round.memory);
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

fn row(name: &str, rounds: &[Vec<Round>], of: impl Fn(&Round) -> f64) {
    print!("{name:<42}");
    for rounds in rounds {
        let mut values: Vec<f64> = rounds.iter().map(&of).collect();
        values.sort_by(f64::total_cmp);
        print!(" {:>12.1}", values[values.len() / 2]);
    }
    println!();
}

fn at(times: &[Duration], share: f64) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[((times.len() - 1) as f64 * share) as usize]
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
