//! Every sparkline that a browser shows is that of its own row: its pixels are compared with the data.

use std::collections::BTreeMap;
use std::path::Path;

use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};
use serde_json::{Value, json};

use crate::browser::{EARLY, color, look_at, newest, sample};
use crate::chromium::Spark;
use crate::support::TestProject;

/// Values of the 30 days that end on a day, the oldest first, by the names of their rows.
type Rows = BTreeMap<String, Vec<Option<f64>>>;

/// From SQL that gives `name`, `day` and `value` for some of these days; those that it leaves out are not known.
fn histories(day: &str, sql: &str) -> Rows {
    let sql = format!(
        "with value as ({sql}), days as (select cast(unnest(generate_series(date '{day}' - 29, date '{day}', interval 1 day)) as date) as day)
         select name, list(value order by day) as values
         from (select distinct name from value) cross join days left join value using (name, day) group by name"
    );
    let rows = sample().run(&["query", "--format", "json", &sql]).ok().stdout;
    let rows: Vec<Value> = serde_json::from_str(&rows).unwrap();
    let values = |row: &Value| row["values"].as_array().unwrap().iter().map(Value::as_f64).collect();
    rows.iter().map(|row| (row["name"].as_str().unwrap().to_owned(), values(row))).collect()
}

/// What must be drawn on a page: its tables by their captions, with the values of their rows by names.
type Tables = BTreeMap<&'static str, Rows>;

fn by_country(day: &str) -> Rows {
    let sql = format!(
        "select name, day, sum(clients) as value
         from country_day join country using (country) join day using (day)
         where complete and country in (select country from country_day where day = '{day}') group by all"
    );
    histories(day, &sql)
}

/// A transport that nobody named, on a day on which others were, had no client.
fn by_transport(day: &str) -> Rows {
    let sql = format!(
        "select transport as name, day.day, coalesce(sum(transport_day.clients), 0) as value
         from (select distinct transport from transport_day where day = '{day}') cross join day
         left join transport_day using (transport, day)
         where complete and day.day in (select day from transport_day) group by all"
    );
    histories(day, &sql)
}

fn of_report(day: &str) -> Tables {
    let bridges = format!(
        "select label as name, day, clients as value from bridge_day join bridge using (bridge)
         join day using (day) where complete and bridge in (select bridge from bridge_day where day = '{day}')"
    );
    [("Countries", by_country(day)), ("Transports", by_transport(day)), ("Bridges", histories(day, &bridges))].into()
}

/// The figures stand in no table.
fn of_overview() -> Tables {
    let figures = "select name, day, value from (
            select 'Clients' as name, day, sum(clients) as value from bridge_day group by day
            union all select 'Bridges reporting', day, bridges_reporting from day
            union all select 'Countries', day, count(distinct country) from country_day where country not in ('??', 'other') group by day
            union all select 'Sent', day, sum(sent_bytes) from traffic_day group by day
        ) join day using (day) where complete";
    [("", histories(newest(), figures)), ("Countries", by_country(newest())), ("Transports", by_transport(newest()))]
        .into()
}

/// 1 for an answer and 0 for a failure.
fn of_fleet() -> Tables {
    let answers =
        "select server as name, cast(finished as date) as day, max(cast(status <> 'failed' as integer)) as value
         from collection group by all";
    let last = sample().public("select max(cast(finished as date)) from collection").remove(0);
    [("Servers", histories(&last, answers))].into()
}

/// Which value is marked, counted from 0, by tables and names of rows.
type Marks = BTreeMap<&'static str, BTreeMap<String, usize>>;

/// Rows of which a day differs much from the one a week before. `sql` gives `bridge`, `name`, `day` and `clients`: only bridges
/// that are on both days are compared.
fn marked(day: &str, sql: &str) -> BTreeMap<String, usize> {
    let sql = format!(
        "with fact as (select * from ({sql}) join day using (day) where complete and day in (date '{day}', date '{day}' - 7)),
         told as (select bridge from fact group by bridge having count(distinct day) = 2)
         select name, sum(clients) filter (where day = '{day}') as now, sum(clients) filter (where day < '{day}') as before
         from fact where bridge in (select bridge from told) group by name"
    );
    let rows = sample().run(&["query", "--format", "json", &sql]).ok().stdout;
    let rows: Vec<Value> = serde_json::from_str(&rows).unwrap();
    let much = |row: &&Value| match (row["now"].as_f64(), row["before"].as_f64()) {
        (Some(now), Some(before)) => {
            let change = now / before - 1.0;
            (change < -0.2 && before - now >= 40.0) || (change > 0.5 && now - before >= 40.0)
        }
        _ => false,
    };
    rows.iter().filter(much).map(|row| (row["name"].as_str().unwrap().to_owned(), 29)).collect()
}

