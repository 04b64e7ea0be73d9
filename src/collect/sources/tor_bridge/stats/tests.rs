//! The parser against tor's own files and against what no tor writes. Real files are read from the folder that
//! `TORCOLLECT_SHARED` names (`../shared` otherwise); a test that finds none says so.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::PathBuf;

use proptest::prelude::*;

use super::super::frame::tests::extract;
use super::*;

/// A time after all that the real files are about.
const NOW: i64 = 1_800_000_000;

/// A file of the real data, or `None` after saying that it is not there.
fn real(path: &str) -> Option<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let file = std::env::var_os("TORCOLLECT_SHARED").map_or(here, PathBuf::from).join("data").join(path);
    if !file.exists() {
        eprintln!("skipped: there is no {}", file.display());
        return None;
    }
    Some(file)
}

/// The lines of a file that the script would let out: the keys of all sections are different.
fn filtered(text: &[u8]) -> Vec<u8> {
    let wanted: [&[u8]; 6] =
        [b"bridge-", b"dirreq-stats-end", b"dirreq-v3-re", b"BWHistory", b"LastWritten", b"TorVersion"];
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| wanted.iter().any(|key| line.starts_with(key))).flatten().copied().collect()
}

fn facts(sections: &[(&str, &[u8])]) -> InstanceFacts {
    facts_at(NOW, sections)
}

fn facts_at(epoch: i64, sections: &[(&str, &[u8])]) -> InstanceFacts {
    let bytes = extract(epoch, sections);
    parse(&Extract::parse(&bytes).unwrap()).remove(0)
}

/// The one day of a `bridge-stats`.
fn day(body: &[u8]) -> Report {
    let mut facts = facts(&[("bridge-stats", body)]);
    assert_eq!(facts.problems, [""; 0]);
    assert_eq!(facts.reports.len(), 1);
    facts.reports.remove(0)
}

/// The one problem of a section that gives no fact, beside one that does.
fn problem(section: &str, body: &[u8]) -> String {
    let good = b"bridge-stats-end 2016-10-01 11:49:32 (86400 s)\nbridge-ips ru=8\n";
    let facts = facts(&[("bridge-stats", good), (section, body)]);
    assert_eq!(facts.reports.len(), 1, "the good section is kept");
    assert_eq!((facts.requests.len(), facts.traffic.len()), (0, 0));
    assert_eq!(facts.problems.len(), 1);
    facts.problems[0].clone()
}

fn bridge_problem(lines: &str) -> String {
    problem("bridge-stats", format!("bridge-stats-end 2016-10-02 11:49:32 (86400 s)\n{lines}\n").as_bytes())
}

fn utc(text: &str) -> Timestamp {
    time(text).unwrap()
}

fn list(list: &[(&str, u32)]) -> Option<Vec<(String, u32)>> {
    Some(list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect())
}

/// The lines that tor would have written.
fn render(day: &Report) -> String {
    let joined = |list: &Vec<(String, u32)>| list.iter().map(|(n, c)| format!("{n}={c}")).collect::<Vec<_>>().join(",");
    let mut text = format!("bridge-stats-end {} ({} s)\n", day.ends.strftime("%Y-%m-%d %H:%M:%S"), day.seconds);
    if let Some(countries) = &day.countries {
        text += &format!("bridge-ips {}\n", joined(countries));
    }
    if let Some((v4, v6)) = day.versions {
        text += &format!("bridge-ip-versions v4={v4},v6={v6}\n");
    }
    if day.no_geoip {
        text += "bridge-ips \nbridge-ip-versions \n";
    }
    if let Some(transports) = &day.transports {
        text += &format!("bridge-ip-transports {}\n", joined(transports));
    }
    text
}

