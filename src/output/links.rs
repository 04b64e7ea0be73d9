//! Whether what the site's files refer to is there: the files that their links lead to and the places on those, the files
//! that a browser fetches for them, and words in place of images. What is elsewhere is not asked for.
//!
//! Mistakes that are the same on many pages are one problem, and so are those that differ in numbers or in the names of
//! pictures alone: one template has made them all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::config::Scheme;
use crate::problem::{Place, Problem, did_you_mean};
use crate::references::{References, Target};

/// What is wrong about a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A link to a file that is not there.
    Link,
    /// A link to a place that the page does not have.
    Place,
    /// A file that is fetched and not there.
    Fetched,
    /// An image without words.
    Silent,
}

/// One mistake on one page: what is wrong, with what file, and which place there.
type Mistake = (Kind, String, String);

/// Finds where one of some texts was written that stands on a page now.
pub type Origin<'a> = dyn Fn(&Path, &[&str]) -> Option<Place> + 'a;

/// All problems with the references of a site's files. The site's copies in a scheme are not named beside their pages.
/// `base_url` is where the site is published: a page that stands in for others names files from there.
pub fn links<'a>(
    files: impl IntoIterator<Item = (&'a Path, &'a References)>,
    schemes: &[Scheme],
    base_url: Option<&str>,
    origin: &Origin,
) -> Vec<Problem> {
    let files: BTreeMap<&Path, &References> = files.into_iter().collect();
    let site = Site { files: &files, schemes, base: base_url.map(folder).unwrap_or_default() };
    let all: BTreeSet<(&Path, Mistake)> = files
        .iter()
        .flat_map(|(page, references)| site.mistakes(page, references).into_iter().map(|mistake| (*page, mistake)))
        .collect();
    let mut alike: BTreeMap<Mistake, Vec<(&Path, &Mistake)>> = BTreeMap::new();
    for (page, mistake) in &all {
        let (kind, file, place) = mistake;
        let original = site.original(page).map(|page| {
            let file = site.without_scheme(Path::new(file)).to_string_lossy().into_owned();
            (page, (*kind, file, place.clone()))
        });
        if original.is_none_or(|original| !all.contains(&original)) {
            alike.entry((*kind, alike_text(file), alike_text(place))).or_default().push((page, mistake));
        }
    }
    let mut problems: Vec<Problem> = alike.into_values().map(|mistakes| site.problem(&mistakes, origin)).collect();
    problems.sort_by(|one, other| one.place.cmp(&other.place));
    problems
}

struct Site<'a> {
    files: &'a BTreeMap<&'a Path, &'a References>,
    schemes: &'a [Scheme],
    /// The folder of the web server in which the site stands; empty for its root.
    base: &'a str,
}

