//! Writing `servers.yaml`, for `server add` and `server remove`. What is said of servers beside their addresses (labels,
//! tags, bridges) stays as it was said. Every change is drafted first and read as all of torcollect would read it; only if
//! nothing is wrong with it, it is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::load::{self, Drafts, Loaded};
use super::values::expand;
use super::yaml::{Document, KeyPath, written};
use super::{Fleet, Selection};
use crate::fs;
use crate::problem::{Problem, Problems, unknown};
use crate::project::Project;

/// The file that is included if nobody names another.
const SERVERS: &str = "servers.yaml";
const INCLUDE: &str = "include: servers.yaml\n";
const SOURCE: &str = "sources: {tor-bridge: {bridges: {servers: all}}}\n";
const SOURCES: &str = "\
# What torcollect collects, and from where. `torcollect server add` writes servers.yaml.
include: servers.yaml
sources:
  tor-bridge:
    bridges: {servers: all}
";
const HEAD: &str = "\
# The servers and their addresses: keep this file to yourself. `torcollect server add` and `server remove` write it, and
# keep no comment in it but those at its top.
";
/// How long to wait for another command that writes the same file.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that was set up.
#[derive(Clone, Debug)]
pub struct NewServer {
    /// `user@host:port`.
    pub address: String,
    /// Its host key, `TYPE BASE64`.
    pub host_key: String,
    /// The command that carries the connection, or `none`; what was said before stays if there is nothing here.
    pub via: Option<String>,
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// A sentence for each change of a file.
    pub done: Vec<String>,
    /// Whether any source collects from the server.
    pub collected: bool,
    /// The files as they were; none where there was none.
    before: Vec<(PathBuf, Option<Vec<u8>>)>,
    /// Nobody else changes the settings until this is dropped: so that undoing undoes nobody else's work.
    _lock: fs::Lock,
}

impl Written {
    /// Makes the files again what they were.
    ///
    /// # Errors
    /// If one of them cannot be written.
    pub fn undo(self) -> Result<()> {
        for (path, bytes) in self.before {
            match bytes {
                Some(bytes) => fs::write_durable(&path, &bytes, fs::mode(&path).unwrap_or(fs::PRIVATE))?,
                None => fs::remove_file(&path)?,
            }
        }
        Ok(())
    }
}

/// The fleet as `server add` begins with it: files that it would make are empty, and names that mean nothing are among the
/// warnings, because the server to be added may be what they mean.
///
/// # Errors
/// What hinders a change of the settings.
pub fn fleet(project: &Project) -> Result<(Fleet, Vec<Problem>), Problems> {
    let (drafts, _) = beginning(project)?;
    let Loaded { fleet, mut warnings, references, .. } = load::load(project, &drafts)?;
    warnings.extend(references);
    Ok((fleet, warnings))
}

/// Puts a server into the first file that `sources.yaml` includes, or where it stands already; makes both files if need be.
///
/// # Errors
/// [`Problems`] if the settings are wrong, or would be: nothing is written then. Others if a file cannot be written.
pub fn put(project: &Project, name: &str, server: &NewServer) -> Result<Written> {
    let lock = lock(project)?;
    let (drafts, done) = draft(project, name, server)?;
    let after = load::load(project, &drafts)?;
    let selects = |selection: &Selection| after.fleet.select(selection).iter().any(|(selected, _)| *selected == name);
    let collected = after.fleet.tor_bridge.values().any(|source| selects(&source.servers));
    let before = write(project, &drafts)?;
    Ok(Written { done, collected, before, _lock: lock })
}

/// Whether [`put`] would take a server of this name and address, before it is set up.
///
/// # Errors
/// [`Problems`] if they or the settings are wrong.
pub fn check(project: &Project, name: &str, address: &str) -> Result<()> {
    let some_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTJmPwlxc6GSWuYtrTIPOLgyp1XT2mDe25jyLMK0Kbb";
    let server = NewServer { address: address.to_owned(), host_key: some_key.to_owned(), via: None };
    let (drafts, _) = draft(project, name, &server)?;
    load::load(project, &drafts)?;
    Ok(())
}

