//! An operator comes to a server: sees that it is the right one, logs in, and becomes root.

use anyhow::Result;

use super::{Event, Login, Trust, problem};
use crate::collect::key::fingerprint;
use crate::collect::transport::operator::{Ask, Operator, Powerless, Question, Root, Unverified};
use crate::collect::transport::{Failure, Known, Limits};
use crate::config::{Address, Fleet};
use crate::fs;
use crate::problem::Problems;

/// What the operator comes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To set the server up.
    SetUp,
    /// To see its key.
    Try,
    /// To clean it.
    Purge,
}

/// An operator who comes to a server of a fleet.
pub(super) struct Meeting<'a> {
    pub fleet: &'a Fleet,
    pub name: &'a str,
    pub login: &'a Login,
    pub purpose: Purpose,
    pub ask: &'a Ask<'a>,
    pub on_event: &'a dyn Fn(Event<'_>),
}

impl Meeting<'_> {
    /// Connects, and sees that the server's key may be believed: gives it as `TYPE BASE64`.
    pub fn meet(&self) -> Result<(Unverified, String)> {
        let Login { address, way, .. } = self.login;
        let known = self.known()?;
        let via = way.via(self.fleet, self.name);
        let met = Unverified::meet(address, via.as_ref(), &known, &Limits::from(&self.fleet.ssh));
        let unverified = met.map_err(|failure| failed(&failure))?;
        let key = unverified.host_key().map_err(|failure| failed(&failure))?;
        let print = fingerprint(&key).unwrap_or_default();
        self.believe(&unverified, &known, &print)?;
        (self.on_event)(Event::Trusted(&print));
        Ok((unverified, key))
    }

    fn believe(&self, unverified: &Unverified, known: &Known, print: &str) -> Result<(), Problems> {
        match &self.login.trust {
            Trust::Key(given) if given.starts_with("SHA256:") => {
                if given.trim_end_matches('=') == print { Ok(()) } else { Err(another(print, given)) }
            }
            _ if !known.is_empty() => unverified.verify(known).map_err(|failure| match failure {
                Failure::HostKeyChanged(_) if matches!(self.login.trust, Trust::Key(_)) => {
                    another(print, "that of `--host-key`")
                }
                Failure::HostKeyChanged(_) => problem(
                    format!("the server shows the key `{print}`, and another one is known"),
                    format!(
                        "if the server was installed again, compare that with its console and give `--host-key {print}`; \
                         if not, somebody else answers in its place"
                    ),
                ),
                failure => failed(&failure),
            }),
            Trust::New => Ok(()),
            _ => match (self.ask)(Question::HostKey(print)) {
                Some(answer) if matches!(answer.trim(), "yes" | "y") => Ok(()),
                said => Err(problem(
                    match said {
                        Some(_) => format!("the server shows the key `{print}`, which is not the right one"),
                        None => format!("the server shows the key `{print}`, and nobody has said that it is the right one"),
                    },
                    "compare the fingerprint with the one on the server's console (`ssh-keygen -lf \
                     /etc/ssh/ssh_host_ed25519_key.pub`), and give it as `--host-key SHA256:…`",
                )),
            },
        }
    }

    /// What is known of the server's keys: what the operator says, else what is pinned, else `known_hosts`.
    fn known(&self) -> Result<Known> {
        let Login { address: Address { host, port, .. }, trust, .. } = self.login;
        let pinned = self.fleet.servers.get(self.name).and_then(|server| server.host_key.as_deref());
        match (trust, pinned) {
            (Trust::Key(given), _) if given.starts_with("SHA256:") => Ok(Known::nothing(host, *port)),
            (Trust::Key(key), _) => Ok(Known::pinned(host, *port, key)),
            (_, Some(key)) => Ok(Known::pinned(host, *port, key)),
            _ => {
                let file = &self.fleet.ssh.known_hosts;
                let text = if file.exists() { fs::read_text(file)? } else { String::new() };
                Ok(Known::listed(host, *port, &text)?)
            }
        }
    }

    /// Logs in and becomes root.
    pub fn log_in(&self, unverified: Unverified) -> Result<(Operator, Root)> {
        let user = &self.login.address.user;
        let operator = unverified.log_in(self.login.identity.as_deref(), self.ask).map_err(|failure| match failure {
            Failure::KeyRefused | Failure::NoKey(_) | Failure::PasswordRefused => problem(
                format!("the server does not let `{user}` in: {}", failure.story()),
                format!(
                    "{}, with a key of the SSH agent or `--identity FILE`, or where there is a terminal to type a password",
                    self.as_whom()
                ),
            ),
            // Servers hang up after a few keys that they do not know.
            Failure::Disconnected => problem(
                "the server hung up while you logged in",
                "if the SSH agent holds many keys, name the right one with `--identity FILE`",
            ),
            failure => failed(&failure),
        })?;
        (self.on_event)(Event::LoggedIn(operator.user()));
        let root = operator.root(self.ask).map_err(|powerless| match powerless {
            Powerless::Failed(failure) => failed(&failure),
            Powerless::NoShell => {
                problem(format!("the account `{user}` on the server runs no commands"), self.as_whom())
            }
            Powerless::NoSudo => problem(format!("`{user}` is not root, and the server has no sudo"), self.as_whom()),
            Powerless::NobodyToAsk => problem(
                format!("sudo on the server wants the password of `{user}`, and there is no terminal to type it"),
                self.as_whom(),
            ),
            Powerless::Refused => problem(format!("sudo on the server does not let `{user}` be root"), self.as_whom()),
        })?;
        Ok((operator, root))
    }

    /// How to come as somebody who can.
    fn as_whom(&self) -> String {
        match self.purpose {
            Purpose::Purge => "log in as root, or with `--as USER` as one who may sudo".to_owned(),
            _ => format!("log in as root or as one who may sudo, `torcollect server add {} USER@…`", self.name),
        }
    }
}

fn another(print: &str, given: &str) -> Problems {
    problem(
        format!("the server shows the key `{print}`, and not {given}"),
        "do not go on before you know why: somebody else may answer in its place",
    )
}

fn failed(failure: &Failure) -> Problems {
    let hint = match failure {
        Failure::Unreachable(_) => {
            "check the server's address and this machine's network; names of `~/.ssh/config` are not known here"
        }
        failure => failure.hint(),
    };
    problem(failure.story(), hint)
}
