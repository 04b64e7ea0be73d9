//! What happens on the sample's bridges: how many clients come each day, from where, by which transport, and what they
//! move. Days are counted back from the newest: 0 is that, 1 the day before, −1 the day in progress when it is collected.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::fleet::{Bridge, COUNTRIES, SERVERS, Server, Transports};
use super::random::{Random, ease, wander};
use super::{EVENTS, What};
use crate::config;

/// What random streams are for, so that no two are the same.
mod stream {
    pub(super) const BRIDGE: u64 = 1;
    pub(super) const TASTE: u64 = 2;
    pub(super) const SLOW: u64 = 3;
    pub(super) const QUICK: u64 = 4;
    pub(super) const DAILY: u64 = 5;
    pub(super) const COUNTRY: u64 = 6;
    pub(super) const PLACE: u64 = 7;
    pub(super) const CLIENTS: u64 = 8;
    pub(super) const TRAFFIC: u64 = 9;
    pub(super) const COLLECTION: u64 = 10;
}

/// Factors of the days of a week from Monday on.
const WEEK: [f64; 7] = [1.03, 1.05, 1.04, 1.02, 0.96, 0.91, 0.99];
/// What part of a bridge's clients uses an introduced transport in the end, and after how many days.
const NEW_SHARE: f64 = 0.45;
const NEW_DAYS: f64 = 150.0;
/// Days over which a bridge's number of clients drifts to one side.
const DRIFT_DAYS: f64 = 270.0;

/// The sample's world.
pub(super) struct Model {
    seed: u64,
    until: Date,
    servers: Vec<Vec<Place>>,
}

/// A bridge and what never changes about it.
pub(super) struct Place {
    pub(super) bridge: &'static Bridge,
    /// The first day of which it has numbers.
    pub(super) first_day: i64,
    /// Second of the day at which its statistics end.
    pub(super) statistics_end: i64,
    /// Second of the day at which its measurement of traffic ends.
    pub(super) traffic_end: i64,
    /// Its hashed fingerprint in hexadecimal digits.
    pub(super) fingerprint: String,
    server: &'static Server,
    /// What streams of random numbers know it by.
    number: u64,
    /// What part of its clients is in each of [`COUNTRIES`].
    shares: Vec<f64>,
    drift: f64,
    ipv6: f64,
    bytes_per_client: f64,
}

