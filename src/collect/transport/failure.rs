//! Why nothing was fetched from a server.

use std::fmt;

use crate::text::printable;

/// Why nothing was fetched. [`Failure::reason`] is for everybody, `Display` for a log; neither has a word of the server's,
/// nor a key. Those are in [`Failure::story`], for an operator who looks into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no such host, or no way to it; the system's words.
    Unreachable(String),
    /// The program of `via:` ended; its words, or the system's.
    Via(String),
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
    /// The server does not take the password that was typed.
    PasswordRefused,
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
            Self::Via(_) => "the way to the server failed",
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
            Self::PasswordRefused => "password refused",
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
            Self::Via(_) => {
                "try the command of `via` by hand; it must work without asking anything, as with `ssh -o BatchMode=yes`"
            }
            Self::Refused => "see that sshd runs there, and on this port",
            Self::ConnectTimeout => {
                "see that the server is up and no firewall is in between, or raise `connect_timeout`"
            }
            Self::Silent | Self::Slow => "see what holds up the server, or raise `read_timeout`",
            Self::Disconnected => "try again; the server's own log has more",
            Self::HostKeyUnknown(_) => "`torcollect server add` shows the key's fingerprint and pins it",
            Self::HostKeyChanged(_) => {
                "if the server was installed again, pin its new key with `torcollect server add`; if not, somebody else \
                 answers in its place"
            }
            Self::NoKnownHosts(_) => {
                "see that the file of `known_hosts` is text and may be read, or pin the `host_key`"
            }
            Self::HostKeyRevoked => "whoever answers there may hold a stolen key: find out before you do anything else",
            Self::KeyRefused => "see that the key stands in the `authorized_keys` of this account on the server",
            Self::PasswordRefused => "type the password of this account on the server",
            Self::NoKey(_) => "name an unencrypted private key as `key`, or add one to the SSH agent",
            Self::TooLarge(_) => "see what the forced command on the server prints, or raise `max_bytes`",
            Self::Failed(..) => "`torcollect server test` shows what it complains about",
            Self::NotStarted(_) => "check the server's `command`",
            Self::Protocol(_) => "try `ssh -v` to the same server",
        }
    }

    /// Whether it may well be gone in a moment without anybody's doing. Who was silent until a time limit has used up our
    /// patience for this run.
    pub fn is_transient(&self) -> bool {
        use Failure::{ConnectTimeout, Disconnected, Protocol, Refused, Unreachable, Via};
        matches!(self, Unreachable(_) | Via(_) | Refused | ConnectTimeout | Disconnected | Protocol(_))
    }

    /// All that is known, also what the server said and what key it has.
    pub fn story(&self) -> String {
        match self {
            Self::Via(words) => format!("{}: {}", self.reason(), printable(words)),
            Self::HostKeyUnknown(offered) | Self::HostKeyChanged(offered) => {
                format!("{}: the server offers `{}`", self.reason(), printable(offered))
            }
            Self::Failed(_, stderr) if !stderr.trim().is_empty() => format!("{self}: {}", printable(stderr.trim())),
            _ => self.to_string(),
        }
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
            Self::TooLarge(most) => write!(f, ": more than {most} bytes"),
            Self::Failed(exit, _) => write!(f, " with exit status {exit}"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_in_the_story_alone_and_has_no_escape_sequence() {
        let failure = Failure::Failed(1, "sudo: unable to resolve host oak.example\u{1b}[2J\n".to_owned());
        assert_eq!(failure.reason(), "the command failed");
        assert_eq!(failure.to_string(), "the command failed with exit status 1");
        let story = "the command failed with exit status 1: sudo: unable to resolve host oak.example\u{fffd}[2J";
        assert_eq!(failure.story(), story);
        assert_eq!(Failure::HostKeyChanged("ssh-rsa AAAA".to_owned()).to_string(), "host key changed");
    }
}
