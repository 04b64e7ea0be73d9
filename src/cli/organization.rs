//! `torcollect organization`: who was given which bridge.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::Value;
use torcollect::project::Project;
use torcollect::warehouse::{self, Rows};

use super::listing::{Listing, scalar};
use super::{Terminal, load_fleet};

/// The commands about organizations.
#[derive(Subcommand)]
pub enum Organization {
    /// Show who was given which bridge, and since when
    List(List),
}

/// The arguments of `organization list`.
#[derive(Args)]
pub struct List {
    /// How they are written; `yaml` is what `sources.yaml` says, to be pasted there
    #[arg(long, default_value = "table")]
    format: Listing,
}

impl Organization {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let Self::List(list) = self;
        let fleet = load_fleet(project, terminal)?;
        let rows = warehouse::organizations(project, &fleet)?;
        let free = || -> Result<String> { Ok(free(&warehouse::bridges(project, &fleet)?)) };
        terminal.data(&list.format.text(&rows, |rows| Ok(yaml(rows) + &free()?))?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The organizations as `sources.yaml` has them.
fn yaml(rows: &Rows) -> String {
    if rows.is_empty() {
        return "organizations: {}\n".to_owned();
    }
    let mut text = "organizations:\n".to_owned();
    let mut last = Value::Null;
    for row in rows.iter() {
        if row["organization"] != last {
            text += &format!("  {}:\n    name: {}\n    bridges:\n", scalar(&row["organization"]), scalar(&row["name"]));
            last = row["organization"].clone();
        }
        if row["bridge"].is_null() {
            text += "      []\n";
            continue;
        }
        let days = [("from", &row["from_day"]), ("until", &row["until_day"])];
        let days = days.into_iter().filter_map(|(key, day)| Some(format!(", {key}: {}", day.as_str()?)));
        let label = row["label"].as_str().map(|label| format!("  # {}", label.replace(char::is_control, " ")));
        let days: String = days.collect();
        text += &format!("      - {{bridge: {}{days}}}{}\n", scalar(&row["bridge"]), label.unwrap_or_default());
    }
    text
}

/// The bridges that nobody has, as a comment.
fn free(bridges: &Rows) -> String {
    let rows = bridges.iter().filter(|row| row["organization"].is_null());
    let names: Vec<String> = rows.map(|row| scalar(&row["bridge"])).collect();
    if names.is_empty() { String::new() } else { format!("# Nobody has: {}\n", names.join(", ")) }
}
