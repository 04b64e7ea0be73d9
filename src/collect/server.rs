//! Setting up a server over the operator's own login, and cleaning it. A script does all of it there and waits; only when
//! an extract has come through the new key, and the server stands in `servers.yaml`, is it told to keep what it has done.
//! Whatever fails before that, a lost connection too, undoes everything on both sides.

mod meeting;

use std::path::PathBuf;

use anyhow::Result;
use meeting::{Meeting, Purpose};

use super::checkup::{Check, Outcome, Step, checks, examine};
use super::key::key_for;
use super::setup::{Install, Place, install_script, purge_script};
use super::transport::operator::{Ask, patient};
use super::transport::{Failure, Fetched, Limits, Running};
use crate::config::servers::{self, NewServer, Written};
use crate::config::{Address, Fleet, Server, Via};
use crate::problem::{Kind, Problem, Problems};
use crate::project::Project;
use crate::text::hexadecimal;

/// The exit status of a script that has undone what it had done, because it was not told to keep it.
const UNDONE: i32 = 3;
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
    /// The server is as it was.
    Undone,
    /// It is not, or nobody knows; what was heard of it last.
    NotUndone(&'a str),
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
    let address = Address { user: ACCOUNT.to_owned(), ..setup.login.address.clone() };
    servers::check(project, &setup.name, &written_address(&address))?;
    let (fleet, _) = servers::fleet(project)?;
    let key = key_for(project, &fleet.ssh, fleet.servers.get(&setup.name))?;
    let purpose = if setup.installed { Purpose::Try } else { Purpose::SetUp };
    let meeting = Meeting { fleet: &fleet, name: &setup.name, login: &setup.login, purpose, ask, on_event };
    let (unverified, host_key) = meeting.meet()?;
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
        drop(unverified);
        return try_and_write();
    }
    let (operator, root) = meeting.log_in(unverified)?;
    // A login shell may say `ready` too.
    let token = hexadecimal(&getrandom::u64()?.to_be_bytes());
    let install = Install { key: &key.public, places: &setup.places, spool: setup.spool, confirm: Some(&token) };
    let limits = patient(&Limits::from(&fleet.ssh));
    let mut running = operator.start(&root, &install_script(&install), &limits).map_err(|error| lost(&error))?;
    if !until_ready(&mut running, &token, on_event)? {
        let fetched = running.finish().map_err(|error| lost(&error))?;
        // It names what it could not undo itself.
        if !fetched.stderr.contains("could not undo") {
            on_event(Event::Undone);
        }
        return Err(complaint(&fetched).into());
    }
    match try_and_write() {
        Ok(added) => match keep(running) {
            Ok(()) => Ok(added),
            Err(problems) => {
                added.written.undo()?;
                Err(problems.into())
            }
        },
        Err(error) => {
            // The connection's end would say the same, only later.
            match running.send(b"undo\n").and_then(|()| running.finish()) {
                Ok(fetched) if fetched.exit == UNDONE => on_event(Event::Undone),
                Ok(fetched) => on_event(Event::NotUndone(fetched.stderr.trim())),
                Err(failure) => on_event(Event::NotUndone(&failure.story())),
            }
            Err(error)
        }
    }
}

/// Takes a server out of the settings, and cleans it before if a login is given.
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
    servers::check_removal(project, name)?;
    if let Some(login) = login {
        let (fleet, _) = servers::fleet(project)?;
        let key = key_for(project, &fleet.ssh, fleet.servers.get(name))?;
        let meeting = Meeting { fleet: &fleet, name, login, purpose: Purpose::Purge, ask, on_event };
        let (unverified, _) = meeting.meet()?;
        let (operator, root) = meeting.log_in(unverified)?;
        let limits = patient(&Limits::from(&fleet.ssh));
        let cut =
            |failure: Failure| problem(failure.story(), "run the same again: what is gone already is no hindrance");
        let mut running = operator.start(&root, &purge_script(&key.public), &limits).map_err(cut)?;
        while let Some(line) = running.line().map_err(cut)? {
            on_event(Event::Says(&line));
        }
        let fetched = running.finish().map_err(cut)?;
        if fetched.exit != 0 {
            return Err(complaint(&fetched).into());
        }
    }
    servers::remove(project, name)
}

/// A problem of the work, not of the settings.
fn problem(message: impl Into<String>, hint: impl Into<String>) -> Problems {
    Problems { kind: Kind::Content, list: vec![Problem::nowhere(message.into()).hint(hint.into())] }
}

/// A failure in the middle of a set-up.
fn lost(failure: &Failure) -> Problems {
    problem(failure.story(), "the server undoes what was begun; see that it can be reached, and try again")
}

/// Hands on what the script says until it is ready; `false` if it ends before.
fn until_ready(running: &mut Running<'_>, token: &str, on_event: &dyn Fn(Event<'_>)) -> Result<bool, Problems> {
    while let Some(line) = running.line().map_err(|failure| lost(&failure))? {
        if line.strip_prefix("ready ") == Some(token) {
            return Ok(true);
        }
        on_event(Event::Says(&line));
    }
    Ok(false)
}

fn keep(mut running: Running<'_>) -> Result<(), Problems> {
    let unheard = |failure: Failure| {
        problem(
            format!("{}, before the server could say that it keeps its set-up", failure.story()),
            "run the same again: it finds out, and repairs",
        )
    };
    running.send(b"keep\n").map_err(unheard)?;
    let fetched = running.finish().map_err(unheard)?;
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
    let hint = said("hint: ").unwrap_or("run the same again with `-v`, which shows all that the server says");
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
