//! `build`: the sample's whole site, and what a build promises whatever happens to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use regex::Regex;

use crate::support::{TestProject, bridge_stats};

/// The repository's own project, collected and built once for all tests that only look.
fn sample() -> &'static TestProject {
    static SAMPLE: OnceLock<TestProject> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let project = collected("days: 540");
        let said = project.run(&["build"]).ok();
        assert!(said.stderr.contains(" pages from "), "{said:?}");
        project
    })
}

/// The same for a test that changes something, of twenty days.
fn small_sample() -> TestProject {
    collected("days: 20")
}

fn collected(days: &str) -> TestProject {
    let project = TestProject::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["sources.yaml", "site/site.yaml"] {
        project.write(file, fs::read_to_string(root.join(file)).unwrap().replace("days: 540", days));
    }
    project.run(&["collect"]).ok();
    project
}

/// All files below a folder with their bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(below).unwrap() {
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

fn pages(project: &TestProject) -> Vec<(PathBuf, String)> {
    let files = tree(&project.path("public")).into_iter();
    let pages = files.filter(|(path, _)| path.extension().is_some_and(|extension| extension == "html"));
    pages.map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap())).collect()
}

#[test]
fn the_sample_has_an_overview_and_a_report_for_each_of_its_540_days() {
    let pages = pages(sample());
    let named = |length: usize| {
        let of = |path: &Path| path.starts_with("days") && path.file_stem().is_some_and(|stem| stem.len() == length);
        pages.iter().filter(|(path, _)| of(path)).count()
    };
    assert_eq!(named("2026-11-22".len()), 540);
    assert_eq!(named("2026-11".len()), 18, "and one for each of their months");
    assert!(pages.iter().any(|(path, _)| path == Path::new("index.html")));
    let overview = sample().read("public/index.html");
    for (path, _) in pages.iter().filter(|(path, _)| path.to_string_lossy().starts_with("days/20")) {
        assert!(overview.contains(&format!("href=\"{}\"", path.display())), "{} is not linked", path.display());
    }
}

#[test]
fn every_link_resolves_and_is_relative_and_names_a_file() {
    let public = sample().path("public");
    let link = Regex::new(r#"(?:href|src)="([^"]*)""#).unwrap();
    let mut links = 0;
    for (path, html) in pages(sample()) {
        for found in link.captures_iter(&html) {
            links += 1;
            let (target, fragment) = found[1].split_once('#').unwrap_or((&found[1], ""));
            // A web server shows this page at any address; so it alone has links from the root.
            let (target, from) = match target.strip_prefix('/').filter(|_| path == Path::new("404.html")) {
                Some(target) => (target, public.clone()),
                None => (target, public.join(&path).parent().unwrap().to_owned()),
            };
            assert!(!target.starts_with('/') && !target.contains(':'), "{}: {target}", path.display());
            let file = if target.is_empty() { public.join(&path) } else { from.join(target) };
            assert!(file.is_file(), "{}: {target} is no file", path.display());
            if !fragment.is_empty() {
                assert!(
                    fs::read_to_string(file).unwrap().contains(&format!("id=\"{fragment}\"")),
                    "{}: #{fragment}",
                    path.display()
                );
            }
        }
    }
    assert!(links > 540 * 5, "{links}");
}

#[test]
fn every_text_file_has_compressed_copies_of_the_same_bytes() {
    let files = tree(&sample().path("public"));
    let texts = files.iter().filter(|(path, bytes)| {
        path.extension().is_none_or(|end| !["br", "gz", "png", "parquet"].iter().any(|other| end == *other))
            && bytes.len() > 200
    });
    let mut checked = 0;
    for (path, bytes) in texts {
        let packed = |suffix: &str| &files[&PathBuf::from(format!("{}{suffix}", path.display()))][..];
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(packed(".gz")).read_to_end(&mut unpacked).unwrap();
        assert_eq!(&unpacked, bytes, "{}", path.display());
        unpacked.clear();
        brotli::Decompressor::new(packed(".br"), 4096).read_to_end(&mut unpacked).unwrap();
        assert_eq!(&unpacked, bytes, "{}", path.display());
        checked += 1;
    }
    // Those of `dark/` too; five queries can be had as CSV, and there is a style sheet.
    assert_eq!(checked, pages(sample()).len() + 5 + 1);
}

#[test]
fn all_files_bear_the_time_that_is_asked_for_those_too_that_stay_as_they_are() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {demo: {days: 3}}}\n");
    project.run(&["collect"]).ok();
    let built = |epoch: &str| {
        crate::support::said(project.command().arg("build").env("SOURCE_DATE_EPOCH", epoch)).ok();
        let times = tree(&project.path("public")).into_keys().map(|path| {
            let file = project.path("public").join(path);
            file.metadata().unwrap().modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
        });
        times.collect::<BTreeSet<u64>>()
    };
    project.run(&["build"]).ok();
    assert_eq!(built("1700000000"), BTreeSet::from([1_700_000_000]));
    project.write("site/site.yaml", "title: Another\n");
    assert_eq!(built("1700000000"), BTreeSet::from([1_700_000_000]));
    assert_eq!(built("1700000001"), BTreeSet::from([1_700_000_001]));
    assert!(project.run(&["build"]).ok().stderr.contains(" 0 written, "));
}

