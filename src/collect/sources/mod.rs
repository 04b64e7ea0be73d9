//! The plugins that torcollect has.

pub mod collector;
pub mod command;
pub(super) mod facts;
pub mod files;
mod rows;
pub mod sample;
pub mod table;
pub mod template;
pub mod tor_bridge;

use std::collections::BTreeMap;

use super::Source;
use super::transport::Ways;
use crate::config::Fleet;
use crate::project::Project;
use crate::warehouse::Standing;

/// The plugins and what each is for, in one line.
pub const PLUGINS: [(&str, &str); 5] = [
    ("tor-bridge", "statistics of tor bridges, from each server over SSH"),
    ("collector", "CollecTor's archives of bridges' statistics, from files here"),
    ("table", "rows of CSV, TSV, JSON or Parquet files here"),
    ("command", "rows that a program prints, here or on each server"),
    ("sample", "a made-up fleet, for demonstrations"),
];

/// All sources of a fleet that ask somebody, whose servers are reached by `ways`. `standing`: the tables of rows that
/// there are.
pub fn all<'a>(
    project: &'a Project,
    fleet: &'a Fleet,
    ways: &'a Ways,
    standing: &BTreeMap<String, Standing>,
) -> Vec<Box<dyn Source + 'a>> {
    let mut sources: Vec<Box<dyn Source + 'a>> = Vec::new();
    for (name, options) in &fleet.tor_bridge {
        sources.push(Box::new(tor_bridge::TorBridge::new(fleet, name, options, ways)));
    }
    for (name, options) in &fleet.sample {
        sources.push(Box::new(sample::Sample::new(name, options)));
    }
    for (name, options) in &fleet.table {
        let standing = standing.get(name).cloned().unwrap_or_default();
        sources.push(Box::new(table::Table::new(project, name, options, standing)));
    }
    for (name, options) in &fleet.command {
        let standing = standing.get(name).cloned().unwrap_or_default();
        sources.push(Box::new(command::Command::new(project, fleet, name, options, ways, standing)));
    }
    sources
}
