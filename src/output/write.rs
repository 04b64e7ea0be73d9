//! Writing into the output folder.
//!
//! A file is written only if its bytes differ, beside its place and then moved there. Its compressed companion comes
//! first, so that nobody who reads both finds an older one beside a newer file for long.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow, bail};
use rayon::prelude::*;

use super::compress::{Effort, beside, compress, wanted};
use super::facts::Facts;
use super::manifest::{self, Manifest, inside};
use super::record::{Copy, FORMAT, Known, Reason, Record, Said, Thing};
use crate::config::{Compress, Encoding};
use crate::fs::{self, Lock, Stamp};
use crate::graphics;
use crate::hash;
use crate::key::{Basis, Key};
use crate::problem::{Kind, Problem, Problems};
use crate::project::Project;

/// The project's folders that no site may be written into.
const KEPT: [&str; 6] = ["data", "site", "content", "themes", "sources", ".torcollect"];

/// An output folder that is being written, by this process alone.
#[derive(Debug)]
pub struct Output {
    folder: PathBuf,
    compress: Compress,
    /// What the last build remembered, and where.
    record: Record,
    place: PathBuf,
    /// What files that are written look to have been written at, if not at the time when they are.
    modified: Option<SystemTime>,
    state: Mutex<State>,
    _lock: Lock,
}

#[derive(Debug)]
struct State {
    manifest: Manifest,
    made: BTreeSet<PathBuf>,
    /// What is known of the files now, their copies aside.
    known: BTreeMap<PathBuf, Known>,
    totals: Totals,
}

/// What a build has made, to be remembered by the next.
#[derive(Debug, Default)]
pub struct Made {
    /// Stands for everything that the site was made from.
    pub inputs: u64,
    /// What was said of it.
    pub said: Said,
    /// What things have in common that are made from the same.
    pub bases: BTreeMap<String, Basis>,
    /// The things that were made or kept, by name, with their files.
    pub things: BTreeMap<String, (Key, Vec<PathBuf>)>,
    /// What was found out about files.
    pub facts: BTreeMap<PathBuf, Facts>,
}

/// What a build did to its output folder; compressed files count like all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files that the site consists of.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were new or had other bytes.
    pub written: usize,
    /// Files that were there already.
    pub unchanged: usize,
    /// Files of an earlier build that do not belong any more.
    pub removed: usize,
}

impl Output {
    /// Refuses a folder that holds what torcollect reads or must keep, or lies in it.
    ///
    /// # Errors
    /// If `folder` contains the project, or contains or lies in one of its folders that are no output.
    pub fn check(project: &Project, folder: &Path) -> Result<(), Problems> {
        let shown = folder.display();
        let refused = |message: String| {
            Problems::from(Problem::nowhere(message).hint("write into a folder of its own, such as `public`"))
        };
        let resolved = |path: &Path| fs::resolved(path).map_err(|error| refused(format!("{error:#}")));
        let output = resolved(folder)?;
        if resolved(project.root())?.starts_with(&output) {
            return Err(refused(format!("the output folder `{shown}` contains the project")));
        }
        if output == resolved(&project.preview())? {
            return Ok(());
        }
        for name in KEPT {
            let kept = resolved(&project.root().join(name))?;
            if output.starts_with(&kept) || kept.starts_with(&output) {
                return Err(refused(format!("the output folder `{shown}` is not apart from the project's `{name}/`")));
            }
        }
        Ok(())
    }

    /// Opens `folder` for one build, and makes it if there is none.
    ///
    /// # Errors
    /// If [`check`](Self::check) refuses it, or another process is writing the same folder.
    pub fn open(project: &Project, folder: &Path) -> Result<Self> {
        Self::check(project, folder)?;
        fs::create_dir(folder)?;
        fs::create_dir(&project.cache())?;
        let lock = Lock::take(&manifest::place(project, folder, "lock")?)?.map_err(|process| {
            let process = if process.is_empty() { String::new() } else { format!(" (process {process})") };
            anyhow!("another build{process} is writing `{}`; let it finish", project.shown(folder).display())
        })?;
        let manifest = Manifest::open(&manifest::place(project, folder, "manifest")?)?;
        let folders: BTreeSet<PathBuf> =
            manifest.known().iter().filter_map(|path| path.parent()).map(Into::into).collect();
        for below in folders.iter().filter(|below| refuse_links(folder, below).is_ok()) {
            for file in fs::leftovers(&folder.join(below)) {
                fs::remove_file(&file)?;
            }
        }
        let state = State { manifest, made: BTreeSet::new(), known: BTreeMap::new(), totals: Totals::default() };
        let place = manifest::place(project, folder, "record")?;
        Ok(Self {
            folder: folder.to_owned(),
            compress: Compress::default(),
            modified: None,
            record: Record::open(&place),
            place,
            state: Mutex::new(state),
            _lock: lock,
        })
    }

