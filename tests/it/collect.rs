//! `collect`: what comes from servers is in the warehouse, once, and nothing that goes wrong loses anything.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::sshd::{shared, user};
use crate::support::{Said, TestProject, bridge_stats, cat};

const ENDS: &str = "2026-03-02 13:00:00";

/// A project with one server on this machine that has one tor with these statistics.
fn one_bridge(stats: &str) -> TestProject {
    let project = TestProject::new();
    let tor = project.tor("a", stats);
    let command = project.server("alpha", &[("default", &tor)]);
    project.local_servers(&[("alpha", command)]);
    project
}

fn counts(project: &TestProject) -> String {
    project
        .private(
            "select (select count(*) from warehouse.extract), (select count(*) from warehouse.report),
                    (select count(*) from warehouse.country_count), (select count(*) from warehouse.collection)",
        )
        .join(";")
}

#[test]
fn the_numbers_of_a_real_file_are_printed_exactly() {
    let Some(data) = shared("data") else { return };
    for name in [
        "derived-bridge-stats/03_collector_2016-10-01_067B8EE7.txt",
        "derived-bridge-stats/06_collector_2016-10-01_7AAEEB5B.txt",
        "derived-bridge-stats/29_stem_2019-03-05_A0187027.txt",
        "derived-bridge-stats/30_stem_2019-03-14_0DF7E818.txt",
        "derived-bridge-stats/32_stem_2012-06-07_1EC24842.txt",
        "derived-bridge-stats/33_stem_2015-03-20_7F7798A3.txt",
        "lab-tor-0.4.9.11/run1/bridge-stats",
    ] {
        let text = fs::read_to_string(data.join(name)).unwrap();
        let project = one_bridge(&text);
        if name.starts_with("lab") {
            // The lab's clock ran ahead: let this machine's do so too.
            faked(&project, "2026-11-26 12:00:00").ok();
        } else {
            project.run(&["collect"]).ok();
        }
        let line = |key: &str| text.lines().find_map(|line| line.strip_prefix(&format!("{key} "))).map(str::trim);
        let told = |sql: &str| project.private(sql).join(",").replace('"', "");
        assert_eq!(
            told("select string_agg(country || '=' || clients, ',' order by clients desc, country) from country_day"),
            line("bridge-ips").unwrap(),
            "{name}"
        );
        assert_eq!(
            told("select string_agg(transport || '=' || clients, ',' order by encode(transport)) from transport_day"),
            line("bridge-ip-transports").unwrap_or_default(),
            "{name}"
        );
        assert_eq!(
            told("select 'v4=' || ipv4 || ',v6=' || ipv6 from bridge_day order by day limit 1"),
            line("bridge-ip-versions").unwrap_or_default(),
            "{name}"
        );
    }
}

/// Collects under a clock that shows another time.
fn faked(project: &TestProject, time: &str) -> Said {
    let binary = env!("CARGO_BIN_EXE_torcollect");
    crate::support::said(
        Command::new("faketime")
            .arg("-f")
            .arg(format!("@{time}"))
            .arg(binary)
            .arg("-C")
            .arg(project.path(""))
            .arg("collect"),
    )
}

#[test]
fn the_same_extract_again_is_one_row_in_collection_and_nothing_else() {
    let project = one_bridge(&bridge_stats(ENDS, "de=8,fr=8", "v4=8,v6=0", "obfs4=8"));
    let first = project.run(&["collect"]).ok();
    assert!(
        first.stderr.contains("1 of 1 servers collected: 1 new, 0 unchanged, 0 failed; 1 new extracts"),
        "{first:?}"
    );
    assert_eq!(counts(&project), "1,1,2,1");
    let second = project.run(&["collect"]).ok();
    assert!(second.stderr.contains("0 new, 1 unchanged, 0 failed; 0 new extracts"), "{second:?}");
    assert_eq!(counts(&project), "1,1,2,2");
}

#[test]
fn a_better_extract_of_the_same_interval_corrects_the_facts_and_reparse_agrees() {
    let project = one_bridge(&bridge_stats(ENDS, "de=8,fr=8", "v4=8,v6=0", "obfs4=8"));
    project.run(&["collect"]).ok();
    project.tor("a", &bridge_stats(ENDS, "de=16", "v4=16,v6=0", "obfs4=16"));
    project.run(&["collect"]).ok();
    let facts = "select country, clients from country_day order by all";
    assert_eq!(project.private(facts), ["de,16"]);
    let said = project.run(&["reparse"]).ok();
    assert!(said.stderr.contains("2 extracts read again"), "{said:?}");
    assert_eq!(project.private(facts), ["de,16"]);
}

