//! `torcollect theme new`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::project::Project;
use torcollect::site::theme;

use super::{Terminal, load_site};

/// The arguments of `theme new`.
#[derive(Args)]
pub struct New {
    /// The theme's name
    name: String,
    /// The theme that it changes
    #[arg(long, value_name = "THEME", default_value = "default")]
    extends: String,
}

impl New {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let site = load_site(project, None, None)?;
        for file in theme::create(project, &self.name, &self.extends)? {
            terminal.info(&format!("{}", file.display()));
        }
        if site.theme != self.name {
            let settings = project.shown(&project.site());
            terminal.info(&format!("write `theme: {}` into `{}` to build with it", self.name, settings.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
