//! The plugin `command`: a program prints the rows, here or on each server. Its side of the contract is told in
//! `docs/sources.md`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::rows::{answer, arrived};
use super::tor_bridge::frame::{Extract, State};
use crate::collect::checkup::meaning;
use crate::collect::transport::{self, Fetched, LOG_KEPT, Limits, Local, Transport, Ways};
use crate::collect::{Answer, Failure, Said, Source};
use crate::config::{self, Fleet, Format, RowOptions};
use crate::fs;
use crate::project::Project;
use crate::warehouse::{Arrival, RowsFile, Standing};

/// The plugin's name.
pub const PLUGIN: &str = "command";
/// The version of the contract with programs.
pub const CONTRACT: &str = "1";

const TIMEOUT: Duration = Duration::from_secs(60);
const MAX_BYTES: u64 = 16_000_000;
/// What a program here inherits of torcollect's environment: what it needs to find others, and nothing that could be secret.
const INHERITED: [&str; 6] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR"];

/// A source of the plugin `command`.
pub struct Command<'a> {
    project: &'a Project,
    name: &'a str,
    options: &'a config::Command,
    servers: Vec<String>,
    ways: &'a Ways,
    standing: Standing,
}

impl<'a> Command<'a> {
    /// The source `name` of a fleet, of whose table this is known.
    pub fn new(
        project: &'a Project,
        fleet: &'a Fleet,
        name: &'a str,
        options: &'a config::Command,
        ways: &'a Ways,
        standing: Standing,
    ) -> Self {
        let servers = match &options.servers {
            Some(selection) => fleet.select(selection).into_iter().map(|(name, _)| name.to_owned()).collect(),
            None => vec![String::new()],
        };
        Self { project, name, options, servers, ways, standing }
    }

    /// Runs the program, or reads what a server's has printed. The log is the beginning of its standard error, without the
    /// values of its options.
    fn run(&self, server: &str) -> Said {
        if server.is_empty() {
            return self.run_here();
        }
        Said { server: server.to_owned(), rows: self.read_from(server), log: String::new() }
    }

    fn run_here(&self) -> Said {
        let fetched = match self.fetch() {
            Ok(fetched) => fetched,
            Err(failure) => {
                return Said { server: String::new(), rows: Err(self.not_run(&failure)), log: String::new() };
            }
        };
        let log = self.masked(&fetched.stderr);
        let rows = match fetched.exit {
            0 => self.parse(&fetched.stdout, self.name).map_err(|failure| self.masked_in(failure)),
            exit => Err(self.failed(exit)),
        };
        Said { server: String::new(), rows, log }
    }

    /// The program here, as the settings name it.
    fn program(&self) -> String {
        self.options
            .run
            .as_ref()
            .and_then(|run| run.first().cloned())
            .unwrap_or_else(|| format!("sources/{}", self.name))
    }

    /// What the program here prints.
    fn fetch(&self) -> Result<Fetched, transport::Failure> {
        let arguments = self.options.run.iter().flatten().skip(1).cloned();
        let timeout = self.options.timeout.unwrap_or(TIMEOUT);
        let bytes = self.options.max_bytes.unwrap_or(MAX_BYTES);
        let limits = Limits { connect: timeout, silence: timeout, total: timeout, bytes };
        // Never looked up on a path that somebody else may have set.
        let root =
            fs::resolved(self.project.root()).map_err(|error| transport::Failure::NotStarted(format!("{error:#}")))?;
        let words = std::iter::once(root.join(self.program()).display().to_string()).chain(arguments);
        Local::new(words.collect()).inside(root, self.environment()).fetch(&limits)
    }

    fn environment(&self) -> BTreeMap<String, String> {
        let inherited = INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
        let last_day = self.standing.last_day.map(|day| day.to_string()).unwrap_or_default();
        let told = [
            ("TORCOLLECT_CONTRACT", CONTRACT.to_owned()),
            ("TORCOLLECT_SOURCE", self.name.to_owned()),
            ("TORCOLLECT_LAST_DAY", last_day),
            ("TZ", "UTC".to_owned()),
        ];
        let options = self.options.options.iter().map(|(name, value)| (config::variable(name), value.0.clone()));
        inherited.chain(told.map(|(name, value)| (name.to_owned(), value))).chain(options).collect()
    }

    /// The rows of a server's drop-in, which come with the extract.
    fn read_from(&self, server: &str) -> Result<Option<Arrival>, Failure> {
        let bytes = self.ways.fetch(server).map_err(Failure::Transport)?;
        let extract = Extract::parse(&bytes).map_err(Failure::Extract)?;
        match extract.section(self.name).map(|section| section.state) {
            Some(State::Present { body, .. }) => self.parse(body, &format!("{server}/{}", self.name)),
            Some(State::Failed(exit)) => Err(self.failed(i32::from(exit))),
            Some(State::Denied) => Err(here(
                "the program may not be run",
                format!("the server does not run `{}`", self.name),
                format!("`torcollect server test {server}` says why"),
            )),
            Some(State::Absent) | None => Err(here(
                "there is no such program",
                format!("the server has no program `{}`", self.name),
                format!("put it there as `/etc/torcollect/extract.d/{}`, owned by root, mode 0755", self.name),
            )),
        }
    }