/// Collects from a server that prints `bytes`, beside one that works, after one good collection; gives what was said. The
/// earlier data must be there afterwards, and the next run must work.
fn faulty(bytes: &[u8], code: i32) -> String {
    let project = one_bridge(&bridge_stats(ENDS, "de=8", "v4=8,v6=0", "obfs4=8"));
    project.run(&["collect"]).ok();
    let bad = project.write("bad", bytes);
    let tor = project.tor("b", &bridge_stats(ENDS, "fr=8", "v4=8,v6=0", "obfs4=8"));
    let good = project.server("beta", &[("default", &tor)]);
    let alpha = vec![
        project.path("server-alpha/extract").display().to_string(),
        project.path("server-alpha/instances").display().to_string(),
    ];
    project.local_servers(&[("alpha", alpha), ("bad", cat(&bad)), ("beta", good)]);
    let stderr = project.run(&["collect"]).failed(code);
    let facts = "select country from country_day order by all";
    assert_eq!(project.private(facts), ["de", "fr"], "the others' data are there");
    let tor = project.tor("c", &bridge_stats(ENDS, "us=8", "v4=8,v6=0", "obfs4=8"));
    let mended = project.server("bad", &[("default", &tor)]);
    let script = fs::read_to_string(project.path("sources.yaml")).unwrap();
    let broken = serde_json::to_string(&cat(&bad)).unwrap();
    project.write("sources.yaml", script.replace(&broken, &serde_json::to_string(&mended).unwrap()));
    project.run(&["collect"]).ok();
    assert_eq!(project.private(facts), ["de", "fr", "us"], "the next run works");
    stderr
}

/// A real extract of one tor with these statistics.
fn extract(stats: &[u8]) -> Vec<u8> {
    let project = TestProject::new();
    let tor = project.tor("z", "");
    fs::write(tor.join("stats/bridge-stats"), stats).unwrap();
    let command = project.server("z", &[("default", &tor)]);
    Command::new(&command[0]).args(&command[1..]).output().unwrap().stdout
}

#[test]
fn trying_a_source_shows_what_its_bridges_have_counted_and_writes_nothing() {
    let project = one_bridge(&bridge_stats(ENDS, "de=8,fr=16", "v4=24,v6=0", "obfs4=24"));
    let said = project.run(&["source", "test", "bridges", "--format", "csv"]).ok();
    let counted = ["country,de,8", "country,fr,16", "ip,v4,24", "ip,v6,0", "transport,obfs4,24"];
    let rows = counted.map(|counted| format!("default,2026-03-02T13:00:00Z,86400,clients,{counted}"));
    let lines: Vec<&str> = said.stdout.lines().skip(1).collect();
    assert!(rows.iter().all(|row| lines.contains(&row.as_str())), "{}", said.stdout);
    assert!(said.stderr.contains("5 rows; columns: bridge text, ends time"), "{}", said.stderr);
    assert!(!project.path("data").exists());
    let said = project.run(&["source", "test", "bridges", "--server", "alpah"]).failed(2);
    assert!(said.contains("did you mean `alpha`?"), "{said}");
    let nothing = project.write("nothing", "");
    project.local_servers(&[("alpha", cat(&nothing))]);
    let said = project.run(&["source", "test", "bridges"]).failed(1);
    assert!(said.starts_with("error: source `bridges`, server `alpha`: ") && said.contains("\nhint: "), "{said}");
}

#[test]
fn trying_a_sample_shows_all_that_one_of_its_servers_says() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {fleet: {seed: 1, days: 3, until: 2026-11-22}}}\n");
    let said = project.run(&["source", "test", "fleet", "--server", "rhine", "--rows", "1000", "--format", "csv"]).ok();
    let days: std::collections::BTreeSet<&str> =
        said.stdout.lines().skip(1).filter_map(|line| line.split(',').nth(1)?.get(..10)).collect();
    assert!(days.contains("2026-11-22") && days.len() >= 3, "{days:?}");
}

#[test]
fn a_truncated_extract_is_refused() {
    let whole = extract(bridge_stats(ENDS, "cn=8", "v4=8,v6=0", "obfs4=8").as_bytes());
    let stderr = faulty(&whole[..whole.len() / 2], 4);
    assert!(stderr.contains("server `bad`: the extract is truncated"), "{stderr}");
}

