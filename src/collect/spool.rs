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
    let file = project.spool().join(name(attempt));
    fs::write_durable(&file, &bytes, fs::PRIVATE)?;
    Ok(file)
}

/// An attempt's file. No name has a `+`, so that no two attempts share one.
fn name(attempt: &Attempt) -> String {
    format!("{}+{}+{}+{}", attempt.run, attempt.plugin, attempt.source, attempt.server)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn attempts_whose_names_run_together_have_files_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::new(folder.path());
        fs::create_private_dir(&project.data()).unwrap();
        fs::create_private_dir(&project.spool()).unwrap();
        let attempt = |source: &str, server: &str| Attempt {
            run: 1,
            plugin: "tor-bridge".to_owned(),
            source: source.to_owned(),
            server: server.to_owned(),
            started: Timestamp::UNIX_EPOCH,
            finished: Timestamp::UNIX_EPOCH,
            raw: Some(Raw { hash: source.to_owned(), content: server.as_bytes().to_vec() }),
            error: None,
        };
        let put = [attempt("a", "b-c"), attempt("a-b", "c")].map(|attempt| put(&project, &attempt).unwrap());
        assert_ne!(put[0], put[1]);
        let found = leftovers(&project).unwrap();
        let found: Vec<_> = found.iter().map(|(_, found)| (found.source.as_str(), found.server.as_str())).collect();
        assert_eq!(found, [("a", "b-c"), ("a-b", "c")]);
    }
}
