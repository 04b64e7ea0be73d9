//! The source `sample`: a synthetic fleet for demonstrations and tests, whose servers print the same extracts as real
//! ones. Six servers, 24 bridges of very different sizes, and a history with [`EVENTS`] to find in it.
//!
//! All is computed from the seed, the bridge and the distance from the newest day, with nothing but exact arithmetic:
//! the same options give the same bytes on every machine, and a shorter history is the end of a longer one.

mod extract;
mod fleet;
mod model;
mod random;
mod source;
mod tor;

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::config;
use fleet::SERVERS;
use model::Model;

pub use source::Sample;

/// The plugin's name in `sources.yaml`.
pub const PLUGIN: &str = "sample";

/// A server that was asked for its extract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The server's name.
    pub server: String,
    /// When it was asked.
    pub started: Timestamp,
    /// When it had answered, or was given up.
    pub finished: Timestamp,
    /// The extract's bytes, or why there are none.
    pub outcome: Result<Vec<u8>, String>,
}

/// What happens in the sample's history, so that there is something to find.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// What happens.
    pub what: What,
    /// The first day of it, as days before the newest day.
    pub days_before: u32,
    /// How many days it lasts; `None` if it has not ended.
    pub days: Option<u32>,
}

/// A kind of [`Event`]. Countries are tor's codes; a bridge is its server's name and its instance's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// A country has this many times the clients that it would have had: fewer when bridges are blocked there, more when
    /// the net is.
    Demand {
        /// The country.
        country: &'static str,
        /// The factor.
        times: f64,
    },
    /// Some bridges offer a new transport, and clients come to it over months.
    Introduced {
        /// The transport.
        transport: &'static str,
    },
    /// A server is cut off: it cannot be collected, and its bridges have no clients.
    Outage {
        /// The server.
        server: &'static str,
    },
    /// A bridge has no GeoIP database: its clients' countries and number are unknown.
    NoGeoip {
        /// The bridge's server.
        server: &'static str,
        /// The bridge's instance.
        instance: &'static str,
    },
    /// A bridge is set up.
    Started {
        /// The bridge's server.
        server: &'static str,
        /// The bridge's instance.
        instance: &'static str,
    },
}

/// All that happens in the sample's history, oldest first.
pub const EVENTS: [Event; 7] = [
    Event { what: What::Introduced { transport: "webtunnel" }, days_before: 300, days: None },
    Event { what: What::Started { server: "vistula", instance: "b10" }, days_before: 200, days: None },
    Event { what: What::Demand { country: "tm", times: 0.2 }, days_before: 150, days: None },
    Event { what: What::NoGeoip { server: "rhine", instance: "b4" }, days_before: 110, days: Some(30) },
    Event { what: What::Outage { server: "loire" }, days_before: 60, days: Some(5) },
    Event { what: What::Demand { country: "ir", times: 2.3 }, days_before: 21, days: None },
    Event { what: What::Outage { server: "tagus" }, days_before: 12, days: Some(3) },
];

impl Event {
    /// Whether a day, as days before the newest one, is one of the event's.
    pub fn covers(&self, days_before: i64) -> bool {
        let first = i64::from(self.days_before);
        days_before <= first && self.days.is_none_or(|days| days_before > first - i64::from(days))
    }
}

/// What the public may call the sample's servers and bridges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Servers: name and label.
    pub servers: Vec<(&'static str, &'static str)>,
    /// Bridges: server's name, instance's name, and label.
    pub bridges: Vec<(&'static str, &'static str, &'static str)>,
}

/// What the public may call the sample's servers and bridges.
pub fn labels() -> Labels {
    Labels {
        servers: SERVERS.iter().map(|server| (server.name, server.label)).collect(),
        bridges: fleet::bridges().map(|(server, bridge)| (server.name, bridge.instance, bridge.label)).collect(),
    }
}

/// Every time that a server was asked, oldest first: once on the day after each day of the history. None for a server
/// that the sample does not have.
pub fn attempts(options: &config::Sample, server: &str) -> impl Iterator<Item = Attempt> + use<> {
    let model = Model::new(options);
    let days = i64::from(options.days);
    let server = SERVERS.iter().position(|known| known.name == server);
    server
        .into_iter()
        .flat_map(move |server| (0..days).rev().map(move |day| (server, day)))
        .filter_map(move |(server, day)| attempt(&model, server, day))
}

/// The collection that brings `day`; `None` only beyond the calendar's end.
fn attempt(model: &Model, server: usize, day: i64) -> Option<Attempt> {
    let minutes = 7 * server as i64;
    let first = TimeZone::UTC.to_timestamp(model.date(day - 1)?.at(13, 0, 0, 0)).ok()?;
    let started = first.checked_add(minutes.minutes()).ok()?;
    let cut_off = model::is_cut_off(SERVERS[server].name, day);
    let finished =
        started.checked_add(if cut_off { 10 } else { model.seconds_to_answer(server, day) }.seconds()).ok()?;
    let outcome =
        if cut_off { Err("unreachable".to_owned()) } else { Ok(extract::of(model, server, day, started.as_second())) };
    Some(Attempt { server: SERVERS[server].name.to_owned(), started, finished, outcome })
}

#[cfg(test)]
mod tests;
