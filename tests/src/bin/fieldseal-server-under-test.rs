//! The server's program as the scenarios start it: `cargo test` does not build another package's binaries.

use std::process::ExitCode;

fn main() -> ExitCode {
    fieldseal_server::cli::run(std::env::args_os())
}
