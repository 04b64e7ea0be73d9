//! `torcollect theme diff`.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::project::Project;
use torcollect::site::theme::{self, Difference, Override, Upstream};

use super::{Terminal, load_site};

/// The arguments of `theme diff`.
#[derive(Args)]
pub struct Diff {
    /// One file alone, by its path in the theme, such as `partials/head.hbs`
    file: Option<PathBuf>,
    /// One line for each file, and no more
    #[arg(long)]
    stat: bool,
}

impl Diff {
    /// Runs the command: a line for each file, then what differs.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let overrides = theme::overrides(project, &load_site(project, None, None)?, self.file.as_deref())?;
        if overrides.is_empty() {
            terminal.info("the project changes no file of its theme");
        }
        let mut text: String = overrides.iter().map(summary).collect();
        if !self.stat {
            overrides.iter().for_each(|found| text.push_str(&details(found)));
        }
        terminal.data(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn summary(found: &Override) -> String {
    let upstream = match &found.upstream {
        None => String::new(),
        Some(Upstream::Same) => ", which is as it was".to_owned(),
        Some(Upstream::Changed(change)) => format!(", which has changed since: {}", lines(change)),
    };
    format!("{}: {} in place of that of {}{upstream}\n", found.file.display(), lines(&found.changes), found.origin)
}

fn lines(change: &Difference) -> String {
    match (change.added, change.removed) {
        (0, 0) if change.text.is_empty() => "the same".to_owned(),
        (0, 0) => "other bytes".to_owned(),
        (added, removed) => format!("+{added} -{removed}"),
    }
}

fn details(found: &Override) -> String {
    let mut text = String::new();
    if !found.changes.text.is_empty() {
        let _ = write!(text, "\n{}", found.changes.text);
    }
    if let Some(Upstream::Changed(change)) = &found.upstream {
        let _ = write!(text, "\nsince `{}` was taken over:\n{}", found.file.display(), change.text);
    }
    text
}
