//! `torcollect server`: the servers of the settings, one file a command.

mod add;
mod list;
mod login;
mod remove;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use torcollect::project::Project;

use super::{PARTLY, Terminal, load_fleet, rows};

/// The commands that look after servers.
#[derive(Subcommand)]
pub enum Server {
    /// Set up a server for collecting, or repair it, and write it into the settings
    Add(add::Add),
    /// Show how each server fares
    List(list::List),
    /// Try every step of a collection from servers, and say what to do where one fails
    Test(test::Test),
    /// Take a server out of the settings
    Remove(remove::Remove),
}

impl Server {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        match self {
            Self::Add(command) => command.run(project, terminal),
            Self::List(command) => command.run(project, terminal),
            Self::Test(command) => command.run(project, terminal),
            Self::Remove(command) => command.run(project, terminal),
        }
    }
}