#[test]
fn a_build_makes_the_copies_that_the_settings_want_and_none_if_it_is_told_so() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {demo: {days: 3}}}\n");
    let files = |arguments: &[&str]| -> BTreeSet<String> {
        project.run(&[&["build"], arguments].concat()).ok();
        let names = tree(&project.path("public")).into_keys().map(|path| path.display().to_string());
        names.filter(|name| name.starts_with("index.html")).collect()
    };
    let names = |suffixes: &[&str]| suffixes.iter().map(|suffix| format!("index.html{suffix}")).collect();
    assert_eq!(files(&[]), names(&["", ".br", ".gz"]));
    assert_eq!(files(&["--no-compress"]), names(&[""]));
    project.write("site/site.yaml", "compress: {gzip: false, brotli: 0}\n");
    assert_eq!(files(&[]), names(&["", ".br"]));
    project.write("site/site.yaml", "compress: false\n");
    assert_eq!(files(&[]), names(&[""]));
}

#[test]
fn every_page_says_that_it_is_sample_data_and_has_no_script_and_no_style_of_its_own() {
    for (path, html) in pages(sample()) {
        assert!(html.contains("Sample data: a made-up fleet"), "{}", path.display());
        for never in ["<script", " style=", "javascript:", " onclick", "<svg", "http://", "https://"] {
            assert!(!html.contains(never), "{} has `{never}`", path.display());
        }
    }
}

#[test]
fn elements_are_closed_in_order_and_ids_are_single() {
    let tag = Regex::new(r"<(/?)([a-z][a-z0-9]*)((?:[^<>\x22]|\x22[^\x22]*\x22)*)>").unwrap();
    let id = Regex::new(r#" id="([^"]*)""#).unwrap();
    for (path, html) in pages(sample()).into_iter().step_by(20) {
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\" data-scheme=\""), "{}", path.display());
        let mut open: Vec<String> = Vec::new();
        for found in tag.captures_iter(&html) {
            let name = found[2].to_owned();
            match &found[1] {
                "/" => assert_eq!(open.pop().as_ref(), Some(&name), "{}", path.display()),
                _ if ["meta", "link", "br", "hr", "img", "input", "source"].contains(&name.as_str()) => {}
                _ => open.push(name),
            }
        }
        assert_eq!(open, Vec::<String>::new(), "{}", path.display());
        let ids: Vec<_> = id.captures_iter(&html).map(|found| found[1].to_owned()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{}", path.display());
    }
}

#[test]
fn the_numbers_on_a_report_are_those_of_the_query() {
    let project = sample();
    let page = project.read("public/days/2026-10-05.html");
    let space = '\u{202f}';
    let grouped = |number: &str| {
        let digits: Vec<char> = number.chars().collect();
        let groups: Vec<String> = digits.rchunks(3).rev().map(|group| group.iter().collect()).collect();
        groups.join(&space.to_string())
    };
    for row in project.public(
        "select country.name, sum(clients) from country_day join country using (country)
         where day = '2026-10-05' group by all order by all",
    ) {
        let (name, clients) = row.rsplit_once(',').unwrap();
        let name = name.trim_matches('"');
        // A country has a page of its own, the others together have none.
        let cell = if name == "Other countries" { format!("</span>{name}") } else { format!(">{name}</a>") };
        let line = page
            .lines()
            .find(|line| line.starts_with("<tr><th scope=\"row\">") && line.contains(&cell))
            .unwrap_or_else(|| panic!("{name} is not on the page"));
        assert!(line.contains(&format!("<td class=\"number\">{}</td>", grouped(clients))), "{row}: {line}");
    }
    let total = project.public("select sum(clients) from bridge_day where day = '2026-10-05'");
    assert!(page.contains(&format!("<strong>{} clients</strong>", grouped(&total[0]))), "{total:?}");
}