#[test]
fn a_busy_day_is_read_whole() {
    let Some(file) = real("lab-tor-0.4.9.11/run1/bridge-stats") else { return };
    let day = day(&std::fs::read(file).unwrap());
    assert_eq!((day.ends, day.seconds), (utc("2026-11-24 17:38:18"), 86_585));
    let countries = [("ru", 48), ("ir", 40), ("cn", 24), ("us", 24), ("??", 16), ("de", 16)];
    assert_eq!(day.countries.as_ref().map(|list| list[..6].to_vec()), list(&countries));
    assert_eq!(day.versions, Some((152, 8)));
    let transports = [("<??>", 8), ("<OR>", 8), ("meek_lite", 8), ("obfs4", 112), ("snowflake", 24), ("webtunnel", 24)];
    assert_eq!(day.transports, list(&transports));
    assert!(!day.no_geoip);
}

#[test]
fn no_client_is_known_to_be_none() {
    let Some(file) = real("lab-tor-0.4.9.11/empty/bridge-stats") else { return };
    let day = day(&std::fs::read(file).unwrap());
    assert_eq!((day.countries, day.versions, day.transports), (list(&[]), Some((0, 0)), list(&[])));
    assert!(!day.no_geoip);
}

#[test]
fn without_geoip_countries_and_versions_are_unknown_and_transports_are_not() {
    for path in ["lab-tor-0.4.9.11/nogeoip/bridge-stats", "derived-bridge-stats/29_stem_2019-03-05_A0187027.txt"] {
        let Some(file) = real(path) else { return };
        let day = day(&std::fs::read(file).unwrap());
        assert!(day.no_geoip, "{path}");
        assert_eq!((day.countries, day.versions), (None, None), "{path}");
        assert!(day.transports.is_some_and(|list| !list.is_empty()), "{path}");
    }
}

#[test]
fn a_line_that_old_tors_do_not_write_is_unknown() {
    let Some(file) = real("derived-bridge-stats/32_stem_2012-06-07_1EC24842.txt") else { return };
    let old = day(&std::fs::read(file).unwrap());
    assert_eq!(old.countries.map(|list| list.len()), Some(16));
    assert_eq!((old.versions, old.transports, old.no_geoip), (None, None, false));
    // So was a bridge of 2015-09 that knew IP versions.
    let Some(file) = real("derived-bridge-stats/31_stem_2015-08-21_B8AB3310.txt") else { return };
    let text = std::fs::read_to_string(file).unwrap();
    let newer = day(&text.as_bytes()[..text.find("bridge-ip-transports").unwrap()]);
    assert_eq!(
        (newer.countries.map(|list| list.len()), newer.versions, newer.transports),
        (Some(5), Some((8, 0)), None)
    );
}

#[test]
fn a_space_at_the_end_may_be_missing() {
    let Some(file) = real("lab-tor-0.4.9.11/nogeoip/bridge-stats") else { return };
    let text = std::fs::read_to_string(file).unwrap();
    let stripped = text.replace(" \n", "\n");
    assert_ne!(text, stripped);
    assert_eq!(day(text.as_bytes()), day(stripped.as_bytes()));
    assert_eq!(day(text.as_bytes()), day(stripped.trim_end().as_bytes()), "nor need the last newline be there");
}

#[test]
fn unknown_lines_and_keys_are_passed_over() {
    let Some(file) = real("lab-tor-0.4.9.11/run1/dirreq-stats") else { return };
    let body = std::fs::read(file).unwrap();
    let facts = facts(&[("dirreq-stats", &body), ("some-future", b"section \xff")]);
    assert_eq!(facts.problems, [""; 0]);
    let ends = utc("2026-11-24 17:38:18");
    assert_eq!(facts.requests, [Requests { ends, seconds: 86_586, answered: Some(0), countries: list(&[]) }]);
    let later =
        b"bridge-stats-end 2016-10-01 11:49:32 (86400 s)\nbridge-ip-versions v4=8,v6=16,v9=\nbridge-moons \xff\n";
    assert_eq!(day(later).versions, Some((8, 16)));
}

