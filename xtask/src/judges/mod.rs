//! Judges: other people's programs that read what the compiler wrote.
//!
//! In: the outputs of every flow root, the templates of a flow of several stacks, and for each judge fixtures of its kind: good ones in which it
//! must find nothing, bad ones in which it must find a known rule. Each judge reads both in one run.
//! Out: one step a judge. Guaranteed: a judge that accepts everything fails its step; a finding passes
//! only through the one table of suppressions; a suppression that matches nothing fails.

mod cfn_lint;
mod checkov;
mod client;
mod deployed;
mod finding;
mod gem;
mod install;
mod large;
mod outputs;
mod script;
mod suppressions;
mod tsc;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::repo::Repo;
use crate::step::{Outcome, Report};

use self::finding::Finding;
use self::install::Judges;
use self::outputs::Kind;
use self::suppressions::Suppressions;
use self::verdict::Verdict;

/// One judge.
struct Judge {
    name: &'static str,
    reads: Kind,
    /// Bad fixtures, each with the rule that must be found in it.
    must_find: &'static [(&'static str, &'static str)],
    /// Why it cannot run here, and the line to type; nothing if it can.
    absent: fn() -> Option<String>,
    /// All findings in these files.
    ask: fn(&Judges<'_>, &[PathBuf]) -> Result<Vec<Finding>, Error>,
}

const fn pinned() -> Option<String> {
    None
}

/// The slowest first, so that two at a time end together.
const JUDGES: [Judge; 8] = [
    Judge {
        name: "checkov",
        reads: Kind::Template,
        must_find: &[("bad.json", "CKV_AWS_27")],
        absent: pinned,
        ask: checkov::ask,
    },
    Judge {
        name: "asyncapi",
        reads: Kind::AsyncApi,
        must_find: &[("bad.asyncapi.json", "invalid-ref"), ("bad.asyncapi.json", "asyncapi-document-resolved")],
        absent: pinned,
        ask: |judges, files| script::node(judges, "asyncapi.cjs", files),
    },
    Judge {
        name: "cfn-lint",
        reads: Kind::Template,
        must_find: &[("bad.json", "E3002"), ("bad.json", "WS1000")],
        absent: pinned,
        ask: cfn_lint::ask,
    },
    Judge {
        name: "tsc",
        reads: Kind::Types,
        must_find: &[("bad.ts", "TS2304"), ("bad.ts", "TS7006")],
        absent: pinned,
        ask: tsc::ask,
    },
    Judge {
        name: "asl-validator",
        reads: Kind::StateMachine,
        must_find: &[("bad.asl.json", "MISSING_TRANSITION_TARGET")],
        absent: pinned,
        ask: |judges, files| script::node(judges, "asl-validator.cjs", files),
    },
    Judge {
        name: "json-schema",
        reads: Kind::Schema,
        must_find: &[
            ("bad-meta.schema.json", "meta-schema"),
            ("bad-ref.schema.json", "compile"),
            ("bad-dialect.schema.json", "dialect"),
        ],
        absent: pinned,
        ask: |judges, files| script::node(judges, "json-schema.cjs", files),
    },
    Judge {
        name: "statelint",
        reads: Kind::StateMachine,
        must_find: &[("bad.asl.json", "statelint")],
        absent: pinned,
        ask: |judges, files| script::python(judges, "run_statelint.py", files),
    },
    Judge {
        name: "statelint-gem",
        reads: Kind::StateMachine,
        must_find: &[("bad.asl.json", "statelint")],
        absent: gem::absent,
        ask: gem::ask,
    },
];

/// `cargo xtask judge [NAME…]`.
pub(crate) fn run(repo: &Repo, names: &[String]) -> Result<ExitCode, Error> {
    let known = JUDGES.map(|judge| judge.name);
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Error::Usage(format!("no judge is called `{name}`; there are {}", known.join(", "))));
    }
    let mut report = Report::new();
    ask_all(repo, &repo.flow_roots()?, names, &mut report);
    Ok(report.finish())
}

/// Every judge, each as a step of `report`.
pub(crate) fn steps(repo: &Repo, flows: &[PathBuf], report: &mut Report) {
    report.step("outputs", "cargo run -p codegen", || outputs::all_there(repo, flows));
    ask_all(repo, flows, &[], report);
}

/// Asks the judges with these names, all if there are none.
fn ask_all(repo: &Repo, flows: &[PathBuf], names: &[String], report: &mut Report) {
    let mut several = Vec::new();
    report.step("a flow of several stacks", "cargo xtask judge cfn-lint", || {
        several.push(large::compiled(repo)?);
        Ok(several.iter().map(|root| repo.typed(root)).collect())
    });
    let mut ready = None;
    report.step("judges installed", "cargo xtask judge", || {
        let judges = Judges::installed(repo)?;
        let table = Suppressions::read(repo, &JUDGES.map(|judge| judge.name))?;
        ready = Some((judges, table));
        Ok("pinned, under target/judges".to_owned())
    });
    let Some((judges, table)) = ready else { return };
    if names.is_empty() {
        report.step("client.ts", "cargo xtask judge", || client::tested(&judges));
    }

    let asked = JUDGES.iter().filter(|judge| names.is_empty() || names.iter().any(|name| name == judge.name));
    let asked = asked.collect::<Vec<_>>();
    let verdicts = at_once(&asked, |judge| {
        let began = Instant::now();
        (ask(judge, &judges, [flows, several.as_slice()], &table), began.elapsed())
    });

    let mut judged = Vec::new();
    for (judge, (verdict, took)) in asked.iter().zip(verdicts) {
        let outcome = verdict.map_or_else(
            |error| Outcome::Failed(error.to_string()),
            |verdict| {
                let outcome = verdict.print(repo, judge.name);
                if verdict.files > 0 {
                    judged.push(judge.name);
                }
                outcome
            },
        );
        report.record(judge.name, &format!("cargo xtask judge {}", judge.name), took, outcome);
    }
    let stale = table.stale(&judged);
    let outcome = if stale.is_empty() {
        Outcome::Passed(format!("{} in the table", table.len()))
    } else {
        Outcome::Failed(format!("match nothing, remove them: {}", stale.join("; ")))
    };
    report.record("suppressions", "cargo xtask judge", Duration::ZERO, outcome);
}

/// Asks one judge about the flows, and about the templates of those that have several.
fn ask(
    judge: &Judge,
    judges: &Judges<'_>,
    [flows, several]: [&[PathBuf]; 2],
    table: &Suppressions,
) -> Result<Verdict, Error> {
    if let Some(reason) = (judge.absent)() {
        return Ok(Verdict::not_run(reason));
    }
    let fixtures = judge.reads.fixtures(judges.repo())?;
    let mut files = Vec::new();
    let several = if judge.reads == Kind::Template { several } else { &[] };
    for flow in flows.iter().chain(several) {
        files.extend(judge.reads.outputs(flow)?);
    }
    if judge.reads == Kind::StateMachine {
        files = deployed::copies(judges.repo(), &files)?;
    }
    let findings = (judge.ask)(judges, &[fixtures.as_slice(), files.as_slice()].concat())?;
    Ok(Verdict::new(judge.name, judge.must_find, &files, &fixtures, findings, table))
}

/// Does `work` on every item, as many at once as the machine has cores; results in the items' order.
fn at_once<I: Sync, O: Send>(items: &[I], work: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let queue = Mutex::new(items.iter().enumerate());
    let done = Mutex::new(Vec::new());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some((place, item)) = next() {
                    let result = work(item);
                    if let Ok(mut done) = done.lock() {
                        done.push((place, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}
