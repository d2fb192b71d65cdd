//! `cargo xtask bounds`: what the compiler costs on hostile input.
//!
//! In: the table of hostile inputs, and every case of `tests/reject`. Out: the dearest five of each, by CPU time and by
//! peak memory. Exit code 1 if one passes a bound, or ends in another way than by saying what is wrong. CPU time is
//! compared and not the clock's: a busy machine makes nothing dearer.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::error::Error;
use crate::measure::{Cost, cost};
use crate::repo::{Repo, folder, write};
use crate::tool::Tool;
use xtask::hostile::{self, Beside};

/// Milliseconds of CPU that one input may take.
const CPU_MS: f64 = 1_000.0;
/// How many times that the development build may take: measured, it is up to five times as slow.
const DEV: f64 = 6.0;
/// MiB that one input may take.
const PEAK_MIB: f64 = 200.0;
/// How many of the dearest are printed.
const PRINTED: usize = 5;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Measure the development build, which is there after any test, and not the release build: it may take six
    /// times as long, which still tells what grows with the square of its input
    #[arg(long)]
    dev: bool,
}

/// What one input cost.
struct Measured {
    name: String,
    cost: Cost,
}

impl Measured {
    fn cpu_ms(&self) -> f64 {
        self.cost.cpu_us as f64 / 1000.0
    }

    fn peak_mib(&self) -> f64 {
        self.cost.peak_kib as f64 / 1024.0
    }
}

/// Measures and prints; the exit code says whether every input kept the bounds.
pub(crate) fn run(repo: &Repo, arguments: &Arguments) -> Result<ExitCode, Error> {
    let compiler = compiler(repo, arguments)?;
    let mut measured = Vec::new();
    let place = repo.at("target/bounds");
    for input in hostile::all() {
        let root = fresh(&place)?;
        put(&root.join("spec/flow.yaml"), &input.spec)?;
        for (name, beside) in &input.beside {
            let path = root.join("spec").join(name);
            match beside {
                Beside::File(bytes) => put(&path, bytes)?,
                Beside::Link(to) => link(to, &path)?,
            }
        }
        measured.push(measure(repo, &compiler, &root, input.name.to_owned())?);
    }
    for case in folder(&repo.at("tests/reject"))? {
        if case.extension().is_some_and(|e| e == "yaml") {
            let root = fresh(&place)?;
            put(&root.join("spec/flow.yaml"), &std::fs::read(&case).map_err(Error::file(&case))?)?;
            let name = case.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            measured.push(measure(repo, &compiler, &root, name)?);
        }
    }
    Ok(report(measured, if arguments.dev { DEV * CPU_MS } else { CPU_MS }))
}

fn compiler(repo: &Repo, arguments: &Arguments) -> Result<PathBuf, Error> {
    let (profile, place): (&[&str], _) =
        if arguments.dev { (&[], "target/debug/codegen") } else { (&["--release"], "target/release/codegen") };
    Tool::cargo(repo).args(["build", "--package", "codegen", "--locked"]).args(profile).show()?;
    Ok(repo.at(place))
}

fn measure(repo: &Repo, compiler: &Path, root: &Path, name: String) -> Result<Measured, Error> {
    let command = [&compiler.display().to_string(), "--root", &root.display().to_string(), "--spec", "spec/flow.yaml"];
    // 0: it is right; 1: what is wrong was said. Anything else is a panic, or a signal.
    let cost = cost(repo, &command.map(str::to_owned), 1)?;
    Ok(Measured { name, cost })
}

fn report(mut measured: Vec<Measured>, cpu_ms: f64) -> ExitCode {
    let broken: Vec<String> = measured
        .iter()
        .filter(|m| m.cpu_ms() > cpu_ms || m.peak_mib() > PEAK_MIB)
        .map(|m| format!("{}: {:.0} ms and {:.0} MiB", m.name, m.cpu_ms(), m.peak_mib()))
        .collect();
    println!("{} inputs, each at most {cpu_ms} ms of CPU and {PEAK_MIB} MiB; the dearest:", measured.len());
    measured.sort_by_key(|m| std::cmp::Reverse(m.cost.cpu_us));
    for m in measured.iter().take(PRINTED) {
        println!("{:>8.1} ms  {}", m.cpu_ms(), m.name);
    }
    measured.sort_by_key(|m| std::cmp::Reverse(m.cost.peak_kib));
    for m in measured.iter().take(PRINTED) {
        println!("{:>8.1} MiB {}", m.peak_mib(), m.name);
    }
    for line in &broken {
        println!("FAILED: {line}");
    }
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// An empty flow root.
fn fresh(place: &Path) -> Result<PathBuf, Error> {
    if place.exists() {
        std::fs::remove_dir_all(place).map_err(Error::file(place))?;
    }
    write(&place.join("spec/.keep"), "")?;
    Ok(place.to_owned())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(Error::file(path))
}

#[cfg(unix)]
fn link(to: &str, path: &Path) -> Result<(), Error> {
    std::os::unix::fs::symlink(to, path).map_err(Error::file(path))
}

/// Elsewhere a link needs rights that nobody has: what it links to is not there either, so a file stands for it.
#[cfg(not(unix))]
fn link(_: &str, path: &Path) -> Result<(), Error> {
    put(path, b"")
}
