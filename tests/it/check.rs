//! `check`: each kind of mistake is found, with the page, the line and what to do, and nothing is found where nothing is
//! wrong. Leaks stop `build` too, before it writes.

use std::fs;
use std::path::Path;

use crate::support::{TestProject, bridge_stats};

/// A sample of a few days.
fn sample() -> TestProject {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {demo: {days: 5}}}\n");
    project.write("site/site.yaml", "publish: {delay: 0}\n");
    project.run(&["collect"]).ok();
    project
}

fn page(body: &str) -> String {
    format!("---\ntitle: T\n---\n{body}\n")
}

/// What `check` says of a page that has this in its text.
#[track_caller]
fn checked(project: &TestProject, body: &str) -> String {
    project.write("content/wrong.md", page(body));
    let said = project.run(&["check"]).failed(1);
    assert!(!project.path("public").exists(), "nothing is written");
    said
}

#[test]
fn the_repositorys_own_project_has_nothing_that_check_finds() {
    let project = TestProject::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["sources.yaml", "site/site.yaml"] {
        project.write(file, fs::read(root.join(file)).unwrap());
    }
    project.run(&["collect"]).ok();
    let said = project.run(&["check"]).ok().stderr;
    assert!(!said.contains("warning") && !said.contains("error"), "{said}");
    let built = project.run(&["build", "--strict"]).ok().stderr;
    assert!(!built.contains("warning"), "{built}");
}

#[test]
fn a_broken_link_and_a_broken_place_are_found_with_what_may_be_meant() {
    let project = sample();
    let said = checked(&project, "[a](metod.html) [b](method.html#usrs) [c](#none) [d](method.html#users)");
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("error") || line.starts_with("hint")).collect();
    let expected = [
        "error: content/wrong.md:4:5: broken link to `metod.html`, on `wrong.html`",
        "hint: did you mean `method.html`?",
        "error: content/wrong.md:4:21: broken link to `method.html#usrs`, on `wrong.html`",
        "hint: did you mean `users`?",
        "error: content/wrong.md:4:43: broken link to `wrong.html#none`, on `wrong.html`",
        "hint: the page is there, but nothing on it has this `id`",
    ];
    assert_eq!(lines, expected, "{said}");
    assert_eq!(project.run(&["build", "--strict"]).failed(1), said);
    assert!(!project.path("public/index.html").exists());
    project.run(&["build"]).ok();
}

#[test]
fn a_mistake_in_a_layout_is_one_problem_for_all_its_pages() {
    let project = sample();
    let layout =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("themes/default/layouts/report.hbs")).unwrap();
    let wrong = "<a href=\"{{row.day}}-x.html\">x</a><img src=\"../assets/none.png\">\n{{/base}}";
    project.write("themes/default/layouts/report.hbs", layout.replace("{{/base}}", wrong));
    let said = project.run(&["check"]).failed(1);
    assert_eq!(said.matches("error: ").count(), 3, "{said}");
    for part in [
        " and 4 more like it, on `days/",
        "error: themes/default/layouts/report.hbs:",
        ": missing file `assets/none.png`, on `days/",
        ": image `assets/none.png` without `alt`, on `days/",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(said.matches(" and 4 more\n").count(), 3, "{said}");
    assert!(!said.contains("`dark/"), "copies are not named apart: {said}");
}

#[test]
fn missing_files_are_found_in_pages_and_in_style_sheets() {
    let project = sample();
    project.write("site/static/own.css", "i {background: url(none.png)}");
    let said = checked(&project, "<link rel=\"stylesheet\" href=\"own.css\"><script src=\"none.js\"></script>");
    assert!(said.contains("error: site/static/own.css:1:20: missing file `none.png`, on `own.css`\n"), "{said}");
    assert!(said.contains("error: content/wrong.md:4:52: missing file `none.js`, on `wrong.html`\n"), "{said}");
    let said = checked(&project, "<img src=\"assets/icon.png\">\n<img src=\"assets/icon.png\" alt=\"\">");
    assert!(
        said.starts_with("error: content/wrong.md:4:11: image `assets/icon.png` without `alt`, on `wrong.html`\n")
            && said.contains("\nhint: say in `alt=\"…\"`"),
        "{said}"
    );
}

#[test]
fn what_is_not_used_is_a_warning() {
    let project = sample();
    project.write("site/queries/lonely.sql", "select 1 as one");
    project.write("themes/default/layouts/lonely.hbs", "{{> lonely}}");
    project.write("themes/default/partials/lonely.hbs", "x");
    let said = project.run(&["check"]).ok().stderr;
    for warning in [
        "warning: site/queries/lonely.sql: no page uses this query\n",
        "warning: themes/default/layouts/lonely.hbs: no page has this layout\n",
        "warning: themes/default/partials/lonely.hbs: nothing that a page uses includes this partial\n",
    ] {
        assert!(said.contains(warning), "{warning}: {said}");
    }
    assert_eq!(said.matches("warning: ").count(), 3, "what the program brings is not named: {said}");
}

