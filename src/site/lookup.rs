//! Where a page, query, layout, partial or asset comes from, file by file: the project, then its theme in
//! `themes/<theme>`, then the theme that this one extends, and last the default theme that is part of the program.
//! A folder `themes/default/` of the project shadows files of the default theme without being a theme of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Deserialize;

use super::colors::Chosen;
use crate::config::yaml::Document;
use crate::fs;
use crate::graphics::Colors;
use crate::problem::{Place, Problem, nearest};
use crate::project::Project;

/// A theme that is part of the program: paths and contents, sorted by path.
pub(super) type Embedded = &'static [(&'static str, &'static [u8])];

/// The default theme.
pub(super) const DEFAULT: Embedded = include!(concat!(env!("OUT_DIR"), "/default_theme.rs"));
const DEFAULT_NAME: &str = "default";
/// What a theme says about itself.
const ABOUT: &str = "theme.yaml";

/// What kind of files are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Content,
    Queries,
    Layouts,
    Partials,
    Assets,
}

impl Part {
    fn folder(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Queries => "queries",
            Self::Layouts => "layouts",
            Self::Partials => "partials",
            Self::Assets => "assets",
        }
    }
}

/// `theme.yaml`: what a theme says about itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code, reason = "name and version are for people; reading them checks them")]
struct Theme {
    name: Option<String>,
    version: Option<String>,
    extends: Option<String>,
    /// The colours of its pictures.
    pictures: Chosen,
}

/// The places where files are looked up, in order.
#[derive(Debug)]
pub(super) struct Lookup {
    layers: Vec<Layer>,
    colors: Colors,
}

#[derive(Debug)]
enum Layer {
    Project(Project),
    Theme { folder: PathBuf, shown: PathBuf },
    Embedded(Embedded),
}

/// One file of one layer.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The layer's number: 0 is the project.
    pub(super) layer: usize,
    /// How a person would name the file.
    pub(super) shown: PathBuf,
    at: At,
}

#[derive(Clone, Debug)]
enum At {
    Disk(PathBuf),
    Memory(&'static [u8]),
}

/// A file of a theme in the program, as a person would name it.
pub(super) fn embedded(shown: &Path) -> Option<&'static [u8]> {
    let path = shown.strip_prefix(Path::new("themes").join(DEFAULT_NAME)).ok()?;
    DEFAULT.iter().find(|(known, _)| Path::new(known) == path).map(|(_, bytes)| *bytes)
}

impl Found {
    /// Whether it is part of the program.
    pub(super) fn is_embedded(&self) -> bool {
        matches!(self.at, At::Memory(_))
    }

    /// The file's bytes.
    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        match &self.at {
            At::Disk(path) => fs::read(path),
            At::Memory(bytes) => Ok(bytes.to_vec()),
        }
    }

    /// The file's text; that it is none is the author's problem.
    pub(super) fn text(&self) -> Result<Result<String, Problem>> {
        Ok(String::from_utf8(self.bytes()?).map_err(|error| {
            let text = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
            let (line, column) = super::source::position(&text, text.len());
            Problem::new(Place::at(&self.shown, line, column), "the file is not UTF-8 text")
                .hint("save it in the encoding UTF-8")
        }))
    }
}

