//! `torcollect bridge`: which bridges there are.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::Value;
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
    /// How they are written; `yaml` is what `servers.yaml` says of labels, to be pasted there
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

/// The labels as `servers.yaml` has them, below the other settings of each server.
fn yaml(rows: &Rows) -> String {
    let mut text = "servers:\n".to_owned();
    let mut last = String::new();
    let mut seen: Vec<Value> = Vec::new();
    for row in (0..rows.len()).map(|row| rows.row(row)) {
        // Two organizations may have one bridge only by mistake, which loading refuses; but a list must not repeat a key.
        if seen.contains(&row["bridge"]) {
            continue;
        }
        seen.push(row["bridge"].clone());
        let name = row["bridge"].as_str().unwrap_or_default();
        let (server, instance) = name.split_once('/').unwrap_or((name, ""));
        if server != last {
            text += &format!("  {}:\n    bridges:\n", scalar(&server.into()));
            server.clone_into(&mut last);
        }
        let label = if row["label"].is_null() { String::new() } else { format!("label: {}, ", scalar(&row["label"])) };
        text += &format!("      {}: {{{label}publish: {}}}\n", scalar(&instance.into()), row["published"]);
    }
    if rows.is_empty() { "servers: {}\n".to_owned() } else { text }
}