    /// The rows in what was printed; `None` if that is nothing.
    fn parse(&self, bytes: &[u8], shown: &str) -> Result<Option<Arrival>, Failure> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return if self.options.required == Some(true) {
                let hint = "it is `required` to print something; without that, nothing would be nothing new";
                Err(here("the program printed nothing", "the program printed nothing".to_owned(), hint.to_owned()))
            } else {
                Ok(None)
            };
        }
        let options = self.options.rows();
        let options = RowOptions { format: options.format.or(Some(Format::Csv)), ..options };
        let read = |path: &std::path::Path| {
            let file = RowsFile { path: PathBuf::from(path), shown: shown.to_owned() };
            Arrival::read(&[file], &options, &self.standing.columns)
        };
        let read = fs::with_file(bytes, read).map_err(|error| {
            here("no room for the rows", format!("{error:#}"), "see that the disk has room".to_owned())
        })?;
        let rows = arrived(read)?;
        if self.options.servers.is_some() && rows.columns.iter().any(|(name, _)| name.eq_ignore_ascii_case("server")) {
            let story = "a column is called `server`, as the one that torcollect adds".to_owned();
            return Err(here("the rows cannot be read", story, "give it another name".to_owned()));
        }
        Ok(Some(rows))
    }

    fn failed(&self, exit: i32) -> Failure {
        let story = format!("the program ended with exit status {exit}");
        if self.options.servers.is_none() {
            return here("the program failed", story, self.look());
        }
        let story = format!("{story}{}", u8::try_from(exit).map_or("", meaning));
        let hint = format!("see on the server what `sudo -u torcollect /etc/torcollect/extract.d/{}` says", self.name);
        here("the program failed", story, hint)
    }

    fn not_run(&self, failure: &transport::Failure) -> Failure {
        let (reason, story, hint) = match failure {
            transport::Failure::NotStarted(why) => (
                "the program could not be started",
                format!("the program `{}` could not be started: {why}", self.program()),
                "see that the file is there, in the project's folder, and executable: `chmod +x`; a script begins with a line \
                 such as `#!/bin/sh`".to_owned(),
            ),
            transport::Failure::Silent | transport::Failure::Slow => {
                let seconds = self.options.timeout.unwrap_or(TIMEOUT).as_secs();
                ("the program took too long", format!("the program was stopped after {seconds} seconds"), "raise `timeout`, or see what it waits for".to_owned())
            }
            transport::Failure::TooLarge(most) => (
                "the program printed too much",
                format!("the program was stopped after {most} bytes"),
                "raise `max_bytes`, or see what it prints".to_owned(),
            ),
            _ => ("the program failed", failure.to_string(), self.look()),
        };
        here(reason, story, hint)
    }

    fn look(&self) -> String {
        format!("`torcollect source test {}` shows what it says", self.name)
    }

    /// A failure whose story may have a value of the rows in it, which may be one of the options.
    fn masked_in(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Here { reason, story, hint } => Failure::Here { reason, story: self.without_values(&story), hint },
            other => other,
        }
    }

    /// A log without the values of the options, which may be secrets. The line that is cut off could have half of one.
    fn masked(&self, log: &str) -> String {
        let whole = if log.len() < LOG_KEPT { log.len() } else { log.rfind('\n').map_or(0, |end| end + 1) };
        self.without_values(&log[..whole])
    }

    /// A text with `***` for the values of the options. Very short ones would stand anywhere.
    fn without_values(&self, text: &str) -> String {
        let values = self.options.options.values().map(|value| value.0.as_str()).filter(|value| value.len() >= 4);
        let mut values: Vec<&str> = values.collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.iter().fold(text.to_owned(), |text, value| text.replace(value, "***"))
    }
}

fn here(reason: &'static str, story: String, hint: String) -> Failure {
    Failure::Here { reason, story, hint }
}

impl Source for Command<'_> {
    fn plugin(&self) -> &'static str {
        PLUGIN
    }

    fn name(&self) -> &str {
        self.name
    }

    fn servers(&self) -> Vec<String> {
        self.servers.clone()
    }

    fn ask(&self, server: &str, run: Timestamp) -> Vec<Answer> {
        let started = Timestamp::now();
        vec![answer(run, started, self.run(server).rows)]
    }

    fn test(&self, server: &str) -> Said {
        self.run(server)
    }
}