/// Countries or transports of which a sudden change began in the 30 days, and when the newest of them did.
fn begun(day: &str, kind: &str) -> BTreeMap<String, usize> {
    let sql = format!(
        "select coalesce(country.name, event.name) as name, 29 - (date '{day}' - max(since)) as place
         from event left join country on kind = 'country' and country.country = event.name
         where kind = '{kind}' and since between date '{day}' - 29 and date '{day}' group by all"
    );
    let rows = sample().run(&["query", "--format", "json", &sql]).ok().stdout;
    let rows: Vec<Value> = serde_json::from_str(&rows).unwrap();
    let place = |row: &Value| usize::try_from(row["place"].as_u64().unwrap()).unwrap();
    rows.iter().map(|row| (row["name"].as_str().unwrap().to_owned(), place(row))).collect()
}

fn marks_of(day: &str) -> Marks {
    let all = "select bridge, 'Clients' as name, day, clients from bridge_day where clients is not null";
    let bridges = "select bridge, label as name, day, clients from bridge_day join bridge using (bridge) where clients is not null";
    [
        ("", marked(day, all)),
        ("Countries", begun(day, "country")),
        ("Transports", begun(day, "transport")),
        ("Bridges", marked(day, bridges)),
    ]
    .into()
}

/// One value as it is drawn, 20 pixels from the top down: `.` nothing, `-` fill, `#` line, `!` mark.
fn column(value: Option<f64>, highest: f64, marked: bool) -> String {
    let height = match value {
        None => 0,
        Some(0.0) => 1,
        Some(value) => ((value / highest * 19.0).round() as usize).max(2),
    };
    let pixel = |above_bottom: usize| match above_bottom {
        above if above + 1 == height => '#',
        above if marked && above < 19 => '!',
        above if above < height => '-',
        _ => '.',
    };
    (0..20).rev().map(pixel).collect()
}

/// The colours of sparklines on a page, as the theme names them for pictures.
struct Inks {
    paper: [u8; 3],
    ink: [u8; 3],
    warning: [u8; 3],
}

impl Inks {
    fn of(paper: &str) -> Self {
        let theme =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("themes/default/theme.yaml")).unwrap();
        let named = |name: &str| {
            let pattern = format!("(?m)^  {name}: *\"#([0-9a-f]{{6}})\"");
            let found = regex::Regex::new(&pattern).unwrap().captures(&theme).unwrap_or_else(|| panic!("no {name}"));
            let [_, red, green, blue] = u32::from_str_radix(&found[1], 16).unwrap().to_be_bytes();
            [red, green, blue]
        };
        Self { paper: color(paper), ink: named("ink"), warning: named("warning") }
    }

    /// The letter of a pixel; `?` if it is none that may be there.
    fn letter(&self, pixel: PremultipliedColorU8) -> char {
        let pixel = [pixel.red(), pixel.green(), pixel.blue()];
        let like = |other: [u8; 3]| pixel.iter().zip(other).all(|(one, other)| one.abs_diff(other) <= 2);
        let fill = |channel: usize| {
            let (paper, ink) = (u32::from(self.paper[channel]), u32::from(self.ink[channel]));
            ((ink * 84 + paper * (255 - 84)) / 255) as u8
        };
        match () {
            () if like(self.paper) => '.',
            () if like(self.ink) => '#',
            () if like(self.warning) => '!',
            () if like([fill(0), fill(1), fill(2)]) => '-',
            () => '?',
        }
    }
}

