//! Why nothing was fetched from a server.

use std::fmt;

use crate::text::printable;

/// Why nothing was fetched. [`Failure::reason`] is for everybody, `Display` for the operator's terminal alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no such host, or no way to it; the system's words.
    Unreachable(String),
    /// Nothing listens there.
    Refused,
    /// No connection or no handshake in time.
    ConnectTimeout,
    /// Connected, and then silent for too long.
    Silent,
    /// It went on for too long.
    Slow,
    /// The server ended the connection.
    Disconnected,
    /// No key of this host is known; what it offered, as a line of `known_hosts` without the host.
    HostKeyUnknown(String),
    /// Another key of this host is known; what it offered.
    HostKeyChanged(String),
    /// The file of known hosts cannot be read; the system's words.
    NoKnownHosts(String),
    /// `known_hosts` says that this key is not to be trusted any more.
    HostKeyRevoked,
    /// The server does not let the key in.
    KeyRefused,
    /// There is no key to try; why.
    NoKey(String),
    /// It sent more than so many bytes.
    TooLarge(u64),
    /// The command ended with this exit status; the first 4 KiB of its standard error.
    Failed(i32, String),
    /// The command could not be started; the system's words.
    NotStarted(String),
    /// Something else went wrong between the two ends; the library's words.
    Protocol(String),
}

impl Failure {
    /// A fixed phrase that names no host, no address and no key.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "not reachable",
            Self::Refused => "connection refused",
            Self::ConnectTimeout => "no connection in time",
            Self::Silent => "silent for too long",
            Self::Slow => "too slow",
            Self::Disconnected => "connection lost",
            Self::HostKeyUnknown(_) => "host key unknown",
            Self::HostKeyChanged(_) => "host key changed",
            Self::NoKnownHosts(_) => "known hosts cannot be read",
            Self::HostKeyRevoked => "host key revoked",
            Self::KeyRefused => "key refused",
            Self::NoKey(_) => "no key to log in with",
            Self::TooLarge(_) => "too large",
            Self::Failed(..) => "the command failed",
            Self::NotStarted(_) => "the command could not be started",
            Self::Protocol(_) => "protocol error",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "check the server's address and this machine's network",
            Self::Refused => "see that sshd runs there, and on this port",
            Self::ConnectTimeout => {
                "see that the server is up and no firewall is in between, or raise `connect_timeout`"
            }
            Self::Silent | Self::Slow => "see what holds up the server, or raise `read_timeout`",
            Self::Disconnected => "try again; the server's own log has more",
            Self::HostKeyUnknown(_) => {
                "compare the key with the one on the server's console, then pin it as the server's `host_key`"
            }
            Self::HostKeyChanged(_) => {
                "if the server was installed again, pin its new `host_key`; if not, somebody else answers in its place"
            }
            Self::NoKnownHosts(_) => {
                "see that the file of `known_hosts` is text and may be read, or pin the `host_key`"
            }
            Self::HostKeyRevoked => "whoever answers there may hold a stolen key: find out before you do anything else",
            Self::KeyRefused => "see that the key stands in the `authorized_keys` of this account on the server",
            Self::NoKey(_) => "name an unencrypted private key as `key`, or add one to the SSH agent",
            Self::TooLarge(_) => "see what the forced command on the server prints, or raise `max_bytes`",
            Self::Failed(..) => "run the command on the server and read what it complains about",
            Self::NotStarted(_) => "check the server's `command`",
            Self::Protocol(_) => "try `ssh -v` to the same server",
        }
    }

    /// Whether it may well be gone at the next attempt without anybody's doing.
    pub fn is_transient(&self) -> bool {
        use Failure::{ConnectTimeout, Disconnected, Protocol, Refused, Silent, Slow, Unreachable};
        matches!(self, Unreachable(_) | Refused | ConnectTimeout | Silent | Slow | Disconnected | Protocol(_))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())?;
        match self {
            Self::Unreachable(detail)
            | Self::NoKnownHosts(detail)
            | Self::NoKey(detail)
            | Self::NotStarted(detail)
            | Self::Protocol(detail) => write!(f, ": {}", printable(detail)),
            Self::HostKeyUnknown(offered) | Self::HostKeyChanged(offered) => {
                write!(f, ": the server offers `{}`", printable(offered))
            }
            Self::TooLarge(most) => write!(f, ": more than {most} bytes"),
            Self::Failed(exit, stderr) if stderr.trim().is_empty() => write!(f, " with exit status {exit}"),
            Self::Failed(exit, stderr) => write!(f, " with exit status {exit}: {}", printable(stderr.trim())),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_has_nothing_of_the_details_and_the_display_has_no_escape_sequence() {
        let failure = Failure::Failed(1, "sudo: unable to resolve host oak.example\u{1b}[2J\n".to_owned());
        assert_eq!(failure.reason(), "the command failed");
        let expected = "the command failed with exit status 1: sudo: unable to resolve host oak.example\u{fffd}[2J";
        assert_eq!(failure.to_string(), expected);
    }
}
