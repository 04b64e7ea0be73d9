//! `std::fs` with the path in every error, writes that are whole or not at all, and walks in a fixed order.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Mode of a file that only its owner may read.
pub const PRIVATE: u32 = 0o600;
/// Mode of a file that the whole world may read.
pub const PUBLIC: u32 = 0o644;
/// How the names of files begin that are not yet in their place.
const TEMPORARY: &str = ".torcollect-";

/// Reads a file as UTF-8 text.
pub fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// [`read_text`], or `None` if there is no such file.
pub fn read_text_if_any(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

/// Whether anybody but its owner may read a file.
pub fn is_open_to_others(path: &Path) -> Result<bool> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot look at `{}`", path.display()))?;
    Ok(metadata.permissions().mode() & 0o044 != 0)
}

/// Reads a file's bytes.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Opens a file to be read from its beginning.
pub fn open(path: &Path) -> Result<impl Read + Send> {
    fs::File::open(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// The first bytes of a file, so many or all of them.
pub fn read_start(path: &Path, length: usize) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(length as u64).read_to_end(&mut start));
    read.with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(start)
}

/// The last bytes of a file, so many or all of them.
pub fn read_end(path: &Path, length: usize) -> Result<Vec<u8>> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = fs::File::open(path)?;
        let start = file.metadata()?.len().saturating_sub(length as u64);
        file.seek(SeekFrom::Start(start))?;
        let mut end = Vec::new();
        file.read_to_end(&mut end)?;
        Ok(end)
    };
    read().with_context(|| format!("cannot read `{}`", path.display()))
}

/// What tells a file that was not touched from one that may have been: all of it changes when somebody writes the file, and
/// the times when it is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its bytes.
    pub length: u64,
    /// When its content changed, in nanoseconds since 1970.
    pub modified: i64,
    /// When its content, mode, name or place changed, in nanoseconds since 1970: no program can set it.
    pub changed: i64,
}

/// The stamp of a file; `None` if there is none, or a link in its place.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let found = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    let time = |seconds: i64, nanoseconds: i64| seconds * 1_000_000_000 + nanoseconds;
    Some(Stamp {
        length: found.len(),
        modified: time(found.mtime(), found.mtime_nsec()),
        changed: time(found.ctime(), found.ctime_nsec()),
    })
}

/// Lets a file look as if it had been written at that time. Its stamp from now on.
pub fn date(path: &Path, modified: SystemTime) -> Result<Stamp> {
    let set = || fs::File::options().append(true).open(path)?.set_modified(modified);
    set().with_context(|| format!("cannot set the time of `{}`", path.display()))?;
    stamp(path).with_context(|| format!("`{}` is gone already", path.display()))
}

/// The bytes that a file has; `None` if there is no such file.
pub fn length(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|found| found.len())
}

/// Makes a folder and those above it.
pub fn create_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder `{}`", path.display()))
}

/// Makes a folder, and those above it, that only its owner may enter.
pub fn create_private_dir(path: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder `{}`", path.display()))?;
    set_mode(path, 0o700)
}

/// Writes a file beside its place and moves it there: a reader sees the old bytes or the new, never half of them.
pub fn write_atomic(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    replace(path, bytes, mode, false, None)
}

/// [`write_atomic`], and the file looks as if it had been written at the time of `modified`, if there is one.
pub fn write_dated(path: &Path, bytes: &[u8], mode: u32, modified: Option<SystemTime>) -> Result<()> {
    replace(path, bytes, mode, false, modified)
}

/// [`write_atomic`], and on disk before it returns, so that the bytes outlive a crash of the machine.
pub fn write_durable(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    replace(path, bytes, mode, true, None)
}

fn replace(path: &Path, bytes: &[u8], mode: u32, sync: bool, modified: Option<SystemTime>) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .permissions(fs::Permissions::from_mode(mode))
            .tempfile_in(folder)?;
        file.write_all(bytes)?;
        if let Some(modified) = modified {
            file.as_file().set_modified(modified)?;
        }
        if sync {
            file.as_file().sync_all()?;
        }
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

/// Writes a file that is not there yet, whole and on disk; `false`, and nothing written, if there is one already.
pub fn create_durable(path: &Path, bytes: &[u8], mode: u32) -> Result<bool> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let create = || -> std::io::Result<bool> {
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .permissions(fs::Permissions::from_mode(mode))
            .tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        }
    };
    create().with_context(|| format!("cannot write `{}`", path.display()))
}

/// The bytes of a file that `make` writes at a path that it is given: for libraries that write nothing but files.
pub fn bytes_of(make: impl FnOnce(&Path) -> Result<()>) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let file = folder.path().join("file");
    make(&file)?;
    read(&file)
}

/// What `read` makes of bytes that stand in a file, which nobody else may read and which is gone afterwards: for libraries
/// that read nothing but files.
pub fn with_file<T>(bytes: &[u8], read: impl FnOnce(&Path) -> T) -> Result<T> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let file = folder.path().join("file");
    write_atomic(&file, bytes, PRIVATE)?;
    Ok(read(&file))
}

