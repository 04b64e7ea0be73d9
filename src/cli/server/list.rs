//! `torcollect server list`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::project::Project;
use torcollect::warehouse::servers;

use super::rows::Format;
use super::{Terminal, load_fleet};

/// The arguments of `server list`.
#[derive(Args)]
pub struct List {
    /// How the servers are written
    #[arg(long, default_value = "table")]
    format: Format,
}

impl List {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let fleet = load_fleet(project, terminal)?;
        terminal.data(&self.format.text(&servers(project, &fleet)?)?)?;
        Ok(ExitCode::SUCCESS)
    }
}
