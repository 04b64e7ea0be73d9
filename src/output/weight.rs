//! What a browser fetches to show each page, in bytes on the wire: text as its `.gz`, everything else as it is. Headers are
//! not counted, nor what is fetched from elsewhere. A file counts once a page; of alternatives, as in a `<picture>`, the
//! heaviest. What is not there weighs nothing: that it is missing is another matter.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::facts::{Facts, Role};
use crate::config::Budget;
use crate::problem::{Place, Problem};
use crate::references::{Alternatives, Target};

/// Takes what is known of a site's files as they come, from several threads, and says at the end what each page weighs.
#[derive(Debug, Default)]
pub struct Scale {
    files: Mutex<BTreeMap<PathBuf, Facts>>,
}

/// What one page weighs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The page, below the site's root.
    pub page: PathBuf,
    /// Bytes for somebody who has nothing of the site.
    pub first_visit: u64,
    /// Bytes for somebody who has what pages share.
    pub next_page: u64,
    /// What is fetched, the page itself too, heaviest first.
    pub parts: Vec<Part>,
}

/// A file that is fetched for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it stands, below the site's root.
    pub path: PathBuf,
    /// Its bytes on the wire.
    pub bytes: u64,
    /// Whether other pages fetch it too.
    pub shared: bool,
}

impl Scale {
    /// Puts a file of the site on the scale.
    pub fn put(&self, path: &Path, facts: Facts) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), facts);
    }

    /// All that was put on it.
    pub fn files(self) -> BTreeMap<PathBuf, Facts> {
        self.files.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What each page of a site weighs, heaviest first.
pub fn weights(files: &BTreeMap<PathBuf, Facts>) -> Vec<Weight> {
    let pages = files.iter().filter(|(_, file)| file.role == Role::Page);
    let mut weights: Vec<Weight> = pages.map(|(page, _)| weight(files, page)).collect();
    weights.sort_by(|one, other| (other.first_visit, &one.page).cmp(&(one.first_visit, &other.page)));
    weights
}

fn weight(files: &BTreeMap<PathBuf, Facts>, page: &Path) -> Weight {
    let mut parts: BTreeMap<&Path, Part> = BTreeMap::new();
    let mut seen: BTreeSet<&Alternatives> = BTreeSet::new();
    let mut wanted = vec![page];
    while let Some(path) = wanted.pop() {
        let Some(file) = files.get(path).filter(|_| !parts.contains_key(path)) else { continue };
        parts.insert(path, Part { path: path.to_owned(), bytes: file.sent, shared: file.role == Role::Shared });
        let fetched = file.references.fetched.iter().filter(|alternatives| seen.insert(alternatives));
        wanted.extend(fetched.filter_map(|alternatives| heaviest(files, alternatives)));
    }
    let mut parts: Vec<Part> = parts.into_values().collect();
    parts.sort_by(|one, other| (other.bytes, &one.path).cmp(&(one.bytes, &other.path)));
    let sum = |parts: &mut dyn Iterator<Item = &Part>| parts.map(|part| part.bytes).sum();
    Weight {
        page: page.to_owned(),
        first_visit: sum(&mut parts.iter()),
        next_page: sum(&mut parts.iter().filter(|part| !part.shared)),
        parts,
    }
}

fn heaviest<'a>(files: &BTreeMap<PathBuf, Facts>, alternatives: &'a Alternatives) -> Option<&'a Path> {
    let there = alternatives.iter().filter_map(|target| match target {
        Target::File(path) => files.get(path).map(|file| (file.sent, path.as_path())),
        Target::Elsewhere(_) => None,
    });
    there.max_by_key(|(bytes, _)| *bytes).map(|(_, path)| path)
}

/// A problem for each limit of the budget that pages are above: it names up to `named` of them, heaviest first, each with
/// what weighs. `place` says where the limit of that name is written.
pub fn above(weights: &[Weight], budget: &Budget, named: usize, place: impl Fn(&str) -> Place) -> Vec<Problem> {
    let limits = [("first_visit", budget.first_visit, true), ("next_page", budget.next_page, false)];
    let problem = |(name, limit, first): (&str, Option<u64>, bool)| {
        let limit = limit?;
        let of = |weight: &Weight| if first { weight.first_visit } else { weight.next_page };
        let mut heavy: Vec<&Weight> = weights.iter().filter(|weight| of(weight) > limit).collect();
        heavy.sort_by_key(|weight| std::cmp::Reverse(of(weight)));
        let pages = match heavy.len() {
            0 => return None,
            1 => "a page weighs".to_owned(),
            number => format!("{number} pages weigh"),
        };
        let mut message = format!("budget.{name}: {pages} more than {}", size(limit));
        for weight in heavy.iter().take(named) {
            let parts: Vec<&Part> = weight.parts.iter().filter(|part| first || !part.shared).collect();
            message += &format!("\n  `{}` {}: {}", weight.page.display(), size(of(weight)), heaviest_parts(&parts));
        }
        if heavy.len() > named {
            message += &format!("\n  and {} more", heavy.len() - named);
        }
        Some(Problem::new(place(name), message).hint("make lighter what weighs most, or raise the budget"))
    };
    limits.into_iter().filter_map(problem).collect()
}

