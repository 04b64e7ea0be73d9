//! A server over SSH. libssh2 never blocks here: every step is tried, waited for on the socket, and tried again, so
//! that each has its deadline to the millisecond.

use std::io::{ErrorKind, Read};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Instant;

use rustix::event::PollFlags;
use ssh2::{BlockDirections, Channel, ErrorCode, Session};

use super::drain::{Drain, wait};
use super::host_key::Known;
use super::{Failure, Fetched, Limits, Transport};
use crate::config::{self, Address};
use crate::fs;

/// What is asked for; the forced command of the key runs whatever it is.
const COMMAND: &str = "torcollect-extract";

// libssh2's error codes, from its `libssh2.h`.
const SOCKET_SEND: i32 = -7;
const SOCKET_DISCONNECT: i32 = -13;
const FILE: i32 = -16;
const AUTHENTICATION_FAILED: i32 = -18;
const PUBLICKEY_UNVERIFIED: i32 = -19;
const EAGAIN: i32 = -37;
const SOCKET_RECV: i32 = -43;

/// One server over SSH.
#[derive(Clone, Debug)]
pub struct Ssh {
    address: Address,
    host_key: Option<String>,
    known_hosts: PathBuf,
    key: Option<PathBuf>,
}

impl Ssh {
    /// `server` at `address`, with the settings of all servers in `ssh`. Their paths are absolute.
    pub fn new(address: &Address, server: &config::Server, ssh: &config::Ssh) -> Self {
        Self {
            address: address.clone(),
            host_key: server.host_key.clone(),
            known_hosts: ssh.known_hosts.clone(),
            key: server.key.clone().or_else(|| ssh.key.clone()),
        }
    }

    /// Runs a command there and takes what it prints, to its end. A key with a forced command runs that, whatever it is.
    ///
    /// # Errors
    /// Those of [`Transport::fetch`].
    pub fn run(&self, command: &str, limits: &Limits) -> Result<Fetched, Failure> {
        let known = self.known()?;
        let deadline = Instant::now() + limits.connect;
        let stream = self.connect(deadline)?;
        let connection = Connection::open(stream, &known, deadline)?;
        self.log_in(&connection, Instant::now() + limits.silence)?;
        connection.run(command, limits)
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

    /// A connection to the first of the host's addresses that answers, each of which gets its share of the time.
    fn connect(&self, deadline: Instant) -> Result<TcpStream, Failure> {
        let unreachable = |error: std::io::Error| Failure::Unreachable(error.to_string());
        let host = self.address.host.as_str();
        let addresses: Vec<SocketAddr> = (host, self.address.port).to_socket_addrs().map_err(unreachable)?.collect();
        let mut last = Failure::Unreachable("the host has no address".to_owned());
        for (tried, address) in addresses.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            if share.is_zero() {
                return Err(Failure::ConnectTimeout);
            }
            match TcpStream::connect_timeout(address, share) {
                Ok(stream) => return Ok(stream),
                Err(error) => {
                    last = match error.kind() {
                        ErrorKind::ConnectionRefused => Failure::Refused,
                        ErrorKind::TimedOut => Failure::ConnectTimeout,
                        _ => unreachable(error),
                    }
                }
            }
        }
        Err(last)
    }

    fn log_in(&self, connection: &Connection, deadline: Instant) -> Result<(), Failure> {
        let user = &self.address.user;
        let session = &connection.session;
        if let Some(path) = &self.key {
            let key = fs::read_text(path).map_err(|error| Failure::NoKey(format!("{error:#}")))?;
            let outcome = connection.until(deadline, || session.userauth_pubkey_memory(user, None, &key, None));
            return outcome?.map_err(|error| match code(&error) {
                FILE => Failure::NoKey(format!("`{}` is encrypted or not a private key", path.display())),
                _ => refusal(&error),
            });
        }
        let no_agent = |error: ssh2::Error| Failure::NoKey(format!("the SSH agent: {}", error.message()));
        let mut agent = session.agent().map_err(no_agent)?;
        agent.connect().map_err(no_agent)?;
        agent.list_identities().map_err(no_agent)?;
        let identities = agent.identities().map_err(no_agent)?;
        let mut last = Failure::NoKey("the SSH agent holds none".to_owned());
        for identity in &identities {
            match connection.until(deadline, || agent.userauth(user, identity))? {
                Ok(()) => return Ok(()),
                Err(error) => last = refusal(&error),
            }
            if last != Failure::KeyRefused {
                break;
            }
        }
        Err(last)
    }
}

impl Transport for Ssh {
    fn fetch(&self, limits: &Limits) -> Result<Fetched, Failure> {
        self.run(COMMAND, limits)
    }
}

