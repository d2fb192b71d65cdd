//! The command `codegen`: reads a flow's files, calls the compiler, writes what it made.

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "the command line is the one part that reads files and the environment, writes, and speaks"
)]
mod cli;

/// A compile is millions of small allocations, most of which live until its end.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