/// The names of the four heaviest parts and their sizes, and how many more there are.
fn heaviest_parts(parts: &[&Part]) -> String {
    const NAMED: usize = 4;
    let mut words: Vec<String> = parts.iter().take(NAMED).map(ToString::to_string).collect();
    if parts.len() > NAMED {
        let rest: u64 = parts[NAMED..].iter().map(|part| part.bytes).sum();
        words.push(format!("{} more {}", parts.len() - NAMED, size(rest)));
    }
    words.join(", ")
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "`{}` {}", self.path.display(), size(self.bytes))
    }
}

/// Bytes as `130 KB` or `1.5 MB`, with one decimal place, rounded up: what is above a limit never looks like it.
pub fn size(bytes: u64) -> String {
    let (unit, name) = if bytes < 1_000_000 { (1_000, "KB") } else { (1_000_000, "MB") };
    let tenths = bytes.div_ceil(unit / 10);
    match tenths % 10 {
        0 => format!("{} {name}", tenths / 10),
        part => format!("{}.{part} {name}", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with a style sheet, flags of that, its own sheet, and a picture of two sizes.
    fn site() -> Scale {
        let scale = Scale::default();
        let put = |path: &str, role, sent, content: &[u8]| {
            scale.put(Path::new(path), Facts::of(Path::new(path), role, sent, content));
        };
        let page = "<link rel=stylesheet href=../assets/style.css><img src=../pictures/sheet.png><img src=../pictures/sheet.png>\
                    <picture><source srcset=../pictures/wide.png><img src=../pictures/narrow.png></picture>\
                    <img src=missing.png><img src=https://elsewhere.example/x.png><iframe src=x.html></iframe>";
        put("days/x.html", Role::Page, 5_000, page.as_bytes());
        put("about.html", Role::Page, 1_000, b"<link rel=stylesheet href=assets/style.css>");
        put("assets/style.css", Role::Shared, 2_000, b"i {background: url(flags.png)}");
        put("assets/flags.png", Role::Shared, 30_000, b"");
        put("assets/unused.png", Role::Shared, 70_000, b"");
        put("pictures/sheet.png", Role::Own, 20_000, b"");
        put("pictures/wide.png", Role::Own, 9_000, b"");
        put("pictures/narrow.png", Role::Own, 4_000, b"");
        scale
    }

    fn part(path: &str, bytes: u64, shared: bool) -> Part {
        Part { path: path.into(), bytes, shared }
    }

    #[test]
    fn a_page_weighs_what_a_browser_fetches_for_it_each_file_once() {
        let weights = weights(&site().files());
        assert_eq!(weights[0].page, Path::new("days/x.html"), "the heaviest first");
        assert_eq!(
            weights[0].parts,
            [
                part("assets/flags.png", 30_000, true),
                part("pictures/sheet.png", 20_000, false),
                part("pictures/wide.png", 9_000, false),
                part("days/x.html", 5_000, false),
                part("assets/style.css", 2_000, true),
            ]
        );
        assert_eq!((weights[0].first_visit, weights[0].next_page), (66_000, 34_000));
        assert_eq!((weights[1].first_visit, weights[1].next_page), (33_000, 1_000));
        assert_eq!(weights.len(), 2);
    }

    #[test]
    fn pages_above_a_budget_are_one_problem_that_names_what_weighs() {
        let place = |name: &str| Place::file(name);
        let weights = weights(&site().files());
        let problems = |first_visit, next_page, named| {
            above(&weights, &Budget { first_visit, next_page }, named, place).iter().map(ToString::to_string).collect()
        };
        let none: [String; 0] = [];
        let found: Vec<String> = problems(Some(66_000), Some(34_000), 5);
        assert_eq!(found, none);
        let found: Vec<String> = problems(None, None, 5);
        assert_eq!(found, none);
        let found: Vec<String> = problems(Some(50_000), Some(33_950), 5);
        assert_eq!(
            found,
            [
                "first_visit: budget.first_visit: a page weighs more than 50 KB\n  `days/x.html` 66 KB: \
                 `assets/flags.png` 30 KB, `pictures/sheet.png` 20 KB, `pictures/wide.png` 9 KB, `days/x.html` 5 KB, 1 more 2 KB",
                "next_page: budget.next_page: a page weighs more than 34 KB\n  `days/x.html` 34 KB: \
                 `pictures/sheet.png` 20 KB, `pictures/wide.png` 9 KB, `days/x.html` 5 KB",
            ]
        );
        let found: Vec<String> = problems(Some(1), None, 1);
        assert!(found[0].starts_with("first_visit: budget.first_visit: 2 pages weigh more than 0.1 KB\n"), "{found:?}");
        assert!(found[0].ends_with("\n  and 1 more"), "{found:?}");
    }

    #[test]
    fn sizes_are_rounded_up() {
        let sizes = [0, 1, 95_000, 130_001, 999_950, 1_000_000, 1_540_000].map(size);
        assert_eq!(sizes, ["0 KB", "0.1 KB", "95 KB", "130.1 KB", "1000 KB", "1 MB", "1.6 MB"]);
    }
}
