//! Where a page, query, layout, partial or asset comes from, file by file: the project, then its theme in
//! `themes/<theme>`, then the theme of that name that is part of the program, then the theme that this one extends, and so
//! on down to `default`. A folder `themes/default/` of the project shadows files of that theme without being one of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::about::About;
use super::extra;
use crate::config::{Pack, PackFiles, embedded_in_packs};
use crate::fs;
use crate::graphics::Colors;
use crate::problem::{Place, Problem, nearest};
use crate::project::Project;

/// A theme that is part of the program: paths and contents, sorted by path.
pub(super) type Embedded = &'static [(&'static str, &'static [u8])];

/// The themes that are part of the program, first [`DEFAULT`].
const THEMES: &[(&str, Embedded)] = include!(concat!(env!("OUT_DIR"), "/themes.rs"));
/// The default theme.
pub(super) const DEFAULT: Embedded = THEMES[0].1;
/// Its name.
const DEFAULT_NAME: &str = "default";
/// What a theme says about itself.
pub(super) const ABOUT: &str = "theme.yaml";

/// The names of the themes that are part of the program.
pub(super) fn embedded_themes<'a>() -> impl Iterator<Item = &'a str> {
    THEMES.iter().map(|(name, _)| *name)
}

/// What kind of files are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Content,
    Queries,
    Layouts,
    Partials,
    Assets,
    Languages,
}

impl Part {
    /// All of them.
    pub(super) const ALL: [Self; 6] =
        [Self::Content, Self::Queries, Self::Layouts, Self::Partials, Self::Assets, Self::Languages];

    /// Its folder in a theme.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Queries => "queries",
            Self::Layouts => "layouts",
            Self::Partials => "partials",
            Self::Assets => "assets",
            Self::Languages => "languages",
        }
    }
}

/// The places where files are looked up, in order.
#[derive(Debug)]
pub(super) struct Lookup {
    layers: Vec<Layer>,
    colors: Colors,
    extra: extra::Values,
}

#[derive(Debug)]
enum Layer {
    Project(Project),
    Theme { name: String, folder: PathBuf, shown: PathBuf },
    Embedded { name: String, files: Embedded },
    Pack(Pack),
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

/// A file of a theme or a pack in the program, as a person would name it.
pub(super) fn embedded(shown: &Path) -> Option<&'static [u8]> {
    let themes = THEMES.iter().find_map(|(name, files)| {
        let path = shown.strip_prefix(Path::new("themes").join(name)).ok()?;
        files.iter().find(|(known, _)| Path::new(known) == path).map(|(_, bytes)| *bytes)
    });
    themes.or_else(|| embedded_in_packs(shown))
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
        // Some editors put a byte order mark before UTF-8.
        let bytes = self.bytes()?;
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).map(<[u8]>::to_vec).unwrap_or(bytes);
        Ok(String::from_utf8(bytes).map_err(|error| {
            let text = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
            let (line, column) = super::source::position(&text, text.len());
            Problem::new(Place::at(&self.shown, line, column), "the file is not UTF-8 text")
                .hint("save it in the encoding UTF-8")
        }))
    }
}