/// What `read` makes of links to files, under names in which no library finds a pattern; they are gone afterwards.
pub fn with_links<T>(files: &[&Path], read: impl FnOnce(&Path, Vec<PathBuf>) -> T) -> Result<T> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let link = |(number, file): (usize, &&Path)| {
        let link = folder.path().join(number.to_string());
        std::os::unix::fs::symlink(canonical(file)?, &link).context("cannot make a link")?;
        Ok(link)
    };
    let links = files.iter().enumerate().map(link).collect::<Result<_>>()?;
    Ok(read(folder.path(), links))
}

/// The permission bits of a file; `None` if there is none.
pub fn mode(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|found| found.permissions().mode() & 0o7777)
}

/// Lets `make` write a file of that mode beside its place, at a path that it is given, and moves it there when it is
/// whole. Whatever else `make` leaves beside that path is removed.
pub fn make_atomic(path: &Path, mode: u32, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let cannot = || format!("cannot write `{}`", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder of its own: no other program knows its name, and what is put in it replaces nothing.
    let private = fs::Permissions::from_mode(0o700);
    let beside = tempfile::Builder::new().prefix(TEMPORARY).permissions(private).tempdir_in(folder);
    let beside = beside.with_context(cannot)?;
    let file = beside.path().join("file");
    make(&file)?;
    set_mode(&file, mode)?;
    rename(&file, path)
}

/// Removes a file; that it is gone already is fine.
pub fn remove_file(path: &Path) -> Result<()> {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    match fs::remove_file(path) {
        Err(error) if !matches!(error.kind(), NotFound | NotADirectory) => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

/// The files below `folder`, as paths relative to it, sorted; none if there is no such folder. Hidden files and folders
/// are left out, links are followed.
pub fn walk(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let is_hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let hidden = |entry: &walkdir::DirEntry| entry.depth() > 0 && is_hidden(entry.path());
    let mut files = Vec::new();
    for entry in
        walkdir::WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter().filter_entry(|e| !hidden(e))
    {
        let entry = match entry {
            // Editors keep who edits a file in a hidden link that leads nowhere.
            Err(error) if error.path().is_some_and(is_hidden) => continue,
            entry => entry.with_context(|| format!("cannot list `{}`", folder.display()))?,
        };
        if entry.file_type().is_file() {
            files.push(entry.path().strip_prefix(folder)?.to_path_buf());
        }
    }
    Ok(files)
}

/// Sets a file's or folder's permission bits.
pub fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot change the mode of `{}`", path.display()))
}

/// Moves a file over another.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).with_context(|| format!("cannot write `{}`", to.display()))
}

/// Whether something is at `path` that is itself a link, wherever it leads.
pub fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.file_type().is_symlink())
}

/// The files directly in `folder` that [`write_atomic`] left behind when it was killed.
pub fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let left = |entry: &fs::DirEntry| {
        entry.file_name().to_string_lossy().starts_with(TEMPORARY) && entry.file_type().is_ok_and(|kind| kind.is_file())
    };
    entries.flatten().filter(left).map(|entry| entry.path()).collect()
}

/// Removes a folder if it is empty; whether it was.
pub fn remove_empty_dir(path: &Path) -> bool {
    fs::remove_dir(path).is_ok()
}

/// The folder's absolute path, without links.
pub fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).with_context(|| format!("cannot find `{}`", path.display()))
}

/// [`canonical`] of a path that need not be there yet: what is there without links, and the rest as it is written.
pub fn resolved(path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path).with_context(|| format!("cannot find `{}`", path.display()))?;
    let mut at = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => drop(at.pop()),
            part => at.push(part),
        }
        if let Ok(there) = fs::canonicalize(&at) {
            at = there;
        }
    }
    Ok(at)
}

/// A file that lines are added to.
#[derive(Debug)]
pub struct Journal {
    file: fs::File,
    path: PathBuf,
}

impl Journal {
    /// Opens a private file for adding lines, or makes it.
    pub fn open(path: &Path) -> Result<Self> {
        let file = fs::OpenOptions::new().create(true).append(true).mode(PRIVATE).open(path);
        Ok(Self { file: file.with_context(|| format!("cannot write `{}`", path.display()))?, path: path.to_owned() })
    }

    /// Adds a line, in one piece.
    pub fn add(&mut self, line: &str) -> Result<()> {
        let written = self.file.write_all(format!("{line}\n").as_bytes());
        written.with_context(|| format!("cannot write `{}`", self.path.display()))
    }
}

/// A lock that one process at a time can have. It ends with the process, however that ends.
#[derive(Debug)]
pub struct Lock {
    _file: fs::File,
}

impl Lock {
    /// Takes the lock, or says which process has it (`Err` of its number, empty if unknown).
    pub fn take(path: &Path) -> Result<Result<Self, String>> {
        let take = || -> std::io::Result<Result<Self, String>> {
            let mut file =
                fs::OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(PRIVATE).open(path)?;
            match file.try_lock() {
                Ok(()) => {
                    file.set_len(0)?;
                    file.write_all(std::process::id().to_string().as_bytes())?;
                    Ok(Ok(Self { _file: file }))
                }
                Err(fs::TryLockError::WouldBlock) => Ok(Err(fs::read_to_string(path)?)),
                Err(fs::TryLockError::Error(error)) => Err(error),
            }
        };
        take().with_context(|| format!("cannot lock `{}`", path.display()))
    }
}

/// The names of the folders directly in `folder`, sorted; none if there is no such folder.
pub fn folders(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
