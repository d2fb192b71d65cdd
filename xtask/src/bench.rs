//! `cargo xtask bench`, its first part: what the compiler costs on 1, 10 and 100 copies of Everi in one spec.
//!
//! In: `spec/everi.yaml` and the release build of `codegen`. Out: median and least CPU time (user and
//! system) and peak memory of a whole compile into an empty folder, checks and outputs included, and of
//! each peer that was named. Exit code 1 if the compiler passes one of its bounds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;

use crate::engines;
use crate::error::Error;
use crate::measure::{Cost, cost};
use crate::repo::{Repo, folder, read, write};
use crate::tool::Tool;

const SPEC: &str = "spec/everi.yaml";

/// Where the flows are laid down that are compiled.
const ROOTS: &str = "target/bench";

/// Copies, and how many milliseconds of CPU the compiler may take for them.
const BOUNDS: [(usize, f64); 3] = [(1, 10.0), (10, 60.0), (100, 500.0)];

/// How many times the CPU of ten copies a hundred may cost: a tenth over linear.
const GROWTH: f64 = 11.0;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How often each is measured
    #[arg(long, default_value_t = 9)]
    runs: usize,
    /// Another tool to measure beside the compiler: `NAME=COMMAND`, a shell line that is run once for
    /// each number of copies, with it in `$COPIES`
    #[arg(long = "peer", value_name = "NAME=COMMAND")]
    peers: Vec<String>,
    /// One of the two parts
    #[arg(long)]
    only: Option<Part>,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The compiler, on 1, 10 and 100 copies of Everi
    Compiler,
    /// The local engine, beside ministack
    Local,
}

/// Something that is measured.
enum Subject {
    /// The compiler, by its program.
    Compiler(String),
    /// Another tool, by the shell line that runs it.
    Peer { name: String, line: String },
}

impl Subject {
    fn name(&self) -> &str {
        match self {
            Self::Compiler(_) => "codegen",
            Self::Peer { name, .. } => name,
        }
    }

    /// The command for so many copies, with `root` made for this one run.
    fn command(&self, copies: usize, root: &Path) -> Vec<String> {
        match self {
            Self::Compiler(program) => vec![program.clone(), "--root".into(), root.display().to_string()],
            Self::Peer { line, .. } => {
                ["env", &format!("COPIES={copies}"), "sh", "-c", line].map(str::to_owned).to_vec()
            }
        }
    }
}

/// Runs from the cheapest to the dearest.
struct Costs(Vec<Cost>);

impl Costs {
    fn new(mut costs: Vec<Cost>) -> Self {
        costs.sort_by_key(|cost| cost.cpu_us);
        Self(costs)
    }

    fn least_ms(&self) -> f64 {
        milliseconds(self.0.first())
    }

    fn median_ms(&self) -> f64 {
        milliseconds(self.0.get(self.0.len() / 2))
    }

    fn peak_mib(&self) -> f64 {
        self.0.iter().map(|cost| cost.peak_kib).max().unwrap_or_default() as f64 / 1024.0
    }
}

fn milliseconds(cost: Option<&Cost>) -> f64 {
    cost.map_or(f64::NAN, |cost| cost.cpu_us as f64 / 1000.0)
}

/// Measures and prints; the exit code says whether all bounds were kept.
pub(crate) fn run(repo: &Repo, arguments: &Arguments) -> Result<ExitCode, Error> {
    let wanted = |part| arguments.only.is_none_or(|only| only == part);
    let compiler = if wanted(Part::Compiler) { of_compiler(repo, arguments)? } else { ExitCode::SUCCESS };
    let local = if wanted(Part::Local) { engines::bench(repo)? } else { ExitCode::SUCCESS };
    Ok(if compiler == ExitCode::SUCCESS { local } else { compiler })
}