impl<'a> Site<'a> {
    fn mistakes(&self, page: &Path, references: &References) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let name = |path: &Path| path.display().to_string();
        for (target, places) in &references.links {
            match self.file(target) {
                None => mistakes.push((Kind::Link, name(target), String::new())),
                Some((target, there)) if is_page(target) => {
                    let missing = places.iter().filter(|place| !there.ids.contains(*place));
                    mistakes.extend(missing.map(|place| (Kind::Place, name(target), place.clone())));
                }
                Some(_) => {}
            }
        }
        for target in references.fetched.iter().flatten() {
            if let Target::File(path) = target
                && self.file(path).is_none()
            {
                mistakes.push((Kind::Fetched, name(path), String::new()));
            }
        }
        for address in &references.silent {
            let shown = match Target::resolve(page, address) {
                Some(Target::File(path)) => name(&path),
                _ => address.clone(),
            };
            mistakes.push((Kind::Silent, shown, String::new()));
        }
        mistakes
    }

    /// The file that a reference means, and what it refers to itself.
    fn file(&self, path: &Path) -> Option<(&'a Path, &'a References)> {
        let find = |path: &Path| self.files.get_key_value(path).map(|(path, references)| (*path, *references));
        find(path).or_else(|| find(path.strip_prefix(self.base).ok().filter(|_| !self.base.is_empty())?))
    }

    /// The page that this is a copy of.
    fn original(&self, page: &Path) -> Option<&'a Path> {
        let plain = self.without_scheme(page);
        self.files.get_key_value(plain).map(|(page, _)| *page).filter(|_| plain != page)
    }

    fn without_scheme<'b>(&self, path: &'b Path) -> &'b Path {
        let plain = self.schemes.iter().find_map(|scheme| path.strip_prefix(scheme.to_string()).ok());
        plain.unwrap_or(path)
    }

    /// The problem of mistakes that are alike.
    fn problem(&self, mistakes: &[(&Path, &Mistake)], origin: &Origin) -> Problem {
        let (page, (kind, file, place)) = mistakes[0];
        let pages: BTreeSet<&Path> = mistakes.iter().map(|(page, _)| *page).collect();
        let targets: BTreeSet<&Mistake> = mistakes.iter().map(|(_, mistake)| *mistake).collect();
        let more =
            |count: usize, text: &str| if count > 1 { format!(" and {} more{text}", count - 1) } else { String::new() };
        let like_it = more(targets.len(), " like it");
        let on = format!("on `{}`{}", mistakes[0].0.display(), more(pages.len(), ""));
        let known = || self.files.keys().filter_map(|path| path.to_str());
        let (message, near, otherwise) = match kind {
            Kind::Link => {
                let message = format!("broken link to `{file}`{like_it}, {on}");
                (message, did_you_mean(file, known()), "there is no such file: make it, or mend the link")
            }
            Kind::Place => {
                let ids = self.file(Path::new(file)).map(|(_, references)| &references.ids);
                let near = did_you_mean(place, ids.into_iter().flatten().map(String::as_str));
                let message = format!("broken link to `{file}#{place}`{like_it}, {on}");
                (message, near, "the page is there, but nothing on it has this `id`")
            }
            Kind::Fetched => {
                let message = format!("missing file `{file}`{like_it}, {on}");
                (message, did_you_mean(file, known()), "put it into `site/static/`, or into the theme's `assets/`")
            }
            Kind::Silent => {
                let message = format!("image `{file}`{like_it} without `alt`, {on}");
                (message, None, "say in `alt=\"…\"` what it shows, or `alt=\"\"` if it only decorates")
            }
        };
        let hint = near.unwrap_or_else(|| otherwise.to_owned());
        // As it may be written: from the root, also without the ending that `url` adds, or by its name. Shorter parts would be
        // found where something else is meant.
        let name = file.rsplit('/').next().unwrap_or_default();
        let anchor = if *kind == Kind::Place { format!("#{place}") } else { String::new() };
        let written = [file, file.trim_end_matches(".html"), name].map(|file| format!("{file}{anchor}"));
        let written: Vec<&str> = written.iter().map(String::as_str).chain([anchor.as_str()]).collect();
        Problem { place: origin(self.without_scheme(page), &written), ..Problem::nowhere(message) }.hint(hint)
    }
}

fn is_page(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| matches!(extension.to_ascii_lowercase().as_str(), "html" | "htm"))
}

/// The folder of an address: `stats/tor` of `https://host/stats/tor/`.
fn folder(base_url: &str) -> &str {
    let rest = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    rest.split_once('/').map_or("", |(_, folder)| folder.trim_matches('/'))
}

