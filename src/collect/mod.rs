//! Collecting: sources ask servers for extracts, the extracts go into the warehouse as they are, and parsers find the facts
//! in them. [`run`] does all of it; [`Source`] is the seam for plugins, [`transport`] the way to a server.

pub mod alarm;
pub mod checkup;
mod failure;
pub mod key;
mod process;
mod queue;
pub mod run;
pub mod server;
pub mod setup;
pub mod sources;
mod spool;
pub mod transport;

use jiff::Timestamp;

use crate::warehouse::{Arrival, Extract, InstanceFacts, Raw};

pub use failure::Failure;

/// A source turns places into extracts.
pub trait Source: Sync {
    /// The plugin that it belongs to, which also knows how to read its extracts.
    fn plugin(&self) -> &'static str;

    /// Its name in `sources.yaml`.
    fn name(&self) -> &str;

    /// The servers that it asks.
    fn servers(&self) -> Vec<String>;

    /// Asks one server, in a run that began at `run`.
    fn ask(&self, server: &str, run: Timestamp) -> Vec<Answer>;

    /// Whether the same answers can be had again at any time. What cannot is on disk before anything else happens.
    fn repeatable(&self) -> bool {
        false
    }

    /// What it would bring from one server, as rows: without writing anything, for whoever tries it. Extracts are shown as
    /// the facts in them.
    fn test(&self, server: &str) -> Said {
        sources::facts::said(self.plugin(), self.name(), server, self.ask(server, Timestamp::now()))
    }

    /// What it suggests to call servers (instance `""`) and bridges: server, instance, label.
    fn labels(&self) -> Vec<(String, String, String)> {
        Vec::new()
    }
}

/// What came of asking a server once.
#[derive(Clone, Debug)]
pub struct Answer {
    /// When the run began that this belongs to.
    pub run: Timestamp,
    /// When the server was asked.
    pub started: Timestamp,
    /// When it had answered, or failed to.
    pub finished: Timestamp,
    /// The extract; some are kept although they cannot be read yet.
    pub raw: Option<Raw>,
    /// Why there is none, or none that can be read.
    pub failure: Option<Failure>,
}

/// What a source says that is tried.
#[derive(Debug)]
pub struct Said {
    /// The server that was asked; `""` is here.
    pub server: String,
    /// Its rows, if there is anything.
    pub rows: Result<Option<Arrival>, Failure>,
    /// What it says beside them, for people.
    pub log: String,
}

/// Reads extracts of a plugin, however they came. Unknown plugins have no facts.
pub fn parse(extract: &Extract) -> Vec<InstanceFacts> {
    match extract.plugin.as_str() {
        sources::tor_bridge::PLUGIN | sources::sample::PLUGIN => sources::tor_bridge::parse(extract),
        _ => Vec::new(),
    }
}
