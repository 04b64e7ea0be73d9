//! A connection to an sshd. libssh2 never blocks here: every step is tried, waited for on the socket, and tried again, so
//! that each has its deadline to the millisecond.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Instant;

use rustix::event::PollFlags;
use ssh2::{BlockDirections, Channel, ErrorCode, Session};

use super::drain::{Drain, wait};
use super::host_key::Known;
use super::wire::Wire;
use super::{Failure, Fetched, Limits};
use crate::fs;

// libssh2's error codes, from its `libssh2.h`.
const SOCKET_SEND: i32 = -7;
const SOCKET_DISCONNECT: i32 = -13;
const FILE: i32 = -16;
const AUTHENTICATION_FAILED: i32 = -18;
const PUBLICKEY_UNVERIFIED: i32 = -19;
const EAGAIN: i32 = -37;
const SOCKET_RECV: i32 = -43;

/// A session and what carries it.
pub struct Connection {
    // Dropped first, because libssh2 says farewell, and would wait for a silent server's.
    wire: Wire,
    /// libssh2's session.
    pub session: Session,
}

impl Connection {
    /// Shakes hands with whoever answers, asking for a key that is known. Whose key it is has to be looked at next.
    pub fn open(mut wire: Wire, known: &Known, deadline: Instant) -> Result<Self, Failure> {
        let socket = wire.socket().map_err(|error| Failure::Protocol(error.to_string()))?;
        let mut session = Session::new().map_err(|error| failure(&error))?;
        session.set_blocking(false);
        known.prefer(&session).map_err(|error| failure(&error))?;
        session.set_tcp_stream(socket);
        let outcome = until(&session, &wire, deadline, || session.clone().handshake());
        let outcome = outcome.and_then(|outcome| outcome.map_err(|error| failure(&error)));
        match outcome {
            Ok(()) => Ok(Self { session, wire }),
            Err(Failure::Silent) => Err(wire.explain(Failure::ConnectTimeout)),
            Err(failure) => Err(wire.explain(failure)),
        }
    }

    /// Tries until it works, fails, or the deadline passes. The inner result is libssh2's.
    pub fn until<T>(
        &self,
        deadline: Instant,
        attempt: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> Result<Result<T, ssh2::Error>, Failure> {
        until(&self.session, &self.wire, deadline, attempt)
    }

    /// [`Connection::until`] for steps whose failure has no meaning of its own.
    fn step<T>(&self, deadline: Instant, attempt: impl FnMut() -> Result<T, ssh2::Error>) -> Result<T, Failure> {
        self.until(deadline, attempt)?.map_err(|error| failure(&error))
    }

    /// Logs in with a private key from a file.
    pub fn log_in_with(
        &self,
        user: &str,
        path: &Path,
        passphrase: Option<&str>,
        deadline: Instant,
    ) -> Result<(), Failure> {
        let key = fs::read_text(path).map_err(|error| Failure::NoKey(format!("{error:#}")))?;
        let session = &self.session;
        let outcome = self.until(deadline, || session.userauth_pubkey_memory(user, None, &key, passphrase));
        outcome?.map_err(|error| match code(&error) {
            FILE => Failure::NoKey(format!("`{}` is encrypted or not a private key", path.display())),
            _ => refusal(&error),
        })
    }

    /// Logs in with the first key of the SSH agent that the server takes.
    pub fn log_in_with_agent(&self, user: &str, deadline: Instant) -> Result<(), Failure> {
        let no_agent = |error: ssh2::Error| Failure::NoKey(format!("the SSH agent: {}", error.message()));
        let mut agent = self.session.agent().map_err(no_agent)?;
        agent.connect().map_err(no_agent)?;
        agent.list_identities().map_err(no_agent)?;
        let identities = agent.identities().map_err(no_agent)?;
        let mut last = Failure::NoKey("the SSH agent holds none".to_owned());
        for identity in &identities {
            match self.until(deadline, || agent.userauth(user, identity))? {
                Ok(()) => return Ok(()),
                Err(error) => last = refusal(&error),
            }
            if last != Failure::KeyRefused {
                break;
            }
        }
        Err(last)
    }

    /// Starts a command there.
    pub fn start<'a>(&'a self, command: &str, limits: &'a Limits) -> Result<Running<'a>, Failure> {
        // As much again for the frames around it and the standard error.
        self.wire.allow(limits.bytes.saturating_mul(2));
        let drain = Drain::new(limits);
        let mut channel = self.step(drain.deadline(), || self.session.channel_session())?;
        self.step(drain.deadline(), || channel.exec(command))?;
        Ok(Running { connection: self, channel, drain, piece: vec![0; 64 * 1024], read: 0 })
    }
}

/// A command that runs on the other side.
pub struct Running<'a> {
    connection: &'a Connection,
    channel: Channel,
    drain: Drain<'a>,
    piece: Vec<u8>,
    /// How much of the standard output was given as lines.
    read: usize,
}

