//! Why a server could not be collected: one phrase for everybody, the whole story for the operator.

use std::fmt;

use super::sources::tor_bridge::FrameError;
use super::transport;

/// Why there is no extract, or none that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing was fetched.
    Transport(transport::Failure),
    /// What was fetched is no extract that this torcollect reads.
    Extract(FrameError),
    /// An extract came, but its script may read none of the server's tors.
    Denied,
    /// An extract came, but its script knows of no tor to read.
    NoTor,
    /// A source that asks no server could not be read.
    Here {
        /// A phrase that names no file and has nothing of its content.
        reason: &'static str,
        /// What happened.
        story: String,
        /// What to do about it.
        hint: String,
    },
    /// As it was told by a source that makes up its servers.
    Told(String),
}

impl Failure {
    /// A phrase that names no host, no address and no key: it goes into the warehouse and onto pages.
    pub fn reason(&self) -> String {
        match self {
            Self::Transport(failure) => failure.reason().to_owned(),
            Self::Extract(error) => error.to_string(),
            Self::Denied => "no tor may be read".to_owned(),
            Self::NoTor => "the server knows of no tor".to_owned(),
            Self::Here { reason, .. } => (*reason).to_owned(),
            Self::Told(reason) => reason.clone(),
        }
    }

    /// Whether asking again in a moment may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport(failure) => failure.is_transient(),
            // A connection that broke off in the middle looks like an end to the script's output.
            Self::Extract(error) => matches!(error, FrameError::Truncated | FrameError::Checksum),
            Self::Denied | Self::NoTor | Self::Here { .. } | Self::Told(_) => false,
        }
    }

    /// What to do about it on the server of this name.
    pub fn hint(&self, server: &str) -> Option<String> {
        match self {
            Self::Transport(failure) => Some(failure.hint().to_owned()),
            Self::Extract(error) => Some(error.hint().to_owned()),
            Self::Denied | Self::NoTor => Some(format!("`torcollect server test {server}` says what to do")),
            Self::Here { hint, .. } => Some(hint.clone()),
            Self::Told(_) => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(failure) => failure.fmt(f),
            Self::Extract(error) => error.fmt(f),
            Self::Here { story, .. } => f.write_str(story),
            Self::Denied | Self::NoTor | Self::Told(_) => f.write_str(&self.reason()),
        }
    }
}
