//! Charts over days: lines, stacked areas and bars. Here numbers become geometry, a [`Plot`]; a theme's template makes SVG
//! of it; and the SVG becomes pixels ([`Chart`]).
//!
//! All lengths are CSS pixels. Coordinates are whole or half pixels, so that thin lines are sharp and pictures small.

mod days;
mod labels;
mod marks;
mod number;
mod paths;
mod picture;
mod scale;
mod stack;

use std::fmt;
use std::str::FromStr;

use jiff::Span;
use jiff::civil::Date;
use serde::Serialize;

use super::font;
pub use number::short;
pub use picture::Chart;

/// The size of all text.
const FONT: f64 = 12.0;
/// Pictures below this width are for narrow screens: their labels stand closer.
const WIDE: f64 = 600.0;

/// How series are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line for each series.
    Line,
    /// Areas upon each other, the first series at the bottom.
    Area,
    /// A bar for each day, of the series upon each other.
    Bar,
}

impl Kind {
    /// All kinds, and what they are called.
    pub const ALL: [(&'static str, Self); 3] = [("line", Self::Line), ("area", Self::Area), ("bar", Self::Bar)];
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|(name, _)| *name == text).map(|(_, kind)| kind);
        known.ok_or_else(|| format!("there is no kind of chart `{text}`\nthere are `line`, `area` and `bar`"))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(_, kind)| kind == self).map_or("", |(name, _)| name))
    }
}

/// Values over days that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The first day.
    pub first: Date,
    /// In the order of legend and stack; all with a value for each day.
    pub series: Vec<Series>,
    /// Days that something is said about.
    pub marks: Vec<Mark>,
}

/// What one line, area or row of bars shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it is called in legend and picture.
    pub name: String,
    /// One for each day; `None`: not known, a gap.
    pub values: Vec<Option<f64>>,
}

/// A day with a word on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The number of days after the first.
    pub day: i64,
    /// A few words.
    pub text: String,
}

impl Data {
    /// How many days there are.
    pub fn days(&self) -> usize {
        self.series.iter().map(|series| series.values.len()).max().unwrap_or_default()
    }

    /// The day of that number.
    pub fn day(&self, number: usize) -> Date {
        let days = i32::try_from(number).unwrap_or(i32::MAX);
        Span::new().try_days(days).and_then(|days| self.first.checked_add(days)).unwrap_or(self.first)
    }

    /// Whether no day has a value.
    pub fn is_empty(&self) -> bool {
        self.series.iter().all(|series| series.values.iter().all(Option::is_none))
    }
}

/// The geometry of a chart, for a template to draw.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plot {
    /// Of the whole picture.
    pub width: u32,
    /// Of the whole picture.
    pub height: u32,
    /// The size of text.
    pub font: f64,
    /// The box of the values: its left edge.
    pub left: f64,
    /// Its right edge.
    pub right: f64,
    /// Its upper edge.
    pub top: f64,
    /// Its lower edge, where values are zero.
    pub bottom: f64,
    /// The middle of the line at zero.
    pub zero: f64,
    /// Ticks of the values, zero first.
    pub y: Vec<YTick>,
    /// Ticks of the days, oldest first.
    pub x: Vec<XTick>,
    /// In the order of legend and stack.
    pub series: Vec<Shape>,
    /// Words at days.
    pub marks: Vec<PlacedMark>,
}

/// A tick of the values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct YTick {
    /// The middle of its line, at half a pixel.
    pub y: f64,
    /// The baseline of its label.
    pub text_y: f64,
    /// `4 k`
    pub label: String,
}

/// A tick of the days.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct XTick {
    /// The middle of its line, at half a pixel.
    pub x: f64,
    /// The middle of its label, which stays within the picture.
    pub text_x: f64,
    /// The baseline of its label.
    pub text_y: f64,
    /// `Jul` or `2026`
    pub label: String,
    /// Whether it names a year.
    pub year: bool,
}

/// What a series looks like.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shape {
    /// 1 for the first.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// What to write into the attribute `d`: an area's outline, a line, or bars.
    pub path: String,
    /// What to write into `stroke-dasharray`, so that lines differ without their colour.
    pub dash: &'static str,
    /// Its name in the picture; none if there is no room, or nothing to tell apart.
    pub label: Option<Label>,
}

/// A series' name at the right end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Label {
    /// Where the text begins.
    pub x: f64,
    /// Its baseline.
    pub y: f64,
    /// The name, cut if it is too long.
    pub text: String,
    /// A line from the series to its name, for the attribute `d`.
    pub path: String,
}

