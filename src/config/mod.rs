//! The project's settings as types: `sources.yaml` with what it includes, and `site/site.yaml`. Read once, checked
//! whole: unknown keys, wrong types, duplicate names and references to nothing are [`Problem`]s
//! with file, line and column.

mod address;
mod compress;
mod exposed;
mod fleet;
mod labels;
mod load;
mod notes;
mod pack;
mod references;
mod rows;
pub mod servers;
mod site;
mod sources;
mod values;
mod via;
pub mod yaml;

pub use address::Address;
pub use compress::{Compress, Encoding};
pub use fleet::{
    Assignment, Bridge, BridgeName, Fleet, OnFailure, Organization, Sample, Selection, Server, Ssh, TorBridge,
};
pub use notes::Note;
pub use pack::{Pack, PackFiles, embedded_in_packs};
pub use references::place_of_assignment;
pub use rows::{TABLES, variable};
pub use site::{Budget, Publish, Scheme, Site, address as site_address};
pub use sources::{
    Collector, ColumnType, Command, Format, Mode, OptionText, Reach, RowOptions, SPECIAL_COLUMNS, Table, Which,
};
pub use via::Via;

use std::fmt::Display;

use crate::problem::Problem;

/// Refuses names that are not safe as a part of a path or of a command, or too long to show.
pub fn name(name: &str) -> Result<(), &'static str> {
    if name.len() > 64 { Err("a name has at most 64 characters") } else { safe(name) }
}

/// Refuses names that would not be safe as a part of a path or as an argument of a command.
fn safe(name: &str) -> Result<(), &'static str> {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.chars().all(safe) && name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        Ok(())
    } else {
        Err("a name has letters, digits, `.`, `_` and `-`, and begins with a letter or a digit")
    }
}

/// `problem` with the likeliest of the names that would have been right, or with `otherwise`.
fn did_you_mean<'a>(
    problem: Problem,
    name: &str,
    known: impl Iterator<Item = &'a str>,
    otherwise: impl Display,
) -> Problem {
    problem.hint(otherwise.to_string()).suggest(name, known)
}
