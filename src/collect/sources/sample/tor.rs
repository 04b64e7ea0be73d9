//! Writes a bridge's numbers as tor writes them into its `stats` and its `state`: rounded up to the next multiple of 8
//! for each entry (`IP_GRANULARITY`), countries by size and then by code, transports in the order of bytes, bytes
//! rounded down to 1 KiB.

use std::fmt::Write;

use super::model::{Day, Traffic};

/// `stats/bridge-stats` of a day's interval that ended at `end`, written `YYYY-MM-DD hh:mm:ss`. Without GeoIP the lines
/// of countries and versions are both empty.
pub(super) fn bridge_stats(day: &Day, end: &str) -> String {
    let countries = day.countries.as_ref().map_or_else(String::new, |countries| by_size(countries));
    let versions = match day.countries {
        Some(_) => format!("v4={},v6={}", rounded(day.versions.0), rounded(day.versions.1)),
        None => String::new(),
    };
    let transports = listed(day.transports.iter().map(|(name, clients)| (*name, rounded(*clients))));
    format!(
        "bridge-stats-end {end} (86400 s)\nbridge-ips {countries}\nbridge-ip-versions {versions}\n\
         bridge-ip-transports {transports}\n"
    )
}

/// Of `stats/dirreq-stats` the lines that leave a server.
pub(super) fn dirreq_stats(day: &Day, end: &str) -> String {
    let requests = by_size(&day.requests);
    let answered = rounded(day.answered);
    format!(
        "dirreq-stats-end {end} (86400 s)\ndirreq-v3-reqs {requests}\n\
         dirreq-v3-resp ok={answered},not-enough-sigs=0,unavailable=0,not-found=0,not-modified=0,busy=0\n"
    )
}

/// Of `state` the lines that leave a server. `days` are oldest first, the last of them in progress until `ends`.
pub(super) fn state(days: &[Traffic], ends: &str, last_written: &str, version: &str) -> String {
    let mut text = String::new();
    let read = listed_bytes(days.iter().map(|day| day.received));
    let written = listed_bytes(days.iter().map(|day| day.sent));
    for (name, values) in [("Read", read), ("Write", written)] {
        let _ =
            write!(text, "BWHistory{name}Ends {ends}\nBWHistory{name}Interval 86400\nBWHistory{name}Values {values}\n");
    }
    let _ = write!(text, "LastWritten {last_written}\nTorVersion Tor {version}\n");
    text
}

fn by_size(counts: &[(&'static str, u64)]) -> String {
    let mut sorted: Vec<_> = counts.iter().map(|(code, count)| (*code, rounded(*count))).collect();
    sorted.sort_by(|(code, count), (other_code, other)| other.cmp(count).then(code.cmp(other_code)));
    listed(sorted.into_iter())
}

fn listed(entries: impl Iterator<Item = (&'static str, u64)>) -> String {
    let mut text = String::new();
    for (number, (name, count)) in entries.enumerate() {
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{name}={count}");
    }
    text
}

fn listed_bytes(days: impl Iterator<Item = u64>) -> String {
    days.map(|bytes| (bytes & !0x3ff).to_string()).collect::<Vec<_>>().join(",")
}

fn rounded(count: u64) -> u64 {
    count.next_multiple_of(8)
}