fn of_compiler(repo: &Repo, arguments: &Arguments) -> Result<ExitCode, Error> {
    let compiler = compiler(repo)?;
    clear(repo)?;
    let peers = arguments.peers.iter().map(|peer| peer_of(peer)).collect::<Result<Vec<_>, _>>()?;
    println!("{:<24} {:>6} {:>12} {:>12} {:>10}", "", "copies", "CPU median", "CPU least", "peak");

    let mut broken = Vec::new();
    let mut medians = Vec::new();
    for ((copies, bound), costs) in BOUNDS.into_iter().zip(measured(repo, &compiler, arguments.runs)?) {
        if costs.median_ms() > bound {
            broken.push(format!("{copies} copies: {:.1} ms is more than {bound} ms", costs.median_ms()));
        }
        medians.push(costs.median_ms());
    }
    if let [_, ten, hundred] = medians.as_slice() {
        let growth = hundred / ten;
        println!("growth from 10 to 100 copies: {growth:.1}-fold, at most {GROWTH}");
        if growth > GROWTH {
            broken.push(format!("growth: {growth:.1}-fold is more than {GROWTH}"));
        }
    }
    for peer in &peers {
        measured(repo, peer, arguments.runs)?;
    }
    clear(repo)?;
    for bound in &broken {
        println!("FAILED: {bound}");
    }
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `cargo xtask copies N`.
pub(crate) fn print_copies(repo: &Repo, count: usize) -> Result<ExitCode, Error> {
    print!("{}", xtask::copies::copies(&read(&repo.at(SPEC))?, count));
    Ok(ExitCode::SUCCESS)
}

fn compiler(repo: &Repo) -> Result<Subject, Error> {
    Tool::cargo(repo).args(["build", "--release", "--package", "codegen", "--locked"]).show()?;
    Ok(Subject::Compiler(repo.at("target/release/codegen").display().to_string()))
}

fn peer_of(peer: &str) -> Result<Subject, Error> {
    let (name, line) = peer.split_once('=').ok_or_else(|| Error::Usage(format!("`{peer}` is not NAME=COMMAND")))?;
    Ok(Subject::Peer { name: name.to_owned(), line: line.to_owned() })
}

/// Each number of copies in turn, round after round: what the machine does meanwhile, it does to all of them, and growth
/// is a ratio of like and like.
fn measured(repo: &Repo, subject: &Subject, runs: usize) -> Result<Vec<Costs>, Error> {
    let mut costs = BOUNDS.map(|_| Vec::new());
    for run in 0..runs.max(1) {
        for ((copies, _), costs) in BOUNDS.into_iter().zip(&mut costs) {
            let root = fresh_root(repo, subject, copies, run)?;
            costs.push(cost(repo, &subject.command(copies, &root), 0)?);
        }
    }
    let costs: Vec<Costs> = costs.into_iter().map(Costs::new).collect();
    for ((copies, _), costs) in BOUNDS.into_iter().zip(&costs) {
        let (median, least, peak) = (costs.median_ms(), costs.least_ms(), costs.peak_mib());
        println!("{:<24} {copies:>6} {median:>9.1} ms {least:>9.1} ms {peak:>6.1} MiB", subject.name());
    }
    Ok(costs)
}

fn clear(repo: &Repo) -> Result<(), Error> {
    let roots = repo.at(ROOTS);
    if roots.exists() { std::fs::remove_dir_all(&roots).map_err(Error::file(&roots)) } else { Ok(()) }
}

/// A new flow root with nothing but the spec in it, so that every run does the whole work. None is emptied
/// for the next run: some file systems take long to reuse what was just removed, and the run would pay.
fn fresh_root(repo: &Repo, subject: &Subject, copies: usize, run: usize) -> Result<PathBuf, Error> {
    let root = repo.at(ROOTS).join(format!("{}-{copies}-{run}", subject.name()));
    write(&root.join(SPEC), &xtask::copies::copies(&read(&repo.at(SPEC))?, copies))?;
    for template in folder(&repo.at("spec/templates"))? {
        let name = template.file_name().unwrap_or_default();
        write(&root.join("spec/templates").join(name), &read(&template)?)?;
    }
    Ok(root)
}