/// A mark in the picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlacedMark {
    /// Its line, at half a pixel.
    pub x: f64,
    /// The upper end of its line.
    pub top: f64,
    /// Its words, if there is room for them.
    pub text: Option<MarkText>,
}

/// A mark's words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MarkText {
    /// Where they begin.
    pub x: f64,
    /// Their baseline.
    pub y: f64,
    /// The words, cut if they are too long.
    pub text: String,
}

/// Where values stand.
#[derive(Clone, Copy, Debug)]
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    /// Days.
    count: usize,
    /// The value at the upper edge.
    highest: f64,
}

impl Frame {
    /// The width of a day.
    fn slot(&self) -> f64 {
        (self.right - self.left) / self.count as f64
    }

    /// The x of a day's beginning (`.0`) or middle (`.5`).
    fn x(&self, day: f64) -> f64 {
        self.left + day * self.slot()
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom - value / self.highest * (self.bottom - self.top)
    }
}

/// To whole and half pixels.
fn half(length: f64) -> f64 {
    (length * 2.0).round() / 2.0
}

/// To the middle of a pixel.
fn middle(length: f64) -> f64 {
    length.floor() + 0.5
}

/// The geometry of a chart of that size; `unit` stands behind the numbers of its axis.
///
/// # Errors
/// If a value is below zero or no number, with a hint on a second line.
pub fn plot(kind: Kind, data: &Data, width: u32, height: u32, unit: &str) -> Result<Plot, String> {
    refuse(data)?;
    let (w, h) = (f64::from(width), f64::from(height));
    let wide = w >= WIDE;
    let stack = stack::stack(data);
    let highest = match kind {
        Kind::Line => data.series.iter().flat_map(|series| series.values.iter().flatten()).copied().fold(0.0, f64::max),
        Kind::Area | Kind::Bar => {
            stack.iter().flatten().filter_map(|levels| levels.last()).copied().fold(0.0, f64::max)
        }
    };
    let (ticks, highest) = scale::ticks(highest);
    let top_tick = ticks.last().copied().unwrap_or_default();
    let y_labels: Vec<String> = ticks.iter().map(|tick| number::label(*tick, top_tick, unit)).collect();

    let names: Vec<&str> = data.series.iter().map(|series| series.name.as_str()).collect();
    let widest = |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| font::width(text, FONT)).fold(0.0, f64::max);
    let left = (widest(&mut y_labels.iter().map(String::as_str)) + 8.0).ceil();
    let mut frame = Frame { left, right: w - 6.0, top: 6.0, bottom: h - 24.0, count: data.days().max(1), highest };
    let ends = |frame: &Frame| match kind {
        _ if names.len() < 2 => Vec::new(),
        Kind::Line => labels::of_lines(data, frame),
        Kind::Area | Kind::Bar => labels::of_stack(&stack, frame),
    };
    let mut named = names.iter().zip(ends(&frame)).filter_map(|(name, end)| end.and(Some(*name))).peekable();
    let named_at_all = named.peek().is_some();
    let room = widest(&mut named).min(if wide { 180.0 } else { w * 0.25 });
    if named_at_all {
        frame.right = (w - room - labels::LEADER - 3.0).floor();
    }

    let (marks, rows) = marks::place(data, &frame);
    frame.top += rows;
    let y = ticks.iter().zip(y_labels).map(|(tick, label)| {
        let y = middle(frame.y(*tick));
        YTick { y, text_y: y + 4.0, label }
    });
    let labels = labels::place(&ends(&frame), &names, &frame, room);
    let paths = match kind {
        Kind::Line => paths::lines(data, &frame),
        Kind::Area => paths::areas(&stack, names.len(), &frame),
        Kind::Bar => paths::bars(&stack, names.len(), &frame),
    };
    let series = names.iter().zip(paths).zip(labels).enumerate().map(|(at, ((name, path), label))| Shape {
        number: at + 1,
        name: (*name).to_owned(),
        path,
        dash: paths::DASHES[at % paths::DASHES.len()],
        label,
    });
    Ok(Plot {
        width,
        height,
        font: FONT,
        left,
        right: frame.right,
        top: frame.top,
        bottom: frame.bottom,
        zero: middle(frame.bottom),
        y: y.collect(),
        x: x_ticks(data, &frame, w),
        series: series.collect(),
        marks,
    })
}