#[test]
fn an_absent_file_is_no_problem_and_no_fact() {
    let framed = b"torcollect-extract 1 1700000000 1\ninstance a\nsection bridge-stats absent\nsection state denied\n";
    let bytes = super::super::frame::tests::sealed(framed, 2);
    let facts = parse(&Extract::parse(&bytes).unwrap()).remove(0);
    let expected = vec!["`state` may not be read".to_owned()];
    assert_eq!(facts, InstanceFacts { instance: "a".to_owned(), problems: expected, ..InstanceFacts::default() });
}

#[test]
fn an_instance_of_which_nothing_may_be_read_is_one_problem() {
    let framed = b"torcollect-extract 1 1700000000 1\ninstance a\nsection bridge-stats denied\nsection state denied\n";
    let bytes = super::super::frame::tests::sealed(framed, 2);
    let facts = parse(&Extract::parse(&bytes).unwrap()).remove(0);
    assert_eq!(facts.problems, ["may not be read"]);
}

#[test]
fn a_stale_file_is_read_like_any_other_and_twice_is_once() {
    let Some(file) = real("derived-bridge-stats/03_collector_2016-10-01_067B8EE7.txt") else { return };
    let body = std::fs::read(file).unwrap();
    let once = facts(&[("bridge-stats", &body)]);
    assert_eq!(once, facts(&[("bridge-stats", &body), ("bridge-stats", &body)]));
    assert_eq!(once.reports.len(), 1);
}

#[test]
fn a_line_of_many_countries_is_read() {
    let Some(file) = real("trac-10331/bzoum-2013-11-21-partial.txt") else { return };
    let body = [b"bridge-stats-end 2013-11-21 16:56:40 (86400 s)\n".to_vec(), filtered(&std::fs::read(file).unwrap())]
        .concat();
    let countries = day(&body).countries.unwrap();
    assert_eq!(countries.len(), 84);
    assert!(countries.contains(&("a1".to_owned(), 8)));
}

#[test]
fn every_real_file_is_printed_back_as_it_was() {
    let Some(folder) = real("derived-bridge-stats") else { return };
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 19);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(render(&day(text.as_bytes())), text, "{}", file.display());
    }
}

#[test]
fn the_state_of_a_real_tor_gives_traffic_and_version() {
    let Some(file) = real("lab-tor-0.4.9.11/state") else { return };
    let facts = facts(&[("state", &std::fs::read(file).unwrap())]);
    assert_eq!(facts.problems, [""; 0]);
    assert_eq!(facts.tor_version.as_deref(), Some("0.4.9.11"));
    assert_eq!(facts.traffic.len(), 5);
    let day =
        |ends, sent, received| Traffic { ends: utc(ends), seconds: DAY, sent: Some(sent), received: Some(received) };
    assert_eq!(facts.traffic[0], day("2026-11-24 17:35:12", 431_104, 86_016));
    assert_eq!(facts.traffic[4], day("2026-11-28 17:35:12", 646_144, 204_800));
}

#[test]
fn the_fingerprint_file_of_a_real_tor_gives_its_identity() {
    let Some(file) = real("lab-tor-0.4.9.11/hashed-fingerprint") else { return };
    let facts = facts(&[("hashed-fingerprint", &std::fs::read(file).unwrap())]);
    assert_eq!(facts.nickname.as_deref(), Some("labbridge"));
    assert_eq!(facts.hashed_fingerprint.as_deref(), Some("5FA6B2382B48F35DC0B9724163C706C4E9042E4F"));
}

