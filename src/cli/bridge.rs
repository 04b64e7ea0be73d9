//! `torcollect bridge`: which bridges there are.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use torcollect::project::Project;
use torcollect::warehouse::{self, Rows};

use super::listing::{Listing, scalar};
use super::{Terminal, load_fleet};

/// The commands about bridges.
#[derive(Subcommand)]
pub enum Bridge {
    /// Show every bridge: under which label it is published, who has it, and when it reported
    List(List),
}

/// The arguments of `bridge list`.
#[derive(Args)]
pub struct List {
    /// How they are written; `yaml` is what an organization in `sources.yaml` has, to be pasted there
    #[arg(long, default_value = "table")]
    format: Listing,
}

impl Bridge {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let Self::List(list) = self;
        let fleet = load_fleet(project, terminal)?;
        let rows = warehouse::bridges(project, &fleet)?;
        terminal.data(&list.format.text(&rows, |rows| Ok(yaml(rows)))?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Each bridge as an organization in `sources.yaml` has it, and who has it now.
fn yaml(rows: &Rows) -> String {
    let line = |row: serde_json::Value| {
        let about = ["label", "organization"].into_iter().filter_map(|key| row[key].as_str());
        let about: Vec<String> = about.map(|text| text.replace(char::is_control, " ")).collect();
        let about = if about.is_empty() { String::new() } else { format!("  # {}", about.join(", ")) };
        format!("      - {{bridge: {}}}{about}\n", scalar(&row["bridge"]))
    };
    rows.iter().map(line).collect()
}
