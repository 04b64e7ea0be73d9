//! Notes, the page of the fleet, and what else than clients is on the pages: from the settings and the servers' files to
//! the site.

use std::process::Command;

use crate::support::{TestProject, bridge_stats, said};

/// A project with four servers of one bridge each, which are collected daily from 1 to 7 March 2026. The second fails from
/// the 3rd on, the third on the 4th, and the fourth is never published.
fn fleet() -> TestProject {
    let project = TestProject::new();
    project.write("site/site.yaml", "publish: {delay: 0, minimum_clients: 0, tor_version: true}\n");
    for day in 1..8 {
        let failing = |server: &str| matches!((server, day), ("beta", 3..) | ("gamma", 4));
        let servers = ["alpha", "beta", "gamma", "delta"].map(|name| {
            let ends = format!("2026-03-{day:02} 13:00:00");
            let tor = project.tor(name, &bridge_stats(&ends, "de=8", "v4=8,v6=0", "<OR>=8"));
            let version = if name == "alpha" { "0.4.8.9" } else { "0.4.9.11" };
            // The history of traffic ends after tor wrote it: its last value is of a day that is not over.
            project.write(
                &format!("tor-{name}/state"),
                format!(
                    "TorVersion Tor {version}\nLastWritten 2026-03-{day:02} 12:00:00\n\
                     BWHistoryReadEnds 2026-03-{day:02} 20:00:00\nBWHistoryReadInterval 86400\nBWHistoryReadValues 4096,777216\n\
                     BWHistoryWriteEnds 2026-03-{day:02} 20:00:00\nBWHistoryWriteInterval 86400\nBWHistoryWriteValues 8192,777216\n"
                ),
            );
            project.write(
                &format!("tor-{name}/stats/dirreq-stats"),
                format!("dirreq-stats-end {ends} (86400 s)\ndirreq-v3-reqs de=144\ndirreq-v3-resp ok=144,not-enough-sigs=0\n"),
            );
            let works = project.server(name, &[("default", &tor)]);
            let command = if failing(name) { vec!["/bin/false".to_owned()] } else { works };
            serde_json::to_string(&command).unwrap()
        });
        project.write("sources.yaml", settings(&servers));
        said(
            Command::new("faketime")
                .arg("-f")
                .arg(format!("@2026-03-{day:02} 14:00:00"))
                .arg(env!("CARGO_BIN_EXE_torcollect"))
                .arg("-C")
                .arg(project.path(""))
                .arg("collect"),
        );
    }
    project
}

/// `sources.yaml` with the servers' commands in JSON, which is YAML too.
fn settings([alpha, beta, gamma, delta]: &[String; 4]) -> String {
    format!(
        "\
servers:
  alpha:
    local: true
    command: {alpha}
    label: Server Alder
    bridges: {{default: {{label: Alder}}}}
  beta:
    local: true
    command: {beta}
    label: Server Beech
    bridges: {{default: {{label: Beech}}}}
  gamma:
    local: true
    command: {gamma}
    label: Server Cedar
    bridges: {{default: {{label: Cedar}}}}
  delta:
    local: true
    command: {delta}
    label: Server Secret
    bridges: {{default: {{label: Secret, publish: false}}}}
sources:
  tor-bridge:
    bridges: {{servers: all}}
"
    )
}

fn add_notes(project: &TestProject, notes: &str) {
    let sources = project.read("sources.yaml");
    project.write("sources.yaml", format!("{sources}notes:\n{notes}"));
}

#[test]
fn notes_are_on_the_pages_of_their_day_and_marked_in_the_calendar() {
    let project = fleet();
    let notes = "  - {date: 2026-03-02, server: alpha, text: \"restarted <b>twice</b> & moved\"}\n  \
                 - {date: 2026-03-02, bridge: beta/default, text: a new key}\n  \
                 - {date: 2026-03-02, country: tm, text: an election}\n  - {date: 2026-03-05, text: all of us}\n  \
                 - {date: 2026-03-02, bridge: delta/default, text: of nobodys concern}\n  \
                 - {date: 2026-03-02, server: delta, text: of nobodys concern}\n  \
                 - {date: 2026-03-07, text: too early}\n";
    add_notes(&project, notes);
    project.run(&["build"]).ok();
    let page = project.read("public/days/2026-03-02.html");
    for line in [
        "<li><strong>Beech:</strong> a new key</li>",
        "<li><strong>Server Alder:</strong> restarted &lt;b&gt;twice&lt;/b&gt; &amp; moved</li>",
        "<li><strong>Turkmenistan:</strong> an election</li>",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert!(!project.read("public/days/2026-03-03.html").contains("class=\"notes\""));
    assert!(project.read("public/days/2026-03-05.html").contains("<li>all of us</li>"));
    let overview = project.read("public/index.html");
    let dated = |line: &str| overview.contains(line).then(|| overview.find(line)).flatten();
    let newest = dated("<a href=\"days/2026-03-05.html\">5 March 2026</a> <span>all of us</span>");
    let older = dated(
        "<a href=\"days/2026-03-02.html\">2 March 2026</a> <span><strong><a href=\"bridges/beech.html\">Beech</a>:</strong> a new key</span>",
    );
    assert!(newest.is_some() && newest < older, "{newest:?} {older:?}: {overview}");
    // The chart names what is about all or a server, and nothing about one bridge or a country.
    let marks: Vec<&str> =
        overview.split("<ul class=\"marks\">").nth(1).unwrap().split("</ul>").next().unwrap().trim().lines().collect();
    assert_eq!(marks, ["<li>2 March 2026: Server Alder: restarted…</li>", "<li>5 March 2026: all of us</li>"]);
    let days = project.read("public/days/index.html");
    let marked: Vec<&str> = days.lines().filter(|line| line.contains(" noted\"")).collect();
    assert_eq!(marked.len(), 2, "{days}");
    assert!(
        marked[0].contains(">2<span class=\"hidden\"> March 2026, with a note of the operators</span></a>"),
        "{marked:?}"
    );
    assert!(marked[0].contains("Server Alder: restarted &lt;b&gt;twice&lt;/b&gt; &amp; moved"), "{marked:?}");

    project.run(&["export", "--public", "public.duckdb"]).ok();
    let ci = TestProject::new();
    ci.write("site/site.yaml", project.read("site/site.yaml"));
    ci.run(&["build", "--from", &project.path("public.duckdb").display().to_string()]).ok();
    assert_eq!(ci.read("public/days/2026-03-02.html"), page);
    let bytes = std::fs::read(project.path("public.duckdb")).unwrap();
    for secret in ["nobodys concern", "too early", "delta", "alpha"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "`{secret}` is in the export");
    }
}

