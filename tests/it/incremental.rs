//! Builds that make only what changed: after any edit the site is, byte for byte, what a build from nothing makes; and
//! whenever a build is killed, the site works.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use regex::Regex;

use crate::support::{Said, TestProject, bridge_stats};

/// Numbers that look random, the same for one seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        // SplitMix64: https://prng.di.unimi.it/splitmix64.c
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    fn one_of<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }
}

/// All files below a folder with their bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(below).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// Publications of one fleet whose rows differ: another day more, or other numbers on a day that was there.
fn publications() -> &'static [Vec<u8>] {
    static MADE: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    MADE.get_or_init(|| {
        let project = TestProject::new();
        let days = [
            ("2026-03-02", "de=8,ir=16"),
            ("2026-03-03", "de=16,ir=8,fr=8"),
            ("2026-03-04", "ir=24"),
            ("2026-03-04", "ir=24,us=8"),
            ("2026-03-05", "de=8"),
        ];
        let export = |(day, countries): (&str, &str)| {
            let total: u32 = countries.split(',').map(|one| one[3..].parse::<u32>().unwrap()).sum();
            let versions = format!("v4={total},v6=0");
            let stats = bridge_stats(&format!("{day} 13:00:00"), countries, &versions, &format!("obfs4={total}"));
            let tor = project.tor("alder", &stats);
            project.local_servers(&[("alpha", project.server("alpha", &[("default", &tor)]))]);
            project.run(&["collect"]).ok();
            project.run(&["export", "--public", "publication.duckdb"]).ok();
            fs::read(project.path("publication.duckdb")).unwrap()
        };
        days.into_iter().map(export).collect()
    })
}

const QUERY_DAYS: &str = "select day, sum(clients)::bigint as clients, list(clients) as history from bridge_day \
                          where clients is not null group by day order by day";
const QUERY_COUNTRIES: &str = "select day, country, clients from country_day order by day, clients desc, country";
/// What the rows are called, and how a number is written, and nothing else.
const QUERY_NAMES: &str =
    "select 'aa' as one, 'bb' as other, 1.5::decimal(10, 1) as rate, {a: 1, b: 2} as both, [{c: 1}] as list";
const PAGE: &str = "<!doctype html><html lang=\"en\"><head><title>{{page.title}}</title>{{> style}}</head><body>\
                    {{#each site.menu}}<a href=\"{{url path}}\">{{title}}</a>{{/each}}{{{body}}}{{> foot}}</body></html>";
const DAY: &str = "---\ntitle: \"{{row.day}}\"\neach: {query: days, key: day, path: \"days/{{row.day}}.html\"}\n\
                   data: {countries: countries}\n---\n\n{{sparkline row.history}}\n\n{{#each data.countries}}\n\n\
                   - {{country}} {{number clients}}\n\n{{/each}}\n\n{{#if page.next}}[next]({{url page.next.path}}){{/if}}\n";