#[test]
fn a_problem_shows_its_line_and_a_caret_below_its_column() {
    let project = sample();
    let said = checked(&project, "Text\n\n{{sparkine row.history}}");
    let expected = "error: content/wrong.md:6:3: there is no helper `sparkine`\n  6 | {{sparkine row.history}}\n    |   ^\n\
                    hint: did you mean `sparkline`?\n";
    assert!(said.contains(expected), "{said}");
    fs::remove_file(project.path("content/wrong.md")).unwrap();

    project.write("site/queries/days.sql", "select\n  dya\nfrom day");
    let said = project.run(&["check"]).failed(1);
    assert!(
        said.contains("error: site/queries/days.sql:2:3: ") && said.contains("\n  2 |   dya\n    |   ^\n"),
        "{said}"
    );
    fs::remove_file(project.path("site/queries/days.sql")).unwrap();

    project.write("site/site.yaml", "publish: {delay: 0}\ntitel: x\n");
    let said = project.run(&["check"]).failed(2);
    assert_eq!(
        said,
        "error: site/site.yaml:2:1: unknown key `titel`\n  2 | titel: x\n    | ^\nhint: did you mean `title`?\n"
    );
}

#[test]
fn a_mistake_that_the_program_s_own_theme_brings_to_light_shows_its_line() {
    let project = sample();
    // The default layout asks for a column that this query does not have.
    project.write("site/queries/recent_days.sql", "select day from day order by day");
    let said = project.run(&["check"]).failed(1);
    let line = said.lines().position(|line| line.starts_with("error: themes/default/layouts/overview.hbs:")).unwrap();
    let shown: Vec<&str> = said.lines().skip(line + 1).take(2).collect();
    assert!(shown[0].contains(" | ") && shown[1].trim_end().ends_with('^'), "{said}");
}

#[test]
fn the_lines_of_settings_with_secrets_are_never_shown() {
    let project = sample();
    project.write("sources.yaml", "include: servers.yaml\nsources: {sample: {demo: {dyas: 5}}}\n");
    project.write("servers.yaml", "servers: {alpha: {adress: \"root@oak.bridge.example\"}}\n");
    for _ in 0..2 {
        let said = project.run(&["check"]).failed(2);
        assert!(said.starts_with("error: s") && !said.contains(" | ") && !said.contains("oak.bridge"), "{said}");
        project.write("sources.yaml", "include: servers.yaml\n");
    }
}

#[test]
fn json_has_the_same_as_fields() {
    let project = sample();
    project.write("content/wrong.md", page("{{sparkine 1}}"));
    let said = project.run(&["check", "--log-format", "json"]).failed(1);
    let records: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = serde_json::json!({
        "level": "error", "message": "there is no helper `sparkine`", "file": "content/wrong.md", "line": 4, "column": 3,
        "source": "{{sparkine 1}}", "hint": "did you mean `sparkline`?"
    });
    assert_eq!(records, [expected]);
}

#[test]
fn there_is_no_colour_where_there_is_no_terminal() {
    let said = checked(&sample(), "{{sparkine 1}}");
    assert!(!said.contains('\u{1b}'), "{said}");
}