impl Lookup {
    /// The layers for the theme of that name, and what is wrong with the themes.
    pub(super) fn new(project: &Project, theme: &str, embedded: Embedded) -> (Self, Vec<Problem>) {
        let mut layers = vec![Layer::Project(project.clone())];
        let mut problems = Vec::new();
        let mut chosen = Vec::new();
        let mut chain: Vec<String> = Vec::new();
        let mut next = (theme.to_owned(), project.shown(&project.site()));
        while next.0 != DEFAULT_NAME {
            let (name, place) = next;
            if chain.contains(&name) {
                problems.push(Problem::new(Place::file(place), format!("the theme `{name}` extends itself")));
                break;
            }
            let folder = project.theme(&name);
            if !plain(&name) || !folder.is_dir() {
                problems.push(unknown_theme(project, &name, place));
                break;
            }
            let file = folder.join(ABOUT);
            let shown = project.shown(&file);
            layers.push(Layer::Theme { shown: project.shown(&folder), folder });
            chain.push(name);
            let theme = about(&file, &shown, &mut problems);
            chosen.push(theme.pictures);
            next = (theme.extends.unwrap_or_else(|| DEFAULT_NAME.to_owned()), shown);
        }
        let folder = project.theme(DEFAULT_NAME);
        if folder.is_dir() {
            let file = folder.join(ABOUT);
            chosen.push(about(&file, &project.shown(&file), &mut problems).pictures);
            layers.push(Layer::Theme { shown: project.shown(&folder), folder });
        }
        let theme = embedded.iter().find(|(path, _)| *path == ABOUT);
        if let Some(text) = theme.and_then(|(_, bytes)| str::from_utf8(bytes).ok()) {
            let shown = Path::new("themes").join(DEFAULT_NAME).join(ABOUT);
            chosen.push(parsed(&shown, text.to_owned(), &mut problems).pictures);
        }
        layers.push(Layer::Embedded(embedded));
        let colors = chosen.into_iter().rfold(Colors::default(), |below, theme| theme.over(below));
        (Self { layers, colors }, problems)
    }

    /// The colours of pictures.
    pub(super) fn colors(&self) -> &Colors {
        &self.colors
    }

    /// Every file of all layers that does not come with the program, sorted within each layer.
    pub(super) fn on_disk(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for layer in &self.layers {
            if let Layer::Theme { folder, .. } = layer {
                files.extend(fs::walk(folder)?.into_iter().map(|path| folder.join(path)));
            } else if let Layer::Project(project) = layer {
                for folder in [project.content(), project.queries()] {
                    files.extend(fs::walk(&folder)?.into_iter().map(|path| folder.join(path)));
                }
            }
        }
        Ok(files)
    }

    /// All files of a part by their path below its folder, each with those that it shadows after it.
    pub(super) fn files(&self, part: Part) -> Result<BTreeMap<PathBuf, Vec<Found>>> {
        let mut files: BTreeMap<PathBuf, Vec<Found>> = BTreeMap::new();
        for (layer, place) in self.layers.iter().enumerate() {
            for (path, shown, at) in place.files(part)? {
                files.entry(path).or_default().push(Found { layer, shown, at });
            }
        }
        Ok(files)
    }
}

type Listed = (PathBuf, PathBuf, At);

impl Layer {
    fn files(&self, part: Part) -> Result<Vec<Listed>> {
        let on_disk = |folder: &Path, shown: &Path| -> Result<Vec<Listed>> {
            let paths = fs::walk(folder)?;
            Ok(paths.into_iter().map(|path| (path.clone(), shown.join(&path), At::Disk(folder.join(path)))).collect())
        };
        match (self, part) {
            (Self::Project(project), Part::Content) => on_disk(&project.content(), Path::new("content")),
            (Self::Project(project), Part::Queries) => on_disk(&project.queries(), &project.shown(&project.queries())),
            (Self::Project(_), _) => Ok(Vec::new()),
            (Self::Theme { folder, shown }, _) => on_disk(&folder.join(part.folder()), &shown.join(part.folder())),
            (Self::Embedded(files), _) => Ok(files
                .iter()
                .filter_map(|(path, bytes)| {
                    let below = Path::new(path).strip_prefix(part.folder()).ok()?;
                    let shown = Path::new("themes").join(DEFAULT_NAME).join(path);
                    Some((below.to_owned(), shown, At::Memory(bytes)))
                })
                .collect()),
        }
    }
}

/// What `theme.yaml` says; nothing if there is none.
fn about(file: &Path, shown: &Path, problems: &mut Vec<Problem>) -> Theme {
    if !file.exists() {
        return Theme::default();
    }
    match fs::read_text(file) {
        Ok(text) => parsed(shown, text, problems),
        Err(error) => {
            problems.push(Problem::new(Place::file(shown), error.root_cause().to_string()));
            Theme::default()
        }
    }
}

fn parsed(shown: &Path, text: String, problems: &mut Vec<Problem>) -> Theme {
    Document::new(shown, text).parse().unwrap_or_else(|problem| {
        problems.push(problem);
        Theme::default()
    })
}

fn plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\'])
}

