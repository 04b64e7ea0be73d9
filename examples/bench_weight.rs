//! What `scripts/bench-weight` needs of the program itself.
//!
//! ```text
//! bench_weight project FOLDER     makes a project there: 500 bridges with clients from 250 countries over 10 transports
//! bench_weight sheet              draws the series of its standard input, [[8, null, 16], …], as one sheet; says how long
//! ```
//!
//! The project is a worst case that could be: extracts as 20 servers with 25 tors each would print them on 97 days, put into a
//! warehouse as a collection does; and the default theme's pages, the report of a day with a line chart too. Countries are as large as in Tor Metrics' estimates of 2020, where the share of rank r is
//! about 0.2 / r · e^(−r / 50). Clients follow the week, drift, come by chance, change suddenly at times, and are rounded up to
//! multiples of 8 by each bridge; one report of a hundred is missing. The same on every machine.
#![allow(clippy::print_stdout)] // It answers to a script.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use torcollect::collect;
use torcollect::collect::sources::tor_bridge;
use torcollect::fs;
use torcollect::graphics::sheet::Sparkline;
use torcollect::graphics::{Colors, Drawing, Sheet};
use torcollect::project::Project;
use torcollect::warehouse::{Attempt, Warehouse};

const SERVERS: usize = 20;
const BRIDGES: usize = 25;
const COUNTRIES: usize = 250;
/// 90 for the chart, and a week before those for comparison.
const DAYS: usize = 97;
const NEWEST: Date = date(2026, 11, 21);
const WEEK: [f64; 7] = [1.03, 1.05, 1.04, 1.02, 0.96, 0.91, 0.99];
/// What part of the clients uses each, and what part of the bridges offers it.
const TRANSPORTS: [(&str, f64, f64); 10] = [
    ("obfs4", 1.0, 0.95),
    ("webtunnel", 0.5, 0.4),
    ("<OR>", 0.05, 1.0),
    ("snowflake", 0.6, 0.1),
    ("meek_lite", 0.3, 0.1),
    ("conjure", 0.2, 0.05),
    ("obfs3", 0.05, 0.1),
    ("scramblesuit", 0.02, 0.05),
    ("fte", 0.02, 0.05),
    ("<??>", 0.01, 0.2),
];
/// The largest first; all others follow in the order of their codes' hashes.
const LARGEST: &str = "ir ru us cn tr de in gb by fr id ua eg kz nl ca br ae jp it tm au es vn mx th ?? ch sa pl";

const SETTINGS: &str = "\
title: Worst case
publish: {delay: 0, minimum_clients: 0}
budget: {first_visit: 130 KB, next_page: 95 KB}
";
/// Of each report its 90 days, by transport: those below 2,000 clients a day are one line.
const LINES: &str = "\
with counted as (
    select day, transport, sum(clients) as clients from transport_day group by all
),
named as (
    select transport, if(avg(clients) < 2000, 'all others', transport) as name from counted group by transport
)
select report.day, counted.day as of_day, named.name as transport, cast(sum(counted.clients) as bigint) as clients
from day as report
join counted on counted.day between report.day - 89 and report.day
join named using (transport)
group by all
order by report.day, of_day, transport
";
const CHART: &str = "
{{chart data.lines kind=\"line\" x=\"of_day\" y=\"clients\" series=\"transport\" title=\"Clients by transport\"}}
";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["project", folder] => project(Path::new(folder)),
        ["sheet"] => sheet(),
        _ => bail!("bench_weight project FOLDER, or bench_weight sheet"),
    }
}

/// The least of nine drawings: what else the machine does can only make it longer.
fn sheet() -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let series: Vec<Vec<Option<f64>>> = serde_json::from_str(&text)?;
    let mut seconds = Vec::new();
    let mut bytes = 0;
    for _ in 0..9 {
        let began = Instant::now();
        let sparklines = series.iter().map(|values| Sparkline::new(values, None)).collect();
        let Colors { ink, warning, .. } = Colors::default();
        bytes = Drawing::Sheet(Sheet { sparklines, ink, warning }).draw()?.len();
        seconds.push(began.elapsed().as_secs_f64());
    }
    let least = seconds.into_iter().fold(f64::INFINITY, f64::min);
    println!("{{\"milliseconds\": {:.1}, \"bytes\": {bytes}}}", least * 1000.0);
    Ok(())
}

fn project(folder: &Path) -> Result<()> {
    let project = Project::new(folder);
    write(folder, "sources.yaml", "sources: {}\n")?;
    write(folder, "site/site.yaml", SETTINGS)?;
    let report = include_str!("../themes/default/content/days/day.md");
    let report = report.replacen("\ndata:\n", "\ndata:\n  lines: report_lines\n", 1);
    write(folder, "content/days/day.md", &format!("{report}{CHART}"))?;
    write(folder, "site/queries/report_lines.sql", LINES)?;
    let mut warehouse = Warehouse::open(&project)?;
    // So that pseudonyms are the same each time.
    fs::write_durable(&project.salt(), &[b'5'; 64], fs::PRIVATE)?;
    let world = World::new();
    let days: Vec<Vec<Attempt>> = (0..DAYS).map(|day| world.attempts(day)).collect::<Result<_>>()?;
    warehouse.record(&days.concat())?;
    let labels: Vec<_> = (0..SERVERS).map(|server| (name(server), String::new(), format!("Server {server}"))).collect();
    warehouse.suggest_labels(&labels)?;
    let salt = warehouse.salt(&project)?;
    let derived = warehouse.derive(&salt, |extracts| extracts.iter().map(collect::parse).collect())?;
    if let Some(problem) = derived.problems.first() {
        bail!("an extract has a problem: {problem:?}");
    }
    println!("{NEWEST}");
    Ok(())
}

