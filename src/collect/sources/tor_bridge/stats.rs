//! From the bodies of an extract's sections to facts.
//!
//! The formats are tor's: `bridge-stats` and `dirreq-stats` as in dir-spec 2.1.2 (`extra-info`), `state` as in
//! `src/app/config/statefile.c`. Lines and keys that are not known are passed over, because new versions of tor bring
//! some. A section that breaks the rules gives no fact, only a problem; all other sections still count.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::frame::{Extract, Instance, State};
use crate::warehouse::{InstanceFacts, Report, Requests, Traffic};

/// The shortest interval that is accepted: tor's own minimum, meant to hide when a client was connected.
const DAY: u32 = 86_400;
/// The shortest interval of the histories that tor has published.
const SHORTEST_HISTORY: u32 = 900;
/// How far a server's clock may have been set back since tor wrote a file.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(1);
/// An interval grows when the machine sleeps; this long is no interval of a bridge that works.
const LONGEST_INTERVAL: u32 = 31 * DAY;
/// tor 0.2.2 was the first to write such statistics.
const FIRST_STATISTICS: Timestamp = Timestamp::constant(1_262_304_000, 0);
/// More addresses than a bridge can meet in an interval.
const MOST_CLIENTS: u32 = 100_000_000;
/// More bytes than pass through a machine in a day: 128 TiB.
const MOST_BYTES: u64 = 1 << 47;
/// More entries than there are countries, transports, or values that tor keeps.
const MOST_ENTRIES: usize = 2_000;
const LONGEST_TRANSPORT: usize = 64;
/// What tor's authors put behind a version; what others put there is not published.
const VERSION_TAGS: [&str; 5] = ["alpha", "beta", "rc", "pre", "dev"];

/// Why a section gives no fact. Nothing of the section's own text is in it.
pub(in crate::collect::sources) type Result<T> = std::result::Result<T, String>;

/// The facts of each of an extract's instances. The server's own sections are no tor's.
pub fn parse(extract: &Extract<'_>) -> Vec<InstanceFacts> {
    extract.instances.iter().map(|instance| instance_facts(instance, extract.time)).collect()
}

fn instance_facts(instance: &Instance<'_>, now: Timestamp) -> InstanceFacts {
    let mut facts = InstanceFacts { instance: instance.name.to_owned(), ..InstanceFacts::default() };
    if instance.is_denied() {
        // One fault of the server, not one of each file.
        facts.problems.push("may not be read".to_owned());
        return facts;
    }
    let mut days = BTreeMap::new();
    let mut requests = BTreeMap::new();
    let mut traffic = BTreeMap::new();
    for section in &instance.sections {
        let outcome = match section.state {
            State::Absent => Ok(()),
            State::Denied => Err("may not be read".to_owned()),
            State::Failed(_) => Err("could not be read".to_owned()),
            State::Present { body, .. } => match section.name {
                "bridge-stats" => bridge_day(body, now).and_then(|(day, odd)| {
                    days.insert(day.ends, day);
                    odd
                }),
                "dirreq-stats" => directory_requests(body, now).map(|day| drop(requests.insert(day.ends, day))),
                "state" => Lines::read(body, &STATE_KEYS).and_then(|lines| {
                    facts.tor_version = lines.parse("TorVersion", tor_version)?.or(facts.tor_version.take());
                    let intervals = finished_traffic(&lines, now)?;
                    traffic.extend(intervals.into_iter().map(|interval| (interval.ends, interval)));
                    Ok(())
                }),
                "hashed-fingerprint" => identity(body).map(|(nickname, fingerprint)| {
                    facts.nickname = Some(nickname);
                    facts.hashed_fingerprint = Some(fingerprint);
                }),
                _ => Ok(()),
            },
        };
        if let Err(problem) = outcome {
            facts.problems.push(format!("`{}` {problem}", section.name));
        }
    }
    facts.reports = days.into_values().collect();
    facts.requests = requests.into_values().collect();
    facts.traffic = traffic.into_values().collect();
    facts
}

/// The day, and what is wrong with entries of it that were left out.
pub(in crate::collect::sources) fn bridge_day(body: &[u8], now: Timestamp) -> Result<(Report, Result<()>)> {
    const KEYS: [&str; 4] = ["bridge-stats-end", "bridge-ips", "bridge-ip-versions", "bridge-ip-transports"];
    let lines = Lines::read(body, &KEYS)?;
    let (ends, seconds) = lines.end("bridge-stats-end", now)?;
    let countries = lines.parse("bridge-ips", countries)?;
    let versions = lines.parse("bridge-ip-versions", versions)?;
    let (transports, odd) = lines.parse("bridge-ip-transports", transports)?.unzip();
    // Without GeoIP tor writes both lines and leaves them empty. With it, no client is `v4=0,v6=0`.
    let no_geoip = versions == Some(None) && countries.as_ref().is_some_and(Vec::is_empty);
    let countries = countries.filter(|_| !no_geoip);
    let odd = match odd {
        Some(true) => Err("has a line `bridge-ip-transports` with a name that no transport has".to_owned()),
        _ => Ok(()),
    };
    Ok((Report { ends, seconds, countries, versions: versions.flatten(), transports, no_geoip }, odd))
}

