//! Whether a server can be collected from, step by step, and what to do where it cannot: for `server test`. [`examine`]
//! asks; [`checks`] judges what came of that, and is pure.

use std::fmt;
use std::num::NonZeroUsize;

use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;

use super::sources::tor_bridge::frame::{Extract, FrameError, Instance, Section, State};
use super::sources::tor_bridge::scripts::SCRIPT_VERSION;
use super::sources::tor_bridge::{CLOCK_TOLERANCE, stats};
use super::transport::{Failure, Fetched, Limits, Local, Ssh, Transport};
use crate::config;
use crate::warehouse::InstanceFacts;

/// What a key that can do nothing else is asked for, to see that it cannot.
const ANOTHER_COMMAND: &str = "id";
/// tor writes its statistics every 24 hours; older ones than this mean that it has missed a day.
const STALE: SignedDuration = SignedDuration::from_hours(48);

/// A step of a collection, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Something answers at the address.
    Reach,
    /// It is the server that is known.
    HostKey,
    /// It lets the key in.
    Key,
    /// The key gets an extract, and nothing but that.
    ForcedCommand,
    /// The script may read in the accounts of the tors.
    Sudo,
    /// What it reads there can be understood.
    Files,
    /// The server's clock goes right.
    Clock,
    /// The tors know countries.
    GeoIp,
    /// The tors have counted lately.
    Statistics,
    /// The operator's own programs on the server have printed something.
    DropIns,
}

impl Step {
    /// All, in their order.
    pub const ALL: [Self; 10] = [
        Self::Reach,
        Self::HostKey,
        Self::Key,
        Self::ForcedCommand,
        Self::Sudo,
        Self::Files,
        Self::Clock,
        Self::GeoIp,
        Self::Statistics,
        Self::DropIns,
    ];
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Reach => "reach",
            Self::HostKey => "host key",
            Self::Key => "key",
            Self::ForcedCommand => "forced command",
            Self::Sudo => "sudo",
            Self::Files => "files",
            Self::Clock => "clock",
            Self::GeoIp => "GeoIP",
            Self::Statistics => "statistics",
            Self::DropIns => "drop-ins",
        })
    }
}

/// What came of a step. The words are for the operator alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It works.
    Fine(String),
    /// It works, but something should be done.
    Odd {
        /// What is the matter.
        message: String,
        /// What to do about it.
        remedy: String,
    },
    /// It does not work.
    Failed {
        /// What is the matter.
        message: String,
        /// What to do about it.
        remedy: String,
    },
    /// It could not be tried, or there is no such step.
    Skipped,
}

/// A step and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The step.
    pub step: Step,
    /// What came of it.
    pub outcome: Outcome,
}

impl Check {
    /// Whether it failed.
    pub fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { .. })
    }
}

/// What came of asking a server.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Of asking for the extract.
    pub extract: Result<Fetched, Failure>,
    /// Of asking for another command with the same key; `None` if the server is this machine, or nothing came.
    pub another: Option<Result<Fetched, Failure>>,
    /// When it was asked for the extract.
    pub started: Timestamp,
    /// When it had answered.
    pub finished: Timestamp,
}

/// Asks a server for its extract, and for what its key must not get.
pub fn examine(server: &config::Server, ssh: &config::Ssh) -> Asked {
    let limits = Limits::from(ssh);
    let started = Timestamp::now();
    let Some(address) = &server.address else {
        let extract = Local::new(server.command.clone()).fetch(&limits);
        return Asked { extract, another: None, started, finished: Timestamp::now() };
    };
    let way = Ssh::new(address, server, ssh);
    let extract = way.fetch(&limits);
    let finished = Timestamp::now();
    let another = extract.is_ok().then(|| way.run(ANOTHER_COMMAND, &limits));
    Asked { extract, another, started, finished }
}

/// The servers' names and checks, in the order in which they are given; `jobs` of them are asked at once. `on_done` hears
/// of each that is done.
///
/// # Errors
/// If this machine has no threads left.
pub fn examine_all(
    servers: &[(&String, &config::Server)],
    ssh: &config::Ssh,
    jobs: NonZeroUsize,
    on_done: &(dyn Fn(&str) + Sync),
) -> Result<Vec<(String, Vec<Check>)>, rayon::ThreadPoolBuildError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs.get().min(servers.len())).build()?;
    let one = |(name, server): &(&String, &config::Server)| {
        let checks = checks(server.address.is_none(), &examine(server, ssh));
        on_done(name);
        ((*name).clone(), checks)
    };
    // One server at a time to each thread: halves of the list would leave threads idle behind a slow server.
    Ok(pool.install(|| servers.par_iter().with_max_len(1).map(one).collect()))
}

