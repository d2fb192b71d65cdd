//! The command `local`: runs a flow on this machine.

mod cli;

/// Messages are many small allocations on one thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
