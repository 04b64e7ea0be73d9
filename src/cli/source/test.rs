//! `torcollect source test`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::collect::run::try_source;
use torcollect::problem::{Kind, Problem, Problems};
use torcollect::project::Project;
use torcollect::text::printable;

use crate::cli::rows::Format;
use crate::cli::{Terminal, load_fleet};

/// The arguments of `source test`.
#[derive(Args)]
pub struct Test {
    /// The source's name
    name: String,
    /// The server to ask, if it asks servers; the first one if none is named
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
    /// How many rows are shown
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    rows: usize,
    /// How the rows are written
    #[arg(long, default_value = "table")]
    format: Format,
}

impl Test {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let fleet = load_fleet(project, terminal)?;
        let said = try_source(project, &fleet, &self.name, self.server.as_deref())?;
        for line in printable(&said.log).lines() {
            terminal.info(&format!("{}: {line}", self.name));
        }
        match said.rows {
            Ok(Some(arrival)) => {
                let columns = arrival.columns.iter().map(|(name, kind)| format!("{} {}", printable(name), kind.word()));
                let columns = columns.collect::<Vec<_>>().join(", ");
                terminal.info(&format!("{} rows; columns: {columns}", arrival.rows));
                terminal.data(&self.format.text(&arrival.first(self.rows)?)?)?;
                Ok(ExitCode::SUCCESS)
            }
            Ok(None) => {
                terminal.info("it printed nothing, which is nothing new");
                Ok(ExitCode::SUCCESS)
            }
            Err(failure) => {
                let asked = if said.server.is_empty() { String::new() } else { format!(", server `{}`", said.server) };
                let problem = Problem::nowhere(format!("source `{}`{asked}: {failure}", self.name));
                // It is this command that the failure's own advice names.
                let hint = failure.hint(&said.server).filter(|hint| !hint.contains("source test"));
                let list = vec![hint.into_iter().fold(problem, Problem::hint)];
                Err(Problems { kind: Kind::Content, list }.into())
            }
        }
    }
}
