//! Series upon each other, and which of very many days are drawn.

use super::Data;

/// For each day the levels between the series, from zero to the sum; `None` for a day on which no series has a value. A series
/// without a value on a day on which others have one counts as nothing there.
pub(super) fn stack(data: &Data) -> Vec<Option<Vec<f64>>> {
    let day = |day: usize| {
        let values: Vec<Option<f64>> =
            data.series.iter().map(|series| series.values.get(day).copied().flatten()).collect();
        values.iter().any(Option::is_some).then(|| {
            let sums = values.iter().scan(0.0, |sum, value| {
                *sum += value.unwrap_or_default();
                Some(*sum)
            });
            std::iter::once(0.0).chain(sums).collect()
        })
    };
    (0..data.days()).map(day).collect()
}

/// Days that are drawn, in runs without a gap. Where there are more days than `columns` of pixels, each column keeps those of
/// its lowest and its highest value; it is a gap if it has no value at all.
pub(super) fn runs(values: &[Option<f64>], columns: usize) -> Vec<Vec<usize>> {
    let mut runs = vec![Vec::new()];
    for column in columns_of(values.len(), columns) {
        let known = || column.clone().filter_map(|day| Some((day, values[day]?)));
        let low = known().min_by(|one, other| one.1.total_cmp(&other.1));
        let high = known().max_by(|one, other| one.1.total_cmp(&other.1));
        match (low, high, runs.last_mut()) {
            (Some((low, _)), Some((high, _)), Some(run)) => {
                run.push(low.min(high));
                if low != high {
                    run.push(low.max(high));
                }
            }
            (_, _, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// The days of each column of pixels; of each day if there are fewer days.
pub(super) fn columns_of(days: usize, columns: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let columns = columns.clamp(1, days.max(1));
    (0..columns).map(move |column| column * days / columns..(column + 1) * days / columns)
}

#[cfg(test)]
mod tests {
    use super::super::Series;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_without_any_value_is_a_gap_and_one_series_without_a_value_is_nothing() {
        let series = |values: [Option<f64>; 3]| Series { name: String::new(), values: values.into() };
        let series = vec![series([Some(1.0), None, None]), series([Some(2.0), None, Some(3.0)])];
        let data = Data { first: jiff::civil::date(2026, 1, 1), series, marks: Vec::new() };
        assert_eq!(stack(&data), [Some(vec![0.0, 1.0, 3.0]), None, Some(vec![0.0, 0.0, 3.0])]);
    }

    #[test]
    fn runs_end_at_gaps() {
        let values = [None, Some(1.0), Some(2.0), None, None, Some(3.0)];
        assert_eq!(runs(&values, 100), [vec![1, 2], vec![5]]);
        assert_eq!(runs(&[None, None], 100), Vec::<Vec<usize>>::new());
        assert_eq!(runs(&[], 100), Vec::<Vec<usize>>::new());
    }

    proptest! {
        #[test]
        fn thinning_keeps_the_extremes_of_each_column(
            values in prop::collection::vec(prop::option::of(0.0f64..9.0), 1..600),
            columns in 1usize..200,
        ) {
            let kept: Vec<usize> = runs(&values, columns).concat();
            prop_assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(kept.len() <= columns.min(values.len()) * 2);
            for column in columns_of(values.len(), columns) {
                let shown: Vec<f64> = column.clone().filter(|day| kept.contains(day)).filter_map(|day| values[day]).collect();
                for value in column.filter_map(|day| values[day]) {
                    prop_assert!(shown.iter().any(|other| *other <= value) && shown.iter().any(|other| *other >= value));
                }
            }
        }
    }
}
