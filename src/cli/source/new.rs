//! `torcollect source new`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::collect::sources::template::{Kind, create};
use torcollect::project::Project;

use crate::cli::Terminal;

/// The arguments of `source new`.
#[derive(Args)]
pub struct New {
    /// The source's name; its rows become a table of this name
    name: String,
    /// What the program is written in
    #[arg(long, value_name = "LANGUAGE", default_value = "sh")]
    language: Word,
    /// Write the program of the pack of this name instead, which is part of torcollect
    #[arg(long, conflicts_with = "language")]
    pack: bool,
}

/// A language as a word of the command line.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Word {
    /// A shell script
    Sh,
    /// A Python program
    Python,
}

impl New {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let kind = match self.language {
            _ if self.pack => Kind::Pack,
            Word::Sh => Kind::Shell,
            Word::Python => Kind::Python,
        };
        let (file, settings) = create(project, &self.name, kind)?;
        terminal.info(&format!("{}", file.display()));
        terminal.info(&format!(
            "put this under `sources:` in `sources.yaml`; then try `torcollect source test {}`:",
            self.name
        ));
        terminal.data(&settings)?;
        Ok(ExitCode::SUCCESS)
    }
}
