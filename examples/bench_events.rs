//! How well sudden changes are found: `make bench-events`.
//!
//! ```text
//! bench_events TORCOLLECT SEEDS SERIES.csv
//! ```
//!
//! First on the sample, with as many seeds: the real binary collects it and exports its publication, and what it found is
//! compared with what the sample planted. Then six changes are put into six countries of each, of many sizes and lengths, and
//! looked for again. What begins within two days of what was planted, in the same direction, is found. The starts of
//! `webtunnel` and what a planted change does to transports are named apart: they are in the data, too. Last on Tor Metrics'
//! estimated users by country (`userstats-bridge-country.csv`), which are given to the detector as one bridge's clients.
#![allow(clippy::print_stdout)] // It is a measurement's report.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use jiff::civil::Date;
use jiff::{ToSpan, Unit};
use serde_json::Value;
use torcollect::collect::sources::sample::{EVENTS, What};
use torcollect::config::Sample;
use torcollect::warehouse::Publication;

/// Days of the sample.
const DAYS: u32 = 540;
/// Begins at most so many days after what was planted.
const LATE: i32 = 2;
/// Factors of changes that are put in, and days that they last.
const FACTORS: [f64; 7] = [0.2, 0.35, 0.5, 0.65, 1.5, 2.0, 3.0];
const LASTS: [i64; 4] = [1, 4, 10, 9999];
/// Clients a day that a country has at least into which a change is put.
const LEAST: u32 = 300;

/// What was planted or found: a country or a transport, its first day, and whether it rose.
#[derive(Clone, Debug)]
struct Change {
    kind: &'static str,
    name: String,
    since: Date,
    rose: bool,
}

#[derive(Default)]
struct Count {
    planted: usize,
    found: usize,
    late: BTreeMap<i32, usize>,
    missed: Vec<String>,
    false_alarms: Vec<String>,
    introduced: usize,
    consequences: usize,
    /// By factor: how many were put in, and found.
    injected: BTreeMap<String, (usize, usize)>,
    false_beside_injected: usize,
    seconds: f64,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [torcollect, seeds, series] = arguments.as_slice() else { bail!("bench_events TORCOLLECT SEEDS SERIES.csv") };
    let seeds: u64 = seeds.parse().context("SEEDS is a number")?;
    sample(Path::new(torcollect), seeds)?;
    if Path::new(series).is_file() {
        real(Path::new(series))?;
    } else {
        println!("\nThere is no `{series}`.");
    }
    Ok(())
}

fn sample(torcollect: &Path, seeds: u64) -> Result<()> {
    let next = AtomicU64::new(1);
    let count = Mutex::new(Count::default());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| -> Result<()> {
        let work = || -> Result<()> {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed > seeds {
                    return Ok(());
                }
                one(torcollect, seed, &count)?;
            }
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a worker panicked")))
    })?;
    let count = count.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let alarms = count.found + count.false_alarms.len();
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    println!("The sample, seeds 1 to {seeds}, {DAYS} days each");
    println!("  planted in countries {:>6}", count.planted);
    println!("  found within {LATE} days  {:>6}   recall {:.1} %", count.found, percent(count.found, count.planted));
    println!("  days late            {:?}", count.late);
    println!(
        "  other alarms         {:>6}   precision {:.1} %",
        count.false_alarms.len(),
        percent(count.found, alarms)
    );
    println!(
        "  the start of webtunnel {:>4}   transports that rise with a planted change {}",
        count.introduced, count.consequences
    );
    let all = alarms + count.introduced + count.consequences;
    println!("  if these are false too        precision {:.1} %", percent(count.found, all));
    println!("  looking for them     {:>6.2} s on average, {workers} at a time", count.seconds / seeds.max(1) as f64);
    for (what, list) in [("missed", &count.missed), ("other alarm", &count.false_alarms)] {
        list.iter().take(20).for_each(|line| println!("  {what}: {line}"));
    }
    println!("\nChanges put into countries of {LEAST} clients a day or more, for 1, 4, 10 days or for good");
    for (factor, (put, found)) in &count.injected {
        println!("  x {factor:<5} found {found:>4} of {put:>4}   {:.0} %", percent(*found, *put));
    }
    println!("  other alarms in the same data {}", count.false_beside_injected);
    Ok(())
}