fn write(folder: &Path, path: &str, text: &str) -> Result<()> {
    let path = folder.join(path);
    fs::create_dir(path.parent().unwrap_or(folder))?;
    fs::write_atomic(&path, text.as_bytes(), fs::PUBLIC)
}

fn name(server: usize) -> String {
    format!("server-{server:02}")
}

/// All that is known before chance decides each day.
struct World {
    countries: Vec<Country>,
    /// `SERVERS` × `BRIDGES`.
    bridges: Vec<Bridge>,
}

struct Country {
    code: String,
    share: f64,
    /// By day from the oldest, around 1.
    course: Vec<f64>,
}

struct Bridge {
    clients: f64,
    course: Vec<f64>,
    ipv6: f64,
    /// What part of its clients uses each transport that it has.
    transports: Vec<(&'static str, f64)>,
    /// Seconds after 13:00 of a day at which its interval ends.
    ends: i64,
}

impl World {
    fn new() -> Self {
        let known =
            include_str!("../themes/default/languages/countries.en.tsv").lines().filter(|line| !line.starts_with('#'));
        let codes: Vec<&str> =
            known.filter_map(|line| line.split('\t').next()).filter(|code| *code != "other").collect();
        let mut rest: Vec<&str> =
            codes.into_iter().filter(|code| !LARGEST.split(' ').any(|large| large == *code)).collect();
        rest.sort_by_key(|code| Random::of(&[1, u64::from(code.as_bytes()[0]), u64::from(code.as_bytes()[1])]).bits());
        let countries = LARGEST.split(' ').chain(rest).take(COUNTRIES).enumerate().map(|(rank, code)| Country {
            code: code.to_owned(),
            share: 0.2 / (rank as f64 + 1.0) * (-(rank as f64) / 50.0).exp(),
            course: course(2, rank),
        });
        let bridges = (0..SERVERS * BRIDGES).map(|number| {
            let mut random = Random::of(&[3, number as u64]);
            let offers = TRANSPORTS.iter().map(|(name, weight, offered)| {
                let weight = if random.uniform() < *offered { weight * (0.5 + random.uniform()) } else { 0.0 };
                (*name, weight)
            });
            let offers: Vec<(&str, f64)> = offers.filter(|(_, weight)| *weight > 0.0).collect();
            let sum: f64 = offers.iter().map(|(_, weight)| weight).sum();
            Bridge {
                // From 10 to 2,000, most of them small.
                clients: 10.0 * 200f64.powf(random.uniform()),
                course: course(4, number),
                ipv6: 0.2 * random.uniform(),
                transports: offers.into_iter().map(|(name, weight)| (name, weight / sum)).collect(),
                ends: (random.uniform() * 79_200.0) as i64,
            }
        });
        Self { countries: countries.collect(), bridges: bridges.collect() }
    }

    /// What all servers answer on the day after `day`, which counts from the oldest.
    fn attempts(&self, day: usize) -> Result<Vec<Attempt>> {
        let date = NEWEST.checked_sub(((DAYS - 1 - day) as i64).days())?;
        let noon = TimeZone::UTC.to_timestamp(date.at(13, 0, 0, 0))?;
        let midnight = TimeZone::UTC.to_timestamp(date.tomorrow()?.at(0, 0, 0, 0))?;
        let asked = noon.checked_add(24.hours())?;
        let mut counts: Vec<Vec<u64>> = (0..self.bridges.len()).map(|bridge| self.clients(bridge, day, date)).collect();
        // The newest day has all countries: it is what is weighed.
        for country in 0..COUNTRIES {
            if day + 1 == DAYS && counts.iter().all(|counts| counts[country] == 0) {
                counts[country][country] = 1;
            }
        }
        let attempt = |server: usize| {
            let mut text = format!("torcollect-extract 1 {} 1\n", asked.as_second());
            let mut sections = 0;
            for (number, counts) in counts.iter().enumerate().skip(server * BRIDGES).take(BRIDGES) {
                let instance = self.instance(number, day, counts, noon, asked)?;
                sections += instance.matches("\nsection ").count();
                text += &instance;
            }
            let checksum = tor_bridge::cksum(text.as_bytes());
            writeln!(text, "end {sections} {checksum}")?;
            let (raw, failure) = tor_bridge::read(text.into_bytes(), asked);
            if let Some(failure) = failure {
                bail!("an extract cannot be read: {failure}");
            }
            Ok(Attempt {
                run: midnight.as_millisecond(),
                plugin: tor_bridge::PLUGIN.to_owned(),
                source: "bridges".to_owned(),
                server: name(server),
                started: asked,
                finished: asked,
                raw,
                error: None,
            })
        };
        (0..SERVERS).map(attempt).collect()
    }