fn x_ticks(data: &Data, frame: &Frame, width: f64) -> Vec<XTick> {
    let gap = if width >= WIDE { 34.0 } else { 10.0 };
    let ticks = days::ticks(data.first, frame.count as i64, frame.slot(), FONT, gap);
    let ticks = ticks.into_iter().map(|tick| {
        // The tick of a wide day stands below its middle, one of a thin day at its beginning.
        let x = frame.x(tick.day as f64 + if frame.slot() >= 8.0 { 0.5 } else { 0.0 });
        let side = font::width(&tick.label, FONT) / 2.0;
        XTick {
            x: middle(x),
            text_x: half(x.max(side).min(width - side)),
            text_y: frame.bottom + 17.0,
            label: tick.label,
            year: tick.year,
        }
    });
    let mut ticks: Vec<XTick> = ticks.collect();
    // A label that was moved into the picture may have lost its room.
    let touch = |one: &XTick, other: &XTick| {
        let sides = font::width(&one.label, FONT).midpoint(font::width(&other.label, FONT));
        other.text_x - one.text_x < sides + 6.0
    };
    ticks.dedup_by(|other, one| touch(one, other));
    ticks
}

fn refuse(data: &Data) -> Result<(), String> {
    for series in &data.series {
        for (day, value) in series.values.iter().enumerate() {
            if value.is_some_and(|value| !value.is_finite() || value < 0.0) {
                let value = value.unwrap_or_default();
                let day = data.day(day);
                return Err(format!(
                    "`{}` is {value} on {day}\na chart begins at zero and shows nothing below",
                    series.name
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::graphics::Drawing;
    use proptest::prelude::*;
    use std::fmt::Write;

    fn data(series: Vec<Vec<Option<f64>>>) -> Data {
        let series = series.into_iter().enumerate();
        let series = series.map(|(at, values)| Series { name: format!("series {at}"), values }).collect();
        Data { first: jiff::civil::date(2025, 6, 1), series, marks: Vec::new() }
    }

    /// The plot as a theme would draw it, roughly.
    fn svg(plot: &Plot) -> String {
        let mut svg =
            format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\">", plot.width, plot.height);
        for shape in &plot.series {
            let color = ["#1f76bc", "#e8a945"][shape.number % 2];
            write!(svg, "<path d=\"{}\" fill=\"{color}\" shape-rendering=\"crispEdges\"/>", shape.path).unwrap();
        }
        for tick in &plot.x {
            write!(svg, "<text x=\"{}\" y=\"{}\" fill=\"#5c6670\">{}</text>", tick.text_x, tick.text_y, tick.label)
                .unwrap();
        }
        svg + "</svg>"
    }

    fn weeks() -> Data {
        data(vec![(0..60).map(|day| Some(f64::from(100 + day % 7 * 8))).collect(), vec![Some(40.0); 60]])
    }

    #[test]
    fn the_same_numbers_are_the_same_picture_on_every_machine() {
        let drawing = |data| Drawing::Chart(Chart { svg: svg(&plot(Kind::Area, data, 328, 220, "").unwrap()) });
        let [one, other] = [drawing(&weeks()), drawing(&weeks())].map(|drawing| drawing.draw().unwrap());
        assert_eq!(one, other);
        use sha2::{Digest, Sha256};
        assert_eq!(crate::text::hexadecimal(&Sha256::digest(&one)[..8]), "fb680a74ff3bf230");
    }

    #[test]
    fn words_are_in_the_picture() {
        let pixels = |text: &str| {
            let svg = format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60\" height=\"20\"><text y=\"15\">{text}</text></svg>"
            );
            let pixels = crate::graphics::raster::pixels(&svg, 1.0).unwrap();
            pixels.colors.iter().filter(|color| color.0[3] > 100).count()
        };
        assert_eq!(pixels(""), 0);
        assert!(pixels("obfs4") > 30);
        assert!(pixels("ایران") > 30, "letters that the face does not have are boxes");
    }

    #[test]
    fn areas_lie_upon_each_other_and_end_at_gaps() {
        let data = data(vec![vec![Some(2.0), None, Some(2.0)], vec![Some(2.0), None, None]]);
        let plot = plot(Kind::Area, &data, 328, 220, "").unwrap();
        for shape in &plot.series {
            assert_eq!(shape.path.matches('M').count(), 2, "{}", shape.path);
            assert_eq!(shape.path.matches('Z').count(), 2);
        }
        // The lower one goes up half the height, the upper one all of it.
        let half_way = plot.top + (plot.bottom - plot.top) / 2.0;
        assert!(plot.series[0].path.starts_with(&format!("M{} {half_way}", plot.left)), "{:?}", plot.series[0].path);
        assert!(plot.series[1].path.starts_with(&format!("M{} {}", plot.left, plot.top)), "{:?}", plot.series[1].path);
    }

    #[test]
    fn lines_are_broken_at_gaps_and_a_day_alone_can_be_seen() {
        let data = data(vec![vec![Some(1.0), Some(2.0), None, Some(3.0)]]);
        let path = plot(Kind::Line, &data, 328, 220, "").unwrap().series[0].path.clone();
        assert_eq!(path.matches('M').count(), 2);
        assert_eq!(path.matches('L').count(), 2);
    }

    #[test]
    fn every_day_has_its_bar() {
        let path = plot(Kind::Bar, &weeks(), 1072, 300, "").unwrap().series[0].path.clone();
        assert_eq!(path.matches('Z').count(), 60);
    }

    #[test]
    fn odd_numbers_of_days_and_series_are_drawn() {
        for kind in [Kind::Line, Kind::Area, Kind::Bar] {
            for values in [
                vec![],
                vec![vec![]],
                vec![vec![None; 3]],
                vec![vec![Some(8.0)]],
                vec![vec![Some(0.0); 30]],
                vec![vec![Some(1e12); 5]; 12],
                vec![(0..4000).map(|day| (day % 100 != 0).then_some(f64::from(day))).collect()],
            ] {
                let plot = plot(kind, &data(values), 328, 220, "").unwrap();
                let longest = plot.series.iter().map(|shape| shape.path.len()).max().unwrap_or_default();
                assert!(longest < 40_000, "{kind}: {longest}");
                Chart { svg: svg(&plot) }.draw().unwrap();
            }
        }
    }

    #[test]
    fn what_is_below_zero_is_refused() {
        for (value, shown) in [(-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
            assert_eq!(
                plot(Kind::Line, &data(vec![vec![Some(1.0), Some(value)]]), 328, 220, ""),
                Err(format!("`series 0` is {shown} on 2025-06-02\na chart begins at zero and shows nothing below"))
            );
        }
    }

    #[test]
    fn one_series_needs_no_label_and_a_thin_area_has_none() {
        assert_eq!(plot(Kind::Area, &data(vec![vec![Some(1.0)]]), 328, 220, "").unwrap().series[0].label, None);
        let plot = plot(Kind::Area, &data(vec![vec![Some(1.0)], vec![Some(1000.0)]]), 328, 220, "").unwrap();
        assert_eq!(plot.series.iter().map(|shape| shape.label.is_some()).collect::<Vec<_>>(), [false, true]);
    }

    proptest! {
        #[test]
        fn nothing_touches_and_all_stays_inside(
            values in prop::collection::vec(prop::collection::vec(prop::option::of(0.0f64..1e6), 1..400), 1..13),
            marks in prop::collection::vec((0i64..400, "[a-z ]{0,40}"), 0..8),
            wide in any::<bool>(),
            kind in prop::sample::select(vec![Kind::Line, Kind::Area, Kind::Bar]),
        ) {
            let mut data = data(values);
            data.marks = marks.into_iter().map(|(day, text)| Mark { day, text }).collect();
            let (width, height) = if wide { (1072, 300) } else { (328, 220) };
            let plot = plot(kind, &data, width, height, "").unwrap();
            let (width, height) = (f64::from(width), f64::from(height));
            // Boxes of words, as far as they can meet: left, right, baseline.
            let span = |x: f64, text: &str| (x, x + font::width(text, FONT));
            let mut labels: Vec<_> =
                plot.series.iter().filter_map(|shape| shape.label.as_ref()).map(|label| (span(label.x, &label.text), label.y)).collect();
            labels.sort_by(|one, other| one.1.total_cmp(&other.1));
            for pair in labels.windows(2) {
                prop_assert!(pair[1].1 - pair[0].1 >= FONT, "{:?}", labels);
            }
            for pair in plot.x.windows(2) {
                let side = |tick: &XTick| font::width(&tick.label, FONT) / 2.0;
                prop_assert!(pair[0].text_x + side(&pair[0]) < pair[1].text_x - side(&pair[1]), "{:?}", plot.x);
            }
            let words: Vec<_> = plot.marks.iter().filter_map(|mark| mark.text.as_ref()).map(|text| (span(text.x, &text.text), text.y)).collect();
            for (at, one) in words.iter().enumerate() {
                for other in &words[..at] {
                    prop_assert!(one.1 != other.1 || one.0.1 < other.0.0 || other.0.1 < one.0.0, "{:?}", words);
                }
                for mark in &plot.marks {
                    let crosses = mark.x > one.0.0 && mark.x < one.0.1 && mark.top < one.1 - FONT;
                    prop_assert!(!crosses, "{:?}", plot.marks);
                }
            }
            for ((left, right), y) in labels.into_iter().chain(words) {
                prop_assert!(left >= -0.5 && right <= width + 0.5 && y >= FONT * 0.7 && y <= height);
            }
        }
    }
}