/// One seed: its publication as the real binary exports it, and what is found there.
fn one(torcollect: &Path, seed: u64, count: &Mutex<Count>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("sources.yaml"), format!("sources: {{sample: {{fleet: {{seed: {seed}, days: {DAYS}}}}}}}\n"))?;
    std::fs::create_dir(at("site"))?;
    std::fs::write(at("site/site.yaml"), "publish: {delay: 0}\n")?;
    let export = at("publication.duckdb");
    for arguments in [vec!["collect"], vec!["export", "--public", &export.to_string_lossy()]] {
        let mut run = Command::new(torcollect);
        run.arg("-q").arg("-C").arg(folder.path()).args(&arguments);
        let status = run.stdin(Stdio::null()).status()?;
        ensure!(status.success(), "`torcollect {}` failed for seed {seed}", arguments.join(" "));
    }
    let until = Sample::default().until;
    let day = |before: u32| until.checked_sub(i64::from(before).days()).unwrap_or(until);
    let planted: Vec<Change> = EVENTS
        .iter()
        .filter_map(|event| match event.what {
            What::Demand { country, times } => Some(Change {
                kind: "country",
                name: country.to_owned(),
                since: day(event.days_before),
                rose: times > 1.0,
            }),
            _ => None,
        })
        .collect();
    let tables = ["country_day", "transport_day", "bridge_day", "day", "bridge", "country", "transport"];
    let copies: String = tables.map(|table| format!("create table {table} as from given.{table};\n")).concat();
    let given = format!("attach '{}' as given (read_only);\n{copies}detach given;\n", export.display());

    let began = Instant::now();
    let publication = Publication::with_events(&given)?;
    let seconds = began.elapsed().as_secs_f64();
    let found = events(&publication)?;
    let injected = injected(&publication, seed, until)?;
    let changes: String = injected
        .iter()
        .map(|(change, factor, lasts)| {
            let name = &change.name;
            let end =
                change.since.checked_add(lasts.days()).map_or_else(|_| "9999-12-31".to_owned(), |end| end.to_string());
            // A bridge counts x times as many, and rounds up again.
            format!(
                "update country_day set clients = cast(8 * ceil({factor} * (clients - 4) / 8) as bigint)
                 where country = '{name}' and day >= '{}' and day < '{end}';\n",
                change.since
            )
        })
        .collect();
    let again = events(&Publication::with_events(&format!("{given}{changes}"))?)?;

    let mut count = count.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    count.seconds += seconds;
    let mut open = found;
    for change in &planted {
        count.planted += 1;
        match take(&mut open, change) {
            Some(late) => {
                count.found += 1;
                *count.late.entry(late).or_default() += 1;
            }
            None => count.missed.push(format!("seed {seed}: {change:?}")),
        }
    }
    let near = |change: &Change, other: &Change| days(other.since, change.since).abs() <= LATE;
    for change in open {
        let introduced =
            EVENTS.iter().any(|event| matches!(event.what, What::Introduced { transport } if transport == change.name));
        if change.kind == "transport" && introduced && change.since <= day(250) {
            count.introduced += 1;
        } else if change.kind == "transport" && planted.iter().any(|planted| near(&change, planted)) {
            count.consequences += 1;
        } else {
            count.false_alarms.push(format!("seed {seed}: {change:?}"));
        }
    }
    let mut open = again;
    for change in &planted {
        take(&mut open, change);
    }
    for (change, factor, _) in &injected {
        let found = take(&mut open, change).is_some();
        let entry = count.injected.entry(format!("{factor:.2}")).or_default();
        *entry = (entry.0 + 1, entry.1 + usize::from(found));
    }
    // The end of a change that was put in is a change too.
    let after =
        |found: &Change| injected.iter().any(|(change, ..)| change.name == found.name && found.since >= change.since);
    count.false_beside_injected += open.iter().filter(|found| found.kind == "country" && !after(found)).count();
    Ok(())
}

/// The alarms, by country or transport.
fn events(publication: &Publication) -> Result<Vec<Change>> {
    let rows = publication.query("select kind, name, since, direction from event order by all")?;
    (0..rows.len())
        .map(|row| {
            let row = rows.row(row);
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let kind = if text("kind") == "country" { "country" } else { "transport" };
            Ok(Change { kind, name: text("name"), since: text("since").parse()?, rose: text("direction") == "rose" })
        })
        .collect()
}

