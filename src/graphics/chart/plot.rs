//! From numbers to geometry.

use serde::Serialize;

use super::frame::{FONT, Frame, half, middle};
use super::{Data, Kind, Words, days, labels, marks, number, paths, scale, stack};
use crate::graphics::font;

/// Pictures below this width are for narrow screens: the names of series and the words of marks, which the page has too, would
/// take too much of them.
const WIDE: f64 = 500.0;
/// What is more than this is no count: a sum of such could be infinite.
const MOST: f64 = 1e18;

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
    /// Its name in the picture; none on narrow screens, if there is no room, or nothing to tell apart.
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

/// The geometry of a chart of that size.
///
/// # Errors
/// If a value is below zero, very large or no number, with a hint on a second line.
pub fn plot(kind: Kind, data: &Data, width: u32, height: u32, words: &Words) -> Result<Plot, String> {
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
    let y_labels: Vec<String> = ticks.iter().map(|tick| number::label(*tick, top_tick, words)).collect();

    let names: Vec<&str> = data.series.iter().map(|series| series.name.as_str()).collect();
    let widest = |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| font::width(text, FONT)).fold(0.0, f64::max);
    let left = (widest(&mut y_labels.iter().map(String::as_str)) + 8.0).ceil();
    let mut frame = Frame { left, right: w - 6.0, top: 6.0, bottom: h - 24.0, count: data.days().max(1), highest };
    let ends = |frame: &Frame| match kind {
        _ if names.len() < 2 || !wide => Vec::new(),
        Kind::Line => labels::of_lines(data, frame),
        Kind::Area | Kind::Bar => labels::of_stack(&stack, frame),
    };
    let mut named = names.iter().zip(ends(&frame)).filter_map(|(name, end)| end.and(Some(*name))).peekable();
    let named_at_all = named.peek().is_some();
    let room = widest(&mut named).min(180.0).min(w / 5.0);
    if named_at_all {
        frame.right = (w - room - labels::LEADER - 3.0).floor();
    }

    let (marks, rows) = marks::place(data, &frame, wide);
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
        dash: paths::DASHES[paths::dash(at)],
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
        x: x_ticks(data, &frame, w, words),
        series: series.collect(),
        marks,
    })
}

fn x_ticks(data: &Data, frame: &Frame, width: f64, words: &Words) -> Vec<XTick> {
    let gap = if width >= WIDE { 34.0 } else { 14.0 };
    let ticks = days::ticks(data.first, frame.count as i64, frame.slot(), FONT, gap, words);
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
            let Some(value) = value.filter(|value| !(0.0..=MOST).contains(value)) else { continue };
            let day = data.day(day);
            return Err(format!("`{}` is {value} on {day}\na chart shows numbers from zero to {MOST:e}", series.name));
        }
    }
    Ok(())
}
