//! The program; everything else is in the library.

use std::process::ExitCode;

/// Requests are answered by many small allocations, which the system's allocator takes twice as long for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    latchkey::cli::main()
}
