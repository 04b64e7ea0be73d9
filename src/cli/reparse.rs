//! `torcollect reparse`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::collect::run::reparse;
use torcollect::project::Project;

use super::{PARTLY, Terminal};

/// The arguments of `reparse`.
#[derive(Args)]
pub struct Reparse {}

impl Reparse {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let derived = reparse(project)?;
        for (server, instance, message) in &derived.problems {
            terminal.error(&format!("server `{server}`, instance `{instance}`: {message}"), None);
        }
        terminal.info(&format!("{} extracts read again; what archives have told is kept", derived.extracts));
        Ok(if derived.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(PARTLY) })
    }
}