/// The files of a small project with what each may become; the first is where it begins, and nothing is a file that is
/// not there.
fn files() -> Vec<(&'static str, Vec<Option<String>>)> {
    let some = |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
    let or_none = |texts: &[&str]| some(texts).into_iter().chain([None]).collect::<Vec<_>>();
    let page = |front: &str, body: &str| format!("---\n{front}\n---\n{body}\n");
    // Most of the time without the theme's pages of which there are many, so that five hundred builds take minutes; some
    // settings have them all.
    let few = "disable: [bridges/bridge.md, bridges/index.md, changes/change.md, changes/index.md, countries/country.md, \
               countries/index.md, days/month.md, transports/index.md, transports/transport.md]\n";
    let list = "{{#each data.days}}[{{day}}]({{url \"days/\" day}}) {{clients}} {{/each}}";
    vec![
        (
            "content/index.md",
            some(&[
                &page("title: Home\nmenu: {title: Home, order: 1}\ndata: {days: days}", list),
                &page("title: Start\nmenu: {title: Home, order: 1}\ndata: {days: days}", list),
                &page("title: Home\nmenu: {title: Front}\ndata: {days: days}", "# {{site.title}}\n\n{{len data.days}}"),
                &page("title: Home\nmenu: {title: Home, order: 1}\ndata: {days: days}", "{{#each data.dys}}{{/each}}"),
            ]),
        ),
        (
            "content/about.md",
            or_none(&[
                &page("title: About\nmenu: {title: About, order: 2}", "Text"),
                &page("title: About\nlayout: plain", "Text of {{site.title}}"),
                &page("title: About\npath: about/us.html", "Text"),
            ]),
        ),
        ("content/moved/about.md", {
            let mut texts = or_none(&[&page("title: Moved", "{{> foot}}")]);
            texts.reverse();
            texts
        }),
        (
            "content/days/day.md",
            some(&[
                DAY,
                &DAY.replace("{{country}}", "**{{country}}**"),
                &DAY.replace("row.day}}\"\ne", "row.day}}!\"\ne"),
            ]),
        ),
        (
            "content/numbers.md",
            or_none(&[
                &page(
                    "title: Numbers\ndata: {days: days}",
                    "{{chart data.days kind=\"line\" y=\"clients\" title=\"Clients\"}}",
                ),
                &page(
                    "title: Numbers\ndata: {days: days}",
                    "{{chart data.days kind=\"bar\" y=\"clients\" title=\"Clients\"}}",
                ),
            ]),
        ),
        (
            "site/queries/days.sql",
            some(&[
                QUERY_DAYS,
                &QUERY_DAYS.replace("where", "where day <> date '2026-03-02' and"),
                &format!("-- the same\n{QUERY_DAYS}"),
                &QUERY_DAYS.replace("sum(clients)", "sum(clients + 8)"),
                "select dya from day",
            ]),
        ),
        (
            "site/queries/names.sql",
            some(&[
                QUERY_NAMES,
                &QUERY_NAMES.replace("as one, 'bb' as other", "as other, 'bb' as one"),
                &QUERY_NAMES.replace("1.5::decimal(10, 1)", "0.15::decimal(10, 2)"),
                &QUERY_NAMES.replace("a: 1, b: 2", "b: 1, a: 2"),
                &QUERY_NAMES.replace("as rate", "as pace"),
                &QUERY_NAMES.replace("as rate", "as pace").replace("as list", "as list where false"),
                &QUERY_NAMES.replace("as list", "as list where false"),
            ]),
        ),
        (
            "content/names.md",
            some(&[&page(
                "title: Names\ndata: {names: names}",
                "{{json data.names}}\n\n{{table data.names}}\n\n{{#each data.names}}{{one}} {{other}}{{/each}}",
            )]),
        ),
        ("site/queries/countries.sql", some(&[QUERY_COUNTRIES, &QUERY_COUNTRIES.replace("clients desc", "clients")])),
        (
            "themes/mine/layouts/page.hbs",
            some(&[
                PAGE,
                &PAGE.replace("<body>", "<body><p>{{page.path}}</p>"),
                &PAGE.replace("{{> foot}}", "{{> fot}}"),
            ]),
        ),
        ("themes/mine/layouts/plain.hbs", some(&["<title>{{page.title}}</title>{{{body}}}"])),
        ("themes/mine/partials/style.hbs", some(&["<link rel=\"stylesheet\" href=\"{{asset \"style.css\"}}\">", ""])),
        (
            "themes/mine/partials/foot.hbs",
            or_none(&["<footer>{{site.title}}</footer>", "<footer>torcollect</footer>", "{{> parent/footer}}"]),
        ),
        ("themes/mine/partials/footer.hbs", or_none(&["<p>end</p>"])),
        (
            "themes/mine/assets/style.css",
            some(&["p { color: red }", "p { color: blue }", &format!("p {{ color: red }} /* {} */", "x".repeat(300))]),
        ),
        ("themes/mine/theme.yaml", some(&["name: mine\n", "name: mine\npictures: {ink: \"#204060\"}\n"])),
        ("site/static/notes.txt", or_none(&["notes", &"longer notes ".repeat(40)])),
        (
            "site/site.yaml",
            some(&[
                &format!("title: One\ntheme: mine\n{few}"),
                "title: Two\ntheme: mine\n",
                &format!("title: One\ntheme: mine\nschemes: []\n{few}"),
                &format!("title: One\ntheme: mine\ncompress: {{brotli: false}}\n{few}"),
                &format!("title: One\ntheme: mine\nbudget: {{first_visit: 1 MB}}\n{few}"),
                &format!("title: One\ntheme: mine\nbase_url: https://stats.example/a/\n{few}"),
                &format!("title: One\ntheme: mine\nlanguage: de\n{few}"),
                "title: One\ntheme: mine\ndisable: [fleet.md, method.md]\n",
                "titel: One\n",
            ]),
        ),
    ]
}

