//! The project's settings as types: `sources.yaml` with what it includes, and `site/site.yaml`. Read once, checked
//! whole: unknown keys, wrong types, duplicate names and references to nothing are [`Problem`](crate::problem::Problem)s
//! with file, line and column.

mod fleet;
mod site;
mod yaml;

pub use fleet::{
    Address, Assignment, Bridge, BridgeName, Fleet, Organization, Sample, Selection, Server, Ssh, TorBridge,
};
pub use site::{Publish, Site};
