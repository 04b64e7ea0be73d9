//! `torcollect theme`: the project's own themes, one file a command.

mod diff;
mod eject;
mod new;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use torcollect::project::Project;

use super::{Terminal, load_site};

/// The commands for who writes a theme.
#[derive(Subcommand)]
pub enum Theme {
    /// Make a theme of the project's own
    New(new::New),
    /// Copy a file of the theme into the project, to change it there
    Eject(eject::Eject),
    /// Show what the project changes in its theme, and what has changed there since
    Diff(diff::Diff),
}

impl Theme {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        match self {
            Self::New(command) => command.run(project, terminal),
            Self::Eject(command) => command.run(project, terminal),
            Self::Diff(command) => command.run(project, terminal),
        }
    }
}
