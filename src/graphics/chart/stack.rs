//! Series upon each other, where gaps are, and which of very many days are drawn.

use std::ops::Range;

use super::Data;
use super::frame::Frame;

/// For each day the levels between the series, from zero to the sum; `None` for a day on which a series has no value: without it
/// nobody knows the sum.
pub(super) fn stack(data: &Data) -> Vec<Option<Vec<f64>>> {
    let day = |day: usize| {
        let values = data.series.iter().map(|series| series.values.get(day).copied().flatten());
        let mut levels = vec![0.0];
        for value in values {
            levels.push(levels.last()? + value?);
        }
        Some(levels)
    };
    (0..data.days()).map(day).collect()
}

/// Days that follow each other, all with a value, and from where to where they are drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    /// All of them.
    pub(super) days: Range<usize>,
    /// Those of which a line is made, ascending. Where there are more days than columns of pixels, each column keeps those of
    /// its lowest and its highest value.
    pub(super) kept: Vec<usize>,
    /// The left end, a whole pixel.
    pub(super) from: f64,
    /// The right end, a whole pixel.
    pub(super) to: f64,
}

/// The shortest that can still be seen, in whole pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Least {
    /// Of a gap, for which the days beside it give way.
    pub(super) gap: f64,
    /// Of days between gaps.
    pub(super) run: f64,
}

/// The days with a value in runs between gaps, oldest first. Where gaps are so many that they and what is between them have no
/// room, some runs are left out, never a gap.
pub(super) fn runs(values: &[Option<f64>], frame: &Frame, least: Least) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    // From the newest on: if one has to give way, it is the older one.
    for days in known(values).into_iter().rev() {
        let (start, end) = (frame.x(days.start as f64).round(), frame.x(days.end as f64).round());
        let left = if days.start == 0 { frame.left } else { frame.left + least.gap };
        let right = match runs.last() {
            Some(newer) => newer.from - least.gap,
            None if days.end >= frame.count => frame.right,
            None => frame.right - least.gap,
        };
        let to = end.max(left + least.run).min(right);
        let from = start.max(left).min(to - least.run);
        // Its place is taken.
        if from < left || to < start - 1.0 {
            continue;
        }
        let inside = |day: &usize| (from..=to).contains(&frame.x(*day as f64 + 0.5));
        let shown = match (days.clone().find(inside), days.clone().rfind(inside)) {
            (Some(first), Some(last)) => first..last + 1,
            _ => days.start..days.start + 1,
        };
        runs.push(Run { days, kept: thinned(values, shown, frame), from, to });
    }
    runs.reverse();
    runs
}

/// Days with a value that follow each other.
fn known(values: &[Option<f64>]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (day, _) in values.iter().enumerate().filter(|(_, value)| value.is_some()) {
        match runs.last_mut() {
            Some(run) if run.end == day => run.end = day + 1,
            _ => runs.push(day..day + 1),
        }
    }
    runs
}

fn thinned(values: &[Option<f64>], days: Range<usize>, frame: &Frame) -> Vec<usize> {
    let mut kept = Vec::new();
    for column in columns(frame, &days) {
        let known = || column.clone().filter_map(|day| Some((day, values[day]?)));
        let low = known().min_by(|one, other| one.1.total_cmp(&other.1));
        let high = known().max_by(|one, other| one.1.total_cmp(&other.1));
        let (Some((low, _)), Some((high, _))) = (low, high) else { continue };
        kept.push(low.min(high));
        if low != high {
            kept.push(low.max(high));
        }
    }
    kept
}