impl Lookup {
    /// The layers for the theme of that name, and what is wrong with the themes; `default` is the default theme that is part
    /// of the program.
    pub(super) fn new(project: &Project, theme: &str, default: Embedded) -> (Self, Vec<Problem>) {
        let mut layers = vec![Layer::Project(project.clone())];
        let mut problems = Vec::new();
        let mut said: Vec<About> = Vec::new();
        let mut chain: Vec<String> = Vec::new();
        let mut next = Some((theme.to_owned(), Place::file(project.shown(&project.site()))));
        while let Some((name, asked)) = next {
            if chain.contains(&name) {
                problems.push(Problem::new(asked, format!("the theme `{name}` extends itself")));
                // What pages need that have no theme of their own.
                next = Some((DEFAULT_NAME.to_owned(), Place::file(ABOUT)))
                    .filter(|_| !chain.contains(&DEFAULT_NAME.to_owned()));
                continue;
            }
            let found = theme_layers(project, &name, default);
            if found.is_empty() {
                problems.push(unknown_theme(project, &name, asked));
                next = Some((DEFAULT_NAME.to_owned(), Place::file(ABOUT)));
                continue;
            }
            let mut extends = None;
            for layer in found {
                let Some(about) = layer.about(&mut problems) else {
                    layers.push(layer);
                    continue;
                };
                extends = extends.or_else(|| about.extends.clone().map(|name| (name, about.place("extends"))));
                problems.extend(about.too_new(&name));
                said.push(about);
                layers.push(layer);
            }
            next = match (name == DEFAULT_NAME, extends) {
                (false, extends) => Some(extends.unwrap_or_else(|| (DEFAULT_NAME.to_owned(), Place::file(ABOUT)))),
                (true, None) => None,
                (true, Some((_, place))) => {
                    let problem = Problem::new(place, "the default theme extends no other");
                    problems.push(problem.hint("make a theme of another name, with `torcollect theme new`"));
                    None
                }
            };
            chain.push(name);
        }
        let (chosen, values): (Vec<_>, Vec<_>) = said.into_iter().map(|about| (about.pictures, about.extra)).unzip();
        let colors = chosen.into_iter().rfold(Colors::default(), |below, theme| theme.over(below));
        (Self { layers, colors, extra: extra::merged(values) }, problems)
    }

    /// The same with the packs of sources below all themes, so that a theme can say anything of them better.
    pub(super) fn with(mut self, packs: &[Pack]) -> Self {
        self.layers.extend(packs.iter().cloned().map(Layer::Pack));
        self
    }

    /// The colours of pictures.
    pub(super) fn colors(&self) -> &Colors {
        &self.colors
    }

    /// Every file of all layers that does not come with the program, sorted within each layer.
    pub(super) fn on_disk(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for layer in &self.layers {
            if let Layer::Theme { folder, .. } | Layer::Pack(Pack { files: PackFiles::Folder(folder), .. }) = layer {
                files.extend(fs::walk(folder)?.into_iter().map(|path| folder.join(path)));
            } else if let Layer::Project(project) = layer {
                for folder in [project.content(), project.queries()] {
                    files.extend(fs::walk(&folder)?.into_iter().map(|path| folder.join(path)));
                }
            }
        }
        Ok(files)
    }

    /// What the themes say of `extra:`.
    pub(super) fn extra(&self) -> &extra::Values {
        &self.extra
    }

    /// The folder of the project's theme that a file belongs to; `None` for one that is part of no theme of the project.
    pub(super) fn folder(&self, found: &Found) -> Option<&Path> {
        match &self.layers[found.layer] {
            Layer::Theme { folder, .. } => Some(folder),
            _ => None,
        }
    }

