//! `sources.yaml` and the `servers.yaml` that it includes, as types.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::values::{date, optional_date, seconds, text};
use super::yaml::with_hint;
use super::{Address, Collector, Command, Note, Pack, RowOptions, Table, Via};

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
    /// Sources of the plugin `collector`, by name.
    pub collector: BTreeMap<String, Collector>,
    /// Sources of the plugin `table`, by name.
    pub table: BTreeMap<String, Table>,
    /// Sources of the plugin `command`, by name.
    pub command: BTreeMap<String, Command>,
    /// What the sources of rows bring besides rows.
    pub packs: Vec<Pack>,
    /// Who was given which bridge.
    pub organizations: BTreeMap<String, Organization>,
    /// What operators say of days, in the order of the file.
    pub notes: Vec<Note>,
    /// Whom to tell when a server keeps failing.
    pub on_failure: Option<OnFailure>,
}

impl Fleet {
    /// The servers of a selection, by name.
    pub fn select(&self, selection: &Selection) -> Vec<(&str, &Server)> {
        let chosen = |name: &String, server: &Server| match selection {
            Selection::All => true,
            Selection::Names(names) => names.contains(name),
            Selection::Tag(tag) => server.tags.contains(tag),
        };
        self.servers
            .iter()
            .filter(|(name, server)| chosen(name, server))
            .map(|(name, server)| (name.as_str(), server))
            .collect()
    }

    /// The sources of rows by name, and whether their rows come from servers.
    pub fn row_sources(&self) -> impl Iterator<Item = (&str, RowOptions<'_>, bool)> {
        let tables = self.table.iter().map(|(name, table)| (name.as_str(), table.rows(), false));
        let commands =
            self.command.iter().map(|(name, command)| (name.as_str(), command.rows(), command.servers.is_some()));
        tables.chain(commands)
    }

    /// All sources: plugin and name.
    pub fn sources(&self) -> Vec<(&'static str, &str)> {
        fn of<'a, T>(plugin: &'static str, sources: &'a BTreeMap<String, T>) -> Vec<(&'static str, &'a str)> {
            sources.keys().map(|name| (plugin, name.as_str())).collect()
        }
        [
            of("tor-bridge", &self.tor_bridge),
            of("sample", &self.sample),
            of("collector", &self.collector),
            of("table", &self.table),
            of("command", &self.command),
        ]
        .concat()
    }

    /// What is said of a bridge; `None` if nothing is.
    pub fn bridge(&self, server: &str, instance: &str) -> Option<&Bridge> {
        self.servers.get(server)?.bridges.get(instance)
    }
}

/// How servers are reached.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ssh {
    /// The private key: the project's own `data/id_ed25519` if none is named; without either the SSH agent is asked. An
    /// absolute path once it is loaded: it may be written relative to the project's folder, or to the home folder as `~/…`.
    #[serde(deserialize_with = "text")]
    pub key: Option<PathBuf>,
    /// Where host keys are looked up that no server pins; `~/.ssh/known_hosts` by default. Absolute as `key` is.
    #[serde(deserialize_with = "text")]
    pub known_hosts: PathBuf,
    /// The command that carries the connection to every server that does not name its own.
    #[serde(deserialize_with = "text")]
    pub via: Option<String>,
    /// How often a server is asked again after a failure that may pass: 2.
    pub retries: u32,
    /// Longest wait for a connection and its handshake: 10 seconds.
    #[serde(deserialize_with = "seconds")]
    pub connect_timeout: Duration,
    /// Longest silence of a server that is connected: 30 seconds.
    #[serde(deserialize_with = "seconds")]
    pub read_timeout: Duration,
    /// Largest extract in bytes that is accepted: 8 MiB.
    pub max_bytes: u64,
}

impl Default for Ssh {
    fn default() -> Self {
        Self {
            key: None,
            known_hosts: "~/.ssh/known_hosts".into(),
            via: None,
            retries: 2,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            max_bytes: 8 << 20,
        }
    }
}