    /// The same folder; what is written there from now on looks to have been written at `modified`, if it is a time.
    #[must_use]
    pub fn dated(self, modified: Option<SystemTime>) -> Self {
        Self { modified, ..self }
    }

    /// The same, with such copies beside its files.
    #[must_use]
    pub fn compressing(self, compress: Compress) -> Self {
        Self { compress, ..self }
    }

    /// What the last build said, and what it made, if it was made from what these inputs stand for and everything is as it
    /// was left: then there is nothing to do.
    pub fn unchanged(&self, inputs: u64) -> Option<(Said, Totals)> {
        let record = self.record.is_current(&self.folder, inputs).then_some(&self.record)?;
        let lengths = record.files.values().flat_map(|known| {
            let copies = known.copies.iter().map(|(_, copy)| copy.stamp.length);
            copies.chain([known.stamp.length])
        });
        let (files, bytes) = lengths.fold((0, 0), |(files, bytes), length| (files + 1, bytes + length));
        Some((record.said.clone(), Totals { files, bytes, unchanged: files, ..Totals::default() }))
    }

    /// Why each of these things, known by its name and its key, has to be made; `None` for those that stand there as they
    /// would be made, where `bases` are what things are made from now.
    pub fn reasons(&self, things: &[(&str, Key)], bases: &BTreeMap<String, Basis>) -> Vec<Option<Reason>> {
        things.par_iter().map(|(name, key)| self.record.reason(&self.folder, name, key, bases)).collect()
    }

    /// Leaves a thing as it stands there, with all its files. Their paths.
    pub fn keep(&self, name: &str) -> Result<Vec<PathBuf>> {
        let Some(thing) = self.record.things.get(name) else { return Ok(Vec::new()) };
        for path in &thing.files {
            self.keep_file(path)?;
        }
        Ok(thing.files.clone())
    }

    /// What was found out about a file that was [kept](Self::keep).
    pub fn facts(&self, path: &Path) -> Option<&Facts> {
        self.record.files.get(path)?.facts.as_ref()
    }

    /// Puts a file at `path` below the folder, and the copies that belong there beside it.
    pub fn write(&self, path: &Path, bytes: &[u8], effort: Effort) -> Result<()> {
        if !inside(path) {
            bail!("`{}` is not a path inside of the output folder", path.display());
        }
        let wanted: Vec<(Encoding, u32)> = wanted(path, effort, bytes.len(), self.compress).collect();
        let hash = hash::of(bytes);
        let before = self.record.files.get(path).filter(|known| known.hash == hash);
        let wanted_are = |known: &Known| {
            known.copies.iter().map(|(path, copy)| (path.clone(), copy.level)).eq(copies(path, &wanted))
        };
        if before.is_some_and(|known| wanted_are(known) && self.record.is_intact(&self.folder, path)) {
            return self.keep_file(path);
        }
        refuse_links(&self.folder, path)?;
        let mut made = Vec::new();
        for encoding in Encoding::ALL {
            let copy = beside(path, encoding);
            refuse_links(&self.folder, &copy)?;
            let Some((_, level)) = wanted.iter().find(|(wanted, _)| *wanted == encoding) else {
                if !self.state().made.contains(&copy) {
                    // At once, and whoever made it: a web server would send it instead of the new file.
                    remove(&self.folder, &copy, copy.parent())?;
                }
                continue;
            };
            let earlier = before.and_then(|known| known.copies.iter().find(|(path, _)| *path == copy));
            let earlier = earlier.filter(|(_, copy)| copy.level == *level);
            if let Some((_, earlier)) = earlier.filter(|(path, copy)| copy.is_at(&self.folder.join(path))) {
                self.count(&copy, earlier.stamp.length, false);
                made.push((copy, earlier.clone()));
                continue;
            }
            let packed = compress(encoding, *level, bytes);
            let packed = packed.with_context(|| format!("cannot compress `{}`", path.display()))?;
            let stamp = self.put(&copy, &packed)?;
            made.push((copy, Copy { stamp, hash: hash::of(&packed), level: *level }));
        }
        let stamp = self.put(path, bytes)?;
        self.state().known.insert(path.to_owned(), Known { stamp, hash, copies: made, facts: None });
        Ok(())
    }

