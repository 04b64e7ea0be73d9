//! Page packs: what a source can bring besides rows, as queries, pages and partials. A pack is a folder `packs/NAME/` of the
//! project, or one that is part of the program; it is switched on by a source of its name.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::fleet::Fleet;
use super::sources::{Command, Table};
use super::yaml::{Document, KeyPath};
use crate::fs;
use crate::problem::{Place, Problem};
use crate::project::Project;

/// Paths and contents, sorted by path.
type Embedded = &'static [(&'static str, &'static [u8])];

/// The packs that are part of the program.
const PACKS: &[(&str, Embedded)] = include!(concat!(env!("OUT_DIR"), "/packs.rs"));
/// What a pack says about itself.
const ABOUT: &str = "pack.yaml";

/// A pack that a source has switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Its name, which is its source's.
    pub name: String,
    /// How a person would name its folder.
    pub shown: PathBuf,
    /// Its files.
    pub files: PackFiles,
}

/// Where a pack's files are.
#[derive(Clone, PartialEq, Eq)]
pub enum PackFiles {
    /// In a folder of the project.
    Folder(PathBuf),
    /// In the program.
    Embedded(Embedded),
}

impl std::fmt::Debug for PackFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Folder(_) => "of the project",
            Self::Embedded(_) => "of the program",
        })
    }
}

/// `pack.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct About {
    #[allow(dead_code, reason = "it is for people; reading it checks it")]
    about: Option<String>,
    table: Option<Table>,
    command: Option<Command>,
}

impl Pack {
    fn find(project: &Project, name: &str) -> Option<Self> {
        let shown = Path::new("packs").join(name);
        let folder = project.root().join(&shown);
        let files = if super::safe(name).is_ok() && folder.is_dir() {
            PackFiles::Folder(folder)
        } else {
            PackFiles::Embedded(PACKS.iter().find(|(known, _)| *known == name)?.1)
        };
        Some(Self { name: name.to_owned(), shown, files })
    }

    /// What it says of its source.
    fn about(&self) -> Result<About, Problem> {
        let shown = self.shown.join(ABOUT);
        let text = match &self.files {
            PackFiles::Folder(folder) => fs::read_text(&folder.join(ABOUT)).map(Cow::Owned),
            PackFiles::Embedded(files) => {
                let bytes = files.iter().find(|(path, _)| *path == ABOUT).map_or(&[][..], |(_, bytes)| bytes);
                Ok(String::from_utf8_lossy(bytes))
            }
        };
        let text = text.map_err(|error| Problem::new(Place::file(&shown), format!("{error:#}")))?;
        Document::new(shown, text).parse()
    }
}

/// A file of a pack in the program, as a person would name it.
pub fn embedded_in_packs(shown: &Path) -> Option<&'static [u8]> {
    PACKS.iter().find_map(|(name, files)| {
        let path = shown.strip_prefix(Path::new("packs").join(name)).ok()?;
        files.iter().find(|(known, _)| Path::new(known) == path).map(|(_, bytes)| *bytes)
    })
}

/// Gives sources what their packs say of them, where they say nothing themselves; and the packs.
pub(super) fn switch_on(project: &Project, fleet: &mut Fleet, document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut packs = Vec::new();
    let tables = fleet.table.iter().map(|(name, table)| ("table", name, table.pack.as_ref()));
    let commands = fleet.command.iter().map(|(name, command)| ("command", name, command.pack.as_ref()));
    let asked: Vec<(&str, String, String)> = (tables.chain(commands))
        .filter_map(|(plugin, source, pack)| Some((plugin, source.clone(), pack?.clone())))
        .collect();
    for (plugin, source, name) in asked {
        let path = KeyPath::of(["sources", plugin, &source, "pack"]);
        let Some(pack) = Pack::find(project, &name) else {
            let known = PACKS.iter().map(|(name, _)| *name);
            let problem = document.problem(&path, format_args!("there is no pack `{name}`"));
            let hint = format!(
                "make the folder `packs/{name}`; torcollect has `{}`",
                known.clone().collect::<Vec<_>>().join("`, `")
            );
            problems.push(super::did_you_mean(problem, &name, known, hint));
            continue;
        };
        if name != source {
            let problem = document.problem(&path, format_args!("the pack `{name}` reads the table `{name}`"));
            problems.push(problem.hint(format!("call the source `{name}`")));
        }
        match pack.about() {
            Err(problem) => problems.push(problem),
            Ok(About { table: Some(below), .. }) if plugin == "table" => {
                fleet.table.entry(source).and_modify(|table| *table = std::mem::take(table).over(below));
            }
            Ok(About { command: Some(below), .. }) if plugin == "command" => {
                fleet.command.entry(source).and_modify(|command| *command = std::mem::take(command).over(below));
            }
            Ok(_) => {
                let message = format!("the pack `{name}` is for no source of the plugin `{plugin}`");
                problems.push(document.problem(&path, message).hint(format!("see `packs/{name}/{ABOUT}`")));
            }
        }
        packs.push(pack);
    }
    fleet.packs = packs;
    problems
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::{Mode, Selection};

    fn load(sources: &str, files: &[(&str, &str)]) -> Result<Fleet, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files.iter().chain([&("sources.yaml", sources)]) {
            let path = folder.path().join(path);
            fs::create_dir(path.parent().unwrap()).unwrap();
            fs::write_atomic(&path, text.as_bytes(), fs::PRIVATE).unwrap();
        }
        let loaded = Fleet::load(&Project::new(folder.path()));
        loaded.map(|(fleet, _)| fleet).map_err(|problems| problems.list.iter().map(ToString::to_string).collect())
    }

    const PACK: (&str, &str) = (
        "packs/shop/pack.yaml",
        "about: Sales\ncommand: {key: [day], mode: upsert, servers: all, columns: {day: date}}\n",
    );

    #[test]
    fn a_source_says_more_than_its_pack() {
        let fleet = load("sources: {command: {shop: {pack: shop, mode: append}}}\n", &[PACK]).unwrap();
        let shop = &fleet.command["shop"];
        assert_eq!((shop.mode, &shop.servers), (Some(Mode::Append), &Some(Selection::All)));
        assert_eq!((shop.key.len(), shop.columns.len(), fleet.packs.len()), (1, 1, 1));
    }

    #[test]
    fn a_pack_that_is_not_there_or_not_for_this_source_is_a_problem_at_its_line() {
        let problems = |sources: &str| load(sources, &[PACK]).unwrap_err();
        assert_eq!(
            problems("sources: {command: {shop: {pack: shopp}}}\n"),
            ["sources.yaml:1:34: sources.command.shop.pack: there is no pack `shopp`"]
        );
        assert_eq!(
            problems("sources: {command: {sales: {pack: shop}}}\n"),
            ["sources.yaml:1:35: sources.command.sales.pack: the pack `shop` reads the table `shop`"]
        );
        assert_eq!(
            problems("sources: {table: {shop: {pack: shop, path: a.csv}}}\n"),
            ["sources.yaml:1:32: sources.table.shop.pack: the pack `shop` is for no source of the plugin `table`"]
        );
        let wrong = load("sources: {command: {x: {pack: x}}}\n", &[("packs/x/pack.yaml", "command: {mode: often}\n")]);
        assert!(wrong.unwrap_err()[0].starts_with("packs/x/pack.yaml:1:17: command.mode: "));
    }
}
