//! The command line: the only part that reads and writes files.
//!
//! Exit codes: 0 all is well; 1 the spec has errors; 2 the command line is wrong; 3 a file could not be read
//! or written; 4 `--check` found generated files that are not fresh.

mod crates;
mod explain;
mod flow;
mod handlers;
mod load;
mod summary;
mod write;

use crate::{Compiled, Output};
use clap::{Parser, Subcommand, ValueEnum};
pub use flow::{Failed, Flow, flow};
use load::Root;
use std::io::{IsTerminal, Write};
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;

/// The spec has errors.
const WRONG_SPEC: u8 = 1;
/// A file could not be read or written.
const FILE_FAILED: u8 = 3;
/// `--check` found generated files that are not fresh.
const NOT_FRESH: u8 = 4;

/// Compiles a flow: spec/ to generated/, with handlers scaffolded where they are missing.
#[derive(Parser)]
#[command(name = "codegen", bin_name = "cargo run -p codegen --", version, after_help = AFTER)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The flow's root: the folder with spec/, generated/ and handlers/
    #[arg(long, global = true, default_value = ".")]
    root: PathBuf,
    /// The spec's root file, where the folder has several
    #[arg(long, global = true)]
    spec: Option<PathBuf>,
    /// The environment to compile for, one of those under `environments:`
    #[arg(long, global = true)]
    environment: Option<String>,
    /// A table or a secret that may go from the stack, where the spec no longer has it; once for each
    #[arg(long, global = true, value_name = "NAME")]
    allow_loss: Vec<String>,
    /// Write nothing; fail if a generated file is not what the compiler would write
    #[arg(long)]
    check: bool,
    /// How diagnostics are printed
    #[arg(long, global = true, default_value = "human")]
    format: Format,
    /// Whether to use colours
    #[arg(long, global = true, default_value = "auto")]
    color: Color,
}

const AFTER: &str = "Exit codes: 0 all is well; 1 the spec has errors; 2 the command line is wrong;\n\
    3 a file could not be read or written; 4 --check found files that are not fresh.";

#[derive(Subcommand)]
enum Command {
    /// Check the spec and write nothing
    Check,
    /// Explain a diagnostic: `explain E034`; without a code, list them all
    Explain {
        /// The code, as it stands in brackets behind `error`
        code: Option<String>,
        /// Print the whole index as Markdown
        #[arg(long)]
        markdown: bool,
    },
    /// Print the JSON Schema of the language, for editors
    Schema,
    /// Print the flow's diagram
    Diagram {
        /// SVG, or Mermaid for Markdown
        #[arg(long, default_value = "svg")]
        kind: DiagramKind,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: snippets and help
    Human,
    /// For editors and CI: one JSON object
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// Where the output is a terminal, and NO_COLOR is not set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiagramKind {
    /// A picture
    Svg,
    /// Text that Mermaid draws
    Mermaid,
}

/// What stops a command: said to the person, with the exit code.
struct Stop {
    code: u8,
    said: String,
}

impl From<load::Failure> for Stop {
    fn from(failure: load::Failure) -> Self {
        Self { code: FILE_FAILED, said: failure.to_string() }
    }
}

/// Runs the command.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match command(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(stop) => {
            eprintln!("error: {}", stop.said);
            if arguments.format == Format::Json {
                print(&crate::render::json_failure(&stop.said));
            }
            ExitCode::from(stop.code)
        }
    }
}

fn command(arguments: &Arguments) -> Result<u8, Stop> {
    match &arguments.command {
        Some(Command::Explain { code, markdown }) => {
            let text = if *markdown { crate::docs::error_index() } else { explain::explain(code.as_deref())? };
            print(&text);
            Ok(0)
        }
        Some(Command::Schema) => {
            print(&crate::docs::flow_schema());
            Ok(0)
        }
        Some(Command::Check) => {
            let (root, compiled) = compile(arguments)?;
            report(arguments, &compiled);
            let Some(output) = &compiled.output else { return Ok(WRONG_SPEC) };
            if arguments.format == Format::Human {
                print(&summary::checked(&root, output));
            }
            Ok(0)
        }
        Some(Command::Diagram { kind }) => {
            let compiled = compile(arguments)?.1;
            report(arguments, &compiled);
            let Some(output) = &compiled.output else { return Ok(WRONG_SPEC) };
            let name = match kind {
                DiagramKind::Svg => "generated/diagram.svg",
                DiagramKind::Mermaid => "generated/diagram.mmd",
            };
            output.files.iter().filter(|f| f.path == name).for_each(|f| print(&f.text));
            Ok(0)
        }
        None => generate(arguments),
    }
}

/// Compiles the flow. What comes of it is needed to the end of the process, which takes its memory back as a whole.
fn compile(arguments: &Arguments) -> Result<(Root, ManuallyDrop<Compiled>), Stop> {
    let root = load::root(&arguments.root, arguments.spec.as_deref())?;
    let mut input = root.input(arguments.environment.clone())?;
    input.allow_loss = arguments.allow_loss.iter().cloned().collect();
    let compiled = crate::compile(&input);
    Ok((root, ManuallyDrop::new(compiled)))
}

/// Prints what was found: errors and warnings to standard error for people, JSON to standard output for tools.
fn report(arguments: &Arguments, compiled: &Compiled) {
    let checked = &compiled.checked;
    match arguments.format {
        Format::Human => {
            if !checked.diagnostics.is_empty() {
                eprint!("{}", crate::render::human(&checked.sources, &checked.diagnostics, colored(arguments.color)));
            }
            if compiled.output.is_none() {
                eprintln!("nothing was written; `cargo run -p codegen -- explain CODE` says more of a code");
            }
        }
        Format::Json => print(&crate::render::json(&checked.sources, &checked.diagnostics)),
    }
}

fn colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    }
}

fn generate(arguments: &Arguments) -> Result<u8, Stop> {
    let (root, compiled) = compile(arguments)?;
    let human = arguments.format == Format::Human;
    if human {
        report(arguments, &compiled);
    }
    let done = written(arguments, &root, &compiled)?;
    // One object is all that a tool gets: it is told when nothing can fail any more.
    if !human {
        report(arguments, &compiled);
    }
    Ok(done)
}

/// Writes what was made, or says what is not fresh.
fn written(arguments: &Arguments, root: &Root, compiled: &Compiled) -> Result<u8, Stop> {
    let Some(output) = &compiled.output else { return Ok(WRONG_SPEC) };
    let human = arguments.format == Format::Human;
    if arguments.check {
        let stale = write::stale(root, output)?;
        if stale.is_empty() {
            if human {
                print("the generated files are fresh\n");
            }
            return Ok(0);
        }
        eprint!("{}", summary::not_fresh(&stale));
        return Ok(NOT_FRESH);
    }
    let (_, summary) = put(root, output)?;
    if human {
        print(&summary);
    }
    Ok(0)
}

/// Writes what changed and begins what is missing; says whether any generated file changed, and all that was done.
fn put(root: &Root, output: &Output) -> Result<(bool, String), load::Failure> {
    let touched = handlers::touched(root, output)?;
    let unused = handlers::unused(root, output)?;
    let written = write::write(root, output)?;
    let crates = crates::scaffold(root, output)?;
    let scaffolded = handlers::scaffold(root, output)?;
    let handlers = summary::Handlers { scaffolded, touched, unused };
    let changed = !written.changed.is_empty() || !written.removed.is_empty();
    Ok((changed, summary::summary(root, output, &written, &crates, &handlers)))
}

/// Prints to standard output; a reader that has gone away is no failure.
fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