#[test]
fn an_extract_that_was_changed_on_the_way_is_refused() {
    let text = String::from_utf8(extract(bridge_stats(ENDS, "cn=8", "v4=8,v6=0", "obfs4=8").as_bytes())).unwrap();
    let stderr = faulty(text.replace("cn=8", "cn=9").as_bytes(), 4);
    assert!(stderr.contains("server `bad`: the extract's checksum is wrong"), "{stderr}");
}

#[test]
fn an_extract_of_a_future_version_says_what_to_update_and_is_kept() {
    let project = TestProject::new();
    let future = project.write("future", "torcollect-extract 2 1772600000 9\nend 0 1\n");
    project.local_servers(&[("alpha", cat(&future))]);
    let stderr = project.run(&["collect"]).failed(1);
    assert!(stderr.contains("extract of version 2"), "{stderr}");
    assert!(stderr.contains("hint: update torcollect"), "{stderr}");
    assert_eq!(project.private("select count(*) from warehouse.extract"), ["1"]);
}

#[test]
fn a_hundred_megabytes_of_noise_are_stopped_at_the_cap() {
    let project = one_bridge(&bridge_stats(ENDS, "de=8", "v4=8,v6=0", "obfs4=8"));
    let alpha = vec![
        project.path("server-alpha/extract").display().to_string(),
        project.path("server-alpha/instances").display().to_string(),
    ];
    let noise = ["head", "-c", "100000000", "/dev/urandom"].map(str::to_owned).to_vec();
    project.local_servers(&[("alpha", alpha), ("noise", noise)]);
    let stderr = project.run(&["collect"]).failed(4);
    assert!(stderr.contains("server `noise`: too large: more than 8388608 bytes"), "{stderr}");
    assert_eq!(counts(&project), "1,1,1,2");
}

#[test]
fn what_is_no_extract_is_refused() {
    let stderr = faulty(b"Welcome to Debian GNU/Linux\nLast login: yesterday\n", 4);
    assert!(stderr.contains("server `bad`: what the server sent is not an extract"), "{stderr}");
}

#[test]
fn a_line_of_invalid_utf8_is_named_and_the_rest_stands() {
    let stderr = faulty(&extract(b"bridge-stats-end 2026-03-02 13:00:00 (86400 s)\nbridge-ips \xff\xfe=8\n"), 4);
    assert!(stderr.contains("server `bad`, instance `default`:"), "{stderr}");
    assert!(stderr.contains("bridge-ips"), "{stderr}");
}

#[test]
fn a_line_of_a_million_country_codes_is_named_and_the_rest_stands() {
    let codes = vec!["de=8"; 200_000].join(",");
    let stderr = faulty(&extract(bridge_stats(ENDS, &codes, "v4=8,v6=0", "obfs4=8").as_bytes()), 4);
    assert!(stderr.contains("server `bad`, instance `default`:"), "{stderr}");
}

#[test]
fn statistics_from_the_future_are_named_and_not_believed() {
    let stderr = faulty(&extract(bridge_stats("2099-01-01 00:00:00", "cn=8", "v4=8,v6=0", "obfs4=8").as_bytes()), 4);
    assert!(stderr.contains("future"), "{stderr}");
}

#[test]
fn a_server_whose_clock_is_days_ahead_is_named_and_not_believed() {
    let project = TestProject::new();
    let ahead = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(72);
    let ends = ahead.strftime("%Y-%m-%d 00:00:00").to_string();
    let tor = project.tor("a", &bridge_stats(&ends, "cn=8", "v4=8,v6=0", "obfs4=8"));
    let mut command = vec!["faketime".to_owned(), "+3 days".to_owned()];
    command.extend(project.server("alpha", &[("default", &tor)]));
    project.local_servers(&[("alpha", command)]);
    let stderr = project.run(&["collect"]).failed(4);
    assert!(stderr.contains("clock is 72 hours ahead"), "{stderr}");
    assert_eq!(project.private("select count(*) from warehouse.report"), ["0"]);
}

#[test]
fn stale_statistics_are_a_report_of_their_own_day_and_of_no_other() {
    let project = one_bridge(&bridge_stats("2026-03-02 13:00:00", "de=8", "v4=8,v6=0", "obfs4=8"));
    project.run(&["collect"]).ok();
    assert_eq!(
        project.private("select count(*) from bridge_day where day > '2026-03-02' and day < '2026-03-20'"),
        ["0"],
        "nobody asked then"
    );
}

