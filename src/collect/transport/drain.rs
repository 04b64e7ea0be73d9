//! Taking both streams of a command within the limits.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Failure, Limits};

/// How much of the standard error is kept; all of it is read.
pub const STDERR_KEPT: usize = 4096;

/// What has come so far, and until when more must come.
pub struct Drain<'a> {
    limits: &'a Limits,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    heard: Instant,
    end: Instant,
}

impl<'a> Drain<'a> {
    /// Nothing yet; the clocks run from now.
    pub fn new(limits: &'a Limits) -> Self {
        let now = Instant::now();
        Self { limits, stdout: Vec::new(), stderr: Vec::new(), heard: now, end: now + limits.total }
    }

    /// The standard output so far.
    pub fn so_far(&self) -> &[u8] {
        &self.stdout
    }

    /// Takes a piece of the standard output; an empty one is nothing heard.
    pub fn stdout(&mut self, piece: &[u8]) -> Result<(), Failure> {
        if piece.is_empty() {
            return Ok(());
        }
        self.heard = Instant::now();
        if (self.stdout.len() + piece.len()) as u64 > self.limits.bytes {
            return Err(Failure::TooLarge(self.limits.bytes));
        }
        self.stdout.extend_from_slice(piece);
        self.in_time()
    }

    /// Takes a piece of the standard error, as [`Drain::stdout`].
    pub fn stderr(&mut self, piece: &[u8]) -> Result<(), Failure> {
        if piece.is_empty() {
            return Ok(());
        }
        self.heard = Instant::now();
        let room = STDERR_KEPT.saturating_sub(self.stderr.len());
        self.stderr.extend_from_slice(&piece[..piece.len().min(room)]);
        self.in_time()
    }

    /// When the patience with the server ends if it says nothing more.
    pub fn deadline(&self) -> Instant {
        self.end.min(self.heard + self.limits.silence)
    }

    /// Which limit of time is broken when the deadline has passed.
    pub fn late(&self) -> Failure {
        if self.end <= self.heard + self.limits.silence { Failure::Slow } else { Failure::Silent }
    }

    fn in_time(&self) -> Result<(), Failure> {
        if Instant::now() < self.end { Ok(()) } else { Err(Failure::Slow) }
    }

    /// The standard output and the beginning of the standard error.
    pub fn finish(self) -> (Vec<u8>, String) {
        (self.stdout, String::from_utf8_lossy(&self.stderr).into_owned())
    }
}

/// Waits until one of the descriptors is ready for what is asked of it; which ones are, or `None` at the deadline.
pub fn wait(descriptors: &[(BorrowedFd<'_>, PollFlags)], deadline: Instant) -> Result<Option<Vec<bool>>, Failure> {
    let mut polled: Vec<PollFd<'_>> =
        descriptors.iter().map(|(descriptor, flags)| PollFd::from_borrowed_fd(*descriptor, *flags)).collect();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        match poll(&mut polled, Some(&timespec(left))) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(Some(polled.iter().map(|descriptor| !descriptor.revents().is_empty()).collect())),
            Err(error) => return Err(Failure::Protocol(error.to_string())),
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
