//! `torcollect server test`.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use torcollect::collect::checkup::{Check, Outcome, examine_all};
use torcollect::problem::{Problems, unknown};
use torcollect::project::Project;
use torcollect::text::printable;

use super::super::collect::JOBS;
use super::{PARTLY, Terminal, load_fleet};

/// The arguments of `server test`.
#[derive(Args)]
pub struct Test {
    /// The servers' names; all if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How many servers are asked at once
    #[arg(long, value_name = "NUMBER", default_value_t = JOBS)]
    jobs: NonZeroUsize,
}

impl Test {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let fleet = load_fleet(project, terminal)?;
        let known = || fleet.servers.keys().map(String::as_str);
        let wrong = self.names.iter().filter(|name| !fleet.servers.contains_key(*name));
        let wrong: Vec<_> = wrong.map(|name| unknown("server", name, known())).collect();
        Problems::check(torcollect::problem::Kind::Configuration, wrong)?;
        let wanted = |name: &String| self.names.is_empty() || self.names.contains(name);
        let servers: Vec<_> = fleet.servers.iter().filter(|(name, _)| wanted(name)).collect();
        if servers.is_empty() {
            bail!("there is no server to test: `torcollect server add NAME ADDRESS` sets one up");
        }
        let bar = terminal.progress(servers.len());
        let tested = examine_all(&servers, &fleet.ssh, self.jobs, &|name| {
            bar.inc(1);
            bar.set_message(name.to_owned());
        });
        bar.finish_and_clear();
        let tested = tested?;
        terminal.data(&tested.iter().map(|(name, checks)| block(name, checks)).collect::<Vec<_>>().join("\n"))?;
        let failed = tested.iter().filter(|(_, checks)| checks.iter().any(Check::failed)).count();
        match failed {
            0 => Ok(ExitCode::SUCCESS),
            failed if failed < tested.len() => Ok(ExitCode::from(PARTLY)),
            failed => bail!("{failed} of {failed} servers cannot be collected as they should"),
        }
    }
}

/// A server's name, and a line for each step.
fn block(name: &str, checks: &[Check]) -> String {
    let line = |check: &Check| {
        let (mark, message, remedy) = match &check.outcome {
            Outcome::Fine(message) => ("ok", message.as_str(), None),
            Outcome::Odd { message, remedy } => ("odd", message.as_str(), Some(remedy)),
            Outcome::Failed { message, remedy } => ("FAILED", message.as_str(), Some(remedy)),
            Outcome::Skipped => ("—", "", None),
        };
        let message = printable(message).replace('\n', "; ");
        let line = format!("  {:14}  {mark:6}  {message}", check.step).trim_end().to_owned() + "\n";
        let advice = |remedy: &String| printable(remedy).replace("server add NAME", &format!("server add {name}"));
        line + &remedy.map_or_else(String::new, |remedy| format!("    hint: {}\n", advice(remedy)))
    };
    format!("{name}\n") + &checks.iter().map(line).collect::<String>()
}