#[test]
fn the_interval_that_is_running_is_no_fact_yet() {
    let state = |written| {
        format!(
            "BWHistoryReadEnds 2026-11-28 17:35:12\nBWHistoryReadInterval 86400\nBWHistoryReadValues 1024,2048,4096\n\
             BWHistoryWriteEnds 2026-11-27 17:35:12\nBWHistoryWriteInterval 86400\nBWHistoryWriteValues 7168\n{written}"
        )
    };
    let ends = |text: &str| {
        let facts = facts(&[("state", text.as_bytes())]);
        assert_eq!(facts.problems, [""; 0]);
        facts.traffic.iter().map(|t| (t.ends.to_string(), t.sent, t.received)).collect::<Vec<_>>()
    };
    let finished = [
        ("2026-11-26T17:35:12Z".to_owned(), None, Some(1024)),
        ("2026-11-27T17:35:12Z".to_owned(), Some(7168), Some(2048)),
    ];
    assert_eq!(ends(&state("LastWritten 2026-11-28 17:35:11\n")), finished);
    assert_eq!(ends(&state("LastWritten 2026-11-28 17:35:12\n")).len(), 3);
    assert_eq!(
        ends(&state("")),
        [(finished[0].0.clone(), None, Some(1024)), (finished[1].0.clone(), None, Some(2048))]
    );
}

#[test]
fn what_tor_would_never_write_is_a_problem_of_its_section_alone() {
    let number = "with something that is not a number, or too large";
    assert_eq!(bridge_problem("bridge-ips ru=4294967296"), format!("`bridge-stats` has a line `bridge-ips` {number}"));
    assert_eq!(bridge_problem("bridge-ips ru=-8"), format!("`bridge-stats` has a line `bridge-ips` {number}"));
    assert_eq!(
        bridge_problem("bridge-ips ru=8,ru=8"),
        "`bridge-stats` has a line `bridge-ips` with a name that stands twice"
    );
    for wrong in ["RU=8", "rus=8", "é=8", "=8", "<b=8", "r?=8"] {
        let expected = "`bridge-stats` has a line `bridge-ips` with a name that is not allowed";
        assert_eq!(bridge_problem(&format!("bridge-ips {wrong}")), expected, "{wrong}");
    }
    assert_eq!(bridge_problem("bridge-ips ru=8\nbridge-ips ru=8"), "`bridge-stats` has two lines `bridge-ips`");
    assert_eq!(
        bridge_problem("bridge-ips ru"),
        "`bridge-stats` has a line `bridge-ips` with an entry that is not `NAME=NUMBER`"
    );
    assert_eq!(
        bridge_problem("bridge-ip-versions v4=8"),
        "`bridge-stats` has a line `bridge-ip-versions` without `v4` or `v6`"
    );
    assert_eq!(problem("bridge-stats", b""), "`bridge-stats` has no line `bridge-stats-end`");
    assert_eq!(
        problem("bridge-stats", b"bridge-stats-end \xff\n"),
        "`bridge-stats` has a line `bridge-stats-end` that is not UTF-8"
    );
    for wrong in [
        "2016-10-01 11:49:32",
        "2016-10-01 11:49 (86400 s)",
        "2016-13-01 11:49:32 (86400 s)",
        "2016-10-01  1:49:32 (86400 s)",
    ] {
        let problem = problem("bridge-stats", format!("bridge-stats-end {wrong}\n").as_bytes());
        assert!(problem.contains("is not `YYYY-MM-DD HH:MM:SS"), "{wrong}: {problem}");
    }
    assert_eq!(
        problem("hashed-fingerprint", b"Oak 5FA6\n"),
        "`hashed-fingerprint` is not a nickname and a hashed fingerprint"
    );
    let state = b"BWHistoryReadEnds 2026-11-28 17:35:12\nBWHistoryReadInterval 900\nBWHistoryReadValues 1\n";
    assert_eq!(problem("state", state), "`state` has a history of intervals of 900 s, shorter than a day");
    let values = format!("BWHistoryReadEnds 2026-11-28 17:35:12\nBWHistoryReadValues {}\n", u128::MAX);
    assert_eq!(problem("state", values.as_bytes()), format!("`state` has a line `BWHistoryReadValues` {number}"));
}

