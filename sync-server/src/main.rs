//! The program `fieldseal-server`; everything is in the library, so that tests can carry a binary of their own.

use std::process::ExitCode;

fn main() -> ExitCode {
    fieldseal_server::cli::run(std::env::args_os())
}
