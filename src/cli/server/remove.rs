//! `torcollect server remove`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::config::servers;
use torcollect::project::Project;

use super::Terminal;

/// The arguments of `server remove`.
#[derive(Args)]
pub struct Remove {
    /// The server's name
    name: String,
}

impl Remove {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        for done in servers::remove(project, &self.name)?.done {
            terminal.info(&done);
        }
        terminal.info("what was collected from it stays in the warehouse and on the site");
        Ok(ExitCode::SUCCESS)
    }
}