/// A project that is edited, and another one in which each of its states is built from nothing.
struct Pair {
    edited: TestProject,
    fresh: TestProject,
    random: Random,
    files: Vec<(&'static str, Vec<Option<String>>)>,
    now: Vec<usize>,
    rows: usize,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let (edited, fresh) = (TestProject::new(), TestProject::new());
        for project in [&edited, &fresh] {
            fs::remove_file(project.path("sources.yaml")).unwrap();
        }
        let files = files();
        let pair = Self { edited, fresh, random: Random(seed), now: vec![0; files.len()], files, rows: 0 };
        for number in 0..pair.files.len() {
            pair.put(&pair.edited, number);
        }
        pair.edited.write("publication.duckdb", &publications()[0]);
        pair
    }

    fn put(&self, project: &TestProject, number: usize) {
        let (path, texts) = &self.files[number];
        match &texts[self.now[number]] {
            Some(text) => drop(project.write(path, text)),
            None => drop(fs::remove_file(project.path(path))),
        }
    }

    /// Edits something, and says what.
    fn edit(&mut self) -> String {
        // What is broken is mended more often than anything else is broken.
        let broken = self.files.iter().zip(&self.now).position(|((path, _), now)| match *path {
            "content/index.md" => *now == 3,
            "site/queries/days.sql" => *now == 4,
            "themes/mine/layouts/page.hbs" => *now == 2,
            "themes/mine/partials/foot.hbs" => *now == 3,
            "site/site.yaml" => *now == 8,
            _ => false,
        });
        if let Some(number) = broken.filter(|_| self.random.below(2) == 0) {
            self.now[number] = 0;
            self.put(&self.edited, number);
            return format!("mend {}", self.files[number].0);
        }
        match self.random.below(20) {
            0..=11 => {
                let number = self.random.below(self.files.len());
                self.now[number] = self.random.below(self.files[number].1.len());
                self.put(&self.edited, number);
                format!("{} becomes its text {}", self.files[number].0, self.now[number])
            }
            12 | 13 => {
                let number = self.random.below(self.files.len());
                self.put(&self.edited, number);
                format!("touch {}", self.files[number].0)
            }
            14 | 15 => {
                self.rows = self.random.below(publications().len());
                self.edited.write("publication.duckdb", &publications()[self.rows]);
                format!("rows {}", self.rows)
            }
            16 => {
                // From one path to another: the text goes, and another file has it.
                let places: Vec<usize> = (0..self.files.len())
                    .filter(|number| ["content/about.md", "content/moved/about.md"].contains(&self.files[*number].0))
                    .collect();
                for number in &places {
                    self.now[*number] = (self.now[*number] + 1) % self.files[*number].1.len();
                    self.put(&self.edited, *number);
                }
                "rename about.md".to_owned()
            }
            17 | 18 => {
                let made: Vec<PathBuf> = tree(&self.edited.path("public")).into_keys().collect();
                if made.is_empty() {
                    return "nothing".to_owned();
                }
                let file = self.edited.path("public").join(self.random.one_of(&made));
                if self.random.below(2) == 0 {
                    fs::remove_file(&file).unwrap();
                    format!("somebody removes {}", file.display())
                } else {
                    fs::write(&file, "not what was made").unwrap();
                    format!("somebody writes {}", file.display())
                }
            }
            _ => {
                // Of the caches: all, or what is known of pages.
                let manifest = |path: &Path| path.extension().is_some_and(|ending| ending == "record");
                for (path, _) in tree(&self.edited.path(".torcollect")) {
                    if manifest(&path) {
                        fs::remove_file(self.edited.path(".torcollect").join(path)).unwrap();
                    }
                }
                "forget".to_owned()
            }
        }
    }

