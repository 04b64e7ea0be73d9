//! The outlines of series, for the attribute `d` of an SVG path.

use std::fmt::Write;

use super::Data;
use super::frame::{Frame, half};
use super::stack::{columns_of, runs};

/// Lines that differ without their colour, for the attribute `stroke-dasharray`.
pub const DASHES: [&str; 6] = ["none", "7 3", "2 2", "10 3 2 3", "4 4", "12 3 2 3 2 3"];

/// Which of [`DASHES`] a series has. Every sixth series has another one than that before, since it may have the same colour.
pub fn dash(series: usize) -> usize {
    (series + series / DASHES.len()) % DASHES.len()
}

/// A line for each series, broken at its gaps. A day alone between gaps is a stroke as wide as the day.
pub(super) fn lines(data: &Data, frame: &Frame) -> Vec<String> {
    let line = |values: &Vec<Option<f64>>| {
        let mut path = String::new();
        for run in runs(values, columns(frame)) {
            let at = |day: usize| frame.y(values[day].unwrap_or_default());
            if let [day] = run[..] {
                let (x, side) = (frame.x(day as f64 + 0.5), (frame.slot() / 2.0).max(1.0));
                step(&mut path, 'M', x - side, at(day));
                step(&mut path, 'L', x + side, at(day));
                continue;
            }
            for (number, day) in run.into_iter().enumerate() {
                step(&mut path, if number == 0 { 'M' } else { 'L' }, frame.x(day as f64 + 0.5), at(day));
            }
        }
        path
    };
    data.series.iter().map(|series| line(&series.values)).collect()
}

/// A closed outline for each series. A run of days reaches from the beginning of its first to the end of its last.
pub(super) fn areas(stack: &[Option<Vec<f64>>], series: usize, frame: &Frame) -> Vec<String> {
    let runs = runs(&sums(stack), columns(frame));
    let area = |number: usize| {
        let mut path = String::new();
        for run in &runs {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let edge = |level: usize| {
                let at = move |day: &usize| stack[*day].as_ref().map_or(frame.bottom, |levels| frame.y(levels[level]));
                let middle = run.iter().map(move |day| (frame.x(*day as f64 + 0.5), at(day)));
                let begin = (frame.x(*first as f64), at(first));
                let end = (frame.x(*last as f64 + 1.0), at(last));
                std::iter::once(begin).chain(middle).chain([end]).collect::<Vec<_>>()
            };
            let outline = edge(number + 1).into_iter().chain(edge(number).into_iter().rev());
            for (at, (x, y)) in outline.enumerate() {
                step(&mut path, if at == 0 { 'M' } else { 'L' }, x, y);
            }
            path.push('Z');
        }
        path
    };
    (0..series).map(area).collect()
}

/// Rectangles for each series: one for each day, or for the highest day of each column of pixels.
pub(super) fn bars(stack: &[Option<Vec<f64>>], series: usize, frame: &Frame) -> Vec<String> {
    let sums = sums(stack);
    let bar = |number: usize| {
        let mut path = String::new();
        for column in columns_of(stack.len(), columns(frame)) {
            let highest = column
                .clone()
                .max_by(|one, other| sums[*one].partial_cmp(&sums[*other]).unwrap_or(std::cmp::Ordering::Equal));
            let Some(levels) = highest.and_then(|day| stack[day].as_ref()) else { continue };
            let (from, to) = (frame.x(column.start as f64).round(), frame.x(column.end as f64).round());
            let to = to - if to - from >= 4.0 { (frame.slot() / 6.0).ceil() } else { 0.0 };
            let (low, high) = (half(frame.y(levels[number])), half(frame.y(levels[number + 1])));
            // Writing to a `String` cannot fail.
            let _ = write!(path, "M{from} {low}V{high}H{}V{low}Z", to.max(from + 1.0));
        }
        path
    };
    (0..series).map(bar).collect()
}

/// Columns of pixels.
fn columns(frame: &Frame) -> usize {
    (frame.right - frame.left).max(1.0) as usize
}

fn sums(stack: &[Option<Vec<f64>>]) -> Vec<Option<f64>> {
    stack.iter().map(|levels| levels.as_ref()?.last().copied()).collect()
}

fn step(path: &mut String, command: char, x: f64, y: f64) {
    // Writing to a `String` cannot fail.
    let _ = write!(path, "{command}{} {}", half(x), half(y));
}
