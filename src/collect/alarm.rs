//! The alarm: after a run, the command of `on_failure` is told of the servers whose failures in a row are too many. Once
//! for each time, so that nobody learns to ignore it; but again in the next run as long as the command fails itself.

use std::io::{PipeReader, Read, Write, pipe};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::json;

use super::process::Group;
use super::run::Summary;
use super::sources::sample;
use crate::config::Fleet;
use crate::project::Project;
use crate::warehouse::{Streak, Warehouse};

/// How long the command may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How much of what the command says is kept.
const OUTPUT: u64 = 64 << 10;

/// What came of telling the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The servers, and the sources that ask none, that it was told of, by name.
    pub servers: Vec<String>,
    /// What the command said, on either stream.
    pub output: String,
    /// What went wrong with the command, if anything: what would follow "the command".
    pub trouble: Option<String>,
}

/// Tells the command of `on_failure`, if there is one and anything to tell. Its standard input is a JSON object:
///
/// ```json
/// {"project": "Bridge statistics", "run": "2026-11-22", "asked": 6, "collected": 5,
///  "servers": [{"server": "loire", "source": "bridges", "reason": "connection refused", "failures": 3,
///               "last_answer": "2026-11-21"}]}
/// ```
///
/// `server` is null for a source that asks none. `last_answer` is null if there never was one. Both are days of UTC: exact times never leave the warehouse. There is no
/// address in it and nothing that a server has said.
pub fn sound(project: &Project, fleet: &Fleet, title: &str, summary: &Summary) -> Result<Option<Alarm>> {
    let (Some(on_failure), Some((_, last))) = (&fleet.on_failure, summary.runs) else { return Ok(None) };
    let streaks = Warehouse::open(project)?.streaks(last, on_failure.after)?;
    // Failures in a sample's made-up past are nobody's.
    let streaks: Vec<_> = streaks.into_iter().filter(|streak| streak.plugin != sample::PLUGIN).collect();
    if streaks.is_empty() {
        return Ok(None);
    }
    let collected = summary.new + summary.unchanged;
    let servers: Vec<_> = streaks
        .iter()
        .map(|streak| {
            json!({
                "server": Some(&streak.server).filter(|server| !server.is_empty()),
                "source": streak.source,
                "reason": streak.reason,
                "failures": streak.failures,
                "last_answer": streak.last_answer.map(day),
            })
        })
        .collect();
    let facts = json!({
        "project": title,
        "run": Timestamp::from_millisecond(last).map(day).ok(),
        "asked": collected + summary.failed.len(),
        "collected": collected,
        "servers": servers,
    });
    let (output, trouble) = tell(&on_failure.command, format!("{facts}\n").into_bytes(), PATIENCE)?;
    if trouble.is_none() {
        Warehouse::open(project)?.remember_told(&streaks)?;
    }
    let name = |streak: Streak| if streak.server.is_empty() { streak.source } else { streak.server };
    let mut servers: Vec<String> = streaks.into_iter().map(name).collect();
    servers.dedup();
    Ok(Some(Alarm { servers, output, trouble }))
}

/// The day of a time in UTC, as `2026-11-22`.
fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// Runs `sh -c COMMAND` with this standard input; gives what it said, and what went wrong.
fn tell(command: &str, input: Vec<u8>, patience: Duration) -> Result<(String, Option<String>)> {
    let deadline = Instant::now() + patience;
    let (reader, writer) = pipe()?;
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::piped()).stdout(writer.try_clone()?).stderr(writer);
    let mut group = Group::spawn(&mut shell).context("cannot start `sh`")?;
    // Our ends of the pipe go with it: its end must be heard.
    drop(shell);
    let stdin = group.child.stdin.take();
    // Threads of their own, because a command may read and write when it likes, or never. They end when it does.
    std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(said(reader)));
    let status = group.wait(deadline)?;
    drop(group);
    // What it has left running on purpose may keep the stream open.
    let output = receiver.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
    let trouble = match status {
        None => Some(format!("was stopped after {} seconds", patience.as_secs())),
        Some(status) if status.success() => None,
        Some(status) => Some(match status.code() {
            Some(code) => format!("ended with exit code {code}"),
            None => format!("was ended by a signal ({status})"),
        }),
    };
    Ok((output, trouble))
}

/// What a command says, up to [`OUTPUT`] bytes; the rest is read and dropped, so that it does not wait for ever.
fn said(mut reader: PipeReader) -> String {
    let mut bytes = Vec::new();
    // What cannot be read is not said.
    let _ = reader.by_ref().take(OUTPUT).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut reader, &mut std::io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(command: &str, input: &[u8]) -> (String, Option<String>) {
        tell(command, input.to_vec(), Duration::from_secs(20)).unwrap()
    }

    #[test]
    fn a_command_gets_the_facts_and_what_it_says_on_either_stream_is_kept() {
        assert_eq!(told("cat; echo err >&2", b"facts\n"), ("facts\nerr\n".to_owned(), None));
    }

    #[test]
    fn a_command_that_fails_is_told_with_its_exit_code() {
        assert_eq!(told("exit 3", b""), (String::new(), Some("ended with exit code 3".to_owned())));
        assert_eq!(told("/nonexistent 2>&-", b"").1.as_deref(), Some("ended with exit code 127"));
        let killed = told("kill -9 $$", b"").1.unwrap();
        assert!(killed.starts_with("was ended by a signal"), "{killed}");
    }

    #[test]
    fn a_command_may_read_nothing_and_say_much() {
        let much = vec![b'x'; 1 << 20];
        let (output, trouble) = told("head -c 1000000 /dev/zero", &much);
        assert_eq!((output.len() as u64, trouble), (OUTPUT, None));
    }

    #[test]
    fn a_command_that_hangs_is_stopped_with_all_it_has_started() {
        let begun = Instant::now();
        let patience = Duration::from_secs(1);
        let (output, trouble) = tell("sleep 61 & echo $!; sleep 61", Vec::new(), patience).unwrap();
        assert_eq!(trouble.as_deref(), Some("was stopped after 1 seconds"));
        assert!(begun.elapsed() < Duration::from_secs(10));
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", output.trim())).unwrap_or_default();
        let gone = |state: String| state.is_empty() || state.contains(") Z ");
        let end = Instant::now() + Duration::from_secs(10);
        while !gone(state()) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!output.is_empty() && gone(state()), "{output}");
    }

    #[test]
    fn a_command_that_closes_its_streams_and_hangs_is_stopped_too() {
        let (_, trouble) = tell("exec >&- 2>&-; sleep 61", Vec::new(), Duration::from_millis(1500)).unwrap();
        assert_eq!(trouble.as_deref(), Some("was stopped after 1 seconds"));
    }
}
