//! A server over SSH, as the collecting account, whose key can do nothing else.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::connection::{Connection, failure};
use super::host_key::Known;
use super::wire::Wire;
use super::{Failure, Fetched, Limits, Transport};
use crate::config::{self, Address, Via};
use crate::fs;

/// What is asked for; the forced command of the key runs whatever it is.
const COMMAND: &str = "torcollect-extract";

/// One server over SSH.
pub struct Ssh {
    address: Address,
    via: Option<Via>,
    host_key: Option<String>,
    known_hosts: PathBuf,
    key: Option<PathBuf>,
    /// A connection that is logged in, for the next command.
    idle: Mutex<Option<Connection>>,
}

impl Ssh {
    /// `server` at `address`, with the settings of all servers in `ssh`. Their paths are absolute.
    pub fn new(address: &Address, server: &config::Server, ssh: &config::Ssh) -> Self {
        Self {
            address: address.clone(),
            via: server.via.clone(),
            host_key: server.host_key.clone(),
            known_hosts: ssh.known_hosts.clone(),
            key: server.key.clone().or_else(|| ssh.key.clone()),
            idle: Mutex::new(None),
        }
    }

    /// Runs a command there, or whatever the server makes of it.
    pub fn run(&self, command: &str, limits: &Limits) -> Result<Fetched, Failure> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match idle.take() {
            Some(connection) => connection,
            None => self.connect(limits)?,
        };
        let fetched = connection.start(command, limits)?.finish()?;
        *idle = Some(connection);
        Ok(fetched)
    }

    fn connect(&self, limits: &Limits) -> Result<Connection, Failure> {
        let known = self.known()?;
        let deadline = Instant::now() + limits.connect;
        let wire = Wire::open(&self.address, self.via.as_ref(), deadline)?;
        let connection = Connection::open(wire, &known, deadline)?;
        known.verify(&connection.session)?;
        let (user, deadline) = (&self.address.user, Instant::now() + limits.silence);
        match &self.key {
            Some(path) => connection.log_in_with(user, path, None, deadline)?,
            None => connection.log_in_with_agent(user, deadline)?,
        }
        Ok(connection)
    }

    fn known(&self) -> Result<Known, Failure> {
        let Address { host, port, .. } = &self.address;
        match &self.host_key {
            Some(key) => Ok(Known::pinned(host, *port, key)),
            None => {
                let text = if self.known_hosts.exists() { fs::read_text(&self.known_hosts) } else { Ok(String::new()) };
                let text = text.map_err(|error| Failure::NoKnownHosts(format!("{error:#}")))?;
                Known::listed(host, *port, &text).map_err(|error| failure(&error))
            }
        }
    }
}

impl Transport for Ssh {
    fn fetch(&self, limits: &Limits) -> Result<Fetched, Failure> {
        self.run(COMMAND, limits)
    }

    fn hang_up(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