/// The files as they would be with a server, and what changes.
fn draft(project: &Project, name: &str, server: &NewServer) -> Result<(Drafts, Vec<String>)> {
    super::name(name).map_err(|reason| Problems::from(Problem::nowhere(format!("server `{name}`: {reason}"))))?;
    if let Some(problem) = super::exposed::name(name, &server.address) {
        return Err(Problems::from(problem).into());
    }
    let (mut drafts, mut done) = beginning(project)?;
    let before = load::load(project, &drafts)?;
    let file = match before.files.get(name) {
        Some(file) => rewritable(project, name, file)?,
        None => first_included(project, &drafts)?,
    };
    let mut edited = Edited::open(project, &drafts, &file)?;
    let entry = edited.file.servers.entry(name.to_owned()).or_default().get_or_insert_default();
    if entry.local == Some(true) {
        let path = KeyPath::of(["servers", name]);
        let problem = edited.document.key_problem(&path, "this server is this machine, `local: true`");
        return Err(Problems::from(problem.hint("give the other one another name")).into());
    }
    entry.address = Some(said(entry.address.take(), &server.address));
    entry.host_key = Some(said(entry.host_key.take(), &server.host_key));
    if let Some(via) = &server.via {
        entry.via = Some(said(entry.via.take(), via));
    }
    let shown = project.shown(&file);
    done.push(match before.files.get(name) {
        Some(_) => format!("`{name}` is up to date in `{}`", shown.display()),
        None => format!("`{name}` stands in `{}`", shown.display()),
    });
    drafts.insert(file, edited.text()?);
    Ok((drafts, done))
}

/// Takes a server out of the file where it stands. Its history stays in the warehouse.
///
/// # Errors
/// [`Problems`] if there is no such server, or something else in the settings names it still: all places at once, and
/// nothing is written. Others if the file cannot be written.
pub fn remove(project: &Project, name: &str) -> Result<Written> {
    let lock = lock(project)?;
    let (drafts, done) = draft_without(project, name)?;
    let before = write(project, &drafts)?;
    Ok(Written { done, collected: false, before, _lock: lock })
}

/// Whether [`remove`] would take a server out, before it is cleaned.
///
/// # Errors
/// Those of [`remove`].
pub fn check_removal(project: &Project, name: &str) -> Result<()> {
    draft_without(project, name).map(drop)
}

/// The files as they would be without a server, and what changes.
fn draft_without(project: &Project, name: &str) -> Result<(Drafts, Vec<String>)> {
    let mut drafts = Drafts::new();
    let before = load::load(project, &drafts)?;
    let Some(file) = before.files.get(name) else {
        return Err(Problems::from(unknown("server", name, before.files.keys().map(String::as_str))).into());
    };
    let file = rewritable(project, name, file)?;
    let mut edited = Edited::open(project, &drafts, &file)?;
    edited.file.servers.remove(name);
    let done = vec![format!("`{name}` is gone from `{}`", project.shown(&file).display())];
    drafts.insert(file, edited.text()?);

    let after = load::load(project, &drafts)?;
    let hint = format!("take `{name}` out here first");
    let named = after.references.into_iter().filter(|problem| !before.references.contains(problem));
    let named = named.map(|problem| Problem { message: format!("without `{name}`: {}", problem.message), ..problem });
    Problems::check(crate::problem::Kind::Configuration, named.map(|problem| problem.hint(&hint)).collect())?;
    Ok((drafts, done))
}

/// Drafts of what must be there before a server can be put into a file: `sources.yaml`, its `include`, and the included
/// file; and what they change.
fn beginning(project: &Project) -> Result<(Drafts, Vec<String>), Problems> {
    let (mut drafts, mut done) = (Drafts::new(), Vec::new());
    let sources = project.sources();
    let Some(document) = Document::open(project, &sources)? else {
        drafts.insert(sources, SOURCES.to_owned());
        drafts.extend(empty(project, Path::new(SERVERS)));
        return Ok((drafts, vec!["`sources.yaml` is new: it collects from all servers of `servers.yaml`".to_owned()]));
    };
    match load::included(&document)?.first() {
        Some(first) => drafts.extend(empty(project, first)),
        None => {
            drafts.insert(sources, including(&document)?);
            drafts.extend(empty(project, Path::new(SERVERS)));
            done.push("`sources.yaml` now includes `servers.yaml`".to_owned());
            if says_no_source(&document)? {
                done.push("`sources.yaml` now has a source: it collects from all servers".to_owned());
            }
        }
    }
    Ok((drafts, done))
}

/// The draft of an included file that is not there.
fn empty(project: &Project, included: &Path) -> Option<(PathBuf, String)> {
    let path = project.root().join(included);
    (!path.exists()).then(|| (path, String::new()))
}

/// Whether `sources.yaml` has no `sources` at all.
fn says_no_source(document: &Document) -> Result<bool, Problem> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Said {
        sources: Option<Value>,
    }
    Ok(document.parse::<Said>()?.sources.is_none() && !document.text().lines().any(|line| line.starts_with("sources:")))
}

