//! A source of the project's own, to begin with: a program that keeps the contract of `docs/sources.md`.

use std::path::PathBuf;

use anyhow::Result;

use crate::config;
use crate::fs;
use crate::problem::{Problem, Problems};
use crate::project::Project;

/// What the program is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// POSIX sh.
    Shell,
    /// Python 3.
    Python,
}

/// Writes `sources/NAME`, executable; gives that path and the settings that make it a source.
///
/// # Errors
/// A name that no source may have, or a file that is there already.
pub fn create(project: &Project, name: &str, language: Language) -> Result<(PathBuf, String)> {
    let refused = |message: String, hint: &str| Problems::from(Problem::nowhere(message).hint(hint));
    if let Err(reason) = config::name(name) {
        return Err(refused(format!("`{name}` cannot be a source's name"), reason).into());
    }
    if config::TABLES.contains(&name.to_lowercase().as_str()) {
        let message = format!("`{name}` is a table of torcollect's own");
        return Err(refused(message, "the rows become a table of the source's name: choose another").into());
    }
    let text = match language {
        Language::Shell => include_str!("templates/command.sh"),
        Language::Python => include_str!("templates/command.py"),
    };
    let file = project.root().join("sources").join(name);
    file.parent().map_or(Ok(()), fs::create_dir)?;
    let shown = project.shown(&file);
    if !fs::create_durable(&file, text.as_bytes(), 0o755)? {
        return Err(refused(format!("there is a file `{}` already", shown.display()), "choose another name").into());
    }
    let settings = include_str!("templates/settings.yaml").replace("NAME", name);
    Ok((shown, settings))
}
