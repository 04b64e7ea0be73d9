//! `sources.yaml` and the `servers.yaml` that it includes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;

/// What is collected, from where, and for whom.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// How servers are reached, unless a server says otherwise.
    pub ssh: Ssh,
    /// The servers by name.
    pub servers: BTreeMap<String, Server>,
    /// Sources of the plugin `tor-bridge`, by name.
    pub tor_bridge: BTreeMap<String, TorBridge>,
    /// Sources of the plugin `sample`, by name.
    pub sample: BTreeMap<String, Sample>,
    /// Who was given which bridge.
    pub organizations: BTreeMap<String, Organization>,
}

/// How servers are reached.
#[derive(Clone, Debug, Default)]
pub struct Ssh {
    /// The private key; without one the SSH agent is asked. Relative to the project's folder, `~/` is the home folder.
    pub key: Option<PathBuf>,
    /// Where host keys are looked up that no server pins; `~/.ssh/known_hosts` by default.
    pub known_hosts: PathBuf,
    /// Longest wait for a connection and its handshake.
    pub connect_timeout: Duration,
    /// Longest silence of a server that is connected.
    pub read_timeout: Duration,
    /// Largest extract in bytes that is accepted.
    pub max_bytes: u64,
}

/// `user@host[:port]`; IPv6 hosts in brackets. Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The account on the server (`torcollect` if none is named).
    pub user: String,
    /// Host name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// One server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where it is; `None` for this machine (`local: true`).
    pub address: Option<Address>,
    /// The command that prints the extract on this machine, for `local: true`.
    pub command: Vec<String>,
    /// The pinned host key, `TYPE BASE64` as in `known_hosts`.
    pub host_key: Option<String>,
    /// A private key for this server alone.
    pub key: Option<PathBuf>,
    /// For selections such as `{tag: eu}`.
    pub tags: Vec<String>,
    /// What the public may call it; a pseudonym otherwise.
    pub label: Option<String>,
    /// What is said of its bridges, by instance.
    pub bridges: BTreeMap<String, Bridge>,
}

/// What the public may know of a bridge.
#[derive(Clone, Debug)]
pub struct Bridge {
    /// What the public may call it; a pseudonym otherwise.
    pub label: Option<String>,
    /// Whether anything of it is published at all.
    pub publish: bool,
}

/// A source that reads the statistics of tor bridges on servers.
#[derive(Clone, Debug)]
pub struct TorBridge {
    /// Which servers.
    pub servers: Selection,
}

/// Some of the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All there are.
    All,
    /// Those named.
    Names(Vec<String>),
    /// Those that carry a tag.
    Tag(String),
}

/// A synthetic fleet for demonstrations.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What its numbers are drawn from.
    pub seed: u64,
    /// How many days of history.
    pub days: u32,
    /// The newest of them.
    pub until: Date,
}

/// An organization that was given bridges.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Its name for people.
    pub name: String,
    /// Its bridges.
    pub bridges: Vec<Assignment>,
}

/// A bridge that an organization has for some time.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Which bridge.
    pub bridge: BridgeName,
    /// The first day, if it did not always have it.
    pub from: Option<Date>,
    /// The last day, included, if it does not have it still.
    pub until: Option<Date>,
}

/// A bridge by its place: `SERVER/INSTANCE`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BridgeName {
    /// The server's name.
    pub server: String,
    /// The instance's name on it.
    pub instance: String,
}
