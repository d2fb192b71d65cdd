//! The command `codegen`.

/// A compile is millions of small allocations, most of which live until its end.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    codegen::cli::run()
}
