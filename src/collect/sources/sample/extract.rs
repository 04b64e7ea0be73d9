//! A sample server's extract, in the frame that the script `extract` prints on a real one.

use std::fmt::Write;

use jiff::{Timestamp, tz::TimeZone};

use super::fleet::{SERVERS, Server};
use super::model::{Model, Place, Traffic, is_without_geoip};
use super::tor;
use crate::collect::sources::tor_bridge;

/// Days of traffic that tor keeps beside the one in progress (`NUM_TOTALS`).
const HISTORY: i64 = 5;
/// The versions of tor that a server runs, each from so many days before the newest; a server upgrades some days later
/// than the one before it.
const VERSIONS: [(i64, &str); 4] = [(i64::MAX, "0.4.8.17"), (395, "0.4.8.21"), (180, "0.4.9.5"), (40, "0.4.9.11")];
const UPGRADE_DELAY: i64 = 3;

/// The extract of a server that brings `day`, asked for at `epoch` seconds since 1970.
pub(super) fn of(model: &Model, server: usize, day: i64, epoch: i64) -> Vec<u8> {
    let mut extract = Writer { text: format!("torcollect-extract 1 {epoch} 1\n"), sections: 0 };
    let version = version(server, day);
    // A bridge that is set up today has no whole day behind it, but is there.
    for place in model.places(server).iter().filter(|place| day - 1 <= place.first_day) {
        instance(&mut extract, model, &SERVERS[server], place, day, epoch, version);
    }
    extract.end()
}

fn instance(extract: &mut Writer, model: &Model, server: &Server, place: &Place, day: i64, epoch: i64, version: &str) {
    let _ = writeln!(extract.text, "instance {}", place.bridge.instance);
    let counted = (day <= place.first_day).then(|| model.day(place, day));
    let statistics = |day: i64| moment(model, Place::end_of(day, place.statistics_end));

    match counted.as_ref().zip(statistics(day)) {
        Some((counted, end)) => {
            extract.section("bridge-stats", &tor::bridge_stats(counted, &written(end)), end.as_second());
        }
        None => extract.absent("bridge-stats"),
    }
    // Without GeoIP tor writes no directory statistics, and the file of the last day with it stays.
    let last = (day..=place.first_day).find(|day| !is_without_geoip(server.name, place.bridge.instance, *day));
    match last.and_then(|last| Some((last, statistics(last)?))) {
        Some((last, end)) => {
            let requests = if last == day { counted } else { None }.unwrap_or_else(|| model.day(place, last));
            extract.section("dirreq-stats", &tor::dirreq_stats(&requests, &written(end)), end.as_second());
        }
        None => extract.absent("dirreq-stats"),
    }
    let saved = epoch - 60 * (1 + place.statistics_end % 50);
    if let (Some(ends), Ok(saved_at)) =
        (moment(model, Place::end_of(day - 1, place.traffic_end)), Timestamp::from_second(saved))
    {
        let finished = (day..day + HISTORY).filter(|day| *day <= place.first_day).rev();
        let mut days: Vec<Traffic> = finished.map(|day| model.traffic(place, day)).collect();
        let elapsed = (86_400 - (ends.as_second() - saved)).clamp(0, 86_400) as f64 / 86_400.0;
        let today = model.traffic(place, day - 1);
        let part = |bytes: u64| (bytes as f64 * elapsed) as u64;
        days.push(Traffic { sent: part(today.sent), received: part(today.received) });
        extract.section("state", &tor::state(&days, &written(ends), &written(saved_at), version), saved);
    }
    let fingerprint = format!("Sample{} {}\n", place.bridge.label, place.fingerprint);
    let set_up = moment(model, (place.first_day + 1, place.statistics_end)).map_or(0, Timestamp::as_second);
    extract.section("hashed-fingerprint", &fingerprint, set_up);
}

fn version(server: usize, day: i64) -> &'static str {
    let since = |since: i64| day <= since.saturating_sub(UPGRADE_DELAY * server as i64);
    VERSIONS.iter().rev().find(|(days, _)| since(*days)).unwrap_or(&VERSIONS[0]).1
}

/// A second of a day's date.
fn moment(model: &Model, (day, second): (i64, i64)) -> Option<Timestamp> {
    let midnight = TimeZone::UTC.to_timestamp(model.date(day)?.at(0, 0, 0, 0)).ok()?;
    Timestamp::from_second(midnight.as_second() + second).ok()
}

/// As tor writes times: `YYYY-MM-DD hh:mm:ss` in UTC.
fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

struct Writer {
    text: String,
    sections: usize,
}

impl Writer {
    fn section(&mut self, name: &str, body: &str, modified: i64) {
        self.sections += 1;
        let _ = writeln!(self.text, "section {name} {} {modified}\n{body}", body.len());
    }

    fn absent(&mut self, name: &str) {
        self.sections += 1;
        let _ = writeln!(self.text, "section {name} absent");
    }

    fn end(mut self) -> Vec<u8> {
        let checksum = tor_bridge::cksum(self.text.as_bytes());
        let _ = writeln!(self.text, "end {} {checksum}", self.sections);
        self.text.into_bytes()
    }
}