/// Whether the box of a sparkline on a screenshot shows exactly these values; what is wrong, if not.
fn wrong(
    picture: &Pixmap,
    inks: &Inks,
    scale: f64,
    spark: &Spark,
    values: &[Option<f64>],
    marked: Option<usize>,
) -> Option<String> {
    let [left, top, width, height] = spark.r#box;
    // Figures show theirs twice as large.
    let zoom = height / 20.0;
    if width != values.len() as f64 * 2.0 * zoom || zoom.fract() != 0.0 {
        return Some(format!("{width} × {height} pixels for {} values", values.len()));
    }
    let highest = values.iter().flatten().fold(0.0_f64, |most, value| most.max(*value));
    let columns: Vec<Vec<char>> = values
        .iter()
        .enumerate()
        .map(|(at, value)| column(*value, highest, marked == Some(at)).chars().collect())
        .collect();
    // The browser puts a picture on whole pixels of CSS; pixels of the screen that are only partly in it are a mixture.
    let (left, top) = (left.round(), top.round());
    let inside = |start: f64, length: f64| (start * scale).ceil() as u32..((start + length) * scale).floor() as u32;
    for x in inside(left, width) {
        for y in inside(top, height) {
            let of_drawing = |screen: u32, start: f64| ((f64::from(screen) + 0.5) / scale - start) / zoom;
            let (at, down) = (of_drawing(x, left) / 2.0, of_drawing(y, top));
            // One whose middle lies between two pixels of the drawing may show either.
            let may = [(-0.01, -0.01), (-0.01, 0.01), (0.01, -0.01), (0.01, 0.01)]
                .map(|(right, lower)| columns[(at + right) as usize][(down + lower) as usize]);
            let is = inks.letter(picture.pixel(x, y).expect("the box is on the page"));
            if !may.contains(&is) {
                let value = values[at as usize];
                return Some(format!("value {at:.1} ({value:?} of {highest}) has {is} and not {may:?} at {down:.2}"));
            }
        }
    }
    None
}

/// The sparklines of a page, with a screenshot.
fn sparklines(root: &Path, page: &str, scheme: &str, scale: f64) -> (Vec<Spark>, Pixmap, Inks) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.png");
    let with = json!({"scheme": scheme, "scale": scale});
    let seen =
        look_at(root, page, &with, &json!([["sparks"], ["styles", "html", "background-color"], ["screenshot", file]]));
    let paper: Vec<BTreeMap<String, String>> = seen.step(1);
    (seen.step(0), Pixmap::load_png(file).unwrap(), Inks::of(&paper[0]["background-color"]))
}

/// How many rows all tables have together.
fn all(tables: &Tables) -> usize {
    tables.values().map(BTreeMap::len).sum()
}

/// Looks at all sparklines of a page, in each scheme, and at the densities of common screens: also of one that has no whole
/// number of pixels for one of CSS.
fn compare(page: &str, rows: usize, tables: &Tables, marks: &Marks) {
    let dark = format!("dark/{page}");
    for (page, scheme, scale) in [
        (page, "light", 1.0),
        (page, "light", 1.5),
        (page, "light", 2.0),
        (page, "dark", 1.0),
        (dark.as_str(), "light", 1.0),
    ] {
        let (sparks, picture, inks) = sparklines(&sample().path("public"), page, scheme, scale);
        assert_eq!(sparks.len(), rows, "{page}: {sparks:?}");
        for spark in sparks {
            let (table, name) = (spark.table.as_deref().unwrap_or_default(), spark.name.as_deref().unwrap());
            let name = name.split(" on ").next().unwrap();
            let values = tables[table].get(name).unwrap_or_else(|| panic!("{page}: {name} in {table}"));
            let mark = marks.get(table).and_then(|names| names.get(name)).copied();
            if name == "Sent" {
                assert_eq!(spark.alt.matches("\u{202f}GB").count(), 4, "{page}: {}", spark.alt);
            } else {
                assert_eq!(spark.alt, words(values, mark), "{page}: {name} in {table}");
            }
            if let Some(wrong) = wrong(&picture, &inks, scale, &spark, values, mark) {
                panic!("{page} {scheme} at {scale}: {table}, {name}: {wrong}; {values:?}");
            }
        }
    }
}

/// What is read out instead of a sparkline.
fn words(values: &[Option<f64>], mark: Option<usize>) -> String {
    let known: Vec<u64> = values.iter().flatten().map(|value| *value as u64).collect();
    let grouped = |number: &u64| {
        let digits: Vec<char> = number.to_string().chars().collect();
        let groups: Vec<String> = digits.rchunks(3).rev().map(|group| group.iter().collect()).collect();
        groups.join("\u{202f}")
    };
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return "nothing known".to_owned() };
    let [first, last, lowest, highest] =
        [first, last, known.iter().min().unwrap(), known.iter().max().unwrap()].map(grouped);
    let gaps = values.len() - known.len();
    let gaps = if gaps == 0 { String::new() } else { format!(", {gaps} unknown") };
    let value = |mark: usize| values[mark].map_or_else(|| "a gap".to_owned(), |value| grouped(&(value as u64)));
    let marked = mark.map_or_else(String::new, |mark| format!(", marked {}", value(mark)));
    format!("first {first}, last {last}, lowest {lowest}, highest {highest}{gaps}{marked}")
}

