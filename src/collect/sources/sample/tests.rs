//! Tests of the sample: what it prints is read here again, with as little knowledge as possible.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use jiff::civil::{Date, date};

use super::*;

/// One `bridge-stats` of one bridge.
struct Report {
    server: String,
    instance: String,
    /// The UTC date of the interval's middle.
    day: Date,
    text: String,
}

impl Report {
    fn list(&self, key: &str) -> BTreeMap<&str, u64> {
        let line = self.text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).unwrap();
        let entries = line.split(',').filter(|entry| !entry.is_empty());
        entries
            .map(|entry| entry.split_once('=').map(|(name, count)| (name, count.parse().unwrap())).unwrap())
            .collect()
    }

    fn clients(&self) -> u64 {
        self.list("bridge-ip-versions").values().sum()
    }
}

fn sample(seed: u64, days: u32) -> config::Sample {
    config::Sample { seed, days, until: date(2026, 11, 22) }
}

/// All servers' attempts in the order of time.
fn fleet(options: &config::Sample) -> Vec<Attempt> {
    let mut all: Vec<Attempt> = SERVERS.iter().flat_map(|server| attempts(options, server.name)).collect();
    all.sort_by_key(|attempt| attempt.started);
    all
}

static WHOLE: LazyLock<Vec<Attempt>> = LazyLock::new(|| fleet(&sample(1, 540)));

fn text(attempt: &Attempt) -> String {
    String::from_utf8(attempt.outcome.clone().unwrap()).unwrap()
}

/// The instances of an extract with their text.
fn instances(extract: &str) -> Vec<(&str, &str)> {
    extract.split("\ninstance ").skip(1).map(|instance| instance.split_once('\n').unwrap()).collect()
}

fn reports(attempts: &[Attempt]) -> Vec<Report> {
    let mut reports = Vec::new();
    for attempt in attempts.iter().filter(|attempt| attempt.outcome.is_ok()) {
        for (instance, sections) in instances(&text(attempt)) {
            let Some(begin) = sections.find("bridge-stats-end ") else { continue };
            let text: String = sections[begin..].lines().take(4).map(|line| format!("{line}\n")).collect();
            let end: jiff::civil::DateTime = text["bridge-stats-end ".len()..][..19].parse().unwrap();
            let middle = end.checked_sub(12.hours()).unwrap();
            let (server, instance) = (attempt.server.clone(), instance.to_owned());
            reports.push(Report { server, instance, day: middle.date(), text });
        }
    }
    reports
}

fn before_newest(days: u32) -> Date {
    date(2026, 11, 22).checked_sub(i64::from(days).days()).unwrap()
}

fn date_of(attempt: &Attempt) -> Date {
    TimeZone::UTC.to_datetime(attempt.started).date()
}

fn event(wanted: impl Fn(What) -> bool) -> Event {
    *EVENTS.iter().find(|event| wanted(event.what)).unwrap()
}

/// Mean daily sum of `count` over the whole fleet in the days from `first` to before `end`, both before the newest.
fn mean(reports: &[Report], first: u32, end: u32, count: impl Fn(&Report) -> u64) -> f64 {
    let days = before_newest(first)..before_newest(end);
    let sum: u64 = reports.iter().filter(|report| days.contains(&report.day)).map(count).sum();
    sum as f64 / f64::from(first - end)
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let first = fleet(&sample(1, 20));
    assert_eq!(first, fleet(&sample(1, 20)));
    let other = fleet(&sample(2, 20));
    let answered = first.iter().zip(&other).filter(|(one, _)| one.outcome.is_ok());
    let differ: Vec<bool> = answered.map(|(one, other)| one.outcome != other.outcome).collect();
    assert_eq!(differ, [true; 20 * 6 - 3], "all but those that had no answer");
}