/// A check for each step, in order. `local` says that the server is this machine.
pub fn checks(local: bool, asked: &Asked) -> Vec<Check> {
    let mut outcomes = connection(local, &asked.extract);
    if outcomes.iter().all(|outcome| !matches!(outcome, Outcome::Failed { .. })) {
        outcomes.extend(command_and_content(asked));
    }
    outcomes.resize(Step::ALL.len(), Outcome::Skipped);
    Step::ALL.into_iter().zip(outcomes).map(|(step, outcome)| Check { step, outcome }).collect()
}

fn fine(message: impl Into<String>) -> Outcome {
    Outcome::Fine(message.into())
}

fn failed(message: impl Into<String>, remedy: impl Into<String>) -> Outcome {
    Outcome::Failed { message: message.into(), remedy: remedy.into() }
}

const ADD_AGAIN: &str = "run `torcollect server add NAME ADDRESS` again, which repairs the server";

/// The step at which nothing more could be fetched.
fn step_of(failure: &Failure) -> Step {
    use Failure as F;
    match failure {
        F::HostKeyUnknown(_) | F::HostKeyChanged(_) | F::NoKnownHosts(_) | F::HostKeyRevoked => Step::HostKey,
        F::KeyRefused | F::PasswordRefused | F::NoKey(_) => Step::Key,
        F::Silent | F::Slow | F::TooLarge(_) | F::Failed(..) | F::NotStarted(_) => Step::ForcedCommand,
        _ => Step::Reach,
    }
}

/// The outcomes of the steps before the command.
fn connection(local: bool, extract: &Result<Fetched, Failure>) -> Vec<Outcome> {
    if local {
        return vec![Outcome::Skipped; 3];
    }
    let steps = [
        (Step::Reach, "it answers"),
        (Step::HostKey, "it is the server that is known"),
        (Step::Key, "it lets the key in"),
    ];
    let failure = extract.as_ref().err().map(|failure| (step_of(failure), failure));
    let mut outcomes = Vec::new();
    for (step, works) in steps {
        match failure {
            Some((at, failure)) if at == step => {
                outcomes.push(failed(failure.story(), remedy(failure)));
                break;
            }
            _ => outcomes.push(fine(works)),
        }
    }
    outcomes
}

fn remedy(failure: &Failure) -> String {
    match failure {
        Failure::HostKeyChanged(_) => {
            "if the server was installed again, `torcollect server add NAME ADDRESS --host-key KEY` pins its new key; if \
             not, somebody else answers in its place"
                .to_owned()
        }
        Failure::HostKeyUnknown(_) => {
            "run `torcollect server add NAME ADDRESS`, which pins the server's key".to_owned()
        }
        Failure::KeyRefused => format!("{ADD_AGAIN}: it writes the key into `authorized_keys`"),
        other => other.hint().to_owned(),
    }
}

/// The outcomes of the command and the steps after it.
fn command_and_content(asked: &Asked) -> Vec<Outcome> {
    let fetched = match &asked.extract {
        Err(failure) => return vec![failed(failure.story(), remedy(failure))],
        Ok(fetched) => fetched,
    };
    let outcome = match &asked.another {
        Some(Err(failure)) => Err(failed(format!("asked for another command: {}", failure.story()), remedy(failure))),
        Some(Ok(fetched)) => restricted(fetched),
        None => Ok(()),
    };
    if let Err(outcome) = outcome {
        return vec![outcome];
    }
    if fetched.exit != 0 {
        let failure = Failure::Failed(fetched.exit, fetched.stderr.clone());
        return vec![failed(failure.story(), ADD_AGAIN)];
    }
    match Extract::parse(&fetched.stdout) {
        Ok(extract) => {
            let command = command(&extract, asked.another.is_some());
            std::iter::once(command).chain(content(&extract, &fetched.stderr, asked)).collect()
        }
        Err(error @ (FrameError::NotAnExtract | FrameError::Malformed(_))) => {
            vec![failed(error.to_string(), ADD_AGAIN)]
        }
        Err(error) => vec![failed(error.to_string(), error.hint())],
    }
}

/// Whether the key got no more than an extract, although it asked for something else.
fn restricted(another: &Fetched) -> Result<(), Outcome> {
    // A script that cannot work prints nothing and complains, whatever it is asked for.
    let silent = another.exit != 0 && another.stdout.is_empty();
    if silent || another.stdout.starts_with(b"torcollect-extract ") {
        return Ok(());
    }
    let message = format!(
        "asked for `{ANOTHER_COMMAND}`, the server did not answer with an extract: the key can do more than it should"
    );
    Err(failed(message, format!("{ADD_AGAIN}: behind the key it lets nothing happen but `restrict,command=…`")))
}

