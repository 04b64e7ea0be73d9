//! `torcollect collect`.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use torcollect::collect::alarm;
use torcollect::collect::run::{Event, Options, Summary, Who, collect};
use torcollect::collect::sources::collector::{Imported, Problem as Unread, Progress};
use torcollect::config::{Fleet, Site};
use torcollect::problem::{Place, Problem};
use torcollect::project::Project;

use super::{PARTLY, Terminal, load_fleet};

/// How many servers are asked at once, unless somebody says otherwise.
pub const JOBS: NonZeroUsize = NonZeroUsize::new(64).unwrap();
/// How long a server may take before it is named in the line of progress.
const NOTICED: Duration = Duration::from_secs(3);
/// How long a server may take before it is named where there is no line of progress.
const SLOW: Duration = Duration::from_secs(10);

/// The arguments of `collect`.
#[derive(Args)]
pub struct Collect {
    /// Ask this server alone; may be given again
    #[arg(long = "server", value_name = "NAME")]
    servers: Vec<String>,
    /// Use this source alone; may be given again
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
    /// How many servers are asked at once
    #[arg(long, value_name = "NUMBER", default_value_t = JOBS)]
    jobs: NonZeroUsize,
    /// End with 1 if a smaller share of the servers than this was collected, such as 90%, and with 0 otherwise
    #[arg(long, value_name = "PERCENT")]
    fail_under: Option<Percent>,
}

impl Collect {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let options = Options { servers: self.servers.clone(), sources: self.sources.clone(), jobs: self.jobs };
        collect_all(project, terminal, &options, self.fail_under)
    }
}

/// A share of the servers that were asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percent(f64);

impl FromStr for Percent {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_suffix('%').unwrap_or(text).trim_end();
        let percent = number.parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
        percent.map(Self).ok_or("it is a number from 0 to 100, such as `90%`")
    }
}

impl Percent {
    /// Whether so many of all are a smaller share.
    fn is_more_than(self, answered: usize, total: usize) -> bool {
        (answered as f64) * 100.0 < self.0 * total as f64
    }
}

/// Collects and says what came of it.
///
/// # Errors
/// If no server was collected, or a smaller share than `fail_under`; what came is kept all the same.
pub fn collect_all(
    project: &Project,
    terminal: &Terminal,
    options: &Options,
    fail_under: Option<Percent>,
) -> Result<ExitCode> {
    let fleet = load_fleet(project, terminal)?;
    let bar = terminal.progress(0);
    // Asked here: whoever asks a bar that is suspended waits for ever.
    let lines = bar.is_hidden();
    let mut told = BTreeSet::new();
    let summary = collect(project, &fleet, options, &mut |event| match event {
        Event::Leftovers(count) => {
            bar.suspend(|| terminal.info(&format!("{count} extracts of an earlier run are loaded now")));
        }
        Event::Began(total) => bar.set_length(total as u64),
        Event::Waiting(servers) => {
            bar.set_message(waiting(servers));
            for (who, time) in servers.iter().filter(|_| lines).filter(|(_, time)| *time >= SLOW) {
                if told.insert((*who).clone()) {
                    terminal.info(&format!("{who}: waiting for {} s", time.as_secs()));
                }
            }
        }
        Event::Again { who, failure, pause } => bar.suspend(|| {
            terminal.detail(&format!("{who}: {failure}; asked again in {:.1} s", pause.as_secs_f64()));
        }),
        Event::Answered { who, sources, bytes, failures } => {
            bar.inc(1);
            bar.suspend(|| {
                let answered = format!("{who}: {bytes} bytes");
                match failures.len() {
                    0 if lines => terminal.info(&answered),
                    failed if failed < sources => terminal.detail(&answered),
                    _ => {}
                }
                for (source, failure) in failures {
                    let source = if sources > 1 { format!(", source `{source}`") } else { String::new() };
                    let hint = failure.hint(&who.server);
                    terminal.error(&format!("{who}{source}: {failure}"), hint.as_deref());
                }
            });
        }
        Event::Loading => bar.set_message("loading"),
        Event::Reading(Progress { source, file, read, length }) => {
            bar.set_length(length);
            bar.set_position(read);
            bar.set_message(format!("source `{source}`: {file}"));
        }
    });
    bar.finish_and_clear();
    let summary = summary?;
    if fleet.sources().is_empty() {
        let hint = "write one under `sources:`, such as `tor-bridge: {bridges: {servers: all}}`";
        terminal.warning(&nothing(project, "there is no source to collect from").hint(hint));
    } else if summary.new + summary.unchanged + summary.failed.len() == 0
        && fleet.tor_bridge.len() + fleet.sample.len() > 0
        && options.sources.is_empty()
    {
        let hint = "servers stand under `servers:`, here or in a file of `include:`";
        terminal.warning(&nothing(project, "no source has a server to collect from").hint(hint));
    }
    sound_alarm(project, terminal, &fleet, &summary);
    report(terminal, &summary, fail_under)
}

