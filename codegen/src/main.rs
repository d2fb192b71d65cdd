//! The command `codegen`: reads a flow's files, calls the compiler, writes what it made.

mod cli;

/// A compile is millions of small allocations, most of which live until its end.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