#[test]
fn numbers_that_cannot_be_harm_nobody_else() {
    let stderr = faulty(&extract(bridge_stats(ENDS, "cn=8", "v4=3000000000,v6=0", "obfs4=8").as_bytes()), 4);
    assert!(stderr.contains("server `bad`, instance `default`: `bridge-stats`"), "{stderr}");
    assert!(stderr.contains("too large"), "{stderr}");
}

#[test]
fn a_clock_that_was_mended_makes_the_same_statistics_count() {
    let project = TestProject::new();
    let tor = project.tor("a", &bridge_stats(ENDS, "cn=8", "v4=8,v6=0", "obfs4=8"));
    let right = project.server("alpha", &[("default", &tor)]);
    let mut wrong = vec!["faketime".to_owned(), "+2 hours".to_owned()];
    wrong.extend(right.clone());
    project.local_servers(&[("alpha", wrong)]);
    project.run(&["collect"]).failed(4);
    assert_eq!(project.private("select count(*) from warehouse.report"), ["0"]);
    project.local_servers(&[("alpha", right)]);
    project.run(&["collect"]).ok();
    assert_eq!(project.private("select country from country_day"), ["cn"]);
}

#[test]
fn a_server_that_is_silent_is_given_up() {
    let project = one_bridge(&bridge_stats(ENDS, "de=8", "v4=8,v6=0", "obfs4=8"));
    let alpha = vec![
        project.path("server-alpha/extract").display().to_string(),
        project.path("server-alpha/instances").display().to_string(),
    ];
    project.local_servers(&[("alpha", alpha), ("mute", vec!["sleep".to_owned(), "60".to_owned()])]);
    let stderr = project.run(&["collect"]).failed(4);
    assert!(stderr.contains("server `mute`: silent for too long"), "{stderr}");
}

#[test]
fn an_instance_that_may_not_be_read_is_named() {
    let project = TestProject::new();
    let tor = project.tor("a", &bridge_stats(ENDS, "de=8", "v4=8,v6=0", "obfs4=8"));
    let command = project.server("alpha", &[("default", &tor)]);
    project.write(
        "server-alpha/instances",
        format!("default {} {}\nother nobody-there /nowhere\n", user(), tor.display()),
    );
    project.local_servers(&[("alpha", command)]);
    let stderr = project.run(&["collect"]).failed(4);
    assert!(stderr.contains("server `alpha`, instance `other`:"), "{stderr}");
    assert_eq!(project.private("select country from country_day"), ["de"]);
}

#[test]
fn a_transport_with_a_name_that_tor_would_not_write_is_on_no_page() {
    let odd = ["../../etc", "<script>alert(1)</script>", "203.0.113.77", "bridge.example.org"];
    let transports = format!("obfs4=16,{}=8", odd.join("=8,"));
    let project = one_bridge(&bridge_stats(ENDS, "de=8", "v4=8,v6=0", &transports));
    let stderr = project.run(&["collect"]).failed(4);
    assert!(stderr.contains("has a line `bridge-ip-transports` with a name that no transport has"), "{stderr}");
    project.run(&["build"]).ok();
    let page = project.read("public/days/2026-03-02.html");
    assert!(page.contains("obfs4"), "{page}");
    for name in ["../../etc", "alert(1)", "203.0.113.77", "bridge.example.org"] {
        assert!(!page.contains(name) && !stderr.contains(name), "`{name}`: {stderr}{page}");
    }
    assert!(!project.path("etc").exists() && !project.path("public/etc").exists());
}

#[test]
fn a_second_collect_at_the_same_time_says_who_is_at_work() {
    let project = one_bridge(&bridge_stats(ENDS, "de=8", "v4=8,v6=0", "obfs4=8"));
    project.local_servers(&[("slow", vec!["sleep".to_owned(), "2".to_owned()])]);
    let mut first = project.command().arg("collect").spawn().unwrap();
    wait_for(&project.path("data/collect.lock"));
    let stderr = project.run(&["collect"]).failed(1);
    assert!(stderr.contains(&format!("process {} is collecting", first.id())), "{stderr}");
    first.wait().unwrap();
}

