//! The command `codegen`: reads a flow's files, calls the compiler, writes what it made.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
