//! `torcollect query`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::project::Project;
use torcollect::warehouse::Publication;

use super::data::scope;
use super::rows::Format;
use super::{Terminal, load_fleet, load_site};

/// The arguments of `query`.
#[derive(Args)]
pub struct Query {
    /// One `select` statement
    sql: String,
    /// Ask the warehouse: all bridges without rules, and its own tables as `warehouse.NAME`
    #[arg(long)]
    private: bool,
    /// Ask for what one organization's site is made from
    #[arg(long, value_name = "NAME", conflicts_with = "private")]
    organization: Option<String>,
    /// How the rows are written
    #[arg(long, default_value = "table")]
    format: Format,
}

impl Query {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let (fleet, site) = (load_fleet(project, terminal)?, load_site(project, None, None)?);
        let publication = if self.private {
            Publication::private(project, &fleet, &site)?
        } else {
            Publication::make(project, &fleet, &site, scope(&fleet, self.organization.as_deref())?)?
        };
        let rows = publication.query(&self.sql)?;
        terminal.data(&self.format.text(&rows)?)?;
        Ok(ExitCode::SUCCESS)
    }
}