/// A project that knows secrets of every kind.
fn secretive() -> TestProject {
    let project = TestProject::new();
    let tor = project.tor("oak", &bridge_stats("2026-03-02 13:00:00", "de=160", "v4=160,v6=0", "obfs4=160"));
    let local = project.server("local", &[("default", &tor)]);
    let local = serde_json::to_string(&local).unwrap();
    project.write(
        "sources.yaml",
        format!(
            "ssh: {{read_timeout: 3, connect_timeout: 1, retries: 0}}\nservers:\n  local: {{local: true, command: {local}}}\n\
             \x20 far: {{address: 'torcollect@198.51.100.7:2222', host_key: '{KEY}', via: 'nc -x gate.example:9 %h %p'}}\n\
             \x20 six: {{address: 'torcollect@[2001:db8::5:1]'}}\n\x20 name: {{address: 'root@oak.bridge.example'}}\n\
             sources: {{tor-bridge: {{bridges: {{servers: [local]}}}}}}\n"
        ),
    );
    project.run(&["collect"]).ok();
    project.run(&["build"]).ok();
    fs::remove_dir_all(project.path("public")).unwrap();
    project
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILfDSgzbdJKbzZ4GhV/vmVKPOcIv4qLGL9Yk3J/jJHrR";

#[test]
fn every_secret_of_the_project_is_found_before_anything_is_written() {
    let project = secretive();
    let hashed = project.private("select distinct hashed_fingerprint from warehouse.sighting").remove(0);
    let salt = project.read("data/salt").trim().to_owned();
    let own =
        project.write("data/id_ed25519.pub", KEY.replace("LfDSgzbdJKbz", "AbDSgzbdJKbz").replace("zZ4GhV", "qqqqqq"));
    let own = fs::read_to_string(own).unwrap();
    let grouped =
        |text: &str| text.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four)).collect::<Vec<_>>().join(" ");
    for (secret, kind) in [
        ("198.51.100.7", "a server's IP address"),
        ("198-51-100-7", "a server's IP address"),
        ("2001:DB8:0:0::5:1", "a server's IP address"),
        ("OAK.bridge.example", "the name of a server's host"),
        ("gate.example", "the name of a server's host"),
        (KEY, "a server's host key"),
        (&own[..], "the key that logs in to servers"),
        (&salt, "the project's salt"),
        (&hashed, "the hashed fingerprint of a bridge"),
        (&grouped(&hashed.to_lowercase()), "the hashed fingerprint of a bridge"),
        ("0123456789ABCDEF0123456789ABCDEF01234567", "what looks like a fingerprint"),
        ("obfs4 192.0.2.1:443", "a part of a bridge line"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"),
    ] {
        project.write("content/wrong.md", page(&format!("Text\n\n`{secret}`")));
        project.write("site/static/notes.csv", format!("a,b\n{secret},1\n"));
        for arguments in [&["check"][..], &["build"], &["build", "--strict"]] {
            let said = project.run(arguments).failed(1);
            let file = format!(
                "error: site/static/notes.csv: `notes.csv` has {kind} in its line 2\nhint: nobody may learn this"
            );
            assert!(said.contains(&file), "{secret}: {said}");
            assert!(!said.contains(secret), "what leaks is not repeated: {said}");
            assert!(!project.path("public/index.html").exists() && !project.path("public/notes.csv").exists());
        }
        fs::remove_file(project.path("site/static/notes.csv")).unwrap();
        let said = project.run(&["build"]).failed(1);
        let begin = "error: content/wrong.md: `wrong.html` has ";
        assert!(said.contains(begin) && said.contains(&format!("has {kind} in its line ")), "{secret}: {said}");
        assert!(!said.contains(secret) && !project.path("public/index.html").exists(), "{said}");
    }
    project.write("content/wrong.md", page("tor 0.4.9.11, 198.51.100.70, bridge.example, 127.0.0.1:9050"));
    project.run(&["build"]).ok();
}

#[test]
fn a_page_that_stays_as_it_is_is_looked_through_again_when_a_secret_is_new() {
    let project = secretive();
    project.write("content/wrong.md", page("See elm.bridge.example."));
    project.run(&["build"]).ok();
    let sources = project.read("sources.yaml");
    project.write("sources.yaml", sources.replace("oak.bridge.example", "elm.bridge.example"));
    let said = project.run(&["build"]).failed(1);
    assert!(said.contains("`wrong.html` has the name of a server's host"), "{said}");
}

#[test]
fn a_build_from_a_file_knows_the_secrets_of_the_project_if_it_has_any() {
    let project = secretive();
    project.run(&["export", "--public", "out.duckdb"]).ok();
    project.write("content/wrong.md", page("198.51.100.7"));
    project.run(&["build", "--from", "out.duckdb"]).failed(1);
    let file = project.path("out.duckdb");
    let elsewhere = TestProject::new();
    elsewhere.write("sources.yaml", "include: servers.yaml\n");
    elsewhere.write("content/wrong.md", page("198.51.100.7"));
    elsewhere.run(&["build", "--from", file.to_str().unwrap()]).ok();
    // What is here of the settings counts, and a mistake in them does not switch anything off.
    let more = "include: servers.yaml\nservers: {alpha: {address: torcollect@198.51.100.7}}\n";
    elsewhere.write("sources.yaml", more);
    let stderr = elsewhere.run(&["build", "--from", file.to_str().unwrap()]).failed(1);
    assert!(stderr.contains("content/wrong.md: `wrong.html` has a server's IP address in its line"), "{stderr}");
    elsewhere.write("sources.yaml", format!("soruces: x\n{more}"));
    elsewhere.run(&["build", "--from", file.to_str().unwrap()]).failed(2);
}

#[test]
fn labels_that_the_operator_publishes_are_no_leak() {
    let project = TestProject::new();
    let tor = project.tor("oak", &bridge_stats("2026-03-02 13:00:00", "de=160", "v4=160,v6=0", "obfs4=160"));
    let extract = project.server("oak", &[("default", &tor)]);
    project.local_servers(&[("oak", extract)]);
    let sources = project
        .read("sources.yaml")
        .replace("{local: true", "{label: Oak, bridges: {default: {label: Oak one}}, local: true");
    project.write("sources.yaml", sources);
    project.run(&["collect"]).ok();
    project.run(&["build"]).ok();
    assert!(project.read("public/index.html").contains("<html"));
}