fn command(extract: &Extract<'_>, tried: bool) -> Outcome {
    let found = extract.script_version;
    if found.parse() == Ok(SCRIPT_VERSION) {
        return fine(if tried { "the key gets an extract, whatever it asks for" } else { "it prints an extract" });
    }
    let newer = found.parse::<u32>().is_ok_and(|found| found > SCRIPT_VERSION);
    Outcome::Odd {
        message: format!(
            "the server has version {found} of the script, this torcollect brings version {SCRIPT_VERSION}"
        ),
        remedy: if newer { "update torcollect" } else { ADD_AGAIN }.to_owned(),
    }
}

/// The outcomes of the steps after the command.
fn content(extract: &Extract<'_>, stderr: &str, asked: &Asked) -> Vec<Outcome> {
    let (refused, read): (Vec<_>, Vec<_>) = extract.instances.iter().partition(|instance| instance.is_denied());
    let read: Vec<&str> = read.iter().map(|instance| instance.name).collect();
    // What a clock makes unbelievable is the clock's fault alone.
    let clock = clock(extract.time, asked);
    let wrong_clock = matches!(clock, Outcome::Failed { .. });
    let facts = stats::parse(&Extract { time: extract.time.max(asked.finished), ..extract.clone() });
    let facts: Vec<&InstanceFacts> = facts.iter().filter(|facts| read.contains(&facts.instance.as_str())).collect();
    vec![
        sudo(&refused, &read, stderr),
        files(extract, &read, &facts, stderr),
        clock,
        geoip(&facts),
        if wrong_clock { Outcome::Skipped } else { statistics(&facts, extract.time) },
        drop_ins(&extract.sections, stderr),
    ]
}

fn sudo(refused: &[&Instance<'_>], read: &[&str], stderr: &str) -> Outcome {
    match (refused, read) {
        ([], []) => Outcome::Skipped,
        ([], read) => fine(format!("{} may be read", names(read))),
        (refused, _) => {
            let refused: Vec<&str> = refused.iter().map(|instance| instance.name).collect();
            let words = stderr.lines().find_map(|line| line.strip_prefix("sudo: "));
            let words = words.map_or_else(String::new, |words| format!(": sudo says `{words}`"));
            failed(format!("{} may not be read{words}", names(&refused)), ADD_AGAIN)
        }
    }
}

fn files(extract: &Extract<'_>, read: &[&str], facts: &[&InstanceFacts], stderr: &str) -> Outcome {
    const INSTANCES: &str = "mend `/etc/torcollect/instances` on the server, or ";
    if extract.instances.is_empty() {
        return failed("the server knows of no tor", format!("{INSTANCES}{ADD_AGAIN} with `--instance NAME:USER:DIR`"));
    }
    if let Some(complaint) = stderr.lines().find_map(|line| line.strip_prefix("extract: line ")) {
        return failed(format!("line {complaint}"), format!("{INSTANCES}{ADD_AGAIN}"));
    }
    let empty = |instance: &&Instance<'_>| {
        read.contains(&instance.name) && instance.sections.iter().all(|section| section.state == State::Absent)
    };
    let empty: Vec<&str> = extract.instances.iter().filter(empty).map(|instance| instance.name).collect();
    if !empty.is_empty() {
        let message = format!("nothing of a bridge is in the data directory of {}", names(&empty));
        return failed(message, format!("see that the folder is tor's `DataDirectory`: {INSTANCES}{ADD_AGAIN}"));
    }
    let problems = facts.iter().flat_map(|facts| facts.problems.iter().map(|problem| (&facts.instance, problem)));
    let problems: Vec<String> = problems.map(|(instance, problem)| format!("`{instance}`: {problem}")).collect();
    match (problems.as_slice(), read) {
        ([], []) => Outcome::Skipped,
        ([], _) => fine("they can be understood"),
        (problems, _) => {
            failed(problems.join("; "), "see that tor itself wrote these files, and that its account may read them")
        }
    }
}

fn clock(theirs: Timestamp, asked: &Asked) -> Outcome {
    // Between the two all times are right; the server's has no fractions of a second.
    let right = asked.started.as_second()..=asked.finished.as_second();
    let seconds = match theirs.as_second() {
        second if right.contains(&second) => return fine("it goes right"),
        second if second < *right.start() => second - right.start(),
        second => second - right.end(),
    };
    let direction = if seconds > 0 { "ahead" } else { "behind" };
    let off = format!("it is {} {direction}", length(SignedDuration::from_secs(seconds.abs())));
    if seconds.abs() <= CLOCK_TOLERANCE.as_secs() {
        return fine(off);
    }
    failed(
        format!("{off}, so that the statistics cannot be dated"),
        "`timedatectl set-ntp true` on the server, and restart tor there",
    )
}