fn unknown_theme(project: &Project, name: &str, place: PathBuf) -> Problem {
    let themes = fs::folders(&project.root().join("themes"));
    let known = themes.iter().map(String::as_str).chain([DEFAULT_NAME]);
    let hint = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("make the folder `themes/{name}`, or use the theme `{DEFAULT_NAME}`"),
    };
    Problem::new(Place::file(place), format!("there is no theme `{name}`")).hint(hint)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::site::tests::Folder;

    const EMBEDDED: Embedded = &[
        ("content/about.md", b"embedded"),
        ("layouts/page.hbs", b"embedded"),
        ("partials/head.hbs", b"embedded"),
        ("theme.yaml", b"name: default"),
    ];

    fn shown(lookup: &Lookup, part: Part) -> Vec<String> {
        let files = lookup.files(part).unwrap();
        files.values().flatten().map(|found| found.shown.display().to_string()).collect()
    }

    #[test]
    fn a_file_of_the_project_comes_before_its_theme_and_that_before_the_theme_it_extends_and_the_default() {
        let folder = Folder::new(&[
            ("content/about.md", "project"),
            ("themes/mine/content/about.md", "mine"),
            ("themes/mine/theme.yaml", "name: Mine\nversion: '1'\nextends: base\n"),
            ("themes/base/content/about.md", "base"),
            ("themes/base/theme.yaml", ""),
            ("themes/default/content/about.md", "shadow"),
        ]);
        let (lookup, problems) = Lookup::new(&folder.project, "mine", EMBEDDED);
        assert_eq!(problems, []);
        let files = lookup.files(Part::Content).unwrap();
        let texts: Vec<String> =
            files[Path::new("about.md")].iter().map(|found| found.text().unwrap().unwrap()).collect();
        assert_eq!(texts, ["project", "mine", "base", "shadow", "embedded"]);
        assert_eq!(
            shown(&lookup, Part::Content),
            [
                "content/about.md",
                "themes/mine/content/about.md",
                "themes/base/content/about.md",
                "themes/default/content/about.md",
                "themes/default/content/about.md"
            ]
        );
    }

    #[test]
    fn layouts_partials_and_assets_come_only_from_themes() {
        let folder = Folder::new(&[("layouts/page.hbs", "x"), ("partials/head.hbs", "x"), ("assets/a.css", "x")]);
        let (lookup, _) = Lookup::new(&folder.project, "default", EMBEDDED);
        assert_eq!(shown(&lookup, Part::Layouts), ["themes/default/layouts/page.hbs"]);
        assert_eq!(shown(&lookup, Part::Partials), ["themes/default/partials/head.hbs"]);
        assert_eq!(shown(&lookup, Part::Assets), [""; 0]);
    }

    #[test]
    fn a_theme_that_does_not_exist_is_named_with_the_nearest_that_does() {
        let folder = Folder::new(&[("themes/paper/theme.yaml", "extends: papier")]);
        let problem = |theme: &str| {
            let problem = Lookup::new(&folder.project, theme, EMBEDDED).1.remove(0);
            format!("{problem} ({})", problem.hint.clone().unwrap())
        };
        assert_eq!(problem("papr"), "site/site.yaml: there is no theme `papr` (did you mean `paper`?)");
        assert_eq!(
            problem("../x"),
            "site/site.yaml: there is no theme `../x` (make the folder `themes/../x`, or use the theme `default`)"
        );
        assert_eq!(problem("paper"), "themes/paper/theme.yaml: there is no theme `papier` (did you mean `paper`?)");
    }

    #[test]
    fn a_theme_that_extends_itself_and_an_unknown_key_are_problems() {
        let folder = Folder::new(&[
            ("themes/a/theme.yaml", "name: A\nextends: b"),
            ("themes/b/theme.yaml", "extends: a"),
            ("themes/default/theme.yaml", "name: D\ncolour: red\n"),
        ]);
        let problems = Lookup::new(&folder.project, "a", EMBEDDED).1;
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(lines[0], "themes/b/theme.yaml: the theme `a` extends itself");
        assert!(lines[1].starts_with("themes/default/theme.yaml:2:1: unknown key `colour`"), "{}", lines[1]);
    }
}
