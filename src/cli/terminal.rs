//! What people see: data on standard output, everything else on standard error, as lines or as JSON records.

use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::process::ExitCode;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::{Value, json};
use torcollect::problem::{Kind, Problem, Problems};
use torcollect::text::printable;

use super::{Arguments, LogFormat};

/// Where messages go.
pub struct Terminal {
    quiet: bool,
    verbose: bool,
    json: bool,
    colored: bool,
}

impl Terminal {
    /// As the arguments ask for. Colours are for terminals alone, and only where `NO_COLOR` is not set.
    pub fn new(arguments: &Arguments) -> Self {
        let json = arguments.log_format == LogFormat::Json;
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colored = !json && !refused && std::io::stderr().is_terminal();
        Self { quiet: arguments.quiet, verbose: arguments.verbose, json, colored }
    }

    /// Data that was asked for. A reader that has seen enough (`| head`) is no error.
    pub fn data(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }

    /// What was done.
    pub fn info(&self, message: &str) {
        if !self.quiet {
            self.say("info", message, None);
        }
    }

    /// What only the curious want to know.
    pub fn detail(&self, message: &str) {
        if self.verbose {
            self.say("detail", message, None);
        }
    }

    /// Something odd that does not stop the work.
    pub fn warning(&self, problem: &Problem) {
        self.problem("warning", problem);
    }

    /// Something that went wrong while other work goes on.
    pub fn error(&self, message: &str, hint: Option<&str>) {
        self.say("error", message, hint);
    }

    /// Shows an error with the chain of its causes, or each of many problems, and chooses the exit code.
    pub fn failed(&self, error: &anyhow::Error) -> ExitCode {
        for problem in in_words(error) {
            self.problem("error", &problem);
        }
        let configuration = error.downcast_ref::<Problems>().map(|problems| problems.kind) == Some(Kind::Configuration);
        ExitCode::from(if configuration { 2 } else { 1 })
    }

    /// Asks somebody at the terminal; `None` if nobody is there.
    pub fn ask(&self, question: &str) -> Option<String> {
        if !somebody_is_there() {
            return None;
        }
        write_prompt(question);
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).ok().filter(|length| *length > 0)?;
        Some(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// [`Terminal::ask`] for what is not shown while it is typed.
    pub fn ask_secret(&self, question: &str) -> Option<String> {
        if !somebody_is_there() {
            return None;
        }
        let silence = Silence::begin()?;
        // Only now, so that whoever types ahead is not shown.
        write_prompt(question);
        let secret = silence.line();
        drop(silence);
        write_line("");
        secret
    }

    /// A line of progress for a number of things: on a terminal alone.
    pub fn progress(&self, total: usize) -> ProgressBar {
        let shown = !self.quiet && !self.json && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        bar
    }

    fn say(&self, level: &str, message: &str, hint: Option<&str>) {
        let problem = Problem::nowhere(message);
        self.problem(level, &Problem { hint: hint.map(str::to_owned), ..problem });
    }

    /// A problem, as an error or a warning.
    pub(super) fn problem(&self, level: &str, problem: &Problem) {
        write_line(&if self.json { record(level, problem).to_string() } else { self.lines(level, problem) });
    }

    /// A problem for people: what is wrong, the line that it is about, and what to do.
    fn lines(&self, level: &str, problem: &Problem) -> String {
        let mut text = match level {
            "info" | "detail" => String::new(),
            "warning" => self.colored("1;33", "warning:") + " ",
            level => self.colored("1;31", &format!("{level}:")) + " ",
        };
        if let Some(place) = &problem.place {
            text += &format!("{place}: ");
        }
        text += &printable(&problem.message);
        if let Some(excerpt) = problem.excerpt() {
            text += &format!("\n{}", self.colored("2", &printable(&excerpt.to_string())));
        }
        if let Some(hint) = &problem.hint {
            text += &format!("\n{} {}", self.colored("1;36", "hint:"), printable(hint));
        }
        text
    }

    fn colored(&self, color: &str, text: &str) -> String {
        if self.colored { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A problem for programs.
fn record(level: &str, problem: &Problem) -> Value {
    let mut record = json!({"level": level, "message": problem.message});
    if let Some(place) = &problem.place {
        record["file"] = place.file.to_string_lossy().into();
        record["line"] = place.line.into();
        record["column"] = place.column.into();
    }
    for (name, value) in [("source", problem.source.as_deref()), ("hint", problem.hint.as_deref())] {
        if let Some(value) = value {
            record[name] = value.into();
        }
    }
    record
}

/// Whether there is a terminal to ask at.
fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn write_prompt(question: &str) {
    let mut out = std::io::stderr().lock();
    drop(write!(out, "{}", printable(question)).and_then(|()| out.flush()));
}

/// A terminal that does not show what is typed, until this is dropped. Ctrl-C comes as a letter: as a signal it would end
/// the program and leave the terminal silent.
struct Silence {
    before: Termios,
}

impl Silence {
    fn begin() -> Option<Self> {
        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent).ok()?;
        Some(Self { before })
    }

    /// What is typed until Enter; `None` if it is given up.
    fn line(&self) -> Option<String> {
        const CTRL_C: u8 = 3;
        const CTRL_D: u8 = 4;
        const CTRL_U: u8 = 21;
        let mut line = Vec::new();
        loop {
            let mut letter = [0];
            if std::io::stdin().read(&mut letter).ok()? == 0 {
                return None;
            }
            match letter[0] {
                b'\r' | b'\n' => return String::from_utf8(line).ok(),
                CTRL_C | CTRL_D => return None,
                CTRL_U => line.clear(),
                8 | 127 => drop(line.pop()),
                byte => line.push(byte),
            }
        }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Standard error may be closed; there is nobody left to tell then.
fn write_line(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// An error as what people are shown of it: each of many problems, or the chain of its causes.
pub(super) fn in_words(error: &anyhow::Error) -> Vec<Problem> {
    if let Some(problems) = error.downcast_ref::<Problems>() {
        return problems.list.clone();
    }
    let mut messages: Vec<String> = error.chain().map(ToString::to_string).collect();
    // Some errors repeat their cause in their own words.
    messages.dedup_by(|cause, effect| effect.ends_with(cause.as_str()));
    vec![Problem::nowhere(own_words(&messages.join(": ")))]
}

/// A message without what DuckDB adds to its own: a code that says nothing, the line of a query that the operator has
/// not written, and guesses at names that are not the operator's.
fn own_words(message: &str) -> String {
    let message = message.replace(": Error code 1: Unknown error code", "");
    let noise = |line: &str| line.starts_with("LINE ") || line.starts_with("Did you mean");
    let lines: Vec<&str> = message.lines().take_while(|line| !noise(line)).collect();
    lines.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::own_words;

    #[test]
    fn an_error_of_duckdb_is_shown_without_its_noise() {
        let noisy = "cannot read `x`: Catalog Error: Table with name dya does not exist!\nDid you mean \"day\"?\n\n\
                     LINE 1: select day from dya\n                        ^: Error code 1: Unknown error code";
        assert_eq!(own_words(noisy), "cannot read `x`: Catalog Error: Table with name dya does not exist!");
        let shown = "Parser Error: syntax error\n\nLINE 1: selct\n        ^";
        assert_eq!(own_words(shown), "Parser Error: syntax error");
        assert_eq!(own_words("IO Error: no file: Error code 1: Unknown error code"), "IO Error: no file");
        assert_eq!(own_words("two\nlines: did you mean `x`?"), "two\nlines: did you mean `x`?");
    }
}
