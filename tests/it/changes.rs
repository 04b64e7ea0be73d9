//! Sudden changes: what the sample has planted is found, and what only looks like a change is not.

use std::fmt::Write as _;

use torcollect::collect::sources::tor_bridge::cksum;
use torcollect::warehouse::Publication;

use crate::support::{TestProject, cat};

#[test]
fn what_the_sample_has_planted_is_found_on_its_first_days_and_is_on_the_pages() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {fleet: {seed: 1, days: 200}}}\n");
    project.write("site/site.yaml", "base_url: https://a.example/\npublish: {delay: 0}\n");
    project.run(&["collect"]).ok();
    // 2026-06-25 is 150 days before the sample's newest, 2026-11-01 is 21: see `sample::EVENTS`.
    assert_eq!(
        project.public(
            "select name, direction from event where kind = 'country' and since - case name when 'tm' then date '2026-06-25'
             else date '2026-11-01' end between 0 and 2 order by name"
        ),
        ["ir,rose", "tm,fell"]
    );
    assert_eq!(project.public("select count(*) from event where kind = 'country'"), ["2"], "and nothing else");
    project.run(&["build"]).ok();
    let list = project.read("public/changes/index.html");
    assert!(list.contains(">Iran</a>") && list.contains(">Turkmenistan</a>"), "{list}");
    let feed = project.read("public/changes.xml");
    assert!(feed.contains("<title>Iran: more clients than expected from 1 November 2026</title>"), "{feed}");
    let day = project.read("public/days/2026-11-03.html");
    assert!(day.contains("rising since <b>1 Nov</b>"), "{day}");
}

/// The changes among ten bridges with 200 clients each from each of eight countries, on 60 days, the last complete or not:
/// without the bridge-days that are `missing`, and without the clients that are `gone`.
fn publication(complete: bool, missing: &str, gone: &str) -> Vec<String> {
    let publication = Publication::with_events(&format!(
        "create table day as select cast(day as date) as day, {complete} or day < date '2026-03-01' as complete
         from (select unnest(generate_series(date '2026-01-01', date '2026-03-01', interval 1 day)) as day);
         create table bridge_day as
         select 'b' || number as bridge, day, 'reported' as state, 1600 as clients, false as or_inflated
         from day cross join range(10) as numbers(number)
         where not ({missing});
         create table country_day as
         select bridge, day, country, 200 as clients
         from bridge_day cross join (select unnest(['ir', 'ru', 'us', 'de', 'fr', 'in', 'tr', 'cn']) as country)
         where not ({gone});
         create table transport_day as select bridge, day, 'obfs4' as transport, 1600 as clients from bridge_day;"
    ))
    .unwrap();
    let rows = publication.query("select kind, name, direction, cast(since as text) from event order by all").unwrap();
    (0..rows.len())
        .map(|row| (0..4).map(|column| rows.text(row, column).unwrap()).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn a_day_that_is_not_complete_raises_none() {
    let gone = "country = 'ir' and day = date '2026-03-01'";
    assert_eq!(publication(true, "false", gone), ["country ir fell 2026-03-01"]);
    assert_eq!(publication(false, "false", gone), [""; 0]);
}

#[test]
fn a_bridge_that_is_missing_is_no_change() {
    assert_eq!(publication(true, "bridge = 'b1' and day > date '2026-02-20'", "false"), [""; 0]);
    let three = "bridge in ('b1', 'b2', 'b3') and day > date '2026-02-20'";
    assert_eq!(publication(true, three, "false"), [""; 0]);
    assert_ne!(publication(true, "false", three), [""; 0], "who tells that nobody came is not missing");
}

#[test]
fn a_slow_drift_is_none_and_neither_are_few_clients() {
    let drift = "country = 'ir' and hash(bridge) % 60 < datediff('day', date '2026-01-01', day)";
    assert_eq!(publication(true, "false", drift).iter().filter(|line| line.contains("rose")).count(), 0);
    assert_eq!(publication(true, "false", "country = 'ir' and (bridge <> 'b1' or day = date '2026-03-01')").len(), 1);
}

/// One bridge that tells what nobody can believe must not stop the site of all others.
#[test]
fn made_up_numbers_and_names_do_not_stop_a_build() {
    let project = TestProject::new();
    let bridge = |name: &str, transports: &dyn Fn(i64) -> String| {
        let mut text = "torcollect-extract 1 1772600000 1\ninstance default\n".to_owned();
        let mut sections = 0;
        for day in 0..40 {
            let ends = jiff::civil::date(2026, 1, 20).checked_add(jiff::Span::new().days(day)).unwrap();
            let body = format!(
                "bridge-stats-end {ends} 23:00:00 (86400 s)\nbridge-ips de=960\nbridge-ip-versions v4=960,v6=0\nbridge-ip-transports {}\n",
                transports(day)
            );
            let _ = write!(text, "section bridge-stats {} 1772500000\n{body}\n", body.len());
            sections += 1;
        }
        let number = u64::from(name.as_bytes()[0]);
        let fingerprint = format!("nick {number:040X}\n");
        let _ = write!(text, "section hashed-fingerprint {} 1772500000\n{fingerprint}\n", fingerprint.len());
        let sum = cksum(text.as_bytes());
        let _ = writeln!(text, "end {} {sum}", sections + 1);
        (name.to_owned(), cat(&project.write(&format!("{name}.extract"), text)))
    };
    let honest = |_: i64| "obfs4=960,<OR>=8,none=8,unnamed=8,others=8,<??>=8".to_owned();
    let hostile = |day: i64| {
        let names = if day < 36 { 8 } else { 2 };
        (0..names).map(|number| format!("x{number}=1000000")).collect::<Vec<_>>().join(",")
    };
    let servers = [bridge("alpha", &honest), bridge("beta", &honest), bridge("gamma", &hostile)];
    let servers: Vec<(&str, Vec<String>)> =
        servers.iter().map(|(name, command)| (name.as_str(), command.clone())).collect();
    project.local_servers(&servers);
    crate::support::said(
        std::process::Command::new("faketime")
            .args(["-f", "@2026-03-04 05:00:00", env!("CARGO_BIN_EXE_torcollect"), "-C"])
            .arg(project.path(""))
            .arg("collect"),
    )
    .ok();
    assert_ne!(project.public("select count(*) from event"), ["0"], "they are seen");
    project.run(&["build", "--strict"]).ok();
    project.run(&["report", "--month", "2026-02", "-o", "february.html"]).ok();
}