/// The directory requests of an interval.
pub(in crate::collect::sources) fn directory_requests(body: &[u8], now: Timestamp) -> Result<Requests> {
    let lines = Lines::read(body, &["dirreq-stats-end", "dirreq-v3-reqs", "dirreq-v3-resp"])?;
    let (ends, seconds) = lines.end("dirreq-stats-end", now)?;
    let answered = lines.parse("dirreq-v3-resp", |value| number_of("ok", value))?.flatten();
    let countries = lines.parse("dirreq-v3-reqs", countries)?;
    Ok(Requests { ends, seconds, answered, countries })
}

const STATE_KEYS: [&str; 8] = [
    "BWHistoryReadEnds",
    "BWHistoryReadInterval",
    "BWHistoryReadValues",
    "BWHistoryWriteEnds",
    "BWHistoryWriteInterval",
    "BWHistoryWriteValues",
    "LastWritten",
    "TorVersion",
];

fn finished_traffic(lines: &Lines<'_>, now: Timestamp) -> Result<Vec<Traffic>> {
    let written = lines.parse("LastWritten", time)?;
    both(history(lines, "Write", written, now)?, history(lines, "Read", written, now)?)
}

/// The intervals of `write-history` and `read-history` of an extra-info document, which has finished ones alone. They were
/// shorter than a day in older versions of tor.
pub(in crate::collect::sources) fn told_traffic(body: &[u8], now: Timestamp) -> Result<Vec<Traffic>> {
    let lines = Lines::read(body, &["write-history", "read-history"])?;
    let told = |key| match lines.parse(key, told_history)? {
        None => Ok(Vec::new()),
        Some((_, seconds, _)) if seconds < SHORTEST_HISTORY => {
            Err(format!("has a history of intervals of {seconds} s, shorter than {SHORTEST_HISTORY} s"))
        }
        Some((ends, seconds, values)) => intervals(ends, seconds, values, 0, now),
    };
    both(told("write-history")?, told("read-history")?)
}

/// `YYYY-MM-DD HH:MM:SS (N s) NUMBER,…`.
fn told_history(value: &str) -> Result<(Timestamp, u32, Vec<u64>)> {
    let end = value.find(')').map_or(value.len(), |at| at + 1);
    let (ends, seconds) = interval(&value[..end])?;
    let values = entries(value[end..].trim_matches(' '))?.into_iter().map(|value| number(value, MOST_BYTES));
    Ok((ends, seconds, values.collect::<Result<_>>()?))
}

/// What was sent and what was received, interval by interval.
fn both(sent: Vec<(Timestamp, u32, u64)>, received: Vec<(Timestamp, u32, u64)>) -> Result<Vec<Traffic>> {
    let mut intervals: BTreeMap<Timestamp, Traffic> = BTreeMap::new();
    for (ends, seconds, bytes) in sent {
        intervals.insert(ends, Traffic { ends, seconds, sent: Some(bytes), received: None });
    }
    for (ends, seconds, bytes) in received {
        let interval = intervals.entry(ends).or_insert(Traffic { ends, seconds, sent: None, received: None });
        if interval.seconds != seconds {
            return Err("has histories of different intervals".to_owned());
        }
        interval.received = Some(bytes);
    }
    Ok(intervals.into_values().collect())
}

/// The finished intervals of one direction: end, seconds, bytes; newest first. `BWHistory…Values` has the oldest first,
/// and `BWHistory…Ends` is the end of the last one, which is still running unless tor wrote the file after it.
fn history(
    lines: &Lines<'_>,
    direction: &str,
    written: Option<Timestamp>,
    now: Timestamp,
) -> Result<Vec<(Timestamp, u32, u64)>> {
    let key = |what| format!("BWHistory{direction}{what}");
    let ends = lines.parse(&key("Ends"), time)?;
    let seconds = lines.parse(&key("Interval"), |value| number(value, LONGEST_INTERVAL))?;
    let values = lines
        .parse(&key("Values"), |value| entries(value)?.into_iter().map(|value| number(value, MOST_BYTES)).collect())?;
    let (Some(ends), Some(seconds), Some(values)) = (ends, seconds, values) else {
        return Ok(Vec::new());
    };
    let values: Vec<u64> = values;
    if seconds < DAY {
        return Err(format!("has a history of intervals of {seconds} s, shorter than a day"));
    }
    let running = usize::from(written.is_none_or(|written| written < ends));
    intervals(ends, seconds, values, running, now)
}