/// `sources.yaml` with its `include` at the top, and a source if it has none.
fn including(document: &Document) -> Result<String, Problem> {
    let text = document.text();
    // Behind the mark of the document's beginning, where there is one.
    let top = text.strip_prefix("---\n").map_or(0, |_| "---\n".len());
    let source = if says_no_source(document)? { SOURCE } else { "" };
    let draft = format!("{}{INCLUDE}{source}{}", &text[..top], &text[top..]);
    let names = |draft: &str| load::included(&Document::new("", draft)).ok();
    if names(&draft).is_some_and(|included| included == [Path::new(SERVERS)]) {
        return Ok(draft);
    }
    Err(document
        .problem(&KeyPath::of(["include"]), "no file is included, in which the server could be written")
        .hint("write `include: servers.yaml` here"))
}

fn first_included(project: &Project, drafts: &Drafts) -> Result<PathBuf, Problems> {
    let document = load::open(project, drafts, &project.sources())?;
    let included = document.map_or(Ok(Vec::new()), |document| load::included(&document))?;
    Ok(project.root().join(included.first().map_or(Path::new(SERVERS), PathBuf::as_path)))
}

/// The included file in which a server stands.
fn rewritable(project: &Project, name: &str, file: &Path) -> Result<PathBuf, Problems> {
    let path = project.root().join(file);
    if path != project.sources() {
        return Ok(path);
    }
    let document = Document::open(project, &path)?.unwrap_or_else(|| Document::new(file, ""));
    let place = document.key(&KeyPath::of(["servers", name]));
    let problem = Problem::new(place, format!("`{name}` stands in a file that only you write"));
    Err(problem.hint("change it yourself, or move it to a file of `include:`").into())
}

/// `new` as it was said before, if that means the same: `${NAME}` stays what it is.
fn said(before: Option<String>, new: &str) -> String {
    let same = |text: &String| expand(text, |name| std::env::var(name).ok()).is_ok_and(|meant| meant == new);
    before.filter(same).unwrap_or_else(|| new.replace("${", "$${"))
}

/// An included file while it is changed.
struct Edited {
    document: Document,
    file: File,
}

/// An included file: known texts are texts, whatever they look like (`label: 007`), all else is what it is.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct File {
    servers: BTreeMap<String, Option<Server>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Server {
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bridges: Option<BTreeMap<String, Option<Bridge>>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Bridge {
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Edited {
    fn open(project: &Project, drafts: &Drafts, path: &Path) -> Result<Self, Problems> {
        let document = load::open(project, drafts, path)?.unwrap_or_else(|| Document::new(project.shown(path), ""));
        let mut file: File = document.parse()?;
        // What is empty is written as an empty map: a `null` would not be read again.
        for server in file.servers.values_mut() {
            let bridges = server.get_or_insert_default().bridges.iter_mut().flatten();
            bridges.for_each(|(_, bridge)| _ = bridge.get_or_insert_default());
        }
        Ok(Self { document, file })
    }

    /// The file as it is to be, with the comments at its top.
    fn text(&self) -> Result<String> {
        let lines = self.document.text().split_inclusive('\n');
        let head: String = lines.take_while(|line| line.starts_with('#')).collect();
        let head = if head.is_empty() { HEAD } else { &head };
        Ok(format!("{head}{}", written(&self.file)?))
    }
}

/// Writes the drafts: first what is included, then what includes it. Gives the files as they were.
fn write(project: &Project, drafts: &Drafts) -> Result<Vec<(PathBuf, Option<Vec<u8>>)>> {
    let sources = project.sources();
    let (last, first): (Vec<_>, Vec<_>) = drafts.iter().partition(|(path, _)| **path == sources);
    let mut before = Vec::new();
    for (path, text) in first.into_iter().chain(last) {
        // A link stays a link.
        let target = if fs::is_link(path) { fs::canonical(path)? } else { path.clone() };
        let mode = if *path == sources { fs::mode(&target).unwrap_or(fs::PUBLIC) } else { fs::PRIVATE };
        let old = if target.exists() { Some(fs::read(&target)?) } else { None };
        fs::write_durable(&target, text.as_bytes(), mode)?;
        before.push((target, old));
    }
    Ok(before)
}

/// One command at a time changes the settings, so that none undoes what another did; the others wait.
fn lock(project: &Project) -> Result<fs::Lock> {
    fs::create_private_dir(&project.data())?;
    let end = Instant::now() + PATIENCE;
    loop {
        match fs::Lock::take(&project.data().join("servers.lock"))? {
            Ok(lock) => return Ok(lock),
            Err(process) if Instant::now() > end => {
                bail!("process {process} has been changing the settings for a while")
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

#[cfg(test)]
mod tests;
