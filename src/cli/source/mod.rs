//! `torcollect source …`.

mod list;
mod new;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use torcollect::project::Project;

use super::Terminal;

/// The commands of `source`.
#[derive(Subcommand)]
pub enum Source {
    /// Show the project's sources, and the plugins that there are
    List(list::List),
    /// Write a source of the project's own, to begin with
    New(new::New),
    /// Read a source and show its first rows and their types, without writing anything
    Test(test::Test),
}

impl Source {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        match self {
            Self::List(command) => command.run(project, terminal),
            Self::New(command) => command.run(project, terminal),
            Self::Test(command) => command.run(project, terminal),
        }
    }
}