/// How late the first alarm is that fits; it is taken away.
fn take(open: &mut Vec<Change>, planted: &Change) -> Option<i32> {
    let late = |found: &Change| days(planted.since, found.since);
    let fits = |found: &Change| {
        found.kind == planted.kind
            && found.name == planted.name
            && found.rose == planted.rose
            && (0..=LATE).contains(&late(found))
    };
    let at = open.iter().position(fits)?;
    Some(late(&open.remove(at)))
}

fn days(from: Date, to: Date) -> i32 {
    from.until((Unit::Day, to)).map_or(i32::MAX, |span| span.get_days())
}

/// Six changes in six countries, drawn from the seed.
fn injected(publication: &Publication, seed: u64, until: Date) -> Result<Vec<(Change, f64, i64)>> {
    let rows = publication.query(&format!(
        "select country from country_day where country not in ('ir', 'tm', '??', 'other')
         group by country having sum(clients) / {DAYS} >= {LEAST} order by hash(country || '{seed}')"
    ))?;
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut draw = |below: u64| {
        // xorshift64*: <https://doi.org/10.18637/jss.v008.i14>
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    };
    let change = |row: usize| -> Result<(Change, f64, i64)> {
        let Value::String(name) = rows.row(row)["country"].clone() else { bail!("a country is a text") };
        let before = 20 + draw(450).cast_signed();
        let factor = FACTORS[usize::try_from(draw(FACTORS.len() as u64))?];
        let lasts = LASTS[usize::try_from(draw(LASTS.len() as u64))?];
        Ok((
            Change { kind: "country", name, since: until.checked_sub(before.days())?, rose: factor > 1.0 },
            factor,
            lasts,
        ))
    };
    (0..rows.len().min(6)).map(change).collect()
}

/// Tor Metrics' series.
fn real(series: &Path) -> Result<()> {
    let file = series.display().to_string().replace('\'', "''");
    let began = Instant::now();
    let publication = Publication::with_events(&format!(
        "create temp table series as
         select date as day, country, cast(users as bigint) as clients
         from read_csv('{file}', comment = '#', header = true, nullstr = '\\N', types = {{'country': 'varchar'}});
         create table country_day as
         select 'all' as bridge, day, country, clients from series where country is not null and country <> '' and clients > 0;
         create table transport_day (bridge varchar, day date, transport varchar, clients bigint);
         create table bridge_day as
         select 'all' as bridge, day, 'reported' as state, cast(sum(clients) as bigint) as clients, false as or_inflated
         from series group by day;
         create table day as
         select cast(day as date) as day, cast(day as date) in (select day from series) as complete
         from (select unnest(generate_series(min(day), max(day), interval 1 day)) as day from series);"
    ))?;
    let seconds = began.elapsed().as_secs_f64();
    println!("\nTor Metrics' users of bridges by country, {}: {seconds:.1} s", series.display());
    let show = |title: &str, sql: &str| -> Result<()> {
        println!("\n{title}");
        let rows = publication.query(sql)?;
        for row in 0..rows.len() {
            let cells = (0..rows.columns().len()).map(|column| rows.text(row, column).unwrap_or_default());
            println!("  {}", cells.collect::<Vec<_>>().join("  "));
        }
        Ok(())
    };
    show(
        "Days, country-days judged, alarms, countries with one",
        "select (select count(*) filter (complete) from day), (select count(*) from expected_day), count(*), count(distinct name) from event",
    )?;
    show(
        "Alarms by year: fell, rose",
        "select year(since), count(*) filter (direction = 'fell'), count(*) filter (direction = 'rose') from event group by 1 order by 1",
    )?;
    show(
        "Alarms by country: all, and in 2018, 2019, 2020",
        "select name, count(*), count(*) filter (year(since) = 2018), count(*) filter (year(since) = 2019),
                count(*) filter (year(since) = 2020)
         from event group by name order by count(*) desc, name",
    )?;
    show(
        "The strongest of each of ten countries: first day, last day, users, expected, times beyond",
        "select name, direction, since, until, clients, low || ' to ' || high, outside from event
         qualify row_number() over (partition by name order by outside desc, since) = 1
         order by outside desc, name limit 10",
    )
}
