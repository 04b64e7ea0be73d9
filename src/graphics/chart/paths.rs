//! The outlines of series, for the attribute `d` of an SVG path.

use std::fmt::Write;

use super::Data;
use super::frame::{Frame, half};
use super::stack::{Least, columns, runs};

/// Lines that differ without their colour, for the attribute `stroke-dasharray`.
pub const DASHES: [&str; 6] = ["none", "7 3", "2 2", "10 3 2 3", "4 4", "12 3 2 3 2 3"];

/// Which of `DASHES` a series has. Every sixth series has another one than that before, since it may have the same colour.
pub fn dash(series: usize) -> usize {
    (series + series / DASHES.len()) % DASHES.len()
}

/// In areas and bars.
const LEAST: Least = Least { gap: 2.0, run: 1.0 };
/// A line that is shorter than this is as long as its days.
const SHORT: f64 = 2.0;

/// What must be seen of a line's gaps: they are wider than the holes of its dashes, which are at most 4 pixels.
fn least(series: usize) -> Least {
    Least { gap: if DASHES[dash(series)] == "none" { 2.0 } else { 6.0 }, run: SHORT }
}

/// A line for each series, broken at its gaps. A day alone between gaps is a stroke as wide as the day.
pub(super) fn lines(data: &Data, frame: &Frame) -> Vec<String> {
    let line = |(number, values): (usize, &Vec<Option<f64>>)| {
        let mut path = String::new();
        for run in runs(values, frame, least(number)) {
            let at = |day: &usize| (frame.x(*day as f64 + 0.5), frame.y(values[*day].unwrap_or_default()));
            let mut points: Vec<(f64, f64)> = run.kept.iter().map(at).collect();
            if let [alone] = points[..] {
                points.push(alone);
            }
            if let [first, .., last] = &mut points[..]
                && last.0 - first.0 < SHORT
            {
                (first.0, last.0) = (run.from, run.to);
            }
            for (at, (x, y)) in points.into_iter().enumerate() {
                step(&mut path, if at == 0 { 'M' } else { 'L' }, x, y);
            }
        }
        path
    };
    data.series.iter().map(|series| &series.values).enumerate().map(line).collect()
}

/// A closed outline for each series. A run of days reaches from the beginning of its first to the end of its last.
pub(super) fn areas(stack: &[Option<Vec<f64>>], series: usize, frame: &Frame) -> Vec<String> {
    let runs = runs(&sums(stack), frame, LEAST);
    let area = |number: usize| {
        let mut path = String::new();
        for run in &runs {
            let (Some(first), Some(last)) = (run.kept.first(), run.kept.last()) else { continue };
            let edge = |level: usize| {
                let at = move |day: &usize| stack[*day].as_ref().map_or(frame.bottom, |levels| frame.y(levels[level]));
                let middle =
                    run.kept.iter().map(move |day| (frame.x(*day as f64 + 0.5).clamp(run.from, run.to), at(day)));
                let (begin, end) = ((run.from, at(first)), (run.to, at(last)));
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
    let runs = runs(&sums, frame, LEAST);
    let bar = |number: usize| {
        let mut path = String::new();
        for (run, column) in runs.iter().flat_map(|run| columns(frame, &run.days).map(move |column| (run, column))) {
            let highest = column
                .clone()
                .max_by(|one, other| sums[*one].partial_cmp(&sums[*other]).unwrap_or(std::cmp::Ordering::Equal));
            let Some(levels) = highest.and_then(|day| stack[day].as_ref()) else { continue };
            let (start, end) = (frame.x(column.start as f64).round(), frame.x(column.end as f64).round());
            let from = if column.start == run.days.start { run.from } else { start.max(run.from) };
            let to = end.max(from + 1.0).min(run.to);
            if to <= from {
                continue;
            }
            let to = to - if to - from >= 4.0 { (frame.slot() / 6.0).ceil() } else { 0.0 };
            let (low, high) = (half(frame.y(levels[number])), half(frame.y(levels[number + 1])));
            // Writing to a `String` cannot fail.
            let _ = write!(path, "M{from} {low}V{high}H{to}V{low}Z");
        }
        path
    };
    (0..series).map(bar).collect()
}

fn sums(stack: &[Option<Vec<f64>>]) -> Vec<Option<f64>> {
    stack.iter().map(|levels| levels.as_ref()?.last().copied()).collect()
}

fn step(path: &mut String, command: char, x: f64, y: f64) {
    // Writing to a `String` cannot fail.
    let _ = write!(path, "{command}{} {}", half(x), half(y));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Series;
    use super::*;

    /// The numbers of a path, in pairs of x and y; of bars the left and right ends.
    fn xs(path: &str) -> Vec<Vec<f64>> {
        let numbers = |part: &str| {
            let steps = part.split(['L', 'H', 'Z']).filter(|step| !step.is_empty());
            steps.map(|step| step.split([' ', 'V']).next().unwrap().parse().unwrap()).collect()
        };
        path.split('M').skip(1).map(numbers).collect()
    }

    /// The widest place without a pixel between what is drawn.
    fn widest_gap(path: &str) -> f64 {
        let ends: Vec<(f64, f64)> = xs(path)
            .iter()
            .map(|xs| (xs.iter().copied().fold(f64::MAX, f64::min), xs.iter().copied().fold(0.0, f64::max)))
            .collect();
        ends.windows(2).map(|pair| pair[1].0 - pair[0].1).fold(0.0, f64::max)
    }

    #[test]
    fn two_unknown_days_of_540_are_seen_on_a_narrow_screen() {
        let mut values: Vec<_> = (0..540).map(|day| Some(f64::from(day % 9))).collect();
        values[300] = None;
        values[301] = None;
        let series = vec![Series { name: String::new(), values }; 2];
        let data = Data { first: jiff::civil::date(2025, 6, 1), series, marks: Vec::new() };
        let stack = super::super::stack::stack(&data);
        let frame = Frame { left: 30.0, right: 320.0, top: 6.0, bottom: 200.0, count: 540, highest: 16.0 };
        for path in areas(&stack, 2, &frame).into_iter().chain(bars(&stack, 2, &frame)) {
            assert_eq!(widest_gap(&path), 2.0, "{path}");
        }
        let lines = lines(&data, &frame);
        assert!(widest_gap(&lines[0]) >= 2.0, "{}", lines[0]);
        assert!(widest_gap(&lines[1]) >= 6.0, "{}", lines[1]);
    }

    #[test]
    fn a_gap_is_wider_than_any_hole_of_a_dash() {
        for (number, dashes) in (0..).zip(DASHES).skip(1) {
            let holes = dashes.split(' ').skip(1).step_by(2).map(|hole| hole.parse::<f64>().unwrap());
            let series = (0..36).find(|series| dash(*series) == number).unwrap();
            assert!(holes.fold(0.0, f64::max) + 2.0 <= least(series).gap, "{dashes}");
        }
    }
}