/// The same for texts that differ in numbers, or in hashes, alone.
fn alike_text(text: &str) -> String {
    /// No word of hexadecimal letters is as long.
    const HASH: usize = 8;
    let mut alike = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let hash = rest.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(rest.len());
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let skipped = if hash >= HASH { hash } else { digits };
        if skipped > 0 {
            alike.push('0');
            rest = &rest[skipped..];
        } else {
            alike.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    alike
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// The problems of a site of these files, each with its hint.
    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        problems_at(files, None)
    }

    fn problems_at(files: &[(&str, &str)], base_url: Option<&str>) -> Vec<String> {
        let of = |(path, text): &(&str, &str)| (PathBuf::from(path), References::of(Path::new(path), text.as_bytes()));
        let files: BTreeMap<PathBuf, References> = files.iter().map(of).collect();
        let files = files.iter().map(|(path, references)| (path.as_path(), references));
        let problems = links(files, &[Scheme::Dark], base_url, &|_, _| None);
        problems
            .into_iter()
            .map(|problem| format!("{problem} ({})", problem.hint.clone().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn a_site_whose_links_and_files_are_there_has_no_problem() {
        let page = "<link rel=stylesheet href=a.css><a href=days/x.html#top><a href='days/x.html#u'><a href='#here' id=here>\
                    <img src=a.png alt=''><a href=a.png#page=2><a href=https://elsewhere.example/x#y><img src=//b.example/c.png alt=c>";
        let files = [
            ("index.html", page),
            ("days/x.html", "<h2 id=u><a href=../><a href='..'><a href=./x.html>"),
            ("a.css", "i {background: url(a.png)}"),
            ("a.png", ""),
        ];
        assert_eq!(problems(&files), [""; 0]);
    }

    #[test]
    fn a_broken_link_is_said_with_what_may_be_meant() {
        let files = [
            ("index.html", "<a href=metod.html><a href=method.html#usrs><a href=method.html#q>"),
            ("method.html", "<i id=users>"),
        ];
        assert_eq!(
            problems(&files),
            [
                "broken link to `metod.html`, on `index.html` (did you mean `method.html`?)",
                "broken link to `method.html#q`, on `index.html` (the page is there, but nothing on it has this `id`)",
                "broken link to `method.html#usrs`, on `index.html` (did you mean `users`?)",
            ]
        );
        assert_eq!(
            problems(&[("index.html", "<a href='#nothing'><a href=other/>")]),
            [
                "broken link to `other/index.html`, on `index.html` (there is no such file: make it, or mend the link)",
                "broken link to `index.html#nothing`, on `index.html` (the page is there, but nothing on it has this `id`)",
            ]
        );
    }

    #[test]
    fn a_missing_file_is_said_for_pages_and_for_style_sheets() {
        let files = [
            (
                "index.html",
                "<link rel=stylesheet href=a.css><picture><source srcset=w.png><img src=i.png alt=''></picture>",
            ),
            ("a.css", "i {background: url(flags.png)}"),
            ("i.png", ""),
        ];
        let hint = "(put it into `site/static/`, or into the theme's `assets/`)";
        assert_eq!(
            problems(&files),
            [
                format!("missing file `flags.png`, on `a.css` {hint}"),
                "missing file `w.png`, on `index.html` (did you mean `i.png`?)".to_owned()
            ]
        );
    }

    #[test]
    fn the_same_mistake_on_many_pages_is_one_problem() {
        let files: Vec<(String, String)> = (1..=9)
            .map(|day| {
                let html = format!("<a href=../x.html><a href={day}/2026.html><img src=../pictures/{day}123456789abcdef.png><a href='#a'>");
                (format!("days/2026-01-0{day}.html"), html)
            })
            .collect();
        let picture = |day: usize| (format!("pictures/{day}123456789abcdef.png"), String::new());
        let files: Vec<(String, String)> = files.into_iter().chain((1..=9).map(picture)).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let found = problems(&files);
        let begin: Vec<&str> = found.iter().filter_map(|problem| problem.split(" (").next()).collect();
        assert_eq!(
            begin,
            [
                "broken link to `days/1/2026.html` and 8 more like it, on `days/2026-01-01.html` and 8 more",
                "broken link to `x.html`, on `days/2026-01-01.html` and 8 more",
                "broken link to `days/2026-01-01.html#a` and 8 more like it, on `days/2026-01-01.html` and 8 more",
                "image `pictures/1123456789abcdef.png` and 8 more like it without `alt`, on `days/2026-01-01.html` and 8 more",
            ]
        );
    }

    #[test]
    fn a_copy_is_named_only_for_mistakes_of_its_own() {
        let page = "<a href=no.html><a href='#no'><img src=a.png>";
        let dark = "<a href=no.html><a href='#no'><img src=../a.png>";
        let both = [("index.html", page), ("dark/index.html", dark), ("a.png", "")];
        assert!(problems(&both).iter().all(|problem| problem.contains("on `index.html` (")), "{:?}", problems(&both));
        assert_eq!(problems(&both).len(), 3);
        let alone = [("index.html", ""), ("dark/index.html", dark), ("a.png", "")];
        assert!(problems(&alone).iter().all(|problem| problem.contains("on `dark/index.html` (")));
        let folder = [("dark/forest.html", "<a href=no.html>")];
        assert!(problems(&folder)[0].starts_with("broken link to `dark/no.html`, on `dark/forest.html`"));
    }

    #[test]
    fn a_page_that_stands_in_for_others_names_files_from_where_the_site_is_published() {
        let files = [
            ("404.html", "<link rel=stylesheet href=/stats/tor/a.css><a href=/stats/tor/#u>"),
            ("a.css", ""),
            ("index.html", "<i id=u>"),
        ];
        assert_eq!(problems_at(&files, Some("https://host.example/stats/tor/")), [""; 0]);
        assert_eq!(problems_at(&files, Some("https://host.example/")).len(), 2);
        assert_eq!(problems(&files).len(), 2);
    }

    #[test]
    fn texts_are_alike_when_numbers_and_hashes_differ() {
        for (one, other) in
            [("days/2026-01-01.html", "days/2025-12-31.html"), ("p/0123456789abcdef.png", "p/aaaaaaaabbbbbbbb.png")]
        {
            assert_eq!(alike_text(one), alike_text(other));
        }
        assert_ne!(alike_text("cafe.html"), alike_text("dead.html"));
        assert_eq!(alike_text("ü1"), "ü0");
    }
}
