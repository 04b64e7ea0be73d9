//! One file of an archive: documents one after another, or a tar of such files, packed with xz or not. Nothing is written to
//! disk, and no more than one document is in memory.

use std::cell::Cell;
use std::fmt;
use std::io::{BufRead, Read};
use std::ops::ControlFlow;
use std::path::{Component, Path};
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;

use super::chunks::{self, Chunks};
use super::split::{LONGEST, Piece, Splitter};

/// How much of an entry's name is shown.
const SHOWN: usize = 200;
/// How much of an entry is looked at, at a time.
const STEP: usize = 1 << 16;

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as people know it.
    pub file: String,
    /// The entry of a tar.
    pub entry: Option<String>,
    /// The line, 1 for the first.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name is somebody else's, and must not make a line of its own.
        let plain = |name: &str| name.replace(char::is_control, "\u{fffd}");
        f.write_str(&plain(&self.file))?;
        self.entry.iter().try_for_each(|entry| write!(f, ":{}", plain(entry)))?;
        self.line.iter().try_for_each(|line| write!(f, ":{line}"))
    }
}

/// What is found in a file.
pub enum Found<'a> {
    /// What may be a document, the entry that it stands in, and the line in which it begins, 0 for the first.
    Text(&'a [u8], Option<&'a str>, usize),
    /// Something that is passed over: the entry, the line, 0 for the first, and what is wrong with it.
    Wrong(Option<&'a str>, Option<usize>, String),
}

/// Takes what is found, until it has seen enough.
pub type Take<'a> = dyn FnMut(Found<'_>) -> ControlFlow<()> + 'a;

/// Reads a file; `read` counts the bytes that have come of it.
///
/// # Errors
/// If there is more of it that cannot be read: what would follow "the file".
pub fn read(file: impl Read + Send, read: &AtomicU64, take: &mut Take<'_>) -> Result<(), String> {
    let (sender, receiver) = sync_channel(chunks::WAITING);
    std::thread::scope(|scope| {
        scope.spawn(move || chunks::send(file, read, &sender));
        // Dropped at the end of this, so that the thread ends too.
        let mut chunks = Chunks::new(receiver);
        let outcome = match chunks.fill_buf() {
            Ok([]) => Err("is empty".to_owned()),
            Ok(start) if is_tar(start) => entries(&mut chunks, take),
            Ok(start) if !is_text(start) => Err("is neither text nor a tar, nor one of them packed with xz".to_owned()),
            _ => match documents(&mut chunks, None, None, take) {
                Cut::Off => Err("cannot be read".to_owned()),
                Cut::Whole | Cut::Unwanted => Ok(()),
            },
        };
        chunks.trouble.take().map_or(outcome, Err)
    })
}

/// Whether this is the beginning of a tar of any age since 1988.
fn is_tar(start: &[u8]) -> bool {
    start.get(257..262) == Some(b"ustar")
}

/// Whether a file that begins so may have documents, which are in ASCII. A byte that is damaged does not make it another.
fn is_text(start: &[u8]) -> bool {
    let start = &start[..start.len().min(512)];
    let odd = |byte: &u8| !byte.is_ascii_graphic() && !byte.is_ascii_whitespace();
    !start.first().is_some_and(odd) && start.iter().filter(|byte| odd(byte)).count() * 4 < start.len()
}

/// Reads the entries of a tar. As they are, one by one: names that are longer than a header has room for are cut off, because
/// what has them could be longer than memory.
fn entries(chunks: &mut Chunks, take: &mut Take<'_>) -> Result<(), String> {
    loop {
        if let ControlFlow::Break(outcome) = entries_of_one(chunks, take) {
            return outcome;
        }
        // Whoever puts two together has another after the zeros that end the first; all else is read too, so that a sum at the
        // end of what is packed is looked at.
        loop {
            let Ok(chunk) = chunks.fill_buf() else { return Ok(()) };
            if chunk.is_empty() {
                return Ok(());
            }
            let zeros = chunk.iter().take_while(|byte| **byte == 0).count();
            let (ended, another) = (zeros == chunk.len(), is_tar(&chunk[zeros..]));
            chunks.consume(zeros);
            match (ended, another) {
                (true, _) => {}
                (false, true) => break,
                (false, false) => return Err("goes on with something else after its tar".to_owned()),
            }
        }
    }
}