    /// Builds both, and sees that they are equal.
    fn compare(&self, history: &[String]) {
        for folder in ["public", ".torcollect", "content", "site", "themes"] {
            drop(fs::remove_dir_all(self.fresh.path(folder)));
        }
        for number in 0..self.files.len() {
            self.put(&self.fresh, number);
        }
        self.fresh.write("publication.duckdb", &publications()[self.rows]);
        let before = tree(&self.edited.path("public"));
        let build = |project: &TestProject| project.run(&["build", "--from", "publication.duckdb"]);
        let (edited, fresh) = (build(&self.edited), build(&self.fresh));
        let problems = |said: &Said| {
            let lines = said.stderr.lines().filter(|line| line.starts_with("error") || line.starts_with("hint"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(edited.code, fresh.code, "{history:#?} {edited:?} {fresh:?}");
        assert_eq!(problems(&edited), problems(&fresh), "{history:#?}");
        let (edited, expected) = (tree(&self.edited.path("public")), tree(&self.fresh.path("public")));
        if fresh.code != Some(0) {
            assert!(edited == before, "a build that fails changes nothing: {history:#?}");
            return;
        }
        let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&edited), names(&expected), "{history:#?}");
        for (path, bytes) in &expected {
            assert!(edited[path] == *bytes, "{} differs: {history:#?}", path.display());
        }
    }
}

#[test]
fn after_each_of_500_random_edits_a_build_makes_what_one_from_nothing_makes() {
    publications();
    let run = |seed: u64| {
        let mut pair = Pair::new(seed);
        let mut history = vec![format!("seed {seed}")];
        pair.compare(&history);
        for _ in 0..125 {
            let edit = pair.edit();
            history.push(edit);
            pair.compare(&history);
        }
    };
    scope(|threads| {
        for seed in 1..=4 {
            threads.spawn(move || run(seed));
        }
    });
}

#[test]
fn after_a_rule_changed_a_build_makes_what_one_from_nothing_makes() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {fleet: {seed: 1, days: 12, until: 2026-11-22}}}\n");
    project.run(&["collect"]).ok();
    let build = |rules: &str| {
        project.write("site/site.yaml", rules);
        project.run(&["build", "--explain"]).ok();
        let incremental = tree(&project.path("public"));
        project.run(&["build", "--force", "-o", "fresh"]).ok();
        assert!(incremental == tree(&project.path("fresh")), "{rules}");
        fs::remove_dir_all(project.path("fresh")).unwrap();
    };
    for rules in [
        "publish: {delay: 0}\n",
        "publish: {delay: 3}\n",
        "publish: {delay: 0, minimum_clients: 160}\n",
        "publish: {delay: 0, tor_version: true}\n",
        "publish: {delay: 0}\nschemes: [light]\n",
        "publish: {delay: 1}\nlanguage: fr\n",
    ] {
        build(rules);
    }
}

#[test]
fn a_page_is_made_again_only_if_something_that_it_shows_changed_and_explain_says_what() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {fleet: {seed: 1, days: 12, until: 2026-11-22}}}\n");
    project.write("site/site.yaml", "publish: {delay: 0}\n");
    project.run(&["collect"]).ok();
    let explained = |arguments: &[&str]| {
        let said = project.run(&[&["build", "--explain"], arguments].concat()).ok().stderr;
        let reasons = said.lines().filter(|line| line.starts_with('`')).map(str::to_owned).collect::<Vec<_>>();
        (reasons, said)
    };
    assert!(explained(&[]).0.iter().any(|reason| reason.ends_with(": it is new")));
    let (reasons, said) = explained(&[]);
    assert_eq!(reasons, [""; 0]);
    assert!(said.contains("nothing has changed since the last build: "), "{said}");
    let layout = project.run(&["theme", "eject", "layouts/fleet.hbs"]).ok();
    drop(layout);
    let path = "themes/default/layouts/fleet.hbs";
    project.write(path, project.read(path) + "\n");
    assert_eq!(explained(&[]).0, [format!("`fleet.html`: changed: {path}")]);
    fs::remove_file(project.path("public/days/index.html")).unwrap();
    assert_eq!(explained(&[]).0, ["`days/index.html`: `days/index.html` was changed or removed"]);
    let mut forced = explained(&["--force"]).0;
    forced.retain(|reason| !reason.ends_with(": all is made"));
    assert_eq!(forced, [""; 0]);
}

