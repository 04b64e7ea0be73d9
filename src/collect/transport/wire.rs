//! What carries the bytes of a connection: TCP, or a program that the operator names (`via:`). libssh2 never holds that
//! itself, but one end of a socket pair, behind which two threads carry what comes and goes: it would read without end,
//! and keep in memory without limit, what a hostile server sends instead of an answer. So what may come is counted out.
//!
//! ```text
//! libssh2 ── near │ far ── carry (counts) ── TCP, or a program's standard input and output
//! ```

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::net::{Shutdown, shutdown};

use super::Failure;
use crate::collect::process::Group;
use crate::config::{Address, Via};

/// What may come until somebody is logged in: a handshake has a few kilobytes.
const HANDSHAKE: u64 = 1 << 20;
/// How much a program may complain before the rest is not kept.
const WORDS_KEPT: usize = 4096;
/// How long a program that has closed its end may take until it has ended and said why.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// A connection, and the program behind it if there is one. All ends when it is dropped.
pub struct Wire {
    near: UnixStream,
    outer: OwnedFd,
    /// How many bytes may still come.
    allowance: Arc<AtomicU64>,
    program: Option<Program>,
}

/// A program that carries the bytes.
struct Program {
    group: Group,
    words: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    /// Connects to a server, or starts what does.
    pub fn open(address: &Address, via: Option<&Via>, deadline: Instant) -> Result<Self, Failure> {
        match via {
            Some(via) => {
                let (socket, program) =
                    start(&via.command(address)).map_err(|error| Failure::Via(error.to_string()))?;
                Self::carried(socket, Some(program))
            }
            None => {
                let stream = connect(&address.host, address.port, deadline)?;
                // Every message is answered before the next one is sent.
                let _ = stream.set_nodelay(true);
                Self::carried(stream, None)
            }
        }
    }

    /// A wire over a connected socket.
    fn carried<S: Socket>(outer: S, program: Option<Program>) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::Protocol(error.to_string());
        let (near, far) = UnixStream::pair().map_err(failed)?;
        let allowance = Arc::new(AtomicU64::new(HANDSHAKE));
        let (from, to) = (outer.another().map_err(failed)?, far.try_clone().map_err(failed)?);
        let counted = Arc::clone(&allowance);
        std::thread::spawn(move || carry(from, to, Some(&counted)));
        let (from, to) = (far, outer.another().map_err(failed)?);
        std::thread::spawn(move || carry(from, to, None));
        Ok(Self { near, outer: outer.into(), allowance, program })
    }

    /// Lets so many bytes more come.
    pub fn allow(&self, bytes: u64) {
        self.allowance.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A second handle of the near end, for the library.
    pub fn socket(&self) -> std::io::Result<UnixStream> {
        self.near.try_clone()
    }

    /// The failure of a connection, or, if a program in between has ended or complained, that.
    pub fn explain(&mut self, failure: Failure) -> Failure {
        let Some(program) = &mut self.program else { return failure };
        match failure {
            Failure::Disconnected => {}
            // It may wait for an answer that nobody will give.
            Failure::ConnectTimeout => {
                let words = program.words();
                return if words.is_empty() { failure } else { Failure::Via(format!("{failure}; it says: {words}")) };
            }
            _ => return failure,
        }
        let Ok(Some(status)) = program.group.wait(Instant::now() + LAST_WORDS) else { return failure };
        // The thread that reads them may still be at it.
        std::thread::sleep(Duration::from_millis(20));
        let words = program.words();
        Failure::Via(if words.is_empty() { format!("it ended with {status}") } else { words })
    }
}

impl Program {
    /// What it has complained of.
    fn words(&self) -> String {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&words).trim().to_owned()
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.near.as_fd()
    }
}

impl Drop for Wire {
    /// The library and the threads have handles too, so that closing ours would not end the connection.
    fn drop(&mut self) {
        let _ = shutdown(&self.outer, Shutdown::Both);
        let _ = shutdown(&self.near, Shutdown::Both);
    }
}

/// A socket of either kind.
trait Socket: Read + Write + Send + Into<OwnedFd> + 'static {
    fn another(&self) -> std::io::Result<Self>;
}

impl Socket for TcpStream {
    fn another(&self) -> std::io::Result<Self> {
        self.try_clone()
    }
}

impl Socket for UnixStream {
    fn another(&self) -> std::io::Result<Self> {
        self.try_clone()
    }
}

/// Carries bytes from one socket to the other until either ends, or more come than are allowed; then ends both ways.
fn carry(mut from: impl Socket, mut to: impl Socket, allowance: Option<&AtomicU64>) {
    let mut piece = [0; 32 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        let taken = |left: u64| left.checked_sub(length as u64);
        let over =
            allowance.is_some_and(|left| left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_err());
        if over || to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    // What the server has said to the end may still be read.
    let (from, to): (OwnedFd, OwnedFd) = (from.into(), to.into());
    let _ = shutdown(&to, Shutdown::Write);
    let _ = shutdown(&from, Shutdown::Read);
}

/// Starts a program in whose place we would stand otherwise; gives our end of its standard input and output.
fn start(command: &str) -> std::io::Result<(UnixStream, Program)> {
    let (ours, theirs) = UnixStream::pair()?;
    let output = OwnedFd::from(theirs.try_clone()?);
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("exec {command}"));
    shell.stdin(OwnedFd::from(theirs)).stdout(output).stderr(Stdio::piped());
    let mut group = Group::spawn(&mut shell)?;
    // The shell's ends of the pair go with it: what the program closes must look closed to us.
    drop(shell);
    let words = Arc::new(Mutex::new(Vec::new()));
    if let Some(stderr) = group.child.stderr.take() {
        let words = Arc::clone(&words);
        // Read to its end, so that a program with much to say is not held up.
        std::thread::spawn(move || keep(stderr, &words));
    }
    Ok((ours, Program { group, words }))
}

fn keep(mut stream: impl Read, words: &Mutex<Vec<u8>>) {
    let mut piece = [0; 1024];
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        let room = WORDS_KEPT.saturating_sub(words.len());
        words.extend_from_slice(&piece[..length.min(room)]);
    }
}

/// A connection to the first of the host's addresses that answers, each of which gets its share of the time.
fn connect(host: &str, port: u16, deadline: Instant) -> Result<TcpStream, Failure> {
    let addresses = resolve(host, port, deadline)?;
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
                    _ => Failure::Unreachable(error.to_string()),
                }
            }
        }
    }
    Err(last)
}

/// The addresses of a host. The system's resolver knows no deadline, so a thread waits for it, and is left alone with it
/// when the time is over.
fn resolve(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = channel();
    let host = host.to_owned();
    std::thread::spawn(move || {
        let addresses = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // Nobody listens any more when the time is over.
        let _ = sender.send(addresses);
    });
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(addresses) => addresses.map_err(|error| Failure::Unreachable(error.to_string())),
        Err(RecvTimeoutError::Timeout) => Err(Failure::ConnectTimeout),
        Err(RecvTimeoutError::Disconnected) => Err(Failure::Unreachable("the resolver has failed".to_owned())),
    }
}