/// Collects the made-up fleet of a project that has one and was never collected, so that a new project builds at once. No
/// server is asked.
pub fn sample_first(project: &Project, terminal: &Terminal) -> Result<()> {
    if project.warehouse().exists() || !project.sources().exists() {
        return Ok(());
    }
    let (fleet, _) = Fleet::load(project)?;
    if fleet.sample.is_empty() {
        return Ok(());
    }
    terminal.info("nothing was collected yet: this makes up the sample's fleet");
    let samples = Options { servers: Vec::new(), sources: fleet.sample.into_keys().collect(), jobs: JOBS };
    collect_all(project, terminal, &samples, None)?;
    Ok(())
}

/// Tells the command of `on_failure`. Nothing that goes wrong with it changes what came of the run.
fn sound_alarm(project: &Project, terminal: &Terminal, fleet: &Fleet, summary: &Summary) {
    let title = Site::load(project).unwrap_or_default().title;
    match alarm::sound(project, fleet, &title, summary) {
        Ok(None) => {}
        Ok(Some(alarm)) => {
            terminal.detail(&format!("`on_failure` was told of {}", alarm.servers.join(", ")));
            alarm.output.lines().for_each(|line| terminal.detail(line));
            if let Some(trouble) = alarm.trouble {
                let hint = "try the command by hand: it reads JSON on its standard input";
                terminal.warning(&Problem::nowhere(format!("the command of `on_failure` {trouble}")).hint(hint));
            }
        }
        Err(error) => terminal.warning(&Problem::nowhere(format!("`on_failure` was not told: {error:#}"))),
    }
}

/// The servers that keep everybody waiting, by name, the slowest first.
fn waiting(servers: &[(&Who, Duration)]) -> String {
    let slow: Vec<_> = servers.iter().filter(|(_, time)| *time >= NOTICED).collect();
    let named = slow.iter().take(5).map(|(who, time)| format!("{} ({} s)", who.name(), time.as_secs()));
    let mut words = named.collect::<Vec<_>>().join(", ");
    if slow.len() > 5 {
        words += &format!(" and {} more", slow.len() - 5);
    }
    if words.is_empty() { words } else { format!("waiting for {words}") }
}

fn nothing(project: &Project, message: &str) -> Problem {
    Problem::new(Place::file(project.shown(&project.sources())), message)
}

