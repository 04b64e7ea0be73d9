//! The program: parses the command line, runs the command, chooses the exit code.

use std::process::ExitCode;

use clap::Parser;

mod cli;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let terminal = cli::Terminal::new(&arguments);
    match cli::run(&arguments, &terminal) {
        Ok(code) => code,
        Err(error) => terminal.failed(&error),
    }
}
