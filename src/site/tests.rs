//! Small projects for tests, and what they prove.

#![allow(clippy::unwrap_used)]

mod charts;
mod extras;
mod leaks;
mod pagination;
mod pictures;
mod queries;
mod rules;
mod sections;
mod static_check;
mod themes;
mod unused;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use tempfile::TempDir;

use super::lookup::Embedded;
use super::{Content, File, FileKind, Input, Plan, Summary};
use crate::config::Site;
use crate::fs;
use crate::leaks::{Leaks, Secret};
use crate::problem::Problems;
use crate::project::Project;
use crate::warehouse::Publication;

/// Files by path, with their kinds and texts.
type Kinds = BTreeMap<String, (FileKind, String)>;

/// A project in a folder of its own.
pub(super) struct Folder {
    _folder: TempDir,
    pub(super) project: Project,
    pub(super) site: Site,
    pub(super) drafts: bool,
}

/// A theme as small as can be.
pub(super) const THEME: Embedded = &[("layouts/page.hbs", b"<title>{{page.title}}</title>{{{body}}}")];

pub(super) const DATA: &str = "
    create table publication as select timestamp '2026-01-04 05:06:07' as newest_run, true as sample;
    create table day(day date, clients int, history int[], best struct(label text, clients int));
    insert into day values ('2026-01-01', 8, [8], {label: 'Oak', clients: 8}), ('2026-01-02', 1600, [8, 1600], null),
        ('2026-01-03', null, [8, 1600, null], {label: 'Elm', clients: 16});
    create table country_day(day date, country text, clients int);
    insert into country_day values ('2026-01-01', '??', 8), ('2026-01-02', '<b>', 16), ('2026-01-02', 'us', 8);
";

/// The one secret of these projects.
pub(super) fn secret() -> Leaks {
    Leaks::new(Secret::host("secret.bridge.example")).unwrap()
}

/// The queries that most tests use.
pub(super) const DAYS: (&str, &str) = ("site/queries/days.sql", "select * from day order by day");
pub(super) const COUNTRIES: (&str, &str) =
    ("site/queries/countries.sql", "select * from country_day order by day, clients desc, country");

impl Folder {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir(path.parent().unwrap()).unwrap();
            fs::write_atomic(&path, text.as_bytes(), fs::PUBLIC).unwrap();
        }
        let site = Site { title: "Bridges".to_owned(), schemes: Vec::new(), ..Site::default() };
        Self { project: Project::new(folder.path()), site, drafts: false, _folder: folder }
    }

    /// Renders with these tables; the files by path, or the error.
    pub(super) fn render_from(
        &self,
        tables: &str,
        theme: Embedded,
    ) -> anyhow::Result<(Summary, BTreeMap<String, String>)> {
        let files = self.files(tables, theme)?;
        let without_index = files.1.into_iter().filter(|(_, (kind, _))| *kind != FileKind::Index);
        Ok((files.0, without_index.map(|(path, (_, text))| (path, text)).collect()))
    }

    /// All files with their kinds, those too that are there for programs.
    pub(super) fn files(&self, tables: &str, theme: Embedded) -> anyhow::Result<(Summary, Kinds)> {
        let publication = Publication::of(tables).unwrap();
        let input = Input {
            project: &self.project,
            site: &self.site,
            publication: &publication,
            drafts: self.drafts,
            leaks: &secret(),
        };
        let files = Mutex::new(BTreeMap::new());
        let sink = |file: File| {
            let path = file.path.to_str().unwrap().to_owned();
            let text = match file.content {
                Content::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Content::Picture(drawing) => format!("{drawing:?}"),
                Content::Table(table) => String::from_utf8_lossy(table.bytes()?).into_owned(),
            };
            let twice = files.lock().unwrap().insert(path, (file.kind, text));
            assert_eq!(twice, None, "{:?}", file.path);
            Ok(())
        };
        let made = render_with(&input, theme, sink);
        let files = files.into_inner().unwrap();
        made.inspect_err(|_| assert_eq!(files.len(), 0, "no file of half a site")).map(|summary| (summary, files))
    }

    pub(super) fn render(&self) -> BTreeMap<String, String> {
        self.render_from(DATA, THEME).unwrap().1
    }

    pub(super) fn summary(&self) -> Summary {
        self.render_from(DATA, THEME).unwrap().0
    }

    /// The problems, each a line with its hint in brackets.
    pub(super) fn problems(&self) -> Vec<String> {
        self.problems_with(THEME)
    }

    pub(super) fn problems_with(&self, theme: Embedded) -> Vec<String> {
        let error = self.render_from(DATA, theme).unwrap_err();
        let problems = error.downcast::<Problems>().unwrap();
        let line = |hint: &Option<String>| hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        problems.list.iter().map(|problem| format!("{problem}{}", line(&problem.hint))).collect()
    }
}

/// Makes all of a site with another theme in the program.
pub(super) fn render_with(
    input: &Input,
    theme: Embedded,
    mut sink: impl FnMut(File) -> anyhow::Result<()>,
) -> anyhow::Result<Summary> {
    let plan = Plan::with(input, theme)?;
    let pages: Vec<usize> = (0..plan.summary().pages).collect();
    plan.make(&pages, &mut |files: Vec<File>| files.into_iter().try_for_each(&mut sink))?;
    Ok(plan.summary())
}

/// A page without front matter but a title.
pub(super) fn page(body: &str) -> String {
    format!("---\ntitle: T\n---\n{body}")
}

/// One page a day, with the countries of that day.
pub(super) fn daily(body: &str) -> String {
    format!(
        "---\ntitle: \"Day {{{{row.day}}}}\"\neach: {{query: days, key: day, path: \"days/{{{{row.day}}}}.html\"}}\n\
         data: {{countries: countries}}\n---\n{body}"
    )
}

#[test]
fn a_folder_has_its_files() {
    assert!(Folder::new(&[("a/b.txt", "x")]).project.root().join(Path::new("a/b.txt")).is_file());
}
