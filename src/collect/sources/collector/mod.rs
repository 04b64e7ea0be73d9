//! The source `collector`: sanitized `bridge-extra-info` documents, as CollecTor publishes them. A bridge has published each
//! day what it counted, and CollecTor has kept it; so a bridge's history is there from before its server was asked.
//!
//! ```text
//! file ──▶ chunks ──▶ archive (split) ──▶ document ──▶ gather ──▶ facts
//!        (threads unpack)     (a thread reads)            (this thread loads)
//! ```

mod archive;
mod beginning;
mod chunks;
mod document;
mod gather;
mod split;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, anyhow};
use jiff::{SignedDuration, Timestamp};

use self::archive::Found;
use self::document::{Broken, Document};
use self::gather::Gather;
use super::files;
use crate::collect::Failure;
use crate::config::{Collector, Which};
use crate::project::Project;
use crate::warehouse::{Door, Part, Reading, Warehouse};
use crate::{fs, hash};

pub use archive::Place;
pub use beginning::beginning;

/// The plugin's name. SQL knows it too.
pub const PLUGIN: &str = "collector";

/// Raised when documents are read in another way than before: then the next collection reads all files again.
const VERSION: u32 = 1;
/// How far a bridge's clock may be ahead.
const TOLERANCE: SignedDuration = SignedDuration::from_hours(24);
/// How often progress is told; the warehouse is not kept open longer than that for nothing.
const TICK: Duration = Duration::from_millis(200);
/// How many times the warehouse is loaded into until it is closed for a moment: others wait for it, and what DuckDB remembers
/// of it is memory.
const AT_ONCE: u32 = 4;
/// How many problems of a source are told one by one.
const TOLD: usize = 20;

/// What came of a source.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The source's name.
    pub source: String,
    /// The files that were read, also in part.
    pub files: usize,
    /// The files that were known.
    pub known: usize,
    /// The documents in what was read.
    pub documents: u64,
    /// Those among them that came before.
    pub duplicates: u64,
    /// The bridges that they are about.
    pub bridges: usize,
    /// What could not be read, one by one, and what to do about each. All of these count in `wrong`.
    pub problems: Vec<Problem>,
    /// How many files, entries and documents could not be read, or not in whole.
    pub wrong: u64,
}

/// Something in a file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where; nowhere if the files are not there at all.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// How far a source has been read.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The source's name.
    pub source: &'a str,
    /// The file that is read.
    pub file: &'a str,
    /// The bytes that were read of it.
    pub read: u64,
    /// The bytes that it has.
    pub length: u64,
}

/// The files of a source. They are looked for before anything else, because the warehouse need not be open for it.
pub fn find(project: &Project, options: &Collector) -> Result<Vec<PathBuf>, Failure> {
    files::find(project, &options.path, options.outside)
}

