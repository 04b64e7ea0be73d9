//! Seeing that something changed that the site is made of: content, themes, settings, the warehouse. What torcollect itself
//! writes, and what editors put beside a file for a moment, is nothing.

use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::fs;
use crate::project::Project;

/// So long nothing must change before a change is told: an editor that saves touches a file several times.
const QUIET: Duration = Duration::from_millis(60);
/// A change waits no longer than this for the next.
const PATIENCE: Duration = Duration::from_secs(1);
/// The project's folders in which every file matters.
const FOLDERS: [&str; 4] = ["content", "packs", "site", "themes"];

/// Who watches a project.
pub(super) struct Watch {
    root: PathBuf,
    warehouse: PathBuf,
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
}

impl Watch {
    /// Watches from now on.
    pub(super) fn new(project: &Project) -> Result<Self> {
        let root = fs::canonical(project.root())?;
        let warehouse = Project::new(&root).warehouse();
        let (sender, events) = channel();
        let watcher = notify::recommended_watcher(sender).context("cannot watch files")?;
        let mut watch = Self { root, warehouse, watcher, events };
        let all = watch.watcher.watch(&watch.root, RecursiveMode::NonRecursive);
        all.with_context(|| format!("cannot watch `{}`", project.root().display()))?;
        watch.follow()?;
        Ok(watch)
    }

    /// Waits until something changed, and then until all is quiet.
    pub(super) fn wait(&mut self) -> Result<()> {
        loop {
            let event = self.events.recv().context("cannot watch files any more")?;
            if self.matters(event)? {
                break;
            }
        }
        let end = Instant::now() + PATIENCE;
        let mut quiet = Instant::now() + QUIET;
        loop {
            let left = quiet.min(end).saturating_duration_since(Instant::now());
            let Ok(event) = self.events.recv_timeout(left) else { return Ok(()) };
            if self.matters(event)? {
                quiet = Instant::now() + QUIET;
            }
        }
    }

    /// Watches the project's folders that there are, as deep as files in them matter.
    fn follow(&mut self) -> Result<()> {
        let deep = FOLDERS.map(|name| (self.root.join(name), RecursiveMode::Recursive));
        let data = self.warehouse.parent().map(|folder| (folder.to_owned(), RecursiveMode::NonRecursive));
        for (folder, mode) in deep.into_iter().chain(data).filter(|(folder, _)| folder.is_dir()) {
            let watched = match self.watcher.watch(&folder, mode) {
                // What is deleted meanwhile is told as another change.
                Err(error) if is_gone(&error.kind) => Ok(()),
                watched => watched,
            };
            watched.with_context(|| format!("cannot watch `{}`", folder.display()))?;
        }
        Ok(())
    }

    fn matters(&mut self, event: notify::Result<Event>) -> Result<bool> {
        // What has been missed may have mattered.
        let Ok(event) = event else { return Ok(true) };
        if event.need_rescan() {
            return Ok(true);
        }
        if !changes(event.kind) {
            return Ok(false);
        }
        if event.paths.iter().any(|path| path.parent() == Some(&self.root)) {
            self.follow()?;
        }
        Ok(event.paths.iter().any(|path| path == &self.warehouse || is_source(&self.root, path)))
    }
}

/// Whether there is nothing any more at the path that was to be watched.
fn is_gone(kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Whether a file's bytes or name may be others than before. Reading is no change, nor is a date or a mode.
fn changes(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Modify(modified) => !matches!(modified, ModifyKind::Metadata(_)),
        _ => true,
    }
}

/// Whether a site is made from what stands at `path`: it is one of the settings, or lies in a folder of the author's.
fn is_source(root: &Path, path: &Path) -> bool {
    let Ok(below) = path.strip_prefix(root) else { return false };
    let names: Option<Vec<&str>> = below
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    // Names that are not UTF-8 are problems of the build's to tell.
    let Some(names) = names else { return true };
    if names.iter().any(|name| name.starts_with('.') || name.ends_with('~')) {
        return false;
    }
    match names[..] {
        [] => false,
        [file] if file.ends_with(".yaml") => true,
        [first, ..] => FOLDERS.contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_site_is_made_from_matters_and_nothing_else() {
        let root = Path::new("/project");
        for (path, matters) in [
            ("content/index.md", true),
            ("content", true),
            ("site/queries/days.sql", true),
            ("site/site.yaml", true),
            ("themes/mine/partials/head.hbs", true),
            ("sources.yaml", true),
            ("servers.yaml", true),
            ("public/index.html", false),
            ("public-lawyers/index.html", false),
            (".torcollect/serve/index.html", false),
            ("data/collect.lock", false),
            ("README.md", false),
            ("content/.index.md.swp", false),
            ("content/index.md~", false),
            ("themes/mine/.upstream/partials/head.hbs", false),
            ("", false),
        ] {
            assert_eq!(is_source(root, &root.join(path)), matters, "{path}");
        }
        assert!(!is_source(root, Path::new("/elsewhere/content/index.md")));
    }

    #[test]
    fn who_reads_a_file_has_not_changed_it() {
        use notify::event::{CreateKind, DataChange, MetadataKind, RemoveKind};
        for (kind, changed) in [
            (EventKind::Access(AccessKind::Open(AccessMode::Any)), false),
            (EventKind::Access(AccessKind::Close(AccessMode::Read)), false),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), true),
            (EventKind::Modify(ModifyKind::Metadata(MetadataKind::AccessTime)), false),
            (EventKind::Modify(ModifyKind::Data(DataChange::Any)), true),
            (EventKind::Create(CreateKind::File), true),
            (EventKind::Remove(RemoveKind::File), true),
        ] {
            assert_eq!(changes(kind), changed, "{kind:?}");
        }
    }
}