    /// How a person would call the layer that a file comes from.
    pub(super) fn origin(&self, found: &Found) -> String {
        match &self.layers[found.layer] {
            Layer::Project(_) => "the project".to_owned(),
            Layer::Theme { name, .. } => format!("the project's theme `{name}`"),
            Layer::Embedded { name, .. } => format!("torcollect's theme `{name}`"),
            Layer::Pack(pack) => format!("the pack `{}`", pack.name),
        }
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
    /// What the theme says about itself; nothing if it has no `theme.yaml`.
    fn about(&self, problems: &mut Vec<Problem>) -> Option<About> {
        let (shown, text) = match self {
            Self::Project(_) | Self::Pack(_) => return None,
            Self::Theme { folder, shown, .. } => (shown.join(ABOUT), fs::read_text_if_any(&folder.join(ABOUT))),
            Self::Embedded { name, files } => {
                let text =
                    files.iter().find(|(path, _)| *path == ABOUT).map(|(_, bytes)| String::from_utf8_lossy(bytes));
                (Path::new("themes").join(name).join(ABOUT), Ok(text.map(Cow::into_owned)))
            }
        };
        let about = match text {
            Ok(text) => About::read(&shown, text?),
            Err(error) => Err(Problem::new(Place::file(shown), error.root_cause().to_string())),
        };
        about.map_err(|problem| problems.push(problem)).ok()
    }

    fn files(&self, part: Part) -> Result<Vec<Listed>> {
        let on_disk = |folder: &Path, shown: &Path| -> Result<Vec<Listed>> {
            let paths = fs::walk(folder)?;
            Ok(paths.into_iter().map(|path| (path.clone(), shown.join(&path), At::Disk(folder.join(path)))).collect())
        };
        match (self, part) {
            (Self::Project(project), Part::Content) => on_disk(&project.content(), Path::new("content")),
            (Self::Project(project), Part::Queries) => on_disk(&project.queries(), &project.shown(&project.queries())),
            (Self::Project(_), _) => Ok(Vec::new()),
            (Self::Theme { folder, shown, .. }, _) => on_disk(&folder.join(part.folder()), &shown.join(part.folder())),
            (Self::Embedded { name, files }, _) => Ok(in_memory(files, part, &Path::new("themes").join(name))),
            (Self::Pack(pack), _) => match &pack.files {
                PackFiles::Folder(folder) => on_disk(&folder.join(part.folder()), &pack.shown.join(part.folder())),
                PackFiles::Embedded(files) => Ok(in_memory(files, part, &pack.shown)),
            },
        }
    }
}

/// The files of a part among files in memory, whose folder a person would call `shown`.
fn in_memory(files: Embedded, part: Part, shown: &Path) -> Vec<Listed> {
    let file = |(path, bytes): &(&'static str, &'static [u8])| {
        let below = Path::new(path).strip_prefix(part.folder()).ok()?;
        Some((below.to_owned(), shown.join(path), At::Memory(bytes)))
    };
    files.iter().filter_map(file).collect()
}

/// The layers of one theme: the project's, and that which is part of the program.
fn theme_layers(project: &Project, name: &str, default: Embedded) -> Vec<Layer> {
    let folder = Some(project.theme(name)).filter(|folder| plain(name) && folder.is_dir());
    let own = folder.map(|folder| Layer::Theme { name: name.to_owned(), shown: project.shown(&folder), folder });
    let embedded = match name {
        DEFAULT_NAME => Some(default),
        _ => THEMES.iter().find(|(known, _)| *known == name).map(|(_, files)| *files),
    };
    own.into_iter().chain(embedded.map(|files| Layer::Embedded { name: name.to_owned(), files })).collect()
}

fn plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\'])
}

fn unknown_theme(project: &Project, name: &str, place: Place) -> Problem {
    let themes = fs::folders(&project.root().join("themes"));
    let known = themes.iter().map(String::as_str).chain(embedded_themes());
    let hint = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("make the folder `themes/{name}`, or use the theme `{DEFAULT_NAME}`"),
    };
    Problem::new(place, format!("there is no theme `{name}`")).hint(hint)
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
        assert_eq!(
            problem("paper"),
            "themes/paper/theme.yaml:1:10: there is no theme `papier` (did you mean `paper`?)"
        );
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
        assert_eq!(lines[0], "themes/b/theme.yaml:1:10: the theme `a` extends itself");
        assert!(lines[1].starts_with("themes/default/theme.yaml:2:1: unknown key `colour`"), "{}", lines[1]);
    }

    #[test]
    fn a_folder_of_the_project_shadows_a_theme_of_the_program_file_by_file() {
        let folder = Folder::new(&[
            ("themes/classic/assets/classic.css", "mine"),
            ("themes/default/assets/classic.css", "never seen"),
        ]);
        let (lookup, problems) = Lookup::new(&folder.project, "classic", EMBEDDED);
        assert_eq!(problems, []);
        let found = lookup.files(Part::Assets).unwrap().remove(Path::new("classic.css")).unwrap();
        let origins: Vec<String> = found.iter().map(|found| lookup.origin(found)).collect();
        assert_eq!(
            origins,
            ["the project's theme `classic`", "torcollect's theme `classic`", "the project's theme `default`"]
        );
        assert_eq!(found[0].text().unwrap().unwrap(), "mine");
        assert!(lookup.files(Part::Partials).unwrap().contains_key(Path::new("head_extra.hbs")));
        assert!(lookup.colors() != &Colors::default(), "its theme.yaml is read");
    }

    #[test]
    fn the_default_theme_extends_no_other() {
        let folder = Folder::new(&[("themes/default/theme.yaml", "extends: classic")]);
        let problems = Lookup::new(&folder.project, "default", EMBEDDED).1;
        assert_eq!(problems[0].to_string(), "themes/default/theme.yaml:1:10: the default theme extends no other");
    }
}
