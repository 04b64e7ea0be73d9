//! `torcollect theme eject`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::project::Project;
use torcollect::site::theme;

use super::{Terminal, load_site};

/// The arguments of `theme eject`.
#[derive(Args)]
pub struct Eject {
    /// The file by its path in the theme, such as `partials/head.hbs`
    file: PathBuf,
}

impl Eject {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let ejected = theme::eject(project, &load_site(project, None, None)?, &self.file)?;
        terminal.info(&format!("{}, from {}", ejected.file.display(), ejected.origin));
        Ok(ExitCode::SUCCESS)
    }
}
