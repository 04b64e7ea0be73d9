//! A source of the project's own, to begin with: a program that keeps the contract of `docs/sources.md`.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::config;
use crate::fs;
use crate::problem::{Problem, Problems};
use crate::project::Project;

/// Which program it begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One in POSIX sh.
    Shell,
    /// One in Python 3.
    Python,
    /// That of the pack of its name, which servers run.
    Pack,
}

/// Writes `sources/NAME`, executable; gives that path and the settings that make it a source.
///
/// # Errors
/// A name that no source may have, or a file that is there already.
pub fn create(project: &Project, name: &str, kind: Kind) -> Result<(PathBuf, String)> {
    let refused = |message: String, hint: &str| Problems::from(Problem::nowhere(message).hint(hint));
    if let Err(reason) = config::name(name) {
        return Err(refused(format!("`{name}` cannot be a source's name"), reason).into());
    }
    if config::TABLES.contains(&name.to_lowercase().as_str()) {
        let message = format!("`{name}` is a table of torcollect's own");
        return Err(refused(message, "the rows become a table of the source's name: choose another").into());
    }
    let (text, settings) = match kind {
        Kind::Shell => (&include_bytes!("templates/command.sh")[..], include_str!("templates/settings.yaml")),
        Kind::Python => (&include_bytes!("templates/command.py")[..], include_str!("templates/settings.yaml")),
        Kind::Pack => {
            let program = config::embedded_in_packs(&Path::new("packs").join(name).join(name));
            let hint = "packs with a program are `host`";
            let program =
                program.ok_or_else(|| refused(format!("torcollect has no pack `{name}` with a program"), hint))?;
            (program, include_str!("templates/pack.yaml"))
        }
    };
    let file = project.root().join("sources").join(name);
    file.parent().map_or(Ok(()), fs::create_dir)?;
    let shown = project.shown(&file);
    if !fs::create_durable(&file, text, 0o755)? {
        return Err(refused(format!("there is a file `{}` already", shown.display()), "choose another name").into());
    }
    Ok((shown, settings.replace("NAME", name)))
}