fn wait_for(path: &Path) {
    for _ in 0..200 {
        if fs::metadata(path).is_ok_and(|file| file.len() > 0) {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("{} did not appear", path.display());
}

#[test]
fn a_collect_that_is_killed_at_any_moment_loses_nothing_that_had_come() {
    let project = one_bridge(&bridge_stats(ENDS, "de=8", "v4=8,v6=0", "obfs4=8"));
    project.run(&["collect"]).ok();
    for (number, delay) in (0..24).map(|n| (n, 6 * n)) {
        let day = format!("2026-04-{:02} 13:00:00", number + 1);
        project.tor("a", &bridge_stats(&day, "fr=8", "v4=8,v6=0", "obfs4=8"));
        let mut run = project.command().arg("collect").stderr(std::process::Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(delay));
        run.kill().unwrap();
        run.wait().unwrap();
    }
    project.run(&["collect"]).ok();
    assert_eq!(project.private("select country from country_day where day = '2026-03-02'"), ["de"]);
    assert_eq!(project.private("select country from country_day where day = '2026-04-24'"), ["fr"]);
    let spooled = fs::read_dir(project.path("data/spool"))
        .unwrap()
        .filter(|file| !file.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'))
        .count();
    assert_eq!(spooled, 0, "what was left behind has been loaded");
}

#[test]
fn what_a_killed_run_had_spooled_is_loaded_by_the_next() {
    let project = one_bridge(&bridge_stats(ENDS, "de=8", "v4=8,v6=0", "obfs4=8"));
    project.local_servers(&[
        (
            "alpha",
            vec![
                project.path("server-alpha/extract").display().to_string(),
                project.path("server-alpha/instances").display().to_string(),
            ],
        ),
        ("slow", vec!["sleep".to_owned(), "60".to_owned()]),
    ]);
    let mut run =
        project.command().args(["collect", "--jobs", "2"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    for _ in 0..100 {
        if fs::read_dir(project.path("data/spool")).is_ok_and(|mut files| files.next().is_some()) {
            break;
        }
        sleep(Duration::from_millis(20));
    }
    sleep(Duration::from_millis(100));
    run.kill().unwrap();
    run.wait().unwrap();
    // tor has overwritten its file since
    project.tor("a", &bridge_stats("2026-03-03 13:00:00", "fr=8", "v4=8,v6=0", "obfs4=8"));
    let said = project.run(&["collect", "--server", "alpha"]).ok();
    assert!(said.stderr.contains("1 extracts of an earlier run are loaded now"), "{said:?}");
    assert_eq!(project.private("select country from country_day order by all"), ["de", "fr"]);
}

#[test]
fn a_full_disk_is_an_error_and_loses_nothing_and_the_next_run_works() {
    let project = one_bridge(&bridge_stats(ENDS, "de=8", "v4=8,v6=0", "obfs4=8"));
    project.run(&["collect"]).ok();
    let mut failures = Vec::new();
    // A limit on the size of files is a disk that is full: a write ends short, with an error. It strikes the lock, the
    // spool, or the warehouse.
    for (day, kilobytes) in [0, 1, 2, 4, 16, 64].into_iter().enumerate() {
        project.tor(
            "a",
            &bridge_stats(&format!("2026-03-{:02} 13:00:00", day + 3), &countries(200), "v4=8,v6=0", "obfs4=8"),
        );
        let (binary, path) = (env!("CARGO_BIN_EXE_torcollect"), project.path(""));
        let limited = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec {binary} -C {} collect", path.display());
        let said = crate::support::said(Command::new("bash").arg("-c").arg(limited));
        if said.code != Some(0) {
            assert_eq!(said.code, Some(1), "{said:?}");
            failures.push(said.stderr);
        }
        assert_eq!(project.private("select country from country_day where day = '2026-03-02'"), ["de"]);
    }
    assert!(failures.iter().any(|stderr| stderr.contains("data/spool/")), "{failures:?}");
    assert!(
        failures.iter().any(|stderr| !stderr.contains("data/spool/") && !stderr.contains("collect.lock")),
        "{failures:?}"
    );
    project.run(&["collect"]).ok();
    assert_eq!(project.private("select count(*) from country_day where day = '2026-03-08'"), ["200"]);
}

/// So many countries with eight clients each.
fn countries(number: u8) -> String {
    (0..number)
        .map(|n| format!("{}{}=8", (b'a' + n / 26) as char, (b'a' + n % 26) as char))
        .collect::<Vec<_>>()
        .join(",")
}

#[test]
fn files_of_the_project_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let project = one_bridge(&bridge_stats(ENDS, "de=8", "v4=8,v6=0", "obfs4=8"));
    project.run(&["collect"]).ok();
    let mode = |path: &str| fs::metadata(project.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode("data"), mode("data/torcollect.duckdb"), mode("data/salt"), mode("data/spool")),
        (0o700, 0o600, 0o600, 0o700)
    );
}
