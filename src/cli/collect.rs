//! `torcollect collect`.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use torcollect::collect::run::{Event, Options, Summary, collect};
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
}

impl Collect {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let options = Options { servers: self.servers.clone(), sources: self.sources.clone(), jobs: self.jobs };
        collect_all(project, terminal, &options)
    }
}

/// Collects and says what came of it.
pub fn collect_all(project: &Project, terminal: &Terminal, options: &Options) -> Result<ExitCode> {
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
            for (server, time) in servers.iter().filter(|_| lines).filter(|(_, time)| *time >= SLOW) {
                if told.insert((*server).to_owned()) {
                    terminal.info(&format!("server `{server}`: waiting for {} s", time.as_secs()));
                }
            }
        }
        Event::Again { server, failure, pause } => bar.suspend(|| {
            terminal.detail(&format!("server `{server}`: {failure}; asked again in {:.1} s", pause.as_secs_f64()));
        }),
        Event::Answered { server, bytes, failure } => {
            bar.inc(1);
            bar.suspend(|| match failure {
                None if lines => terminal.info(&format!("server `{server}`: {bytes} bytes")),
                None => terminal.detail(&format!("server `{server}`: {bytes} bytes")),
                Some(failure) => terminal.error(&format!("server `{server}`: {failure}"), failure.hint()),
            });
        }
        Event::Loading => bar.set_message("loading"),
    });
    bar.finish_and_clear();
    let summary = summary?;
    if fleet.tor_bridge.is_empty() && fleet.sample.is_empty() {
        let hint = "write one under `sources:`, such as `tor-bridge: {bridges: {servers: all}}`";
        terminal.warning(&nothing(project, "there is no source to collect from").hint(hint));
    } else if summary.new + summary.unchanged + summary.failed.len() == 0 {
        let hint = "servers stand under `servers:`, here or in a file of `include:`";
        terminal.warning(&nothing(project, "no source has a server to collect from").hint(hint));
    }
    report(terminal, &summary)
}

/// The servers that keep everybody waiting, by name, the slowest first.
fn waiting(servers: &[(&str, Duration)]) -> String {
    let slow: Vec<_> = servers.iter().filter(|(_, time)| *time >= NOTICED).collect();
    let named = slow.iter().take(5).map(|(server, time)| format!("{server} ({} s)", time.as_secs()));
    let mut words = named.collect::<Vec<_>>().join(", ");
    if slow.len() > 5 {
        words += &format!(" and {} more", slow.len() - 5);
    }
    if words.is_empty() { words } else { format!("waiting for {words}") }
}

fn nothing(project: &Project, message: &str) -> Problem {
    Problem::new(Place::file(project.shown(&project.sources())), message)
}

fn report(terminal: &Terminal, summary: &Summary) -> Result<ExitCode> {
    for (server, instance, message) in &summary.problems {
        terminal.error(&format!("server `{server}`, instance `{instance}`: {message}"), None);
    }
    for places in &summary.doubles {
        let hint = "two instances with one key are counted as one bridge; give each a key of its own";
        terminal.warning(&Problem::nowhere(format!("{places} have the same key")).hint(hint));
    }
    let answered = summary.new + summary.unchanged;
    let total = answered + summary.failed.len();
    if total > 0 {
        terminal.info(&format!(
            "{answered} of {total} servers collected: {} new, {} unchanged, {} failed; {} new extracts",
            summary.new,
            summary.unchanged,
            summary.failed.len(),
            summary.extracts
        ));
        if answered == 0 {
            bail!("no server could be collected");
        }
    }
    let whole = summary.failed.is_empty() && summary.problems.is_empty();
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(PARTLY) })
}