#[test]
fn a_shorter_history_is_the_end_of_a_longer_one() {
    let (long, short) = (fleet(&sample(1, 60)), fleet(&sample(1, 30)));
    // Only traffic looks back, five days, and cannot look behind the history's beginning.
    let settled = 5 * SERVERS.len();
    assert!(short[settled..].iter().zip(&long[30 * SERVERS.len() + settled..]).all(|(short, long)| {
        short.started == long.started
            && reports(std::slice::from_ref(short))
                .iter()
                .zip(reports(std::slice::from_ref(long)))
                .all(|(short, long)| short.text == long.text)
    }));
}

#[test]
fn there_are_six_servers_and_24_bridges_and_every_day_is_reported() {
    let labels = labels();
    assert_eq!((labels.servers.len(), labels.bridges.len()), (6, 24));
    assert_eq!(labels.bridges.iter().map(|(_, _, label)| label).collect::<BTreeSet<_>>().len(), 24);
    let attempts = &*WHOLE;
    assert_eq!(attempts.len(), 540 * 6);
    assert!(attempts.windows(2).all(|pair| pair[0].finished < pair[1].started));
    let reports = reports(attempts);
    let days: BTreeSet<Date> = reports.iter().map(|report| report.day).collect();
    assert_eq!((days.first(), days.last(), days.len()), (Some(&before_newest(539)), Some(&before_newest(0)), 540));
    let distinct: BTreeSet<_> = reports.iter().map(|report| (&report.server, &report.instance, report.day)).collect();
    assert_eq!(distinct.len(), reports.len());
    // All but two bridges cut off for five days and six for three, and the days before the late bridge.
    assert_eq!(reports.len(), 540 * 24 - 5 * 2 - 3 * 6 - (539 - 200));
}