impl Running<'_> {
    /// Writes to its standard input, all of it. What it prints in the meantime is taken.
    pub fn send(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        while !bytes.is_empty() {
            match self.channel.write(bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !self.take()? && !self.wait()? {
                        return Err(self.drain.late());
                    }
                }
                Err(_) => return Err(Failure::Disconnected),
            }
        }
        Ok(())
    }

    /// The next line that it prints; `None` when nothing more comes.
    pub fn line(&mut self) -> Result<Option<String>, Failure> {
        loop {
            let rest = &self.drain.so_far()[self.read..];
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8_lossy(&rest[..end]).into_owned();
                self.read += end + 1;
                return Ok(Some(line));
            }
            if self.channel.eof() {
                return Ok(None);
            }
            if !self.take()? && !self.channel.eof() && !self.wait()? {
                return Err(self.drain.late());
            }
        }
    }

    /// Takes the rest of what it prints, and how it ended.
    pub fn finish(mut self) -> Result<Fetched, Failure> {
        while !self.channel.eof() {
            if !self.take()? && !self.channel.eof() && !self.wait()? {
                return Err(self.drain.late());
            }
        }
        self.connection.step(self.drain.deadline(), || self.channel.wait_close())?;
        let exit = exit(&self.channel)?;
        let (stdout, stderr) = self.drain.finish();
        Ok(Fetched { stdout, stderr, exit })
    }

    /// Says that nothing more comes on its standard input.
    pub fn end_of_input(&mut self) -> Result<(), Failure> {
        self.connection.step(self.drain.deadline(), || self.channel.send_eof())
    }

    /// Takes what has come on both streams; whether anything had.
    fn take(&mut self) -> Result<bool, Failure> {
        let out = available(self.channel.read(&mut self.piece))?;
        self.drain.stdout(&self.piece[..out])?;
        let err = available(self.channel.stderr().read(&mut self.piece))?;
        self.drain.stderr(&self.piece[..err])?;
        Ok(out + err > 0)
    }

    fn wait(&self) -> Result<bool, Failure> {
        ready(&self.connection.session, &self.connection.wire, self.drain.deadline())
    }
}

fn until<T>(
    session: &Session,
    wire: &Wire,
    deadline: Instant,
    mut attempt: impl FnMut() -> Result<T, ssh2::Error>,
) -> Result<Result<T, ssh2::Error>, Failure> {
    loop {
        match attempt() {
            Err(error) if code(&error) == EAGAIN => {}
            outcome => return Ok(outcome),
        }
        if !ready(session, wire, deadline)? {
            return Err(Failure::Silent);
        }
    }
}

/// Waits until the socket is ready for what libssh2 wants of it; `false` at the deadline.
fn ready(session: &Session, wire: &Wire, deadline: Instant) -> Result<bool, Failure> {
    let flags = match session.block_directions() {
        BlockDirections::Outbound => PollFlags::OUT,
        BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
        BlockDirections::Inbound | BlockDirections::None => PollFlags::IN,
    };
    Ok(wait(&[(wire.as_fd(), flags)], deadline)?.is_some())
}

/// How much has been read; 0 if there is nothing at present.
fn available(read: std::io::Result<usize>) -> Result<usize, Failure> {
    match read {
        Ok(length) => Ok(length),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
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

/// What an error of libssh2 means.
pub fn failure(error: &ssh2::Error) -> Failure {
    match code(error) {
        SOCKET_SEND | SOCKET_DISCONNECT | SOCKET_RECV => Failure::Disconnected,
        _ => Failure::Protocol(error.message().to_owned()),
    }
}

/// What an error of libssh2 means while logging in.
pub fn refusal(error: &ssh2::Error) -> Failure {
    match code(error) {
        AUTHENTICATION_FAILED | PUBLICKEY_UNVERIFIED => Failure::KeyRefused,
        _ => failure(error),
    }
}
