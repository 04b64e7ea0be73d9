//! `torcollect source list`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::collect::sources::PLUGINS;
use torcollect::project::Project;
use torcollect::warehouse::sources;

use crate::cli::rows::Format;
use crate::cli::{Terminal, load_fleet};

/// The arguments of `source list`.
#[derive(Args)]
pub struct List {
    /// How the sources are written
    #[arg(long, default_value = "table")]
    format: Format,
}

impl List {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let fleet = load_fleet(project, terminal)?;
        terminal.data(&self.format.text(&sources(project, &fleet)?)?)?;
        for (plugin, what) in PLUGINS {
            terminal.info(&format!("plugin `{plugin}`: {what}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}
