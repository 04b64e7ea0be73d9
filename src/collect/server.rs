//! Setting up a server over the operator's own login, and cleaning it. A script does all of it there and waits; only when
//! an extract has come through the new key, and the server stands in `servers.yaml`, is it told to keep what it has done.
//! Whatever fails before that, a lost connection too, undoes everything on both sides.

use std::path::PathBuf;

use anyhow::Result;

use super::checkup::{Check, Outcome, Step, checks, examine};
use super::key::{fingerprint, key_for};
use super::setup::{Install, Place, install_script, purge_script};
use super::transport::operator::{Ask, Operator, Powerless, Question, Root, Stranger, patient};
use super::transport::{Failure, Fetched, Known, Limits, Running};
use crate::config::servers::{self, NewServer, Written};
use crate::config::{Address, Fleet, Server, Via};
use crate::fs;
use crate::problem::{Kind, Problem, Problems};
use crate::project::Project;

/// The account that collects.
const ACCOUNT: &str = "torcollect";

/// How an operator reaches a server, and knows that it is the one.
#[derive(Clone, Debug)]
pub struct Login {
    /// The operator's account, and where the server is.
    pub address: Address,
    /// What carries the connection.
    pub way: Way,
    /// The operator's private key; the agent, the keys of the home folder, or a password without one.
    pub identity: Option<PathBuf>,
    /// Why the server's key is believed.
    pub trust: Trust,
}

/// What carries the connection to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// What did before, or does for all servers.
    AsBefore,
    /// A connection of our own.
    Direct,
    /// A command.
    Via(Via),
}

impl Way {
    fn via(&self, fleet: &Fleet, name: &str) -> Option<Via> {
        match self {
            Self::Via(via) => Some(via.clone()),
            Self::Direct => None,
            Self::AsBefore => match fleet.servers.get(name) {
                Some(server) => server.via.clone(),
                None => fleet.ssh.via.as_ref().and_then(|via| via.parse().ok()),
            },
        }
    }

    /// What `via` becomes in the settings; `None` if it stays as it is.
    fn written(&self) -> Option<String> {
        match self {
            Self::Via(via) => Some(via.text().to_owned()),
            Self::Direct => Some("none".to_owned()),
            Self::AsBefore => None,
        }
    }
}

/// Why a server's key is believed, if none of it is pinned or known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The operator is asked.
    Ask,
    /// Whatever it is.
    New,
    /// It is this one, `TYPE BASE64` or `SHA256:…`, also if another was pinned before.
    Key(String),
}

/// A server to be set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its name in the settings.
    pub name: String,
    /// The way there.
    pub login: Login,
    /// Tors that are not found by looking, or shall have another name.
    pub places: Vec<Place>,
    /// Whether the server keeps the statistics of the last 30 days.
    pub spool: bool,
    /// Whether the set-up was done already by other means.
    pub installed: bool,
}

