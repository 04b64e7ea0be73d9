//! `torcollect export --public`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::project::Project;
use torcollect::warehouse::Publication;

use super::data::scope;
use super::{Terminal, load_fleet, load_site};

/// The arguments of `export`.
#[derive(Args)]
pub struct Export {
    /// Write the publication, which `build --from` reads, into this file
    #[arg(long, value_name = "FILE")]
    public: PathBuf,
    /// Of one organization's bridges alone
    #[arg(long, value_name = "NAME")]
    organization: Option<String>,
}

impl Export {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let (fleet, site) = (load_fleet(project, terminal)?, load_site(project, None, None)?);
        let scope = scope(&fleet, self.organization.as_deref())?;
        Publication::export(project, &fleet, &site, scope, &self.public)?;
        terminal.info(&format!("{}", self.public.display()));
        Ok(ExitCode::SUCCESS)
    }
}