    /// Puts a picture at `path` below the folder, whose name stands for its content: what an earlier build put there is
    /// kept if it is whole, and only else it is drawn.
    pub fn picture(&self, path: &Path, draw: impl FnOnce() -> Result<Vec<u8>>) -> Result<()> {
        if self.record.is_intact(&self.folder, path) {
            return self.keep_file(path);
        }
        let known = inside(path) && self.state().manifest.known().contains(path);
        let there = || refuse_links(&self.folder, path).and_then(|()| fs::read(&self.folder.join(path))).ok();
        let bytes = match known.then(there).flatten().filter(|picture| graphics::is_whole(picture)) {
            Some(picture) => picture,
            None => draw().with_context(|| format!("cannot draw `{}`", path.display()))?,
        };
        self.write(path, &bytes, Effort::Highest)
    }

    /// How many bytes a file has that this build wrote or kept, and those of its copy of that encoding, if there is one.
    pub fn length(&self, path: &Path, encoding: Encoding) -> Option<(u64, Option<u64>)> {
        let state = self.state();
        let known = state.known.get(path)?;
        let copy = known.copies.iter().find(|(copy, _)| *copy == beside(path, encoding));
        Some((known.stamp.length, copy.map(|(_, copy)| copy.stamp.length)))
    }

    /// Removes what earlier builds made and this one did not, and remembers what it has made.
    pub fn finish(self, build: Made) -> Result<Totals> {
        let State { manifest, made, mut known, mut totals } =
            self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        for path in manifest.known().difference(&made) {
            // Whoever put a link there owns what it leads to.
            if refuse_links(&self.folder, path).is_err() {
                continue;
            }
            totals.removed += usize::from(remove(&self.folder, path, None)?);
        }
        manifest.replace(&made)?;
        for (path, facts) in build.facts {
            if let Some(known) = known.get_mut(&path) {
                known.facts = Some(facts);
            }
        }
        let things = build.things.into_iter();
        let things =
            things.map(|(name, (key, files))| (name, Thing { basis: key.basis, own: key.own, files })).collect();
        let Made { inputs, said, bases, .. } = build;
        Record { format: FORMAT, inputs, said, bases, things, files: known }.save(&self.place)?;
        Ok(totals)
    }

    /// Leaves a file as it stands there, with its copies.
    fn keep_file(&self, path: &Path) -> Result<()> {
        let Some(known) = self.record.files.get(path) else { return Ok(()) };
        let known = self.dated_now(path, known)?;
        for (copy, about) in &known.copies {
            self.count(copy, about.stamp.length, false);
        }
        let mut state = self.state();
        state.manifest.add(path)?;
        let length = known.stamp.length;
        state.known.insert(path.to_owned(), known);
        drop(state);
        self.count(path, length, false);
        Ok(())
    }

    /// A file that is kept, and its copies, as if they had been written at the time that files shall bear, if there is one.
    fn dated_now(&self, path: &Path, known: &Known) -> Result<Known> {
        let mut known = known.clone();
        let Some(modified) = self.modified else { return Ok(known) };
        known.stamp = fs::date(&self.folder.join(path), modified)?;
        for (copy, about) in &mut known.copies {
            about.stamp = fs::date(&self.folder.join(copy), modified)?;
        }
        Ok(known)
    }

    /// Writes a file, unless it has these bytes already.
    fn put(&self, path: &Path, bytes: &[u8]) -> Result<Stamp> {
        let file = self.folder.join(path);
        let same = fs::length(&file) == Some(bytes.len() as u64) && fs::read(&file).is_ok_and(|there| there == bytes);
        {
            // Held until the folder is there: others that are written at this time may need the same way cleared.
            let mut state = self.state();
            if !same {
                make_way(&self.folder, path, &mut state)?;
            }
            state.manifest.add(path)?;
            if let Some(folder) = file.parent() {
                fs::create_dir(folder)?;
            }
        }
        if !same {
            fs::write_dated(&file, bytes, fs::PUBLIC, self.modified)?;
        }
        self.count(path, bytes.len() as u64, !same);
        if let Some(modified) = self.modified.filter(|_| same) {
            return fs::date(&file, modified);
        }
        fs::stamp(&file).with_context(|| format!("`{}` is gone already", file.display()))
    }