#[test]
fn the_frame_is_that_of_the_script_and_its_checksum_that_of_cksum() {
    let first = text(&WHOLE[5]);
    let (before, end) = first.trim_end().rsplit_once('\n').unwrap();
    let before = format!("{before}\n");
    let mut cksum = Command::new("cksum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    cksum.stdin.take().unwrap().write_all(before.as_bytes()).unwrap();
    let output = cksum.wait_with_output().unwrap().stdout;
    let expected = String::from_utf8(output).unwrap();
    let expected = expected.split(' ').next().unwrap();
    let sections = before.matches("\nsection ").count();
    assert_eq!(end, format!("end {sections} {expected}"));
    assert!(
        before.starts_with("torcollect-extract 1 1748871300 1\ninstance default\nsection bridge-stats "),
        "{before}"
    );

    // Each section is as long as it says, and the next line follows.
    let (mut rest, mut read) = (before.as_str(), 0);
    while let Some((line, after)) = rest.split_once('\n') {
        rest = after;
        if let ["section", _, size, _] = line.split(' ').collect::<Vec<_>>()[..] {
            rest = after[size.parse().unwrap()..].strip_prefix('\n').unwrap();
            read += 1;
        } else {
            assert!(["torcollect-extract", "instance"].contains(&line.split(' ').next().unwrap()), "{line}");
        }
    }
    assert_eq!(read, sections);
}

#[test]
fn the_numbers_are_the_same_on_every_machine() {
    let extract = text(attempts(&sample(1, 540), "elbe").last().as_ref().unwrap());
    assert_eq!(extract.lines().last(), Some("end 4 773027895"));
}

#[test]
fn numbers_are_rounded_and_ordered_as_tor_does() {
    for report in reports(&WHOLE) {
        for key in ["bridge-ips", "bridge-ip-versions", "bridge-ip-transports"] {
            assert!(report.list(key).values().all(|count| count % 8 == 0), "{}", report.text);
        }
        let countries: Vec<(i64, &str)> = report.text.lines().nth(1).unwrap()["bridge-ips ".len()..]
            .split(',')
            .filter_map(|entry| entry.split_once('='))
            .map(|(code, count)| (-count.parse::<i64>().unwrap(), code))
            .collect();
        assert!(countries.is_sorted(), "{}", report.text);
        assert!(countries.iter().all(|(count, _)| *count < 0));
        // One address is in one country and comes by one transport: the sums differ only by their rounding.
        let sum = |key| report.list(key).values().sum::<u64>();
        let (versions, transports) = (sum("bridge-ip-versions"), sum("bridge-ip-transports"));
        if !countries.is_empty() {
            assert!(versions.abs_diff(transports) < 8 * 4, "{}", report.text);
            assert!(sum("bridge-ips") + 16 > versions && sum("bridge-ips") < versions + 8 * 49, "{}", report.text);
        }
    }
}

#[test]
fn most_bridges_see_ten_to_forty_five_countries() {
    let reports = reports(&WHOLE);
    let usual = reports.iter().filter(|report| (10..=45).contains(&report.list("bridge-ips").len())).count();
    assert!(usual * 3 > reports.len() * 2, "{usual} of {}", reports.len());
}

#[test]
fn the_blocked_country_falls_on_its_day_and_stays_down() {
    let blocked = event(|what| matches!(what, What::Demand { country: "tm", .. })).days_before;
    // Rounding up hides falls on small bridges, so the largest one is looked at.
    let reports: Vec<Report> = reports(&WHOLE).into_iter().filter(|report| report.server == "danube").collect();
    let clients = |report: &Report| report.list("bridge-ips").get("tm").copied().unwrap_or(0);
    let before = mean(&reports, blocked + 7, blocked, clients);
    for week in 0..20 {
        let after = mean(&reports, blocked - 7 * week, blocked - 7 * week - 7, clients);
        assert!(after < before * 0.45, "{after} after {before}");
    }
    let day = |days| mean(&reports, days, days - 1, clients);
    assert!(day(blocked + 1) > before * 0.7 && day(blocked) < before * 0.4);
}

#[test]
fn the_surging_country_has_twice_its_clients_and_more() {
    let surge = event(|what| matches!(what, What::Demand { country: "ir", .. })).days_before;
    let reports = reports(&WHOLE);
    let clients = |report: &Report| report.list("bridge-ips").get("ir").copied().unwrap_or(0);
    let ratio = mean(&reports, surge, surge - 14, clients) / mean(&reports, surge + 14, surge, clients);
    assert!((1.9..2.7).contains(&ratio), "{ratio}");
}

#[test]
fn the_introduced_transport_is_new_on_its_day_and_grows() {
    let introduced = event(|what| matches!(what, What::Introduced { .. })).days_before;
    let reports = reports(&WHOLE);
    let clients = |report: &Report| report.list("bridge-ip-transports").get("webtunnel").copied().unwrap_or(0);
    assert_eq!(mean(&reports, 539, introduced, clients), 0.0);
    let month = |days| mean(&reports, days, days - 30, clients);
    assert!(month(introduced) > 0.0);
    assert!(month(introduced - 60) > 2.0 * month(introduced));
    assert!(month(introduced - 150) > 1.5 * month(introduced - 60));
}

#[test]
fn a_server_that_is_cut_off_is_unreachable_for_its_days_and_has_moved_nothing() {
    let attempts = &*WHOLE;
    let failed: Vec<(&str, Date)> = attempts
        .iter()
        .filter(|attempt| attempt.outcome.is_err())
        .map(|attempt| (attempt.server.as_str(), date_of(attempt)))
        .collect();
    // A day is collected on the next one.
    let outage = |server, first: u32, days| (0..days).map(move |day| (server, before_newest(first - day - 1)));
    assert_eq!(failed, outage("loire", 60, 5).chain(outage("tagus", 12, 3)).collect::<Vec<_>>());
    assert!(attempts.iter().all(|attempt| attempt.outcome.as_ref().err().is_none_or(|error| error == "unreachable")));
    for (server, back, whole_days) in [("loire", 55, 5), ("tagus", 9, 3)] {
        let collected = before_newest(back - 1);
        let after = attempts.iter().find(|attempt| attempt.server == server && date_of(attempt) == collected);
        let extract = text(after.unwrap());
        let written: Vec<&str> =
            extract.lines().filter_map(|line| line.strip_prefix("BWHistoryWriteValues ")).collect();
        assert_eq!(written.len(), if server == "loire" { 2 } else { 6 });
        for values in written {
            let values: Vec<u64> = values.split(',').map(|value| value.parse().unwrap()).collect();
            // Five whole days and a part: the last whole one is the first that is not cut off.
            let moved: Vec<bool> = values[..5].iter().map(|bytes| *bytes > 0).collect();
            let expected: Vec<bool> = (0..5).map(|day| day == 4 || day < 4 - whole_days.min(4)).collect();
            assert_eq!(moved, expected, "{server}: {values:?}");
            assert!(values.len() == 6 && values.iter().all(|value| value % 1024 == 0), "{values:?}");
        }
    }
}

#[test]
fn a_bridge_without_geoip_knows_its_transports_only() {
    let event = event(|what| matches!(what, What::NoGeoip { .. }));
    let attempts = &*WHOLE;
    let all = reports(attempts);
    let (without, with): (Vec<_>, Vec<_>) = all.iter().partition(|report| report.clients() == 0);
    assert_eq!(without.len(), 30);
    assert_eq!(without.first().map(|report| report.day), Some(before_newest(event.days_before)));
    for report in without {
        assert_eq!((report.server.as_str(), report.instance.as_str()), ("rhine", "b4"));
        assert!(report.text.contains("\nbridge-ips \nbridge-ip-versions \nbridge-ip-transports "), "{}", report.text);
        assert!(report.list("bridge-ip-transports")["obfs4"] > 0);
    }
    assert!(with.iter().all(|report| !report.list("bridge-ips").is_empty()));
    // Its directory statistics stay those of the last day before.
    let ends = |days: u32| {
        let attempt =
            attempts.iter().find(|attempt| attempt.server == "rhine" && date_of(attempt) == before_newest(days - 1));
        let extract = text(attempt.unwrap());
        let (_, b4) = instances(&extract).into_iter().find(|(name, _)| *name == "b4").unwrap();
        b4.lines().find_map(|line| line.strip_prefix("dirreq-stats-end ")).unwrap().to_owned()
    };
    let last = ends(event.days_before + 1);
    assert_eq!([ends(event.days_before), ends(event.days_before - 29)], [last.clone(), last.clone()]);
    assert_ne!(ends(event.days_before - 30), last);
}

#[test]
fn a_bridge_that_is_set_up_late_is_there_first_without_statistics() {
    let started = event(|what| matches!(what, What::Started { .. })).days_before;
    let attempts = &*WHOLE;
    let b10 = |days: u32| {
        let attempt =
            attempts.iter().find(|attempt| attempt.server == "vistula" && date_of(attempt) == before_newest(days));
        let extract = text(attempt.unwrap());
        instances(&extract).into_iter().find(|(name, _)| *name == "b10").map(|(_, sections)| sections.to_owned())
    };
    assert_eq!(b10(started + 1), None);
    let first = b10(started).unwrap();
    assert!(first.starts_with("section bridge-stats absent\nsection dirreq-stats absent\nsection state "), "{first}");
    assert!(b10(started - 1).unwrap().contains("bridge-stats-end "));
}

#[test]
fn estimated_users_are_a_part_of_the_clients() {
    for attempt in WHOLE.iter().filter(|attempt| attempt.outcome.is_ok()).step_by(97) {
        for (instance, sections) in instances(&text(attempt)) {
            let ok = sections.split_once("dirreq-v3-resp ok=").map(|(_, rest)| rest.split(',').next().unwrap());
            let users = ok.unwrap().parse::<f64>().unwrap() / 10.0;
            let reports = reports(std::slice::from_ref(attempt));
            let clients = reports.iter().find(|report| report.instance == instance).unwrap().clients() as f64;
            assert!(clients == 0.0 || (0.05..0.6).contains(&(users / clients)), "{users} of {clients}");
        }
    }
}