/// What happens meanwhile, for whoever shows it.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The server has shown a key with this fingerprint, and it is believed.
    Trusted(&'a str),
    /// The operator is logged in under this account.
    LoggedIn(&'a str),
    /// The script says something.
    Says(&'a str),
    /// An extract is asked for with the new key.
    Trying,
}

/// What came of a set-up.
#[derive(Debug)]
pub struct Added {
    /// What was tried, and what came of it.
    pub checks: Vec<Check>,
    /// What was written in the settings.
    pub written: Written,
}

/// Sets a server up, tries it, and writes it into the settings.
///
/// # Errors
/// [`Problems`] with a hint if anything is wrong; nothing is left behind then on the server or in the settings.
pub fn add(project: &Project, setup: &Setup, ask: &Ask<'_>, on_event: &dyn Fn(Event<'_>)) -> Result<Added> {
    let (fleet, _) = servers::fleet(project)?;
    let key = key_for(project, &fleet.ssh, fleet.servers.get(&setup.name))?;
    let meeting = Meeting { fleet: &fleet, limits: Limits::from(&fleet.ssh), name: &setup.name, login: &setup.login };
    let (stranger, host_key) = meeting.meet(ask, on_event)?;
    let address = Address { user: ACCOUNT.to_owned(), ..setup.login.address.clone() };
    let server = Server {
        address: Some(address.clone()),
        via: setup.login.way.via(&fleet, &setup.name),
        host_key: Some(host_key.clone()),
        key: Some(key.path.clone()),
        ..Server::default()
    };
    let try_and_write = || -> Result<Added> {
        on_event(Event::Trying);
        let checks = tried(&server, &fleet)?;
        let via = setup.login.way.written();
        let new = NewServer { address: written_address(&address), host_key: host_key.clone(), via };
        Ok(Added { checks, written: servers::put(project, &setup.name, &new)? })
    };
    if setup.installed {
        return try_and_write();
    }
    let (operator, root) = meeting.log_in(stranger, ask, on_event)?;
    let install = Install { key: &key.public, places: &setup.places, spool: setup.spool, confirm: true };
    let limits = patient(&meeting.limits);
    let mut running = operator.start(&root, &install_script(&install), &limits).map_err(|failure| lost(&failure))?;
    if !until_ready(&mut running, on_event)? {
        return Err(complaint(&running.finish().map_err(|failure| lost(&failure))?).into());
    }
    match try_and_write() {
        Ok(added) => match keep(running) {
            Ok(()) => Ok(added),
            Err(problems) => {
                added.written.undo(project)?;
                Err(problems.into())
            }
        },
        Err(error) => {
            // The connection's end would say the same, only later.
            let _ = running.send(b"undo\n").and_then(|()| running.finish().map(drop));
            Err(error)
        }
    }
}

/// Takes a server out of the settings, and cleans it if a login is given.
///
/// # Errors
/// [`Problems`] with a hint if anything is wrong; the settings are as they were then.
pub fn remove(
    project: &Project,
    name: &str,
    login: Option<&Login>,
    ask: &Ask<'_>,
    on_event: &dyn Fn(Event<'_>),
) -> Result<Written> {
    let (fleet, _) = servers::fleet(project)?;
    let key = key_for(project, &fleet.ssh, fleet.servers.get(name))?;
    let written = servers::remove(project, name)?;
    let Some(login) = login else { return Ok(written) };
    match purge(&fleet, name, login, &key.public, ask, on_event) {
        Ok(()) => Ok(written),
        Err(error) => {
            written.undo(project)?;
            Err(error)
        }
    }
}

fn purge(
    fleet: &Fleet,
    name: &str,
    login: &Login,
    key: &str,
    ask: &Ask<'_>,
    on_event: &dyn Fn(Event<'_>),
) -> Result<()> {
    let meeting = Meeting { fleet, limits: Limits::from(&fleet.ssh), name, login };
    let (stranger, _) = meeting.meet(ask, on_event)?;
    let (operator, root) = meeting.log_in(stranger, ask, on_event)?;
    let limits = patient(&meeting.limits);
    let mut running = operator.start(&root, &purge_script(key), &limits).map_err(|failure| lost(&failure))?;
    until_ready(&mut running, on_event)?;
    let fetched = running.finish().map_err(|failure| lost(&failure))?;
    if fetched.exit == 0 { Ok(()) } else { Err(complaint(&fetched).into()) }
}

/// A problem of the work, not of the settings.
fn problem(message: impl Into<String>, hint: impl Into<String>) -> Problems {
    Problems { kind: Kind::Content, list: vec![Problem::nowhere(message.into()).hint(hint.into())] }
}

fn failed(failure: &Failure) -> Problems {
    problem(failure.story(), failure.hint())
}

/// A failure in the middle of a set-up.
fn lost(failure: &Failure) -> Problems {
    problem(failure.story(), "the server undoes what was begun; see that it can be reached, and try again")
}

/// An operator who comes to a server.
struct Meeting<'a> {
    fleet: &'a Fleet,
    limits: Limits,
    name: &'a str,
    login: &'a Login,
}

impl Meeting<'_> {
    /// Connects, and sees that the server's key may be believed: gives it as `TYPE BASE64`.
    fn meet(&self, ask: &Ask<'_>, on_event: &dyn Fn(Event<'_>)) -> Result<(Stranger, String)> {
        let Login { address, way, trust, .. } = self.login;
        let known = self.known()?;
        let via = way.via(self.fleet, self.name);
        let stranger = Stranger::meet(address, via.as_ref(), &known, &self.limits).map_err(|error| failed(&error))?;
        let key = stranger.host_key().map_err(|error| failed(&error))?;
        let print = fingerprint(&key).unwrap_or_default();
        let believed = match trust {
            Trust::Key(given) if given.starts_with("SHA256:") => given.trim_end_matches('=') == print,
            _ if !known.is_empty() => {
                stranger.verify(&known).map(|()| true).or_else(|failure| changed(failure, &print))?
            }
            Trust::New => true,
            _ => ask(Question::HostKey(&print)).is_some_and(|answer| answer.trim() == "yes"),
        };
        if !believed {
            let hint = "compare the fingerprint with the one on the server's console (`ssh-keygen -lf \
                        /etc/ssh/ssh_host_ed25519_key.pub`), and give it as `--host-key SHA256:…`";
            return Err(problem(
                format!("the server shows the key `{print}`, and nobody has said that it is the right one"),
                hint,
            )
            .into());
        }
        on_event(Event::Trusted(&print));
        Ok((stranger, key))
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

    fn log_in(&self, stranger: Stranger, ask: &Ask<'_>, on_event: &dyn Fn(Event<'_>)) -> Result<(Operator, Root)> {
        let user = &self.login.address.user;
        let operator = stranger.log_in(self.login.identity.as_deref(), ask).map_err(|failure| match failure {
            Failure::KeyRefused | Failure::NoKey(_) => problem(
                format!("the server does not let `{user}` in: {}", failure.story()),
                "log in as root, or as one who may sudo, with a key of the SSH agent or `--identity FILE`, or where \
                 there is a terminal to type a password",
            ),
            failure => failed(&failure),
        })?;
        on_event(Event::LoggedIn(operator.user()));
        let root = operator.root(ask).map_err(|powerless| match powerless {
            Powerless::Failed(failure) => failed(&failure),
            Powerless::NoSudo => problem(
                format!("`{user}` is not root, and the server has no sudo"),
                format!("log in as root: `torcollect server add {} root@…`", self.name),
            ),
            Powerless::Refused => problem(
                format!("sudo on the server does not let `{user}` be root"),
                "log in as root or as one who may sudo, with the right password",
            ),
        })?;
        Ok((operator, root))
    }
}