#[test]
fn a_note_that_tells_where_a_bridge_is_stops_everything_and_is_not_repeated() {
    let project = TestProject::new();
    let notes = "servers: {alpha: {address: root@oak.example}}\nnotes:\n  - {date: 2026-03-02, text: moved to 198.51.100.7}\n  \
                 - {date: 2026-03-02, text: oak.example restarted}\n";
    project.write("sources.yaml", notes);
    for command in ["collect", "build"] {
        let stderr = project.run(&[command]).failed(2);
        assert!(stderr.contains("sources.yaml:3:30: notes[0].text: the text has an IP address\nhint: "), "{stderr}");
        assert!(stderr.contains("sources.yaml:4:30: notes[1].text: the text has a server's address"), "{stderr}");
        assert!(!stderr.contains("198.51.100.7") && !stderr.contains("oak.example"), "{stderr}");
    }
}

/// A row of a table without its tags.
fn rows(page: &str) -> Vec<String> {
    let tag = regex::Regex::new("<[^>]*>").unwrap();
    let rows = page.lines().filter(|line| line.starts_with("<tr><th scope=\"row\">"));
    rows.map(|row| tag.replace_all(&row.replace("</td>", " | ").replace("</th>", " | "), "").trim().to_owned())
        .collect()
}

#[test]
fn the_fleet_is_shown_with_the_failing_servers_first_then_those_that_missed_days_and_nothing_of_the_unpublished() {
    let project = fleet();
    project.run(&["build"]).ok();
    let page = project.read("public/fleet.html");
    assert!(page.contains("the newest run that is shown here: 7 March 2026"), "{page}");
    assert_eq!(
        rows(&page),
        [
            "Server Beech Beech | 5 days earlier the command failed | 1 of 6 | 2 Mar |",
            "Server Cedar Cedar | newest run new statistics | 5 of 6 | 6 Mar |",
            "Server Alder Alder | newest run new statistics | 6 of 6 | 6 Mar |",
        ]
    );
    assert!(!page.contains("Secret") && !page.contains("delta") && !page.contains("14:00"), "{page}");

    let sources = project.read("sources.yaml");
    let organization = "organizations: {x: {name: X, bridges: [{bridge: gamma/default}]}}\n";
    project.write("sources.yaml", format!("{sources}{organization}"));
    project.run(&["build", "--organization", "x"]).ok();
    let names: Vec<String> = rows(&project.read("public-x/fleet.html"));
    assert!(names.len() == 1 && names[0].starts_with("Server Cedar Cedar | "), "{names:?}");
}

#[test]
fn a_server_that_was_not_asked_in_the_newest_run_is_not_called_failing() {
    let project = fleet();
    said(
        Command::new("faketime")
            .args(["-f", "@2026-03-07 18:00:00", env!("CARGO_BIN_EXE_torcollect"), "-C"])
            .arg(project.path(""))
            .args(["collect", "--server", "gamma"]),
    )
    .ok();
    project.run(&["build"]).ok();
    let rows = rows(&project.read("public/fleet.html"));
    assert!(rows[0].starts_with("Server Beech Beech | 5 days earlier the command failed |"), "{rows:?}");
    assert!(rows[1].starts_with("Server Cedar Cedar | newest run nothing new |"), "{rows:?}");
    assert!(rows[2].starts_with("Server Alder Alder | earlier that day not asked since |"), "{rows:?}");
}

#[test]
fn a_report_shows_more_than_clients() {
    let project = fleet();
    project.run(&["build"]).ok();
    let page = project.read("public/days/2026-03-02.html");
    // Three bridges with 144 requests each: (144 - 4) / 10 users, three times.
    assert!(
        page.contains("At least 42 users, <a href=\"../method.html#users\">estimated</a> from 432 directory requests."),
        "{page}"
    );
    let alder = page.lines().find(|line| line.contains("alder.html\">Alder</a>")).unwrap();
    assert!(alder.contains("<small>tor 0.4.8.9</small>") && alder.contains("&lt;OR&gt; too high</a>"), "{alder}");
    let cedar = page.lines().find(|line| line.contains("cedar.html\">Cedar</a>")).unwrap();
    assert!(cedar.contains("<small>tor 0.4.9.11</small>") && !cedar.contains("too high"), "{cedar}");
    assert!(alder.contains("8.19\u{202f}kB") && alder.contains("4.10\u{202f}kB"), "{alder}");
    assert_eq!(project.private("select max(sent_bytes), max(received_bytes) from traffic_day"), ["8192,4096"]);

    project.write("site/site.yaml", "publish: {delay: 0, minimum_clients: 0}\n");
    project.run(&["build"]).ok();
    let page = project.read("public/days/2026-03-02.html");
    assert!(!page.contains("tor 0.4") && page.contains("&lt;OR&gt; too high</a>"), "{page}");
}