#[test]
fn a_million_countries_are_too_many() {
    let codes = vec!["aa=8"; 1_000_000].join(",");
    assert_eq!(
        bridge_problem(&format!("bridge-ips {codes}")),
        "`bridge-stats` has a line `bridge-ips` with more than 2000 entries"
    );
}

#[test]
fn of_transports_only_names_that_tor_writes_are_read_and_the_others_are_not_repeated() {
    let read = |transports: &str| {
        let body = format!("bridge-stats-end 2016-10-01 11:49:32 (86400 s)\nbridge-ip-transports {transports}\n");
        let mut facts = facts(&[("bridge-stats", body.as_bytes())]);
        (facts.reports.remove(0).transports, facts.problems)
    };
    let odd = vec!["`bridge-stats` has a line `bridge-ip-transports` with a name that no transport has".to_owned()];
    let long = "x".repeat(LONGEST_TRANSPORT + 1);
    for name in [
        "203.0.113.77",
        "bridge.example.org",
        "[2001:db8::1]",
        "4obfs",
        "",
        "<script>",
        "../",
        "a=b",
        "a-b",
        &long,
        "obfs\u{202e}4",
        "<or>",
    ] {
        let left = (list(&[("obfs4", 16), ("<OR>", 8), ("<??>", 8), ("_x", 8)]), odd.clone());
        assert_eq!(read(&format!("obfs4=16,{name}=40,<OR>=8,<??>=8,_x=8")), left, "{name}");
    }
    assert_eq!(read("203.0.113.77=40,bridge.example.org=16"), (list(&[]), odd));
    assert_eq!(read(&format!("{}=8", &long[1..])).1, [""; 0]);
}

#[test]
fn a_version_is_one_of_tors_and_nothing_else() {
    let read = |version: &str| facts(&[("state", format!("TorVersion {version}\n").as_bytes())]).tor_version;
    for (said, version) in [
        ("Tor 0.4.9.11 (git-abc)", "0.4.9.11"),
        ("Tor 0.4.9.1-alpha-dev", "0.4.9.1-alpha-dev"),
        ("0.3.5.1-rc", "0.3.5.1-rc"),
        ("Tor 0.4.8.9-bridge.example.org", "0.4.8.9"),
    ] {
        assert_eq!(read(said).as_deref(), Some(version), "{said}");
    }
    for odd in ["203.0.113.77", "bridge.example.org", "0.4.8", "0.4.8.9.1", "0.4.8.x", "0.4.8.1234", "0..8.9", ""] {
        assert_eq!(read(odd), None, "{odd}");
        let text = format!("TorVersion Tor {odd}\n");
        let expected = "`state` has a line `TorVersion` that is not a version";
        assert_eq!(facts(&[("state", text.as_bytes())]).problems, [expected], "{odd}");
    }
}

#[test]
fn less_than_a_day_is_not_accepted() {
    let body = b"bridge-stats-end 2016-10-02 11:49:32 (86399 s)\n";
    assert_eq!(problem("bridge-stats", body), "`bridge-stats` is about 86399 s, less than a day");
    let body = b"dirreq-stats-end 2016-10-02 11:49:32 (86399 s)\n";
    assert_eq!(problem("dirreq-stats", body), "`dirreq-stats` is about 86399 s, less than a day");
}

#[test]
fn an_end_more_than_an_hour_after_the_servers_clock_is_from_the_future() {
    let body = b"bridge-stats-end 2016-10-01 12:00:00 (86400 s)\n";
    let ends = utc("2016-10-01 12:00:00").as_second();
    assert_eq!(facts_at(ends - 3600, &[("bridge-stats", body)]).reports.len(), 1);
    let future = facts_at(ends - 3601, &[("bridge-stats", body)]);
    assert_eq!((future.reports.len(), future.problems), (0, vec!["`bridge-stats` is from the future".to_owned()]));
    let state = b"BWHistoryReadEnds 2016-10-01 12:00:00\nBWHistoryReadInterval 86400\nBWHistoryReadValues 1,2\nLastWritten 2016-10-01 12:00:00\n";
    assert_eq!(facts_at(ends - 3601, &[("state", state)]).problems, ["`state` is from the future"]);
    let state = [state.as_slice(), b"TorVersion Tor 0.4.8.10 (git-abc)\n"].concat();
    let version = facts_at(ends - 3601, &[("state", &state)]).tor_version;
    assert_eq!(version.as_deref(), Some("0.4.8.10"), "the version has nothing to do with the clock");
}