/// Those of the days that each column of pixels has; each day alone if there are fewer days than columns.
pub(super) fn columns(frame: &Frame, days: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let count = frame.count;
    let columns = ((frame.right - frame.left).max(1.0) as usize).clamp(1, count.max(1));
    let all = (0..columns).map(move |column| column * count / columns..(column + 1) * count / columns);
    let (start, end) = (days.start, days.end);
    all.map(move |column| column.start.max(start)..column.end.min(end)).filter(|column| !column.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::Series;
    use super::*;
    use proptest::prelude::*;

    const LEAST: Least = Least { gap: 2.0, run: 1.0 };

    fn frame(count: usize, width: usize) -> Frame {
        Frame { left: 40.0, right: 40.0 + width as f64, top: 0.0, bottom: 100.0, count, highest: 9.0 }
    }

    #[test]
    fn a_sum_of_which_a_part_is_unknown_is_unknown() {
        let series = |values: [Option<f64>; 3]| Series { name: String::new(), values: values.into() };
        let short = Series { name: String::new(), values: vec![Some(1.0)] };
        let mut series = vec![series([Some(1.0), None, Some(0.0)]), series([Some(2.0), Some(4.0), Some(3.0)])];
        let first = jiff::civil::date(2026, 1, 1);
        let data = Data { first, series: series.clone(), marks: Vec::new() };
        assert_eq!(stack(&data), [Some(vec![0.0, 1.0, 3.0]), None, Some(vec![0.0, 0.0, 3.0])]);
        series.push(short);
        assert_eq!(stack(&Data { first, series, marks: Vec::new() }), [Some(vec![0.0, 1.0, 3.0, 4.0]), None, None]);
    }

    #[test]
    fn runs_end_at_gaps() {
        let values = [None, Some(1.0), Some(2.0), None, None, Some(3.0)];
        let run = |days: Range<usize>, from, to| Run { kept: days.clone().collect(), days, from, to };
        assert_eq!(runs(&values, &frame(6, 60), LEAST), [run(1..3, 50.0, 70.0), run(5..6, 90.0, 100.0)]);
        assert_eq!(runs(&[None, None], &frame(2, 60), LEAST), []);
        assert_eq!(runs(&[], &frame(1, 60), LEAST), []);
    }

    #[test]
    fn one_unknown_day_of_many_is_a_gap_that_can_be_seen() {
        let mut values = vec![Some(1.0); 540];
        values[270] = None;
        let ends: Vec<_> = runs(&values, &frame(540, 270), LEAST).iter().map(|run| (run.from, run.to)).collect();
        assert_eq!(ends, [(40.0, 174.0), (176.0, 310.0)]);
        // And so it is at both ends.
        values[270] = Some(1.0);
        values[0] = None;
        values[539] = None;
        let ends: Vec<_> = runs(&values, &frame(540, 270), LEAST).iter().map(|run| (run.from, run.to)).collect();
        assert_eq!(ends, [(42.0, 308.0)]);
    }

    #[test]
    fn a_value_each_week_is_seen_at_every_width_and_the_newest_always() {
        for (count, width) in [(540, 280), (4001, 280), (36_001, 280), (540, 1000)] {
            let values: Vec<_> = (0..count).map(|day| ((count - 1 - day) % 7 == 0).then_some(1.0)).collect();
            let runs = runs(&values, &frame(count, width), LEAST);
            assert!(runs.len() > 70, "{count} days in {width} pixels: {}", runs.len());
            assert_eq!(runs.last().map(|run| (run.days.end, run.to)), Some((count, 40.0 + width as f64)));
        }
    }

    proptest! {
        #[test]
        fn every_gap_can_be_seen_and_nothing_moves_far(
            values in prop::collection::vec(prop::option::weighted(0.8, 0.0f64..9.0), 1..600),
            width in 20usize..900,
            gap in 2u8..7,
        ) {
            let frame = frame(values.len(), width);
            let least = Least { gap: f64::from(gap), run: 1.0 };
            let runs = runs(&values, &frame, least);
            for run in &runs {
                prop_assert!(run.to - run.from >= 1.0 && run.from >= frame.left && run.to <= frame.right, "{run:?}");
                let off = frame.x(run.days.start as f64) - run.from;
                prop_assert!(off <= f64::from(gap).max(2.5), "{run:?}");
                prop_assert!(!run.kept.is_empty() && run.kept.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(run.kept.iter().all(|day| run.days.contains(day) && values[*day].is_some()));
            }
            for pair in runs.windows(2) {
                prop_assert!(pair[1].from - pair[0].to >= f64::from(gap), "{:?}", pair);
            }
            for day in (0..values.len()).filter(|day| values[*day].is_none()) {
                prop_assert!(!runs.iter().any(|run| run.days.contains(&day)));
            }
        }

        #[test]
        fn thinning_keeps_the_extremes_of_each_column(
            values in prop::collection::vec(0.0f64..9.0, 1..600),
            width in 1usize..200,
        ) {
            let frame = frame(values.len(), width);
            let values: Vec<_> = values.into_iter().map(Some).collect();
            let kept = thinned(&values, 0..values.len(), &frame);
            prop_assert!(kept.len() <= width.min(values.len()) * 2);
            for column in columns(&frame, &(0..values.len())) {
                let shown: Vec<f64> = column.clone().filter(|day| kept.contains(day)).filter_map(|day| values[day]).collect();
                for value in column.filter_map(|day| values[day]) {
                    prop_assert!(shown.iter().any(|other| *other <= value) && shown.iter().any(|other| *other >= value));
                }
            }
        }
    }
}