/// The entries of one tar, up to its end; breaks if nothing more is to be read.
fn entries_of_one(chunks: &mut Chunks, take: &mut Take<'_>) -> ControlFlow<Result<(), String>> {
    let mut archive = tar::Archive::new(chunks);
    let mut last = String::new();
    let damaged = |last: &str| match last {
        "" => "is a damaged tar, or breaks off in its first entry".to_owned(),
        last => format!("is a damaged tar, or breaks off, in or after the entry `{last}`"),
    };
    let entries = match archive.entries() {
        Ok(entries) => entries.raw(true),
        Err(_) => return ControlFlow::Break(Err(damaged(""))),
    };
    for entry in entries {
        let Ok(mut entry) = entry else { return ControlFlow::Break(Err(damaged(&last))) };
        let size = entry.size();
        let kind = entry.header().entry_type();
        let name = entry.path_bytes();
        // A name that is cut off may end so too.
        let is_folder = size == 0 && name.ends_with(b"/");
        let is_sparse = kind.is_gnu_sparse();
        if !(kind.is_file() || kind.is_contiguous() || is_sparse) || is_folder {
            continue;
        }
        let escapes = escapes(&name);
        last.clear();
        last.extend(String::from_utf8_lossy(&name).chars().take(SHOWN));
        if escapes || is_sparse {
            let message = if escapes { "has a path that leads out of the archive" } else { "is a sparse file" };
            if take(Found::Wrong(Some(&last), None, message.to_owned())).is_break() {
                return ControlFlow::Break(Ok(()));
            }
            continue;
        }
        match documents(&mut entry, Some(size), Some(&last), take) {
            Cut::Whole => {}
            Cut::Off => return ControlFlow::Break(Err(format!("breaks off in the entry `{last}`"))),
            Cut::Unwanted => return ControlFlow::Break(Ok(())),
        }
    }
    ControlFlow::Continue(())
}

/// Whether a path, or what another system makes of it, is not below the folder that it is relative to.
fn escapes(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name);
    Path::new(&*name).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Cuts a stream of so many bytes, if that is known, into documents. `None` if no more are wanted.
fn documents(stream: &mut impl Read, size: Option<u64>, entry: Option<&str>, take: &mut Take<'_>) -> Cut {
    let mut splitter = Splitter::default();
    let mut buffer = Vec::with_capacity(STEP.min(usize::try_from(size.unwrap_or(u64::MAX)).unwrap_or(STEP)));
    let flow = Cell::new(ControlFlow::Continue(()));
    let mut give = |piece: Piece<'_>| {
        if flow.get().is_continue() {
            flow.set(take(match piece {
                Piece::Text(text, line) => Found::Text(text, entry, line),
                Piece::Endless(line) => {
                    let message = format!("has a document of more than {} MiB", LONGEST >> 20);
                    Found::Wrong(entry, Some(line), message)
                }
            }));
        }
    };
    let mut read = 0;
    loop {
        buffer.clear();
        let outcome = stream.take(STEP as u64).read_to_end(&mut buffer);
        splitter.push(&buffer, &mut give);
        read += buffer.len() as u64;
        match outcome {
            _ if flow.get().is_break() => return Cut::Unwanted,
            Err(_) => return Cut::Off,
            Ok(0) if size.is_some_and(|size| read < size) => return Cut::Off,
            Ok(0) => break,
            Ok(_) => {}
        }
    }
    splitter.finish(&mut give);
    if flow.get().is_break() { Cut::Unwanted } else { Cut::Whole }
}

/// What came of cutting a stream.
enum Cut {
    /// All of it was given.
    Whole,
    /// It ends before its end, and the document in which it does was not given.
    Off,
    /// No more is wanted.
    Unwanted,
}