/// Reads what is new in the files of a source, and adds it to the warehouse, which is open when it is needed.
///
/// # Errors
/// If the warehouse cannot be written. What is wrong with files is in what is given.
pub fn import(
    project: &Project,
    door: &mut Door<'_>,
    name: &str,
    options: &Collector,
    found: Result<Vec<PathBuf>, Failure>,
    run: Timestamp,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Imported> {
    let started = Timestamp::now();
    let mut imported = Imported { source: name.to_owned(), ..Imported::default() };
    let mut bytes = 0;
    let error = match found {
        Ok(paths) => {
            let found = paths.len();
            let (files, bridges) = unread(project, door.warehouse()?, name, options, paths)?;
            let mut reader = Reader { bridges, most: u64::MAX, now: Timestamp::now(), ..Reader::default() };
            reader.imported = imported;
            reader = read(project, door, name, files, reader, on_progress)?;
            (imported, bytes) = (reader.imported, reader.bytes);
            imported.known = found - imported.files;
            reader.failed.then(|| "a file cannot be read to its end".to_owned())
        }
        Err(failure) => {
            imported.wrong = 1;
            let hint = failure.hint("").unwrap_or_default();
            imported.problems.push(Problem { place: None, message: failure.to_string(), hint });
            Some(failure.reason())
        }
    };
    let reading = Reading {
        run: run.as_millisecond(),
        plugin: PLUGIN,
        source: name.to_owned(),
        started,
        finished: Timestamp::now(),
        new: imported.files > 0,
        error,
        bytes,
    };
    door.warehouse()?.record_reading(&reading)?;
    Ok(imported)
}

/// A file that is to be read.
struct Unread {
    path: PathBuf,
    /// As people know it.
    shown: String,
    hash: String,
    length: u64,
}

/// The files that are not known as they are, and the bridges that count, if not all do.
fn unread(
    project: &Project,
    warehouse: &Warehouse,
    name: &str,
    options: &Collector,
    paths: Vec<PathBuf>,
) -> Result<(Vec<Unread>, Option<HashSet<String>>)> {
    let known = warehouse.read_files(PLUGIN, name)?;
    let bridges = match options.bridges {
        Which::All => None,
        Which::Known => Some(warehouse.shown_fingerprints()?),
    };
    // When a server shows another bridge, the archive is read again for it.
    let mut counted: Vec<&String> = bridges.iter().flatten().collect();
    counted.sort();
    let read_as = hash::of(format!("{VERSION} {:?} {counted:?}", options.bridges).as_bytes());
    let file = |path: PathBuf| {
        let shown = project.shown(&path).display().to_string();
        let stamp = fs::canonical(&path).ok().and_then(|path| fs::stamp(&path));
        let stamp = stamp.map(|stamp| (stamp.length, stamp.modified));
        let hash = hash::after(read_as, format!("{shown} {stamp:?}").as_bytes());
        Unread { path, shown, hash: format!("{hash:016x}"), length: stamp.map_or(0, |(length, _)| length) }
    };
    let files = paths.into_iter().map(file).filter(|file| !known.contains(&file.hash)).collect();
    Ok((files, bridges))
}

/// Reads files in a thread, and loads what they say in this one.
fn read(
    project: &Project,
    door: &mut Door<'_>,
    name: &str,
    files: Vec<Unread>,
    mut reader: Reader,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Reader> {
    // They are large: one waits while one is loaded and one is made.
    let (sender, receiver) = sync_channel(1);
    let reached = Reached::default();
    std::thread::scope(|scope| {
        let reached = &reached;
        let thread = scope.spawn(move || {
            let load = &mut |part| {
                if sender.send(part).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            let _ = reader.all(&files, reached, load);
            reader
        });
        // Dropped when loading fails, so that the thread ends too.
        let receiver = receiver;
        let mut loaded = 0;
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(part) => {
                    let warehouse = door.warehouse()?;
                    let salt = warehouse.salt(project)?;
                    warehouse.load_part(&salt, PLUGIN, name, Timestamp::now(), &part)?;
                    loaded += 1;
                    if loaded == AT_ONCE {
                        door.close();
                        loaded = 0;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    door.close();
                    loaded = 0;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
            reached.tell(name, on_progress);
        }
        thread.join().map_err(|_| anyhow!("the thread that reads the source `{name}` has failed"))
    })
}

/// How far the thread that reads is.
#[derive(Default)]
struct Reached {
    /// The file, and its bytes.
    file: Mutex<(String, u64)>,
    /// Those that are read.
    read: AtomicU64,
}

impl Reached {
    fn begin(&self, file: &Unread) {
        let mut at = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        *at = (file.shown.clone(), file.length);
        self.read.store(0, Ordering::Relaxed);
    }

    fn tell(&self, source: &str, on_progress: &mut dyn FnMut(Progress<'_>)) {
        let at = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, (file, length)) = (self.read.load(Ordering::Relaxed), at.clone());
        // Whoever is told may take long.
        drop(at);
        on_progress(Progress { source, file: &file, read, length });
    }
}

/// Takes what is to be loaded; breaks off when nobody wants the rest.
type Load<'a> = dyn FnMut(Part) -> ControlFlow<()> + 'a;

/// Reads files and brings together what they say.
#[derive(Default)]
struct Reader {
    gather: Gather,
    document: Document,
    /// The bridges that count; all, if none are named.
    bridges: Option<HashSet<String>>,
    /// How many documents are read.
    most: u64,
    now: Timestamp,
    imported: Imported,
    bytes: u64,
    /// Whether a file could not be read to its end.
    failed: bool,
}

impl Reader {
    /// Breaks off when nobody wants the rest.
    fn all(&mut self, files: &[Unread], reached: &Reached, load: &mut Load<'_>) -> ControlFlow<()> {
        for file in files {
            reached.begin(file);
            self.gather.begin(file.hash.clone());
            self.imported.files += 1;
            let read = match fs::open(&file.path) {
                Ok(bytes) => {
                    let mut flow = ControlFlow::Continue(());
                    let outcome = archive::read(bytes, &reached.read, &mut |found| {
                        flow = self.found(file, found, load);
                        flow
                    });
                    if flow.is_break() {
                        break;
                    }
                    outcome
                }
                Err(error) => Err(format!("cannot be read: {}", error.root_cause())),
            };
            self.bytes += reached.read.load(Ordering::Relaxed);
            match read {
                Ok(()) => self.gather.done(),
                Err(message) => {
                    self.failed = true;
                    let hint = "what came before counts; get the file again, and the next collection reads it";
                    self.wrong(file, None, None, format!("the file {message}"), hint);
                }
            }
        }
        self.give(true, load)
    }

    fn found(&mut self, file: &Unread, found: Found<'_>, load: &mut Load<'_>) -> ControlFlow<()> {
        let (text, entry, begins) = match found {
            Found::Text(text, entry, begins) => (text, entry, begins),
            Found::Wrong(entry, line, message) => {
                let what = if line.is_some() { "the file" } else { "the entry" };
                self.wrong(
                    file,
                    entry,
                    line,
                    format!("{what} {message}"),
                    "it is passed over; all else in the file counts",
                );
                return ControlFlow::Continue(());
            }
        };
        let mut document = std::mem::take(&mut self.document);
        let broken = match document.read(text) {
            None => Vec::new(),
            Some(Ok(())) => self.add(&document),
            Some(Err(broken)) => {
                self.imported.documents += 1;
                vec![broken]
            }
        };
        self.document = document;
        if let Some(Broken { line, message }) = broken.into_iter().next() {
            let hint = "that part of the document is passed over; all else in the file counts";
            self.wrong(file, entry, Some(begins + line), format!("the document {message}"), hint);
        }
        if self.imported.documents >= self.most {
            return ControlFlow::Break(());
        }
        if self.gather.is_full() { self.give(false, load) } else { ControlFlow::Continue(()) }
    }

    fn add(&mut self, document: &Document) -> Vec<Broken> {
        self.imported.documents += 1;
        if !self.gather.is_new(document) {
            self.imported.duplicates += 1;
            return Vec::new();
        }
        if self.bridges.as_ref().is_some_and(|bridges| !bridges.contains(&document.fingerprint)) {
            return Vec::new();
        }
        if document.published > (self.now + TOLERANCE).as_second() {
            return vec![Broken { line: 0, message: "was published in the future".to_owned() }];
        }
        let broken = self.gather.add(document);
        if !broken.is_empty() {
            // A good copy may be still to come.
            self.gather.forget(document);
        }
        broken
    }

    fn wrong(&mut self, file: &Unread, entry: Option<&str>, line: Option<usize>, message: String, hint: &str) {
        self.imported.wrong += 1;
        if self.imported.problems.len() < TOLD {
            let entry = entry.map(str::to_owned);
            let place = Place { file: file.shown.clone(), entry, line: line.map(|line| line + 1) };
            self.imported.problems.push(Problem { place: Some(place), message, hint: hint.to_owned() });
        }
    }

    fn give(&mut self, last: bool, load: &mut Load<'_>) -> ControlFlow<()> {
        self.imported.bridges = self.gather.bridges();
        let part = self.gather.give(last);
        if part.is_empty() { ControlFlow::Continue(()) } else { load(part) }
    }
}
