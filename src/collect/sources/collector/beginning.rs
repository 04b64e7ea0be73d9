//! Trying a source: the beginning of its files as rows, for people.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Result;
use jiff::Timestamp;

use super::{Imported, Problem, Reached, Reader, Unread, find};
use crate::collect::sources::facts;
use crate::collect::{Failure, Said};
use crate::config::{Collector, Which};
use crate::project::Project;
use crate::warehouse::shown_fingerprints;

/// How many documents are read.
const MOST: u64 = 10_000;

/// Reads the beginning of what the files of a source say, without writing anything.
///
/// # Errors
/// If the warehouse cannot be read. What is wrong with files is in what is said.
pub fn beginning(project: &Project, options: &Collector) -> Result<Said> {
    let paths = match find(project, options) {
        Ok(paths) => paths,
        Err(failure) => return Ok(Said { server: String::new(), rows: Err(failure), log: String::new() }),
    };
    let bridges = match options.bridges {
        Which::All => None,
        Which::Known => Some(shown_fingerprints(project)?),
    };
    let file = |path: PathBuf| {
        let shown = project.shown(&path).display().to_string();
        Unread { path, shown, hash: String::new(), length: 0 }
    };
    let files: Vec<Unread> = paths.into_iter().map(file).collect();
    let none = bridges.as_ref().is_some_and(HashSet::is_empty);
    let mut reader = Reader { bridges, most: MOST, now: Timestamp::now(), ..Reader::default() };
    let mut facts = Vec::new();
    let _ = reader.all(&files, &Reached::default(), &mut |part| {
        facts.extend(part.files.into_iter().flat_map(|file| file.facts));
        ControlFlow::Continue(())
    });
    let Imported { mut problems, documents, bridges, wrong, .. } = reader.imported;
    let told = |Problem { place, message, .. }: &Problem| {
        place.iter().map(|place| format!("{place}: ")).chain([message.clone()]).collect::<String>()
    };
    if facts.is_empty() && !problems.is_empty() && wrong >= documents {
        let first = problems.swap_remove(0);
        let (reason, story) = ("nothing can be read", told(&first));
        let rows = Err(Failure::Here { reason, story, hint: first.hint });
        return Ok(Said { server: String::new(), rows, log: String::new() });
    }
    let lines = problems.iter().map(|problem| told(problem) + "\n");
    let none = none.then(|| "no server has shown a bridge yet, and no other counts\n".to_owned());
    let sum = format!("{documents} documents, {bridges} bridges; {wrong} problems\n");
    let log = lines.chain(none).chain([sum]).collect();
    Ok(Said { server: String::new(), rows: facts::rows(&facts).map(Some), log })
}
