//! Transports: how the bytes of an extract come here. Each has its limits, so that no server can hold up a run or fill
//! the disk.

mod connection;
mod drain;
mod failure;
mod host_key;
mod local;
pub mod operator;
mod ssh;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub use connection::Running;
pub use drain::STDERR_KEPT as LOG_KEPT;
pub use failure::Failure;
pub use host_key::Known;
pub use local::Local;
pub use ssh::Ssh;

use crate::config::{self, Fleet};

/// The ways to the servers of a fleet, by name.
pub struct Ways {
    ways: BTreeMap<String, Box<dyn Transport>>,
    limits: Limits,
    /// What came of servers that several sources read, until these are done with them.
    fetched: Mutex<BTreeMap<String, Result<Vec<u8>, Failure>>>,
}

impl Ways {
    /// The ways that the settings name.
    pub fn of(fleet: &Fleet) -> Self {
        let way = |server: &config::Server| -> Box<dyn Transport> {
            match &server.address {
                Some(address) => Box::new(Ssh::new(address, server, &fleet.ssh)),
                None => Box::new(Local::new(server.command.clone())),
            }
        };
        Self {
            ways: fleet.servers.iter().map(|(name, server)| (name.clone(), way(server))).collect(),
            limits: Limits::from(&fleet.ssh),
            fetched: Mutex::default(),
        }
    }

    /// Takes the extract of a server; the one that came already, until somebody [hangs up](Self::hang_up).
    ///
    /// # Errors
    /// As [`Transport::fetch`], and if the command itself failed.
    pub fn fetch(&self, server: &str) -> Result<Vec<u8>, Failure> {
        let way = self.ways.get(server).ok_or_else(|| Failure::Unreachable("there is no such server".to_owned()))?;
        let known = || self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fetched) = known().get(server) {
            return fetched.clone();
        }
        let fetched = way.fetch(&self.limits).and_then(Fetched::success);
        // Whoever was silent until a limit has had the patience of this run.
        if matches!(fetched, Ok(_) | Err(Failure::Silent | Failure::Slow)) {
            known().insert(server.to_owned(), fetched.clone());
        }
        fetched
    }

    /// Ends the connection to a server of which nothing more is wanted.
    pub fn hang_up(&self, server: &str) {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner).remove(server);
        if let Some(way) = self.ways.get(server) {
            way.hang_up();
        }
    }
}

/// A way to one server.
pub trait Transport: Send + Sync {
    /// Runs what prints the extract there and takes what it prints, to its end.
    ///
    /// # Errors
    /// A [`Failure`] if the server was not reached, broke a limit, or ended the connection. That the command itself
    /// failed is no error here: see [`Fetched::success`].
    fn fetch(&self, limits: &Limits) -> Result<Fetched, Failure>;

    /// Ends what is kept open for the next time.
    fn hang_up(&self) {}
}

/// How long and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait for a connection and its handshake.
    pub connect: Duration,
    /// Longest silence of a server that is connected.
    pub silence: Duration,
    /// Longest time from the login to the end.
    pub total: Duration,
    /// Most bytes of standard output.
    pub bytes: u64,
}

impl From<&config::Ssh> for Limits {
    fn from(ssh: &config::Ssh) -> Self {
        let total = ssh.read_timeout.saturating_mul(10);
        Self { connect: ssh.connect_timeout, silence: ssh.read_timeout, total, bytes: ssh.max_bytes }
    }
}

/// What a command printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its standard output, whole.
    pub stdout: Vec<u8>,
    /// The first 4 KiB of its standard error: for the operator's eyes alone.
    pub stderr: String,
    /// Its exit status; 128 and more if a signal ended it.
    pub exit: i32,
}

impl Fetched {
    /// The standard output, if the command succeeded.
    pub fn success(self) -> Result<Vec<u8>, Failure> {
        if self.exit == 0 { Ok(self.stdout) } else { Err(Failure::Failed(self.exit, self.stderr)) }
    }
}