#[test]
fn every_sparkline_of_a_report_shows_its_own_row() {
    let tables = of_report(newest());
    compare(&format!("days/{}.html", newest()), all(&tables), &tables, &marks_of(newest()));
}

#[test]
fn a_report_of_which_hardly_any_day_before_is_known_shows_gaps() {
    let tables = of_report(EARLY);
    assert!(tables["Bridges"].values().all(|values| values[..20].iter().all(Option::is_none)));
    assert!(tables["Bridges"].values().any(|values| values.iter().all(Option::is_none)), "one bridge has no GeoIP");
    compare(&format!("days/{EARLY}.html"), all(&tables), &tables, &Marks::new());
}

#[test]
fn bridges_that_are_missing_mark_no_country() {
    let day = "2026-11-11";
    let (tables, marks) = (of_report(day), marks_of(day));
    let fallen = |values: &&Vec<Option<f64>>| match (values[29], values[22]) {
        (Some(now), Some(before)) => now / before < 0.8 && before - now >= 40.0,
        _ => false,
    };
    let fallen = tables["Countries"].values().filter(fallen).count();
    assert!(fallen > 5, "{fallen} fell in the sums of all bridges");
    assert_eq!(
        marks["Countries"],
        [("Iran".to_owned(), 19)].into(),
        "what began on 1 November is marked, and nothing else"
    );
    assert!(marks["Bridges"].is_empty(), "{marks:?}");
    compare(&format!("days/{day}.html"), all(&tables), &tables, &marks);
}

#[test]
fn every_sparkline_of_the_overview_shows_its_own_row() {
    let tables = of_overview();
    let rows = tables[""].len() + tables["Transports"].len() + 10;
    assert!(all(&tables) > rows, "of the countries only ten are shown");
    compare("index.html", rows, &tables, &marks_of(newest()));
}

#[test]
fn every_sparkline_of_the_fleet_shows_its_own_server() {
    let tables = of_fleet();
    compare("fleet.html", all(&tables), &tables, &Marks::new());
}

/// A value of a made-up row: gaps, zeros and everything up to 1000.
fn made_up(row: u32, day: u32) -> Option<f64> {
    let number = (row * row * 7 + day * day * 3 + row * day * 5) % 1009;
    (number % 10 != 3).then_some(if number % 11 == 4 { 0.0 } else { f64::from(number) })
}

/// Rows have three lengths in turn, so that there are three sheets.
fn length(row: u32) -> u32 {
    7 + row % 3 * 40
}

#[test]
fn sparklines_keep_apart_where_a_page_has_hundreds_of_several_lengths() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {fleet: {seed: 1, days: 2, until: 2026-11-22}}}\n");
    project.run(&["collect"]).ok();
    project.write(
        "site/queries/many.sql",
        "with value as (select row, day, (row * row * 7 + day * day * 3 + row * day * 5) % 1009 as number
                        from range(345) as r(row) cross join range(87) as d(day) where day < 7 + row % 3 * 40)
         select row, list(case when number % 10 = 3 then null when number % 11 = 4 then 0 else number end order by day) as history,
                case when row % 7 = 0 then row % 5 end as mark
         from value group by row order by row",
    );
    project.write(
        "content/many.md",
        "---\ntitle: Many\ndata: {rows: many}\n---\n<table>\n<tbody>\n{{#each data.rows}}\n\
         <tr><th scope=\"row\">{{row}}</th><td>{{sparkline history mark=mark}}</td></tr>\n{{/each}}\n</tbody>\n</table>\n",
    );
    project.run(&["build"]).ok();
    for scale in [1.0, 1.5, 2.0] {
        let (sparks, picture, inks) = sparklines(&project.path("public"), "many.html", "light", scale);
        assert_eq!(sparks.len(), 345);
        for (row, spark) in (0..).zip(&sparks) {
            let values: Vec<_> = (0..length(row)).map(|day| made_up(row, day)).collect();
            let mark = (row % 7 == 0).then_some(row as usize % 5);
            assert_eq!(spark.name, Some(row.to_string()));
            assert_eq!(wrong(&picture, &inks, scale, spark, &values, mark), None, "{row} at {scale}: {values:?}");
        }
    }
}