/// Each value with the end and the length of its interval; the last `running` ones are not finished.
fn intervals(
    ends: Timestamp,
    seconds: u32,
    values: Vec<u64>,
    running: usize,
    now: Timestamp,
) -> Result<Vec<(Timestamp, u32, u64)>> {
    let mut intervals = Vec::new();
    for (age, bytes) in values.into_iter().rev().enumerate().skip(running) {
        let since = i64::from(seconds).saturating_mul(i64::try_from(age).unwrap_or(i64::MAX));
        let ends = ends.checked_sub(SignedDuration::from_secs(since)).map_err(|_| "has a history before all time")?;
        if seconds > LONGEST_INTERVAL {
            return Err(format!("is about {seconds} s, more than a month"));
        }
        if ends > now + CLOCK_TOLERANCE {
            return Err("is from the future".to_owned());
        }
        intervals.push((ends, seconds, bytes));
    }
    Ok(intervals)
}

/// `NICKNAME HASHEDFINGERPRINT`.
pub(in crate::collect::sources) fn identity(body: &[u8]) -> Result<(String, String)> {
    let text = std::str::from_utf8(body).map_err(|_| "is not UTF-8")?;
    let mut words = text.split_ascii_whitespace();
    let (Some(nickname), Some(fingerprint), None) = (words.next(), words.next(), words.next()) else {
        return Err("is not a nickname and a hashed fingerprint".to_owned());
    };
    let named = (1..=19).contains(&nickname.len()) && nickname.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let hashed = fingerprint.len() == 40 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !named || !hashed {
        return Err("is not a nickname and a hashed fingerprint".to_owned());
    }
    Ok((nickname.to_owned(), fingerprint.to_ascii_uppercase()))
}

/// The known lines of a body, by their first word.
struct Lines<'a> {
    values: BTreeMap<&'a str, &'a str>,
}

impl<'a> Lines<'a> {
    fn read(body: &'a [u8], keys: &[&'a str]) -> Result<Self> {
        let mut values = BTreeMap::new();
        for line in body.split(|byte| *byte == b'\n') {
            let (key, value) = line.split_at(line.iter().position(|byte| *byte == b' ').unwrap_or(line.len()));
            let Some(key) = keys.iter().find(|known| known.as_bytes() == key) else { continue };
            // tor writes a space after the keyword of an empty list, and some copiers take it away.
            let value = std::str::from_utf8(value).map_err(|_| format!("has a line `{key}` that is not UTF-8"))?;
            if values.insert(*key, value.trim_matches(' ')).is_some() {
                return Err(format!("has two lines `{key}`"));
            }
        }
        Ok(Self { values })
    }

    /// A line's value; `None` if there is no such line.
    fn parse<T>(&self, key: &str, read: impl FnOnce(&'a str) -> Result<T>) -> Result<Option<T>> {
        let value = self.values.get(key).map(|value| read(value)).transpose();
        value.map_err(|problem| format!("has a line `{key}` {problem}"))
    }

    /// The end and the length of the interval that a file of statistics is about.
    fn end(&self, key: &str, now: Timestamp) -> Result<(Timestamp, u32)> {
        let (ends, seconds) = self.parse(key, interval)?.ok_or_else(|| format!("has no line `{key}`"))?;
        if seconds < DAY {
            return Err(format!("is about {seconds} s, less than a day"));
        }
        if seconds > LONGEST_INTERVAL {
            return Err(format!("is about {seconds} s, more than a month"));
        }
        if ends > now + CLOCK_TOLERANCE {
            return Err("is from the future".to_owned());
        }
        Ok((ends, seconds))
    }
}

/// `YYYY-MM-DD HH:MM:SS (N s)`.
fn interval(value: &str) -> Result<(Timestamp, u32)> {
    let parts = value.split_once(" (").and_then(|(ends, rest)| Some((ends, rest.strip_suffix(" s)")?)));
    let (ends, seconds) = parts.ok_or("that is not `YYYY-MM-DD HH:MM:SS (N s)`")?;
    Ok((time(ends)?, number(seconds, u32::MAX)?))
}