/// One server.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Where it is; `None` for this machine (`local: true`).
    pub address: Option<Address>,
    /// The command that carries the connection there; none for `via: none`, and where nobody names one.
    pub via: Option<Via>,
    /// The command that prints the extract on this machine, for `local: true`; never empty.
    pub command: Vec<String>,
    /// The pinned host key, `TYPE BASE64` as in `known_hosts`.
    pub host_key: Option<String>,
    /// A private key for this server alone. Absolute as [`Ssh::key`] is.
    pub key: Option<PathBuf>,
    /// For selections such as `{tag: eu}`.
    pub tags: Vec<String>,
    /// What the public may call it; a pseudonym otherwise.
    pub label: Option<String>,
    /// What is said of its bridges, by instance.
    pub bridges: BTreeMap<String, Bridge>,
}

/// What the public may know of a bridge.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bridge {
    /// What the public may call it; a pseudonym otherwise.
    #[serde(deserialize_with = "text")]
    pub label: Option<String>,
    /// Whether anything of it is published at all. If nothing is said: yes, unless it was refused before.
    pub publish: Option<bool>,
}

/// A source that reads the statistics of tor bridges on servers.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TorBridge {
    /// Which servers; all, if nothing is said.
    #[serde(default)]
    pub servers: Selection,
}

/// Some of the servers: `all`, `[alpha, beta]` or `{tag: eu}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All there are.
    #[default]
    All,
    /// Those named.
    Names(Vec<String>),
    /// Those that carry a tag.
    Tag(String),
}

impl<'de> Deserialize<'de> for Selection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choice;
        impl<'de> Visitor<'de> for Choice {
            type Value = Selection;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`all`, a list of names, or `{tag: NAME}`")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Selection, E> {
                if word == "all" {
                    return Ok(Selection::All);
                }
                let hint = format!("write `all`, a list of names as `[{word}]`, or `{{tag: {word}}}`");
                Err(E::custom(with_hint(format_args!("`{word}` selects no servers"), hint)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Selection, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Selection::Names(names))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Selection, A::Error> {
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Tagged {
                    tag: String,
                }
                Tagged::deserialize(MapAccessDeserializer::new(map)).map(|tagged| Selection::Tag(tagged.tag))
            }
        }
        deserializer.deserialize_any(Choice)
    }
}

/// A synthetic fleet for demonstrations.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sample {
    /// What its numbers are drawn from.
    pub seed: u64,
    /// How many days of history: 1 to 3660.
    pub days: u32,
    /// The newest of them.
    #[serde(deserialize_with = "date")]
    pub until: Date,
}

impl Default for Sample {
    fn default() -> Self {
        Self { seed: 1, days: 540, until: Date::constant(2026, 11, 22) }
    }
}

/// A command that is told of servers that keep failing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnFailure {
    /// After so many failures in a row, 1 or more.
    pub after: u32,
    /// The command for `sh -c`. Its `${NAME}` is the shell's own.
    pub command: String,
}

/// An organization that was given bridges.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// Its name for people.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Its bridges.
    #[serde(default)]
    pub bridges: Vec<Assignment>,
}

/// A bridge that an organization has for some time.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Which bridge.
    pub bridge: BridgeName,
    /// The first day, if it did not always have it.
    #[serde(default, deserialize_with = "optional_date")]
    pub from: Option<Date>,
    /// The last day, included, if it does not have it still.
    #[serde(default, deserialize_with = "optional_date")]
    pub until: Option<Date>,
}

impl Assignment {
    /// Whether both say something of one day.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let before = |one: &Self, other: &Self| one.until.zip(other.from).is_some_and(|(until, from)| until < from);
        !before(self, other) && !before(other, self)
    }
}

/// A bridge by its place: `SERVER/INSTANCE`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BridgeName {
    /// The server's name.
    pub server: String,
    /// The instance's name on it.
    pub instance: String,
}

impl fmt::Display for BridgeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.server, self.instance)
    }
}

impl<'de> Deserialize<'de> for BridgeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Slashed;
        impl Visitor<'_> for Slashed {
            type Value = BridgeName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a bridge as `SERVER/INSTANCE`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<BridgeName, E> {
                match text.split_once('/') {
                    Some((server, instance)) if super::safe(server).and(super::safe(instance)).is_ok() => {
                        Ok(BridgeName { server: server.to_owned(), instance: instance.to_owned() })
                    }
                    _ => Err(E::custom(format_args!("`{text}` is not a bridge as `SERVER/INSTANCE`"))),
                }
            }
        }
        deserializer.deserialize_str(Slashed)
    }
}
