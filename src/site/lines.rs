//! The lines that problems are about, as they stand in people's files.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::lookup;
use crate::fs;
use crate::problem::Problem;
use crate::project::Project;

/// What may be shown: what a site is made of. Never a list of servers.
const SHOWN: [&str; 3] = ["content", "site", "themes"];

/// Gives each of these problems the line that it is about, where that may be shown: of content, queries, themes (also of
/// those in the program) and the site's settings.
pub fn with_lines(project: &Project, problems: &mut [Problem]) {
    let mut texts: BTreeMap<PathBuf, Option<String>> = BTreeMap::new();
    for problem in problems {
        let Some(place) = problem.place.as_ref().filter(|place| place.line.is_some()) else { continue };
        let text = texts.entry(place.file.clone()).or_insert_with(|| text(project, &place.file));
        if let Some(text) = text {
            problem.source = place.line_of(text);
        }
    }
}

fn text(project: &Project, file: &Path) -> Option<String> {
    let is_below = file.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_below || !SHOWN.iter().any(|folder| file.starts_with(folder)) {
        return None;
    }
    match fs::read_text_if_any(&project.root().join(file)).ok()? {
        Some(text) => Some(text),
        None => std::str::from_utf8(lookup::embedded(file)?).ok().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Place;
    use crate::site::tests::Folder;

    #[test]
    fn a_problem_in_what_the_site_is_made_of_has_its_line_and_one_in_a_list_of_servers_has_none() {
        let folder = Folder::new(&[
            ("content/a.md", "one\ntwo\r\nthree"),
            ("servers.yaml", "secret"),
            ("site/site.yaml", "title: x"),
            ("themes/default/partials/own.hbs", "own"),
        ]);
        let at = |file: &str, line: usize| Problem::new(Place::at(file, line, 1), "x");
        let mut problems = vec![
            at("content/a.md", 2),
            at("content/a.md", 4),
            at("site/site.yaml", 1),
            at("themes/default/partials/own.hbs", 1),
            at("themes/default/layouts/page.hbs", 1),
            at("servers.yaml", 1),
            at("content/../servers.yaml", 1),
            Problem::new(Place::file("content/a.md"), "x"),
            Problem::nowhere("x"),
        ];
        with_lines(&folder.project, &mut problems);
        let lines: Vec<Option<&str>> = problems.iter().map(|problem| problem.source.as_deref()).collect();
        let first =
            std::str::from_utf8(lookup::embedded(Path::new("themes/default/layouts/page.hbs")).unwrap_or_default());
        let first = first.ok().and_then(|text| text.lines().next());
        assert!(first.is_some());
        assert_eq!(lines, [Some("two"), None, Some("title: x"), Some("own"), first, None, None, None, None]);
    }
}