/// `YYYY-MM-DD HH:MM:SS`, in UTC.
fn time(value: &str) -> Result<Timestamp> {
    const FORMAT: &str = "%Y-%m-%d %H:%M:%S";
    let time = DateTime::strptime(FORMAT, value).ok().filter(|time| time.strftime(FORMAT).to_string() == value);
    let time = time.and_then(|time| TimeZone::UTC.to_timestamp(time).ok());
    let time = time.ok_or("with a time that is not `YYYY-MM-DD HH:MM:SS`")?;
    if time < FIRST_STATISTICS { Err("with a time before there were such statistics".to_owned()) } else { Ok(time) }
}

/// Digits alone.
fn number<T: std::str::FromStr + PartialOrd + Copy>(value: &str, most: T) -> Result<T> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { value.parse().ok() } else { None };
    number
        .filter(|number| *number <= most)
        .ok_or_else(|| "with something that is not a number, or too large".to_owned())
}

/// The parts of a list with commas; an empty value is an empty list.
fn entries(value: &str) -> Result<Vec<&str>> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let entries: Vec<&str> = value.split(',').take(MOST_ENTRIES + 1).collect();
    if entries.len() > MOST_ENTRIES {
        return Err(format!("with more than {MOST_ENTRIES} entries"));
    }
    Ok(entries)
}

/// `NAME=NUMBER,…`, each name once; what `fits` does not accept is left out. Beside them: whether anything was.
fn counts(value: &str, fits: impl Fn(&str) -> bool) -> Result<(Vec<(String, u32)>, bool)> {
    let mut counts = Vec::new();
    let mut odd = false;
    for entry in entries(value)? {
        let (name, count) = entry.rsplit_once('=').ok_or("with an entry that is not `NAME=NUMBER`")?;
        if fits(name) {
            counts.push((name.to_owned(), number(count, MOST_CLIENTS)?));
        } else {
            odd = true;
        }
    }
    let mut names: Vec<&String> = counts.iter().map(|(name, _)| name).collect();
    names.sort();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("with a name that stands twice".to_owned());
    }
    Ok((counts, odd))
}

/// Two characters, lower case; not ISO 3166, because tor's database has codes that were withdrawn; or `??`.
fn countries(value: &str) -> Result<Vec<(String, u32)>> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (counts, odd) = counts(value, |name| name == "??" || name.len() == 2 && name.bytes().all(letter))?;
    if odd { Err("with a name that is not allowed".to_owned()) } else { Ok(counts) }
}

/// What a pluggable transport may call itself (tor's `string_is_C_identifier`), `<OR>` and `<??>`. A name goes onto pages,
/// so it must not be able to spell an address.
fn transports(value: &str) -> Result<(Vec<(String, u32)>, bool)> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let identifier = |name: &str| {
        (1..=LONGEST_TRANSPORT).contains(&name.len())
            && name.bytes().all(letter)
            && !name.starts_with(|first: char| first.is_ascii_digit())
    };
    counts(value, |name| matches!(name, "<OR>" | "<??>") || identifier(name))
}

/// `v4=N,v6=N`; `None` if the line is empty.
fn versions(value: &str) -> Result<Option<(u32, u32)>> {
    if value.is_empty() {
        return Ok(None);
    }
    match (number_of("v4", value)?, number_of("v6", value)?) {
        (Some(v4), Some(v6)) => Ok(Some((v4, v6))),
        _ => Err("without `v4` or `v6`".to_owned()),
    }
}

/// The number of one key of `KEY=NUMBER,…`.
fn number_of(key: &str, value: &str) -> Result<Option<u32>> {
    let mut found = None;
    for entry in entries(value)? {
        let (name, count) = entry.split_once('=').ok_or("with an entry that is not `NAME=NUMBER`")?;
        if name == key && found.replace(number(count, MOST_CLIENTS)?).is_some() {
            return Err("with a name that stands twice".to_owned());
        }
    }
    Ok(found)
}

/// `Tor 0.4.9.11 (git-…)` without the words around the number: four numbers of which the first is 0, as no address's is,
/// and those of tor's own tags that follow them, as in `0.4.9.1-alpha-dev`.
fn tor_version(value: &str) -> Result<String> {
    let version = value.strip_prefix("Tor ").unwrap_or(value).split(' ').next().unwrap_or_default();
    let mut parts = version.split('-');
    let numbers = parts.next().unwrap_or_default();
    let number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !numbers.starts_with("0.") || numbers.split('.').count() != 4 || !numbers.split('.').all(number) {
        return Err("that is not a version".to_owned());
    }
    let tags = parts.take_while(|tag| VERSION_TAGS.contains(tag));
    Ok(std::iter::once(numbers).chain(tags.take(2)).collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests;