/// What a bridge has counted in a day: real numbers, not yet rounded up.
pub(super) struct Day {
    /// Clients by country, none of them 0; `None` without GeoIP.
    pub(super) countries: Option<Vec<(&'static str, u64)>>,
    /// Clients by transport, none of them 0, in the order of bytes.
    pub(super) transports: BTreeMap<&'static str, u64>,
    /// How many of the clients came over IPv4 and IPv6.
    pub(super) versions: (u64, u64),
    /// Directory requests by country, none of them 0.
    pub(super) requests: Vec<(&'static str, u64)>,
    /// Directory requests that were answered with a document.
    pub(super) answered: u64,
}

/// Bytes of a day.
#[derive(Clone, Copy)]
pub(super) struct Traffic {
    pub(super) sent: u64,
    pub(super) received: u64,
}

impl Model {
    pub(super) fn new(options: &config::Sample) -> Self {
        let mut number = 0;
        let servers = SERVERS.iter().map(|server| {
            let places = server.bridges.iter().map(|bridge| {
                number += 1;
                Place::new(options, server, bridge, number)
            });
            places.collect()
        });
        Self { seed: options.seed, until: options.until, servers: servers.collect() }
    }

    /// The date of a day; `None` beyond the calendar.
    pub(super) fn date(&self, day: i64) -> Option<Date> {
        self.until.checked_sub(day.days()).ok()
    }

    /// The bridges of a server, by its position.
    pub(super) fn places(&self, server: usize) -> &[Place] {
        &self.servers[server]
    }

    /// How long a server takes to answer.
    pub(super) fn seconds_to_answer(&self, server: usize, day: i64) -> i64 {
        1 + (Random::of([self.seed, stream::COLLECTION, server as u64, day as u64]).bits() % 5) as i64
    }

    /// What a bridge counts in a day.
    pub(super) fn day(&self, place: &Place, day: i64) -> Day {
        let mut random = Random::of([self.seed, stream::CLIENTS, place.number, day as u64]);
        let level = self.level(place, day);
        let counted = COUNTRIES.iter().enumerate().map(|(index, (code, _))| {
            let index = index as u64;
            let everywhere = 1.0 + 0.2 * wander([self.seed, stream::COUNTRY, index], day as f64 / 30.0);
            let here = 1.0 + 0.15 * wander([self.seed, stream::PLACE, place.number, index], day as f64 / 20.0);
            let expected = level * place.shares[index as usize] * everywhere * here * demand(code, day);
            (*code, random.count(expected))
        });
        let countries: Vec<_> = counted.filter(|(_, clients)| *clients > 0).collect();
        let clients: u64 = countries.iter().map(|(_, clients)| clients).sum();

        let requests = countries.iter().map(|(code, clients)| (*code, random.count(2.6 * *clients as f64)));
        let requests: Vec<_> = requests.filter(|(_, requests)| *requests > 0).collect();
        let asked: u64 = requests.iter().map(|(_, requests)| requests).sum();
        let answered = (asked as f64 * random.between(0.93, 0.98)) as u64;
        let ipv6 = (clients as f64 * place.ipv6 * random.between(0.85, 1.15)).round() as u64;
        let transports = transports(place, day, clients, &mut random);
        let known = !is_without_geoip(place.server.name, place.bridge.instance, day);
        Day { countries: known.then_some(countries), transports, versions: (clients - ipv6, ipv6), requests, answered }
    }

    /// What a bridge moves in a day: nothing while its server is cut off.
    pub(super) fn traffic(&self, place: &Place, day: i64) -> Traffic {
        let mut random = Random::of([self.seed, stream::TRAFFIC, place.number, day as u64]);
        let bytes = self.level(place, day) * place.bytes_per_client * random.between(0.85, 1.15);
        Traffic { sent: (bytes * random.between(1.01, 1.05)) as u64, received: bytes as u64 }
    }

    /// How many clients are expected, before countries go their own ways.
    fn level(&self, place: &Place, day: i64) -> f64 {
        if is_cut_off(place.server.name, day) {
            return 0.0;
        }
        let days = day as f64;
        let drift = 1.0 - place.drift * (days / DRIFT_DAYS - 1.0).clamp(-1.0, 1.0);
        let slow = 1.0 + 0.18 * wander([self.seed, stream::SLOW, place.number], days / 45.0);
        let quick = 1.0 + 0.08 * wander([self.seed, stream::QUICK, place.number], days / 10.0);
        let daily = 1.0 + 0.04 * Random::of([self.seed, stream::DAILY, place.number, day as u64]).normal();
        let week = self.date(day).map_or(1.0, |date| WEEK[date.weekday().to_monday_zero_offset() as usize]);
        let new = introduced(place.bridge, day).map_or(0.0, |(_, share)| share);
        place.bridge.clients * drift * slow * quick * daily * week * (1.0 + 0.5 * new)
    }
}

impl Place {
    fn new(options: &config::Sample, server: &'static Server, bridge: &'static Bridge, number: u64) -> Self {
        let mut random = Random::of([options.seed, stream::BRIDGE, number]);
        let mut shares: Vec<f64> = COUNTRIES
            .iter()
            .enumerate()
            .map(|(index, (_, weight))| {
                let chance = Random::of([options.seed, stream::TASTE, number, index as u64]).uniform();
                weight * (0.35 + 1.9 * chance * chance)
            })
            .collect();
        let sum: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= sum);

        let started =
            EVENTS.iter().find(|event| event.what == What::Started { server: server.name, instance: bridge.instance });
        let oldest = i64::from(options.days) - 1;
        let fingerprint = format!("{:016X}{:016X}{:08X}", random.bits(), random.bits(), random.bits() >> 32);
        Self {
            bridge,
            first_day: started.map_or(oldest, |event| oldest.min(i64::from(event.days_before))),
            statistics_end: time_of_day(&mut random),
            traffic_end: time_of_day(&mut random),
            fingerprint,
            server,
            number,
            shares,
            drift: random.between(-0.2, 0.35),
            ipv6: if random.uniform() < 0.25 { 0.0 } else { random.between(0.02, 0.18) },
            bytes_per_client: random.between(18e6, 55e6),
        }
    }

    /// The day on which the interval of `day` ends, which ends at second `time`, and that second. An interval belongs to
    /// the day of its middle, so one that ends before noon ends on the next day.
    pub(super) fn end_of(day: i64, time: i64) -> (i64, i64) {
        (if time < NOON { day - 1 } else { day }, time)
    }
}

const NOON: i64 = 12 * 3600;

/// A second of the day, but none from noon until the last server was collected, so that what is collected is always
/// about the day before.
fn time_of_day(random: &mut Random) -> i64 {
    let second = (random.uniform() * 21.0 * 3600.0) as i64;
    if second < NOON { second } else { second + 3 * 3600 }
}

/// Whether one of the events is this on a day.
fn is(what: What, day: i64) -> bool {
    EVENTS.iter().any(|event| event.what == what && event.covers(day))
}

/// Whether a server is cut off on a day.
pub(super) fn is_cut_off(server: &'static str, day: i64) -> bool {
    is(What::Outage { server }, day)
}

/// Whether a bridge has no GeoIP database on a day.
pub(super) fn is_without_geoip(server: &'static str, instance: &'static str, day: i64) -> bool {
    is(What::NoGeoip { server, instance }, day)
}

/// How many times its usual clients a country has on a day.
fn demand(code: &str, day: i64) -> f64 {
    let factor = |what| match what {
        What::Demand { country, times } if country == code => times,
        _ => 1.0,
    };
    EVENTS.iter().filter(|event| event.covers(day)).map(|event| factor(event.what)).product()
}

/// The transport that was introduced on a bridge, and what part of its clients uses it on a day.
fn introduced(bridge: &Bridge, day: i64) -> Option<(&'static str, f64)> {
    if bridge.transports != Transports::New {
        return None;
    }
    EVENTS.iter().filter(|event| event.covers(day)).find_map(|event| match event.what {
        What::Introduced { transport } => {
            let since = i64::from(event.days_before) - day + 1;
            Some((transport, NEW_SHARE * ease(since as f64 / NEW_DAYS)))
        }
        _ => None,
    })
}

/// Divides the clients among the transports: each came by one.
fn transports(place: &Place, day: i64, clients: u64, random: &mut Random) -> BTreeMap<&'static str, u64> {
    let mut rest = clients;
    let mut divided = BTreeMap::new();
    let mut take = |name: &'static str, wanted: u64| {
        let taken = wanted.min(rest);
        rest -= taken;
        divided.insert(name, taken);
    };
    take("<OR>", random.count(1.2));
    if place.bridge.transports == Transports::Meek {
        take("meek_lite", random.count(clients as f64 * 0.06));
    }
    if let Some((name, share)) = introduced(place.bridge, day) {
        take(name, random.count(clients as f64 * share));
    }
    divided.insert("obfs4", rest);
    divided.retain(|_, clients| *clients > 0);
    divided
}