    fn count(&self, path: &Path, bytes: u64, written: bool) {
        let mut state = self.state();
        if !state.made.insert(path.to_owned()) {
            return;
        }
        state.totals.files += 1;
        state.totals.bytes += bytes;
        if written {
            state.totals.written += 1;
        } else {
            state.totals.unchanged += 1;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The copies that are wanted beside a file, and their levels.
fn copies(path: &Path, wanted: &[(Encoding, u32)]) -> impl Iterator<Item = (PathBuf, u32)> {
    wanted.iter().map(move |(encoding, level)| (beside(path, *encoding), *level))
}

/// Removes what an earlier build made where `path` needs a folder and there is a file, or the other way round.
fn make_way(folder: &Path, path: &Path, state: &mut State) -> Result<()> {
    let State { manifest, made, totals, .. } = state;
    for above in path.ancestors().skip(1).filter(|above| folder.join(above).is_file()) {
        if made.contains(above) {
            bail!(
                "`{}` cannot stand beside `{}`, which is a file: rename one of them",
                path.display(),
                above.display()
            );
        }
        if !manifest.known().contains(above) {
            return Err(in_the_way(above, "file"));
        }
        totals.removed += usize::from(remove(folder, above, above.parent())?);
    }
    if folder.join(path).is_dir() {
        let below: Vec<&PathBuf> = manifest.known().iter().filter(|known| known.starts_with(path)).collect();
        if let Some(inner) = below.iter().find(|known| made.contains(**known)) {
            bail!(
                "`{}` cannot stand beside `{}`, whose folder it is: rename one of them",
                path.display(),
                inner.display()
            );
        }
        for stale in below.into_iter().filter(|known| refuse_links(folder, known).is_ok()) {
            totals.removed += usize::from(remove(folder, stale, path.parent())?);
        }
        if folder.join(path).is_dir() && !fs::remove_empty_dir(&folder.join(path)) {
            return Err(in_the_way(path, "folder"));
        }
    }
    Ok(())
}

fn in_the_way(path: &Path, kind: &str) -> anyhow::Error {
    let message = format!("`{}` in the output folder is a {kind} that torcollect did not make", path.display());
    let problem = Problem::nowhere(message).hint("move it away: the site needs its place");
    Problems { kind: Kind::Content, list: vec![problem] }.into()
}

/// Removes a file and the folders that are empty without it, up to `top`, which others may be about to fill; whether
/// there was such a file. A folder in its place is left alone.
fn remove(folder: &Path, path: &Path, top: Option<&Path>) -> Result<bool> {
    let file = folder.join(path);
    if file.is_dir() {
        return Ok(false);
    }
    let there = file.exists();
    fs::remove_file(&file)?;
    let top = top.unwrap_or(Path::new(""));
    for above in path.ancestors().skip(1).take_while(|above| *above != top) {
        if !fs::remove_empty_dir(&folder.join(above)) {
            break;
        }
    }
    Ok(there)
}

/// A link below the folder could lead out of it.
fn refuse_links(folder: &Path, path: &Path) -> Result<()> {
    let mut at = folder.to_owned();
    for part in path.components() {
        at.push(part);
        if fs::is_link(&at) {
            bail!("`{}` is a link: torcollect writes no file through it; remove it", at.display());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::compress::testing::holds;
    use super::*;
    use crate::graphics::{Drawing, Rgba, Sheet};
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    const LONG: &[u8] = &[b'x'; 300];
    const GZIP: Compress = Compress { gzip: Some(6), brotli: None };

    struct Place {
        folder: TempDir,
        project: Project,
    }

    fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        Place { project: Project::new(folder.path()), folder }
    }

    impl Place {
        fn public(&self) -> PathBuf {
            self.folder.path().join("public")
        }

        fn open(&self) -> Output {
            Output::open(&self.project, &self.public()).unwrap().compressing(GZIP)
        }

        fn build(&self, files: &[(&str, &[u8])]) -> Totals {
            let output = self.open();
            for (path, bytes) in files {
                output.write(Path::new(path), bytes, Effort::Usual).unwrap();
            }
            output.finish(Made::default()).unwrap()
        }

        fn files(&self) -> Vec<String> {
            fs::walk(&self.public()).unwrap().iter().map(|path| path.display().to_string()).collect()
        }
    }

    #[test]
    fn text_gets_a_compressed_file_beside_it() {
        let place = place();
        let totals = place.build(&[("a/x.html", LONG), ("short.html", b"x"), ("x.png", LONG)]);
        assert_eq!(place.files(), ["a/x.html", "a/x.html.gz", "short.html", "x.png"]);
        assert!(holds(Encoding::Gzip, &fs::read(&place.public().join("a/x.html.gz")).unwrap(), LONG));
        let packed = fs::read(&place.public().join("a/x.html.gz")).unwrap().len() as u64;
        assert_eq!(totals, Totals { files: 4, bytes: 601 + packed, written: 4, unchanged: 0, removed: 0 });
    }

    #[test]
    fn copies_that_the_settings_no_longer_want_go_and_new_ones_come() {
        let place = place();
        let build = |settings| {
            let output = place.open().compressing(settings);
            output.write(Path::new("x.html"), LONG, Effort::Usual).unwrap();
            output.write(Path::new("y.png"), LONG, Effort::Usual).unwrap();
            output.finish(Made::default()).unwrap();
            place.files()
        };
        assert_eq!(build(Compress::default()), ["x.html", "x.html.br", "x.html.gz", "y.png"]);
        assert!(holds(Encoding::Brotli, &fs::read(&place.public().join("x.html.br")).unwrap(), LONG));
        assert_eq!(build(Compress { gzip: None, brotli: Some(5) }), ["x.html", "x.html.br", "y.png"]);
        assert_eq!(build(Compress::NONE), ["x.html", "y.png"]);
        assert_eq!(build(Compress::default()), ["x.html", "x.html.br", "x.html.gz", "y.png"]);
    }

    #[test]
    fn a_second_build_of_the_same_touches_no_file() {
        let place = place();
        let files: [(&str, &[u8]); 2] = [("x.html", LONG), ("y.png", b"y")];
        let first = place.build(&files);
        let time = |name: &str| place.public().join(name).metadata().unwrap().modified().unwrap();
        let before = (time("x.html"), time("x.html.gz"), time("y.png"));
        let second = place.build(&files);
        assert_eq!(second, Totals { written: 0, unchanged: 3, ..first });
        assert_eq!((time("x.html"), time("x.html.gz"), time("y.png")), before);
    }

    fn key(own: u64) -> Key {
        Key { basis: "page.md".to_owned(), own: vec![own] }
    }

    fn bases(shared: u64) -> BTreeMap<String, Basis> {
        let basis = Basis { shared: BTreeMap::from([("page.md".to_owned(), shared)]), own: vec!["its row".to_owned()] };
        BTreeMap::from([("page.md".to_owned(), basis)])
    }

    /// Builds two pages that share a picture, made from `one` and `two`; those that have no reason to be made are kept.
    fn build_two(place: &Place, one: u64, two: u64) -> (Vec<Option<Reason>>, Totals) {
        let output = place.open();
        let keys = [("one.html", key(one)), ("two.html", key(two))];
        let reasons = output.reasons(&keys, &bases(1));
        let mut things = BTreeMap::new();
        for ((name, key), reason) in keys.iter().zip(&reasons) {
            let files = match reason {
                None => output.keep(name).unwrap(),
                Some(_) => {
                    output.write(Path::new("sheet.png"), b"sheet", Effort::Highest).unwrap();
                    let page = format!("{name} {:?} {}", key.own, "x".repeat(300));
                    output.write(Path::new(name), page.as_bytes(), Effort::Usual).unwrap();
                    vec![PathBuf::from(name), PathBuf::from("sheet.png")]
                }
            };
            things.insert((*name).to_owned(), (key.clone(), files));
        }
        let made = Made { inputs: 7, bases: bases(1), things, ..Made::default() };
        (reasons, output.finish(made).unwrap())
    }

    #[test]
    fn a_page_is_made_when_its_key_changed_and_else_left_with_all_its_files() {
        let place = place();
        let (reasons, totals) = build_two(&place, 1, 1);
        assert_eq!(reasons, [Some(Reason::New), Some(Reason::New)]);
        assert_eq!(totals.written, 5);
        let (reasons, totals) = build_two(&place, 1, 2);
        assert_eq!(reasons, [None, Some(Reason::Changed(vec!["its row".to_owned()]))]);
        assert_eq!((totals.written, totals.unchanged, totals.removed), (2, 3, 0));
        let changed = place.open().reasons(&[("one.html", key(1))], &bases(2));
        assert_eq!(changed, [Some(Reason::Changed(vec!["page.md".to_owned()]))]);
    }

    fn made(place: &Place) -> Vec<bool> {
        build_two(place, 1, 1).0.iter().map(Option::is_some).collect()
    }

    #[test]
    fn a_page_is_made_again_when_a_file_of_it_was_touched_by_somebody() {
        for (path, reasons) in [
            ("one.html", [true, false]),
            ("one.html.gz", [true, false]),
            ("sheet.png", [true, true]),
            ("two.html", [false, true]),
        ] {
            let place = place();
            build_two(&place, 1, 1);
            let file = place.public().join(path);
            let before = fs::read(&file).unwrap();
            fs::write_atomic(&file, &before, fs::PUBLIC).unwrap();
            assert_eq!(build_two(&place, 1, 1).0, [None, None], "{path}: the same bytes at another time are the same");
            let changed: Vec<u8> = before.iter().map(|byte| byte ^ 1).collect();
            fs::write_atomic(&file, &changed, fs::PUBLIC).unwrap();
            assert_eq!(made(&place), reasons, "{path} was changed");
            assert_eq!(fs::read(&file).unwrap(), before);
            fs::remove_file(&file).unwrap();
            assert_eq!(made(&place), reasons, "{path} was removed");
            assert_eq!(fs::read(&file).unwrap(), before);
        }
    }

    #[test]
    fn nothing_is_to_do_if_nothing_changed_and_every_file_is_as_it_was_left() {
        let place = place();
        let (_, built) = build_two(&place, 1, 1);
        assert_eq!(place.open().unchanged(8), None, "other inputs");
        let (_, totals) = place.open().unchanged(7).unwrap();
        assert_eq!(totals, Totals { written: 0, unchanged: built.files, ..built });
        fs::remove_file(&place.public().join("two.html.gz")).unwrap();
        assert_eq!(place.open().unchanged(7), None);
    }

    #[test]
    fn without_its_cache_a_build_writes_nothing_that_is_there_already() {
        let place = place();
        build_two(&place, 1, 1);
        let record = manifest::place(&place.project, &place.public(), "record").unwrap();
        for damage in ["", "{", "{\"format\": 999}"] {
            fs::write_atomic(&record, damage.as_bytes(), fs::PRIVATE).unwrap();
            let (reasons, totals) = build_two(&place, 1, 1);
            assert_eq!(reasons, [Some(Reason::New), Some(Reason::New)]);
            assert_eq!((totals.written, totals.removed), (0, 0));
        }
    }

    #[test]
    fn a_picture_that_an_earlier_build_drew_is_not_drawn_again() {
        let place = place();
        let path = Path::new("pictures/1.png");
        let drawing = Sheet { sparklines: Vec::new(), ink: Rgba([0; 4]), warning: Rgba([0; 4]) };
        let picture = Drawing::Sheet(drawing).draw().unwrap();
        let draw = || Ok(picture.clone());
        let never = || -> Result<Vec<u8>> { panic!("it is there already") };
        let bytes = picture.len() as u64;

        fs::create_dir(&place.public().join("pictures")).unwrap();
        fs::write_atomic(&place.public().join(path), b"mine", fs::PUBLIC).unwrap();
        let output = place.open();
        output.picture(path, draw).unwrap();
        output.finish(Made::default()).unwrap();
        assert_eq!(fs::read(&place.public().join(path)).unwrap(), picture, "what others put there is no picture");

        let output = place.open();
        output.picture(path, never).unwrap();
        assert_eq!(
            output.finish(Made::default()).unwrap(),
            Totals { files: 1, bytes, written: 0, unchanged: 1, removed: 0 }
        );

        fs::write_atomic(&place.public().join(path), &picture[..50], fs::PUBLIC).unwrap();
        let output = place.open();
        output.picture(path, draw).unwrap();
        output.finish(Made::default()).unwrap();
        assert_eq!(fs::read(&place.public().join(path)).unwrap(), picture);

        place.build(&[]);
        assert!(!place.public().join(path).exists(), "nobody asks for it any more");
    }

    #[test]
    fn what_an_earlier_build_made_is_removed_with_its_empty_folders() {
        let place = place();
        place.build(&[("x.html", LONG), ("days/2026/y.html", LONG)]);
        let totals = place.build(&[("x.html", LONG)]);
        assert_eq!(totals.removed, 2);
        assert_eq!(place.files(), ["x.html", "x.html.gz"]);
        assert!(!place.public().join("days").exists());
    }

    #[test]
    fn files_that_torcollect_did_not_make_stay() {
        let place = place();
        fs::create_dir(&place.public().join("days")).unwrap();
        fs::write_atomic(&place.public().join("CNAME"), b"bridges.example", fs::PUBLIC).unwrap();
        fs::write_atomic(&place.public().join("days/mine.gz"), b"mine", fs::PUBLIC).unwrap();
        place.build(&[("days/x.html", LONG)]);
        place.build(&[]);
        assert_eq!(place.files(), ["CNAME", "days/mine.gz"]);
    }

    #[test]
    fn a_copy_of_something_else_is_removed_whoever_made_it() {
        let place = place();
        fs::create_dir(&place.public()).unwrap();
        fs::write_atomic(&place.public().join("x.html.gz"), b"a web server would send this", fs::PUBLIC).unwrap();
        place.build(&[("x.html", b"short")]);
        assert_eq!(place.files(), ["x.html"]);
    }

    #[test]
    fn a_path_may_change_between_a_file_and_a_folder() {
        let place = place();
        let page: [(&str, &[u8]); 1] = [("index.html", LONG)];
        let below: [(&str, &[u8]); 2] = [("index.html/a/x.html", LONG), ("index.html.gz/b/y.png", LONG)];
        for _ in 0..2 {
            assert_eq!(place.build(&page).files, 2);
            assert_eq!(place.files(), ["index.html", "index.html.gz"]);
            let totals = place.build(&below);
            assert_eq!((totals.files, totals.removed), (3, 2));
            assert_eq!(place.files(), ["index.html/a/x.html", "index.html/a/x.html.gz", "index.html.gz/b/y.png"]);
        }
        assert_eq!(place.build(&page).removed, 3);
        place.build(&[("index.html.gz/b/y.png", LONG), ("index.html", b"short")]);
        assert_eq!(place.files(), ["index.html", "index.html.gz/b/y.png"]);
    }

    #[test]
    fn a_site_whose_path_is_both_a_file_and_a_folder_is_refused_and_the_next_build_is_whole() {
        let page = ("index.html", LONG);
        let below = ("index.html.gz/x.html", LONG);
        for [first, second] in [[page, below], [below, page]] {
            let place = place();
            let output = place.open();
            output.write(Path::new(first.0), first.1, Effort::Usual).unwrap();
            let error = output.write(Path::new(second.0), second.1, Effort::Usual).unwrap_err().to_string();
            assert!(error.contains("` cannot stand beside `"), "{error}");
            drop(output);
            for only in [page, below, page] {
                place.build(&[only]);
                let compressed = format!("{}.gz", only.0);
                assert_eq!(place.files(), [only.0, &compressed]);
            }
        }
    }

    #[test]
    fn what_torcollect_did_not_make_is_not_removed_to_make_way() {
        let place = place();
        place.build(&[("days/x.html", LONG)]);
        fs::write_atomic(&place.public().join("days/mine.txt"), b"mine", fs::PUBLIC).unwrap();
        fs::write_atomic(&place.public().join("notes"), b"mine", fs::PUBLIC).unwrap();
        for (path, kind, what) in [("days", "folder", "days"), ("notes/x.html", "file", "notes")] {
            let error = place.open().write(Path::new(path), LONG, Effort::Usual).unwrap_err();
            let problem = &error.downcast_ref::<Problems>().unwrap().list[0];
            assert_eq!(
                problem.message,
                format!("`{what}` in the output folder is a {kind} that torcollect did not make")
            );
            assert!(problem.hint.is_some());
        }
        assert_eq!(place.files(), ["days/mine.txt", "notes"]);
        place.build(&[("x.html", b"short")]);
        assert_eq!(place.files(), ["days/mine.txt", "notes", "x.html"]);
    }

    #[test]
    fn an_output_folder_is_apart_from_what_the_project_keeps() {
        let place = place();
        let root = place.folder.path();
        fs::create_dir(&root.join("data/spool")).unwrap();
        symlink(root.join("data"), root.join("linked")).unwrap();
        let refused = |folder: &str| Output::check(&place.project, &root.join(folder)).is_err();
        for folder in [
            "",
            ".",
            "..",
            "data",
            "data/spool",
            "site/x",
            "content/new/er",
            "themes",
            "sources",
            ".torcollect/x",
            ".torcollect/serve/x",
            "linked",
            "linked/x",
            "new/../data",
        ] {
            assert!(refused(folder), "{folder:?}");
        }
        assert!(Output::check(&place.project, Path::new("/")).is_err());
        for folder in ["public", ".torcollect/serve", "public/data", "sites", "new/site", "../elsewhere"] {
            assert!(!refused(folder), "{folder:?}");
        }
        assert!(Output::open(&place.project, &root.join("themes/x")).is_err());
        assert!(!root.join("themes").exists(), "nothing is made");
    }

    #[test]
    fn a_page_that_became_short_loses_its_stale_compressed_file_before_it_is_written() {
        let place = place();
        place.build(&[("x.html", LONG)]);
        let output = place.open();
        output.write(Path::new("x.html"), b"short", Effort::Usual).unwrap();
        assert_eq!(place.files(), ["x.html"]);
        drop(output);
    }

    #[test]
    fn a_compressed_file_of_other_bytes_is_replaced_even_if_its_page_is_the_same() {
        let place = place();
        place.build(&[("x.html", LONG)]);
        // As after a build that was killed between the two files, and went back to the old text.
        let stale = compress(Encoding::Gzip, 6, b"something else").unwrap();
        fs::write_atomic(&place.public().join("x.html.gz"), &stale, fs::PUBLIC).unwrap();
        let totals = place.build(&[("x.html", LONG)]);
        assert_eq!((totals.written, totals.unchanged), (1, 1));
        assert!(holds(Encoding::Gzip, &fs::read(&place.public().join("x.html.gz")).unwrap(), LONG));
    }

    #[test]
    fn a_build_that_was_killed_leaves_the_old_site_and_the_next_cleans_up() {
        let place = place();
        place.build(&[("index.html", LONG), ("old.html", LONG)]);
        let output = place.open();
        output.write(Path::new("new.html"), LONG, Effort::Usual).unwrap();
        drop(output);
        assert_eq!(
            place.files(),
            ["index.html", "index.html.gz", "new.html", "new.html.gz", "old.html", "old.html.gz"]
        );
        let temporary = place.public().join(".torcollect-Ab12");
        fs::write_atomic(&temporary, b"half", fs::PUBLIC).unwrap();
        let totals = place.build(&[("index.html", LONG)]);
        assert_eq!(totals.removed, 4);
        assert_eq!(place.files(), ["index.html", "index.html.gz"]);
        assert!(!temporary.exists());
    }

    #[test]
    fn a_manifest_whose_last_line_was_cut_off_removes_nothing_by_mistake() {
        let place = place();
        place.build(&[("x.html", LONG)]);
        fs::write_atomic(&place.public().join("days"), b"mine", fs::PUBLIC).unwrap();
        let list = manifest::place(&place.project, &place.public(), "manifest").unwrap();
        let cut = format!("{}days", fs::read_text(&list).unwrap());
        fs::write_atomic(&list, cut.as_bytes(), fs::PRIVATE).unwrap();
        place.build(&[("new.html", b"short")]);
        assert_eq!(place.files(), ["days", "new.html"]);
        assert_eq!(fs::read_text(&list).unwrap(), "new.html\n");
    }

    #[test]
    fn no_file_is_written_or_removed_through_a_link() {
        let place = place();
        let outside = tempfile::tempdir().unwrap();
        place.build(&[("days/x.html", LONG)]);
        std::fs::rename(place.public().join("days"), outside.path().join("days")).unwrap();
        symlink(outside.path().join("days"), place.public().join("days")).unwrap();
        let output = place.open();
        let error = output.write(Path::new("days/y.html"), LONG, Effort::Usual).unwrap_err().to_string();
        assert!(error.contains("public/days` is a link"), "{error}");
        symlink(outside.path().join("z"), place.public().join("z.html")).unwrap();
        assert!(output.write(Path::new("z.html"), LONG, Effort::Usual).is_err());
        output.finish(Made::default()).unwrap();
        assert!(outside.path().join("days/x.html").exists());
        assert!(!outside.path().join("z").exists());
    }

    #[test]
    fn a_path_that_leaves_the_folder_is_refused() {
        let place = place();
        let output = place.open();
        for path in ["../x.html", "/x.html", "a/../../x.html", "", "a\nb.html"] {
            assert!(output.write(Path::new(path), LONG, Effort::Usual).is_err(), "{path:?}");
        }
    }

    #[test]
    fn a_second_build_at_the_same_time_is_told_who_has_the_folder() {
        let place = place();
        let first = place.open();
        let error = Output::open(&place.project, &place.public()).unwrap_err().to_string();
        let process = std::process::id();
        assert_eq!(error, format!("another build (process {process}) is writing `public`; let it finish"));
        assert!(Output::open(&place.project, &place.folder.path().join("public-other")).is_ok());
        drop(first);
        place.open();
    }
}
