//! The spool: attempts on disk, 0600, from the moment they are over until the warehouse has them. tor overwrites its
//! statistics daily, so what has come must survive whatever happens next, a full disk or a kill included.

use std::path::PathBuf;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fs;
use crate::project::Project;
use crate::warehouse::{Attempt, Raw};

/// The line before an extract's bytes in a spooled file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    run: i64,
    plugin: String,
    source: String,
    server: String,
    started: Timestamp,
    finished: Timestamp,
    hash: Option<String>,
    error: Option<String>,
}

/// Writes an attempt and gives the file.
pub fn put(project: &Project, attempt: &Attempt) -> Result<PathBuf> {
    let header = Header {
        run: attempt.run,
        plugin: attempt.plugin.clone(),
        source: attempt.source.clone(),
        server: attempt.server.clone(),
        started: attempt.started,
        finished: attempt.finished,
        hash: attempt.raw.as_ref().map(|raw| raw.hash.clone()),
        error: attempt.error.clone(),
    };
    let mut bytes = serde_json::to_vec(&header)?;
    bytes.push(b'\n');
    bytes.extend(attempt.raw.iter().flat_map(|raw| &raw.content));
    let file =
        project.spool().join(format!("{}-{}-{}-{}", attempt.run, attempt.plugin, attempt.source, attempt.server));
    fs::write_durable(&file, &bytes, fs::PRIVATE)?;
    Ok(file)
}

/// What an earlier run left behind, with the files it stands in.
pub fn leftovers(project: &Project) -> Result<Vec<(PathBuf, Attempt)>> {
    let folder = project.spool();
    for half in fs::leftovers(&folder) {
        fs::remove_file(&half)?;
    }
    fs::walk(&folder)?.into_iter().map(|name| folder.join(name)).map(|file| Ok((file.clone(), take(&file)?))).collect()
}

fn take(file: &std::path::Path) -> Result<Attempt> {
    let bytes = fs::read(file)?;
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let header: Header = serde_json::from_slice(&bytes[..end])
        .with_context(|| format!("`{}` is not an extract that torcollect put there: move it away", file.display()))?;
    let content = bytes.get(end + 1..).unwrap_or_default().to_vec();
    Ok(Attempt {
        run: header.run,
        plugin: header.plugin,
        source: header.source,
        server: header.server,
        started: header.started,
        finished: header.finished,
        raw: header.hash.map(|hash| Raw { hash, content }),
        error: header.error,
    })
}