    /// How many clients a bridge has from each country on a day.
    fn clients(&self, bridge: usize, day: usize, date: Date) -> Vec<u64> {
        let mut random = Random::of(&[5, bridge as u64, day as u64]);
        let shares: f64 = self.countries.iter().map(|country| country.share).sum();
        let bridge = &self.bridges[bridge];
        let clients =
            bridge.clients * bridge.course[day] * WEEK[date.weekday().to_monday_zero_offset() as usize] / shares;
        self.countries.iter().map(|country| random.count(clients * country.share * country.course[day])).collect()
    }

    /// What is read of a bridge: nothing of one day in a hundred.
    fn instance(&self, number: usize, day: usize, counts: &[u64], noon: Timestamp, asked: Timestamp) -> Result<String> {
        let bridge = &self.bridges[number];
        let mut random = Random::of(&[6, number as u64, day as u64]);
        let mut text = format!("instance b{number}\n");
        let modified = asked.as_second();
        let section = |name: &str, body: &str| format!("section {name} {} {modified}\n{body}\n", body.len());
        let ends = noon.checked_add(bridge.ends.seconds())?;
        let total: u64 = counts.iter().sum();
        if random.uniform() >= 0.01 {
            let mut countries: Vec<(&str, u64)> =
                self.countries.iter().zip(counts).map(|(c, n)| (&c.code[..], up(*n))).collect();
            countries.retain(|(_, count)| *count > 0);
            countries.sort_by(|(code, count), (other, more)| more.cmp(count).then(code.cmp(other)));
            let ipv6 = (total as f64 * bridge.ipv6) as u64;
            let transports =
                bridge.transports.iter().map(|(name, share)| (*name, up(random.count(total as f64 * share))));
            let mut transports: Vec<(&str, u64)> = transports.filter(|(_, count)| *count > 0).collect();
            transports.sort_unstable();
            let stats = format!(
                "bridge-stats-end {} (86400 s)\nbridge-ips {}\nbridge-ip-versions v4={},v6={}\nbridge-ip-transports {}\n",
                written(ends),
                listed(&countries),
                up(total - ipv6),
                up(ipv6),
                listed(&transports)
            );
            text += &section("bridge-stats", &stats);
        } else {
            text += "section bridge-stats absent\n";
        }
        let sent = |random: &mut Random| (total as f64 * 9e7 * (0.8 + 0.4 * random.uniform())) as u64 & !0x3ff;
        let running = written(ends.checked_add(24.hours())?);
        let mut state = String::new();
        for way in ["Read", "Write"] {
            let values = format!("{},{}", sent(&mut random), sent(&mut random));
            writeln!(
                state,
                "BWHistory{way}Ends {running}\nBWHistory{way}Interval 86400\nBWHistory{way}Values {values}"
            )?;
        }
        writeln!(state, "LastWritten {}\nTorVersion Tor 0.4.9.11", written(asked))?;
        text += &section("state", &state);
        let fingerprint = Random::of(&[7, number as u64]).bits();
        text += &section("hashed-fingerprint", &format!("b{number} {fingerprint:040X}\n"));
        Ok(text)
    }
}

/// A course around 1 over all days: it wanders, and one in twenty changes suddenly.
fn course(kind: u64, number: usize) -> Vec<f64> {
    let mut random = Random::of(&[kind, 0, number as u64]);
    let change = if random.uniform() < 0.05 { Some((random.uniform() * DAYS as f64) as usize) } else { None };
    let factor = if random.uniform() < 0.5 { 0.3 } else { 3.0 };
    let mut at = 0.0;
    let value = |day: usize| {
        at = 0.92 * at + 0.06 * random.normal();
        at.exp() * if change.is_some_and(|change| day >= change) { factor } else { 1.0 }
    };
    (0..DAYS).map(value).collect()
}

/// As tor writes counts: rounded up to the next multiple of 8.
fn up(count: u64) -> u64 {
    count.next_multiple_of(8)
}

fn listed(counts: &[(&str, u64)]) -> String {
    counts.iter().map(|(name, count)| format!("{name}={count}")).collect::<Vec<_>>().join(",")
}

/// As tor writes times.
fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// SplitMix64, a stream for each key.
struct Random(u64);

impl Random {
    fn of(key: &[u64]) -> Self {
        let mut random = Self(key.len() as u64);
        for part in key {
            random.0 ^= *part;
            random.0 = random.bits();
        }
        random
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// Poisson's distribution; beyond 12 its normal neighbour.
    fn count(&mut self, mean: f64) -> u64 {
        if mean > 12.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let (floor, mut product, mut count) = ((-mean).exp(), self.uniform(), 0);
        while product > floor {
            product *= self.uniform();
            count += 1;
        }
        count
    }
}