fn changed(failure: Failure, print: &str) -> Result<bool, Problems> {
    match failure {
        Failure::HostKeyChanged(_) => Err(problem(
            format!("the server shows the key `{print}`, and another one is known"),
            format!(
                "if the server was installed again, compare that with its console and give `--host-key {print}`; if not, \
                 somebody else answers in its place"
            ),
        )),
        failure => Err(failed(&failure)),
    }
}

/// Hands on what the script says until it is ready; `false` if it ends before.
fn until_ready(running: &mut Running<'_>, on_event: &dyn Fn(Event<'_>)) -> Result<bool, Problems> {
    while let Some(line) = running.line().map_err(|failure| lost(&failure))? {
        if line == "ready" {
            return Ok(true);
        }
        on_event(Event::Says(&line));
    }
    Ok(false)
}

fn keep(mut running: Running<'_>) -> Result<(), Problems> {
    running.send(b"keep\n").map_err(|failure| lost(&failure))?;
    let fetched = running.finish().map_err(|failure| lost(&failure))?;
    if fetched.exit == 0 { Ok(()) } else { Err(complaint(&fetched)) }
}

/// Why a script has failed, in its own words.
fn complaint(fetched: &Fetched) -> Problems {
    let said = |key: &str| fetched.stderr.lines().find_map(|line| line.strip_prefix(key));
    let rest = fetched.stderr.trim();
    let message = match said("error: ") {
        Some(message) => message.to_owned(),
        None if rest.is_empty() => format!("the script ended with exit status {}", fetched.exit),
        None => rest.to_owned(),
    };
    let hint = said("hint: ").unwrap_or("nothing was changed on the server; `--print` shows the script");
    problem(format!("on the server: {message}"), hint)
}

/// Tries the new key. What makes a server of no use is an error; what may come right by itself is not.
fn tried(server: &Server, fleet: &Fleet) -> Result<Vec<Check>, Problems> {
    let checks = checks(false, &examine(server, &fleet.ssh));
    let fatal = checks.iter().find(|check| check.failed() && check.step <= Step::Sudo);
    match fatal.map(|check| (&check.step, &check.outcome)) {
        Some((Step::Key, Outcome::Failed { message, .. })) => Err(problem(
            format!("the server does not let the account `{ACCOUNT}` in: {message}"),
            "see on the server that sshd's `AllowUsers` and `AllowGroups` name it, and that `AuthorizedKeysFile` has \
             `.ssh/authorized_keys`",
        )),
        Some((step, Outcome::Failed { message, remedy })) => Err(problem(format!("{step}: {message}"), remedy.clone())),
        _ => Ok(checks),
    }
}

/// An address as the settings have it.
fn written_address(address: &Address) -> String {
    let Address { user, host, port } = address;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    if *port == 22 { format!("{user}@{host}") } else { format!("{user}@{host}:{port}") }
}