fn geoip(facts: &[&InstanceFacts]) -> Outcome {
    let newest = facts.iter().filter_map(|facts| Some((facts.instance.as_str(), facts.reports.last()?.no_geoip)));
    let newest: Vec<(&str, bool)> = newest.collect();
    let without: Vec<&str> = newest.iter().filter(|(_, no_geoip)| *no_geoip).map(|(instance, _)| *instance).collect();
    match (newest.as_slice(), without.as_slice()) {
        ([], _) => Outcome::Skipped,
        (_, []) => fine("countries are known"),
        (_, without) => failed(
            format!("{} knew no countries", names(without)),
            "`apt-get install tor-geoipdb` on the server and restart tor; the next statistics have them",
        ),
    }
}

fn statistics(facts: &[&InstanceFacts], now: Timestamp) -> Outcome {
    if facts.is_empty() {
        return Outcome::Skipped;
    }
    let newest = |facts: &&InstanceFacts| facts.reports.last().map(|report| report.ends);
    let none: Vec<&str> = facts.iter().filter(|facts| newest(facts).is_none()).map(|f| f.instance.as_str()).collect();
    let oldest = facts.iter().filter_map(|facts| Some((newest(facts)?, facts.instance.as_str()))).min();
    let age = oldest.map(|(ends, instance)| (now.duration_since(ends), instance));
    match age {
        Some((age, instance)) if age > STALE => failed(
            format!("the newest of `{instance}` are {} old", length(age)),
            "see on the server that this tor runs (`systemctl status 'tor*'`) and is a bridge, `BridgeRelay 1`",
        ),
        _ if !none.is_empty() => Outcome::Odd {
            message: format!("{} {} none yet", names(&none), if none.len() == 1 { "has" } else { "have" }),
            remedy: "tor writes them after 24 hours of running with `BridgeRelay 1`: test again then".to_owned(),
        },
        Some((age, _)) => fine(format!("the newest are {} old", length(age.max(SignedDuration::ZERO)))),
        None => Outcome::Skipped,
    }
}

/// What came of each drop-in. Tors are collected whatever drop-ins do, so this never fails.
fn drop_ins(sections: &[Section<'_>], stderr: &str) -> Outcome {
    const REFUSED: &str = "make the folder `/etc/torcollect/extract.d` and the programs in it root's, with mode 755, on the \
                           server; a link is not run, and names are of letters, digits, `.`, `_` and `-`";
    let complaint = |of: &str| stderr.lines().find_map(|line| line.strip_prefix(&format!("extract: {of}: ")));
    let of_all = complaint("drop-ins");
    let mut messages = Vec::new();
    let mut refused = of_all.is_some();
    let mut ended = None;
    for Section { name, state } in sections {
        messages.push(match state {
            State::Present { body, .. } => format!("`{name}` printed {} bytes", body.len()),
            State::Failed(exit) => {
                ended = ended.or(Some(name));
                format!("`{name}` failed with exit status {exit}{}", meaning(*exit))
            }
            State::Denied | State::Absent => {
                refused = true;
                let why = complaint(&format!("drop-in {name}")).map_or_else(String::new, |why| format!(": {why}"));
                format!("`{name}` was not run{why}")
            }
        });
    }
    messages.extend(of_all.map(str::to_owned));
    let look = |name| format!("see on the server what `sudo -u torcollect /etc/torcollect/extract.d/{name}` says");
    let remedies: Vec<String> = ended.map(look).into_iter().chain(refused.then(|| REFUSED.to_owned())).collect();
    match (messages.join("; "), remedies.join("; ")) {
        (message, _) if message.is_empty() => fine("there are none"),
        (message, remedy) if remedy.is_empty() => fine(message),
        (message, remedy) => Outcome::Odd { message, remedy },
    }
}

/// What the script means by an exit status, if it is not the drop-in's own.
pub(super) fn meaning(exit: u8) -> &'static str {
    match exit {
        124 => ": it took longer than 20 seconds, or all of them longer than 25",
        153 => ": it printed more than 1 MiB, or all of them more than 4 MiB",
        74 => ": the server's disk has not kept what it printed",
        _ => "",
    }
}

/// Instances by name.
fn names(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A length of time in its largest unit, rounded.
fn length(time: SignedDuration) -> String {
    let seconds = time.as_secs();
    let rounded = |unit: i64| (seconds + unit / 2) / unit;
    let (number, unit) = match seconds {
        ..120 => (seconds, "second"),
        120..7200 => (rounded(60), "minute"),
        7200..172_800 => (rounded(3600), "hour"),
        _ => (rounded(86_400), "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