#[test]
fn what_was_planted_in_the_sample_can_be_found() {
    let mean = |country: &str, from: &str, to: &str| -> f64 {
        let sql = format!(
            "select avg(clients) from (select day, sum(clients) as clients from country_day where country = '{country}'
             and day >= date '2026-11-22' - {from} and day < date '2026-11-22' - {to} group by day)"
        );
        sample().public(&sql)[0].parse().unwrap()
    };
    assert!(mean("tm", "150", "120") < 0.35 * mean("tm", "181", "151"), "blocked 150 days before the end");
    assert!(mean("ir", "20", "0") > 1.8 * mean("ir", "43", "23"), "risen 21 days before the end");
    let first = sample().public("select min(day) from transport_day where transport = 'webtunnel'");
    assert!(("2026-01-26".."2026-02-02").contains(&first[0].as_str()), "introduced 300 days before the end: {first:?}");
    assert_eq!(
        sample().public(
            "select server, count(distinct bridge), min(day), max(day) from bridge_day join bridge using (bridge)
             where state = 'unreachable' group by all order by all"
        ),
        ["Loire,2,2026-09-23,2026-09-27", "Tagus,6,2026-11-10,2026-11-12"]
    );
    assert_eq!(
        sample().public("select count(*), count(distinct bridge) from bridge_day where state = 'no_geoip'"),
        ["30,1"]
    );
    assert_eq!(
        sample().public("select count(*) from bridge_day where state = 'no_geoip' and clients is not null"),
        ["0"]
    );
}

#[test]
fn a_server_that_missed_days_stands_out_although_all_answered_in_the_newest_run() {
    let page = sample().read("public/fleet.html");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("<tr><th scope=\"row\">")).collect();
    assert!(rows.len() == 6 && rows.iter().all(|row| row.contains("<td>newest run <small>")), "{rows:?}");
    assert!(rows[0].contains(">Tagus <small>") && rows[0].contains("<strong class=\"warning\">27 of 30<"), "{rows:?}");
    assert!(rows[1..].iter().all(|row| row.contains("<td class=\"number\">30 of 30<")), "{rows:?}");
}

#[test]
fn unknown_numbers_are_shown_as_unknown() {
    let page = sample().read("public/days/2026-09-24.html");
    let rows: Vec<&str> = page.lines().filter(|line| line.contains("not reached since")).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.contains("<td class=\"number\">?</td>")), "{rows:?}");
}

#[test]
fn two_builds_of_one_warehouse_are_the_same_bytes() {
    let project = sample();
    let other = project.path("other");
    project.run(&["build", "-o", &other.display().to_string()]).ok();
    assert!(tree(&project.path("public")) == tree(&other));
}

#[test]
fn a_build_from_an_exported_publication_is_the_same_site() {
    let project = sample();
    let file = project.path("public.duckdb");
    project.run(&["export", "--public", &file.display().to_string()]).ok();
    let ci = TestProject::new();
    ci.write("site/site.yaml", project.read("site/site.yaml"));
    ci.run(&["build", "--from", &file.display().to_string()]).ok();
    assert!(tree(&project.path("public")) == tree(&ci.path("public")));
    let bytes = fs::read(file).unwrap();
    for secret in ["vistula", "default"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "`{secret}` is in the export");
    }
}

#[test]
fn an_unknown_organization_is_named_with_the_nearest_that_there_is() {
    let project = sample();
    let stderr = project.run(&["build", "--organization", "example-lawers"]).failed(2);
    assert_eq!(stderr, "error: there is no organization `example-lawers`\nhint: did you mean `example-lawyers`?\n");
}

#[test]
fn a_picture_that_cannot_be_drawn_leaves_every_page_as_it_was() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {fleet: {seed: 1, days: 20, until: 2026-11-22}}}\n");
    project.run(&["collect"]).ok();
    project.run(&["build"]).ok();
    let before = pages(&project);
    project.write("themes/default/partials/charts/area.hbs", "no picture of {{title}}");
    project.write("site/site.yaml", "title: Another\npublish: {delay: 0}\n");
    let said = project.run(&["build"]).failed(1);
    assert!(said.contains("cannot draw"), "{said}");
    assert!(pages(&project) == before);
}