fn counted(name: &'static str) -> impl Strategy<Value = Option<Vec<(String, u32)>>> {
    proptest::option::of(
        proptest::collection::btree_map(name, 0..=MOST_CLIENTS, 0..20).prop_map(|map| map.into_iter().collect()),
    )
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(
        second in FIRST_STATISTICS.as_second()..NOW,
        seconds in DAY..=LONGEST_INTERVAL,
        countries in counted("[a-z0-9]{2}|[?]{2}"),
        versions in proptest::option::of((0..=MOST_CLIENTS, 0..=MOST_CLIENTS)),
        transports in counted("[A-Za-z_][A-Za-z0-9_]{0,63}|<OR>|<[?]{2}>"),
        geoip in any::<bool>(),
    ) {
        let ends = Timestamp::from_second(second).unwrap();
        let known = |list: Option<Vec<(String, u32)>>| list.filter(|_| geoip);
        let written = Report {
            ends, seconds, countries: known(countries), versions: versions.filter(|_| geoip), transports, no_geoip: !geoip,
        };
        prop_assert_eq!(day(render(&written).as_bytes()), written);
    }

    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200), line in "[ -~]{0,60}") {
        for (section, key) in [
            ("bridge-stats", "bridge-stats-end"), ("bridge-stats", "bridge-ips"), ("bridge-stats", "bridge-ip-transports"),
            ("dirreq-stats", "dirreq-v3-resp"), ("state", "BWHistoryReadValues"), ("state", "LastWritten"),
            ("hashed-fingerprint", ""),
        ] {
            let _ = facts(&[(section, &body)]);
            let _ = facts(&[(section, &[key.as_bytes(), b" ", &body].concat())]);
            let _ = facts(&[(section, format!("{key} {line}").as_bytes())]);
        }
    }

    #[test]
    fn no_history_makes_it_panic(year in -99999i64..99999, interval in any::<u32>(), values in proptest::collection::vec(any::<u64>(), 0..9)) {
        let values: Vec<String> = values.iter().map(u64::to_string).collect();
        let state = format!(
            "BWHistoryReadEnds {year:04}-01-01 00:00:00\nBWHistoryReadInterval {interval}\nBWHistoryReadValues {}\nLastWritten 9999-01-01 00:00:00\n",
            values.join(",")
        );
        let _ = facts(&[("state", state.as_bytes())]);
    }
}

#[test]
fn numbers_that_no_bridge_can_have_counted_are_problems() {
    let stats = |ends: &str, seconds: &str, countries: &str, versions: &str| {
        let text =
            format!("bridge-stats-end {ends} ({seconds} s)\nbridge-ips {countries}\nbridge-ip-versions {versions}\n");
        problem("bridge-stats", text.as_bytes())
    };
    let ends = "2016-10-01 11:49:32";
    assert!(stats(ends, "86400", "ru=4294967288", "v4=8,v6=0").contains("too large"));
    assert!(stats(ends, "86400", "ru=8", "v4=3000000000,v6=0").contains("too large"));
    assert!(stats(ends, "2147483647", "ru=8", "v4=8,v6=0").contains("more than a month"));
    assert!(stats("1970-01-02 00:00:00", "86400", "ru=8", "v4=8,v6=0").contains("before there were"));
    assert!(stats("0001-01-02 00:00:00", "86400", "ru=8", "v4=8,v6=0").contains("before there were"));
}