#[test]
fn whenever_a_build_is_killed_the_site_serves_and_the_next_build_is_whole() {
    const MOMENTS: u32 = 200;
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {fleet: {seed: 1, days: 5, until: 2026-11-22}}}\n");
    project.run(&["collect"]).ok();
    let rules = |number: u32| {
        // Another title makes all pages others; another delay makes pages come and go; another ink makes all pictures others.
        // Few countries, because each has a page.
        let delay = number % 3;
        project.write(
            "site/site.yaml",
            format!("title: Number {number}\npublish: {{delay: {delay}, minimum_clients: 1000}}\n"),
        );
        let ink = if number.is_multiple_of(10) {
            format!("pictures: {{ink: \"#0000{:02x}\"}}\n", number % 256)
        } else {
            String::new()
        };
        project.write("themes/default/theme.yaml", ink);
        if number.is_multiple_of(4) {
            project.write("themes/default/assets/extra.css", format!("p {{ margin: {number}px }}"));
        }
    };
    rules(0);
    project.run(&["build"]).ok();
    rules(1);
    let began = Instant::now();
    project.run(&["build"]).ok();
    let whole = began.elapsed();
    let link = Regex::new(r#"(?:href|src)="([^"]*)""#).unwrap();
    let mut random = Random(7);
    let mut killed = 0;
    for number in 2..MOMENTS + 2 {
        rules(number);
        let mut run = project.command().arg("build").stderr(Stdio::null()).spawn().unwrap();
        sleep(whole.mul_f64(random.below(1000) as f64 / 900.0));
        run.kill().unwrap();
        killed += u32::from(!run.wait().unwrap().success());
        serves(&project, &link, number);
        // Most of what is left is built upon by a build that is killed in its turn.
        if number.is_multiple_of(4) {
            project.run(&["build"]).ok();
            // No build of this folder is ever killed.
            project.run(&["build", "-o", "fresh"]).ok();
            assert!(tree(&project.path("public")) == tree(&project.path("fresh")), "after moment {number}");
        }
    }
    assert!(killed > MOMENTS / 3, "only {killed} builds were killed before they ended");
}

/// Sees that whoever comes to `public/index.html` and follows links finds whole pages and everything that they need. What a
/// killed build has begun, and nothing leads to yet, nobody sees.
fn serves(project: &TestProject, link: &Regex, moment: u32) {
    let public = project.path("public");
    let mut seen = BTreeSet::from([public.join("index.html")]);
    let mut pages: Vec<PathBuf> = seen.iter().cloned().collect();
    while let Some(page) = pages.pop() {
        let shown = page.display();
        let html = fs::read_to_string(&page).unwrap_or_else(|error| panic!("moment {moment}: {shown}: {error}"));
        assert!(html.ends_with("</html>\n"), "moment {moment}: {shown} is cut off");
        let mut packed = String::new();
        let copy = fs::read(format!("{shown}.gz")).unwrap();
        flate2::read::GzDecoder::new(&copy[..]).read_to_string(&mut packed).unwrap();
        assert!(packed.ends_with("</html>\n"), "moment {moment}: {shown}.gz is cut off");
        for found in link.captures_iter(&html).chain(link.captures_iter(&packed)) {
            let target = found[1].split('#').next().unwrap();
            if target.starts_with("https://") {
                continue;
            }
            let file = page.parent().unwrap().join(target).canonicalize();
            let file = file.unwrap_or_else(|error| panic!("moment {moment}: {shown} leads to {target}: {error}"));
            if file.extension().is_some_and(|ending| ending == "html") && seen.insert(file.clone()) {
                pages.push(file);
            }
        }
    }
    assert!(seen.len() > 10, "moment {moment}: only {} pages can be reached", seen.len());
}

#[test]
fn a_second_build_at_once_is_told_and_the_first_goes_on() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {fleet: {seed: 1, days: 60, until: 2026-11-22}}}\n");
    project.run(&["collect"]).ok();
    let mut first = project.command().arg("build").stderr(Stdio::null()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    let said = loop {
        let said = project.run(&["build"]);
        if said.code != Some(0) || Instant::now() > end {
            break said;
        }
        project.write("site/site.yaml", "title: Another\npublish: {delay: 0}\n");
        first = project.command().args(["build", "--force"]).stderr(Stdio::null()).spawn().unwrap();
    };
    let stderr = said.failed(1);
    assert!(stderr.starts_with("error: another build ") && stderr.contains("let it finish"), "{stderr}");
    assert!(first.wait().unwrap().success());
    project.run(&["build"]).ok();
}