#[test]
fn an_error_leaves_the_old_site_and_names_file_line_and_column() {
    let project = small_sample();
    project.run(&["build"]).ok();
    let before = tree(&project.path("public"));
    project.write(
        "content/mine.md",
        "---\ntitle: Mine\ndata: {d: days}\n---\nHello\n\n{{#each data.d}}{{clints}}{{/each}}\n{{nmber 1}}\n",
    );
    project.write("site/queries/broken.sql", "select day\nfrom dya\norder by 1\n");
    project.write("content/other.md", "---\ntitle: Other\ndata: {b: broken}\n---\n{{#each data.b}}{{day}}{{/each}}\n");
    let stderr = project.run(&["build"]).failed(1);
    for part in [
        "content/mine.md:7:",
        "clints",
        "did you mean `clients`?",
        "content/mine.md:8:",
        "did you mean `number`?",
        "site/queries/broken.sql:2:6:",
    ] {
        assert!(stderr.contains(part), "`{part}` is not in: {stderr}");
    }
    assert!(tree(&project.path("public")) == before);
}

#[test]
fn a_query_of_a_theme_that_reaches_for_more_is_refused_with_its_place() {
    let project = small_sample();
    let target = project.path("stolen");
    for (sql, expected) in [
        ("select * from read_text('/etc/passwd')".to_owned(), "may not be used here"),
        (format!("copy (select 1) to '{}'", target.display()), "only `select` statements"),
        ("load httpfs".to_owned(), "only `select` statements"),
        ("select * from warehouse.sighting".to_owned(), "there is no table"),
        (format!("attach '{}' as w", project.path("data/torcollect.duckdb").display()), "only `select` statements"),
    ] {
        project.write("themes/default/queries/days.sql", &sql);
        let stderr = project.run(&["build"]).failed(1);
        assert!(stderr.contains("themes/default/queries/days.sql") && stderr.contains(expected), "{sql}: {stderr}");
    }
    assert!(!target.exists());
}

#[test]
fn problems_of_the_configuration_end_with_2_and_those_of_the_command_line_too() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources:\n  sample:\n    fleet: {sed: 1}\n");
    let stderr = project.run(&["collect"]).failed(2);
    assert!(stderr.contains("sources.yaml:3:") && stderr.contains("did you mean `seed`?"), "{stderr}");
    project.run(&["colect"]).failed(2);
    project.run(&["build", "--base-url", "nonsense"]).failed(2);
    let json = project.run(&["--log-format", "json", "collect"]).failed(2);
    let record: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(
        (record["level"].as_str(), record["file"].as_str(), record["line"].as_u64()),
        (Some("error"), Some("sources.yaml"), Some(3))
    );
}

#[test]
fn without_a_warehouse_build_says_what_to_do() {
    let stderr = TestProject::new().run(&["build"]).failed(1);
    assert!(stderr.contains("run `torcollect collect` first"), "{stderr}");
}

#[test]
fn a_query_prints_tables_csv_and_json() {
    let sql = "select label, first_day from bridge order by label limit 1";
    assert_eq!(sample().run(&["query", sql]).ok().stdout, "label  first_day\nAlder  2025-06-01\n");
    assert_eq!(sample().run(&["query", "--format", "csv", sql]).ok().stdout, "label,first_day\r\nAlder,2025-06-01\r\n");
    let json = sample().run(&["query", "--format", "json", sql]).ok().stdout;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&json).unwrap(),
        serde_json::json!([{"label": "Alder", "first_day": "2025-06-01"}])
    );
    let stderr = sample().run(&["query", "select lable from bridge"]).failed(1);
    assert!(stderr.contains("lable"), "{stderr}");
}

/// What stands in a folder itself, by name, hidden files too.
fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn an_export_replaces_an_export_and_nothing_else() {
    let project = small_sample();
    let warehouse = fs::read(project.path("data/torcollect.duckdb")).unwrap();
    fs::create_dir(project.path("out")).unwrap();
    fs::copy(project.path("data/torcollect.duckdb"), project.path("out/warehouse.duckdb")).unwrap();
    project.write("out/notes.txt", "mine");
    project.write("out/empty", "");
    project.write("out/public.duckdb.part", "mine too");
    std::os::unix::fs::symlink(project.path("out/notes.txt"), project.path("out/link")).unwrap();
    let before = names(&project.path("out"));
    for target in ["data/torcollect.duckdb", "data/new.duckdb", "out/../data/new.duckdb"] {
        let stderr = project.run(&["export", "--public", target]).failed(2);
        assert!(stderr.contains("is in `data/`") && stderr.contains("\nhint: name another file"), "{stderr}");
    }
    for target in ["out/warehouse.duckdb", "out/notes.txt", "out/empty", "out/link", "out"] {
        let stderr = project.run(&["export", "--public", target]).failed(2);
        assert!(stderr.contains(&format!("`{target}` is there already and is no publication")), "{stderr}");
    }
    project.run(&["export", "--public", "none/public.duckdb"]).failed(1);
    let odd = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"out/\xff.duckdb");
    let stderr = crate::support::said(project.command().args(["export", "--public"]).arg(odd)).failed(2);
    assert!(stderr.contains("is not UTF-8"), "{stderr}");
    assert_eq!(names(&project.path("out")), before, "nothing was written");
    assert_eq!(project.read("out/notes.txt"), "mine");
    assert!(fs::read(project.path("data/torcollect.duckdb")).unwrap() == warehouse);

    for _ in 0..2 {
        project.run(&["export", "--public", "out/public.duckdb"]).ok();
    }
    let mut after = before;
    after.insert("public.duckdb".to_owned());
    assert_eq!(names(&project.path("out")), after, "one file and nothing left over");
    assert_eq!(project.read("out/public.duckdb.part"), "mine too");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&project.path("out/public.duckdb").metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o644);
    project.run(&["build", "--from", "out/public.duckdb"]).ok();
}