fn report(terminal: &Terminal, summary: &Summary, fail_under: Option<Percent>) -> Result<ExitCode> {
    for problems in summary.problems.chunk_by(|(one, ..), (other, ..)| one == other) {
        for (number, (server, instance, message)) in problems.iter().enumerate() {
            if server.is_empty() {
                let hint = "nothing was changed; say under `columns` which ones are read, and of what type";
                terminal.error(&format!("source `{instance}`: {message}"), Some(hint));
                continue;
            }
            // Once for all that is wrong with a server, after the last of it.
            let last = number + 1 == problems.len();
            let hint = last.then(|| format!("`torcollect server test {server}` says what to do"));
            terminal.error(&format!("server `{server}`, instance `{instance}`: {message}"), hint.as_deref());
        }
    }
    for places in &summary.doubles {
        let hint = "two instances with one key are counted as one bridge; give each a key of its own";
        terminal.warning(&Problem::nowhere(format!("{places} have the same key")).hint(hint));
    }
    summary.archives.iter().for_each(|archive| tell(terminal, archive));
    let answered = summary.new + summary.unchanged;
    let total = answered + summary.failed.len();
    let read = summary.new_here + summary.unchanged_here;
    let here = read + summary.failed_here.len();
    if here > 0 {
        terminal.info(&format!(
            "{read} of {here} sources here read: {} new, {} unchanged, {} failed",
            summary.new_here,
            summary.unchanged_here,
            summary.failed_here.len()
        ));
    }
    if total > 0 {
        terminal.info(&format!(
            "{answered} of {total} servers collected: {} new, {} unchanged, {} failed; {} new extracts",
            summary.new,
            summary.unchanged,
            summary.failed.len(),
            summary.extracts
        ));
        if answered + summary.partly + read == 0 {
            bail!("no server could be collected");
        }
    } else if here > 0 && read == 0 {
        bail!("no source could be read");
    }
    if let Some(percent) = fail_under {
        if total == 0 {
            bail!("no server was asked, so that no share of them was collected (`--fail-under`)");
        }
        if percent.is_more_than(answered, total) {
            bail!("{answered} of {total} servers collected, which is less than {}% (`--fail-under`)", percent.0);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let failed = summary.failed.len() + summary.failed_here.len() + summary.problems.len();
    let whole = failed == 0 && summary.archives.iter().all(|archive| archive.wrong == 0);
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(PARTLY) })
}

/// What came of reading an archive.
fn tell(terminal: &Terminal, archive: &Imported) {
    let Imported { source, files, known, documents, duplicates, bridges, problems, wrong } = archive;
    for (number, Unread { place, message, hint }) in problems.iter().enumerate() {
        let place = place.as_ref().map_or_else(String::new, |place| format!("{place}: "));
        // Once for problems of one sort.
        let hint = problems.get(number + 1).is_none_or(|next| next.hint != *hint).then_some(hint.as_str());
        terminal.error(&format!("source `{source}`: {place}{message}"), hint);
    }
    let more = *wrong - problems.len() as u64;
    if more > 0 {
        terminal.error(&format!("source `{source}`: and {} more", grouped(more)), None);
    }
    if *files > 0 {
        let (read, documents, duplicates, bridges) =
            (*files as u64, grouped(*documents), grouped(*duplicates), grouped(*bridges as u64));
        terminal.info(&format!(
            "source `{source}`: {} files, {documents} documents ({duplicates} duplicates), {bridges} bridges; {wrong} problems",
            grouped(read)
        ));
    } else if *known > 0 {
        terminal.info(&format!("source `{source}`: {} files, nothing new", grouped(*known as u64)));
    }
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = (0..digits.len())
        .filter(|at| (digits.len() - at).is_multiple_of(3) || *at == 0)
        .map(|at| &digits[at..])
        .collect();
    let ends = groups.iter().skip(1).map(|rest| rest.len()).chain([0]);
    groups.iter().zip(ends).map(|(rest, after)| &rest[..rest.len() - after]).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::{Percent, grouped};

    #[test]
    fn thousands_are_apart() {
        let numbers = [0, 999, 1_000, 12_345, 1_234_567];
        assert_eq!(numbers.map(grouped), ["0", "999", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn a_share_is_a_number_with_or_without_its_sign() {
        for text in ["90", "90%", "90 %", "90.0"] {
            assert_eq!(text.parse(), Ok(Percent(90.0)), "{text}");
        }
        for text in ["", "%", "-1", "101%", "nan", "inf", "90%%", "ninety"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_that_is_just_reached_is_enough() {
        assert!(!Percent(90.0).is_more_than(9, 10));
        assert!(Percent(90.1).is_more_than(9, 10));
        assert!(!Percent(100.0).is_more_than(3, 3));
    }
}
