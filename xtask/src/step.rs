//! Named steps and the summary of them.
//!
//! In: what is to be done, one step after the other; a failed step does not stop the next. Out: a
//! headline before each step, and at the end each step with its time, and with the line that repeats
//! it if it failed.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::error::Error;

/// How a step ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Well; with what there is to say of it, if anything.
    Passed(String),
    /// Not at all, and that is no failure: why, and the line to type.
    NotRun(String),
    /// Badly.
    Failed(String),
}

struct Step {
    name: String,
    took: Duration,
    outcome: Outcome,
    repeat: String,
}

/// The steps so far.
pub(crate) struct Report {
    began: Instant,
    steps: Vec<Step>,
}

impl Report {
    /// An empty one; its clock runs.
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), steps: Vec::new() }
    }

    /// Does one step, under a headline; `repeat` is the line that does it alone.
    pub(crate) fn step(&mut self, name: &str, repeat: &str, work: impl FnOnce() -> Result<String, Error>) {
        headline(name);
        let began = Instant::now();
        let outcome = match work() {
            Ok(note) => Outcome::Passed(note),
            Err(error) => {
                println!("{error}");
                let note = match error {
                    // The line stands below the summary.
                    Error::Failed { status, .. } => status,
                    other => other.to_string(),
                };
                Outcome::Failed(note)
            }
        };
        self.record(name, repeat, began.elapsed(), outcome);
    }

    /// Takes over a step that was done elsewhere.
    pub(crate) fn record(&mut self, name: &str, repeat: &str, took: Duration, outcome: Outcome) {
        self.steps.push(Step { name: name.to_owned(), took, outcome, repeat: repeat.to_owned() });
    }

    /// Prints the summary and says the exit code.
    pub(crate) fn finish(self) -> ExitCode {
        headline("summary");
        let width = self.steps.iter().map(|step| step.name.len()).max().unwrap_or_default();
        for Step { name, took, outcome, .. } in &self.steps {
            let (word, colour, note) = match outcome {
                Outcome::Passed(note) => ("ok     ", "32", note),
                Outcome::NotRun(note) => ("not run", "33", note),
                Outcome::Failed(note) => ("FAILED ", "31", note),
            };
            println!("{} {name:width$} {:>7.1} s  {note}", painted(word, colour), took.as_secs_f64());
        }
        let failed = self.steps.iter().filter(|step| matches!(step.outcome, Outcome::Failed(_))).collect::<Vec<_>>();
        let count = self.steps.len();
        println!("\n{count} steps in {:.1} s, {} failed", self.began.elapsed().as_secs_f64(), failed.len());
        if failed.is_empty() {
            return ExitCode::SUCCESS;
        }
        println!("to repeat what failed:");
        for step in failed {
            println!("    {}", step.repeat);
        }
        ExitCode::FAILURE
    }
}

fn headline(name: &str) {
    println!("\n{}", painted(&format!("── {name} ──"), "1"));
}

fn painted(text: &str, colour: &str) -> String {
    if std::io::stdout().is_terminal() { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}