#[test]
fn a_build_writes_into_no_folder_that_the_project_needs() {
    let project = small_sample();
    for folder in [".", "data", "site/static", "themes/new", "public/../content"] {
        let stderr = project.run(&["build", "-o", folder]).failed(2);
        assert!(stderr.contains(&format!("the output folder `{folder}`")) && stderr.contains("\nhint: "), "{stderr}");
    }
    assert!(!project.path("themes").exists() && !project.path("public").exists());
}

#[test]
fn an_unknown_name_on_the_command_line_ends_with_2_and_a_hint_on_its_own_line() {
    for (arguments, expected) in [
        (["collect", "--server", "vistul"], "error: there is no server `vistul`\nhint: did you mean `vistula`?\n"),
        (["collect", "--source", "nothing-like-it"], "error: there is no source `nothing-like-it`\n"),
    ] {
        assert_eq!(sample().run(&arguments).failed(2), expected);
    }
    let stderr = sample().run(&["export", "--public", "x.duckdb", "--organization", "example-lawers"]).failed(2);
    assert_eq!(stderr, "error: there is no organization `example-lawers`\nhint: did you mean `example-lawyers`?\n");
}

#[test]
fn two_instances_with_one_key_are_a_warning() {
    let project = TestProject::new();
    let tor = project.tor("alder", &bridge_stats("2026-03-02 13:00:00", "de=8", "v4=8,v6=0", "obfs4=8"));
    project.local_servers(&[("alpha", project.server("alpha", &[("one", &tor), ("two", &tor)]))]);
    let stderr = project.run(&["collect"]).ok().stderr;
    let line = stderr.lines().find(|line| line.ends_with(" have the same key")).unwrap_or_else(|| panic!("{stderr}"));
    assert!(line.starts_with("warning: "), "{line}");
}

#[test]
fn a_folder_that_is_not_there_is_an_error_and_is_not_made() {
    let file = sample().path("nowhere.duckdb");
    sample().run(&["export", "--public", &file.display().to_string()]).ok();
    let project = TestProject::new();
    for arguments in [&["collect"][..], &["build"], &["build", "--from", &file.display().to_string()], &["reparse"]] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_torcollect"));
        command.arg("-C").arg("none").args(arguments).current_dir(project.path(""));
        let stderr = crate::support::said(&mut command).failed(2);
        assert_eq!(stderr, "error: there is no folder `none`\nhint: name the project's folder with `-C DIR`\n");
    }
    assert!(!project.path("none").exists());
}

#[test]
fn a_collection_without_sources_or_servers_says_so() {
    let project = TestProject::new();
    for (sources, expected) in [
        (
            "sources: {}\n",
            "warning: sources.yaml: there is no source to collect from\nhint: write one under `sources:`",
        ),
        (
            "sources: {tor-bridge: {bridges: {servers: all}}}\n",
            "warning: sources.yaml: no source has a server to collect from\nhint: servers stand under `servers:`",
        ),
    ] {
        project.write("sources.yaml", sources);
        let stderr = project.run(&["collect"]).ok().stderr;
        assert!(stderr.starts_with(expected) && !stderr.contains("0 of 0"), "{stderr}");
    }
}

#[test]
fn an_error_of_the_database_is_shown_without_its_noise() {
    let project = TestProject::new();
    project.write("not.duckdb", "x".repeat(10_000));
    let stderr = project.run(&["build", "--from", "not.duckdb"]).failed(1);
    assert!(stderr.contains("cannot read `not.duckdb`") && !stderr.contains("Error code"), "{stderr}");
}