/// A session and its socket.
struct Connection {
    socket: TcpStream,
    session: Session,
}

impl Connection {
    /// Shakes hands with a server that proves to be the known one.
    fn open(stream: TcpStream, known: &Known, deadline: Instant) -> Result<Self, Failure> {
        let socket = stream.try_clone().map_err(|error| Failure::Protocol(error.to_string()))?;
        let mut session = Session::new().map_err(|error| failure(&error))?;
        session.set_blocking(false);
        known.prefer(&session).map_err(|error| failure(&error))?;
        session.set_tcp_stream(stream);
        let connection = Self { socket, session };
        let mut handshake = connection.session.clone();
        match connection.until(deadline, || handshake.handshake()) {
            Err(Failure::Silent) => return Err(Failure::ConnectTimeout),
            outcome => outcome?.map_err(|error| failure(&error))?,
        }
        known.verify(&connection.session)?;
        Ok(connection)
    }

    /// Tries until it works, fails, or the deadline passes. The inner result is libssh2's.
    fn until<T>(
        &self,
        deadline: Instant,
        mut attempt: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> Result<Result<T, ssh2::Error>, Failure> {
        loop {
            match attempt() {
                Err(error) if code(&error) == EAGAIN => {}
                outcome => return Ok(outcome),
            }
            if !self.ready(deadline)? {
                return Err(Failure::Silent);
            }
        }
    }

    /// [`Connection::until`] for steps whose failure has no meaning of its own.
    fn step<T>(&self, deadline: Instant, attempt: impl FnMut() -> Result<T, ssh2::Error>) -> Result<T, Failure> {
        self.until(deadline, attempt)?.map_err(|error| failure(&error))
    }

    /// Waits until the socket is ready for what libssh2 wants of it; `false` at the deadline.
    fn ready(&self, deadline: Instant) -> Result<bool, Failure> {
        let flags = match self.session.block_directions() {
            BlockDirections::Outbound => PollFlags::OUT,
            BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
            BlockDirections::Inbound | BlockDirections::None => PollFlags::IN,
        };
        Ok(wait(&[(self.socket.as_fd(), flags)], deadline)?.is_some())
    }

    fn run(&self, command: &str, limits: &Limits) -> Result<Fetched, Failure> {
        let mut drain = Drain::new(limits);
        let mut channel = self.step(drain.deadline(), || self.session.channel_session())?;
        self.step(drain.deadline(), || channel.exec(command))?;
        let mut piece = vec![0; 64 * 1024];
        loop {
            let out = available(channel.read(&mut piece))?;
            if let Some(length @ 1..) = out {
                drain.stdout(&piece[..length])?;
            }
            let err = available(channel.stderr().read(&mut piece))?;
            if let Some(length @ 1..) = err {
                drain.stderr(&piece[..length])?;
            }
            if channel.eof() {
                break;
            }
            if out.unwrap_or(0) + err.unwrap_or(0) == 0 && !self.ready(drain.deadline())? {
                return Err(drain.late());
            }
        }
        self.step(drain.deadline(), || channel.wait_close())?;
        let exit = exit(&channel)?;
        let (stdout, stderr) = drain.finish();
        Ok(Fetched { stdout, stderr, exit })
    }
}

impl Drop for Connection {
    /// Ends the connection first: libssh2 would wait for a silent server's farewell.
    fn drop(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// How much has been read; `None` if there is nothing at present.
fn available(read: std::io::Result<usize>) -> Result<Option<usize>, Failure> {
    match read {
        Ok(length) => Ok(Some(length)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        // What a channel's streams report is libssh2's own error, of which only the words are left.
        Err(_) => Err(Failure::Disconnected),
    }
}

fn exit(channel: &Channel) -> Result<i32, Failure> {
    let signal = channel.exit_signal().map_err(|error| failure(&error))?;
    if signal.exit_signal.is_some() {
        return Ok(128);
    }
    channel.exit_status().map_err(|error| failure(&error))
}

fn code(error: &ssh2::Error) -> i32 {
    match error.code() {
        ErrorCode::Session(code) | ErrorCode::SFTP(code) => code,
    }
}

fn failure(error: &ssh2::Error) -> Failure {
    match code(error) {
        SOCKET_SEND | SOCKET_DISCONNECT | SOCKET_RECV => Failure::Disconnected,
        _ => Failure::Protocol(error.message().to_owned()),
    }
}

fn refusal(error: &ssh2::Error) -> Failure {
    match code(error) {
        AUTHENTICATION_FAILED | PUBLICKEY_UNVERIFIED => Failure::KeyRefused,
        _ => failure(error),
    }
}
