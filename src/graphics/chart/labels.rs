//! The series' names at the right end, pushed apart so that none touches another.

use super::Data;
use super::frame::{FONT, Frame, half};
use super::plot::Label;
use crate::graphics::font;

/// How far a name stands from the values: the room for the line that leads to it.
pub(super) const LEADER: f64 = 14.0;
/// From one name to the next.
const HEIGHT: f64 = 14.0;
/// An area that is thinner than this at the right end has no name there.
const THIN: f64 = 3.0;

/// The right end of a series: where it is, and how much room it takes, the more the more it wants a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    y: f64,
    weight: f64,
}

/// Whether what ends on that day ends at the right: not more than a twentieth of the days ago.
fn late(day: usize, frame: &Frame) -> bool {
    day + 1 >= frame.count - frame.count / 20
}

/// The ends of lines. One that ended long ago has none.
pub(super) fn of_lines(data: &Data, frame: &Frame) -> Vec<Option<End>> {
    let end = |values: &Vec<Option<f64>>| {
        let (day, value) = values.iter().enumerate().rev().find_map(|(day, value)| Some((day, (*value)?)))?;
        late(day, frame).then(|| End { y: frame.y(value), weight: value })
    };
    data.series.iter().map(|series| end(&series.values)).collect()
}

/// The middles of a stack's areas on its last day; those that are too thin have none, nor those of a stack that ended long ago.
pub(super) fn of_stack(stack: &[Option<Vec<f64>>], frame: &Frame) -> Vec<Option<End>> {
    let last = stack.iter().enumerate().rev().find_map(|(day, levels)| Some((day, levels.as_ref()?)));
    let levels = last.filter(|(day, _)| late(*day, frame)).map(|(_, levels)| levels);
    let band = |pair: &[f64]| {
        let (low, high) = (frame.y(pair[0]), frame.y(pair[1]));
        (low - high >= THIN).then_some(End { y: low.midpoint(high), weight: low - high })
    };
    levels.map(|levels| levels.windows(2).map(band).collect()).unwrap_or_default()
}

/// A label for each series that has an end; for the heaviest if there is no room for all.
pub(super) fn place(ends: &[Option<End>], names: &[&str], frame: &Frame, room: f64) -> Vec<Option<Label>> {
    let (top, bottom) = (frame.top - 4.0, frame.bottom + 4.0);
    let mut wanted: Vec<(usize, End)> = ends.iter().enumerate().filter_map(|(at, end)| Some((at, (*end)?))).collect();
    wanted.sort_by(|(_, one), (_, other)| other.weight.total_cmp(&one.weight));
    wanted.truncate(((bottom - top) / HEIGHT).max(0.0) as usize);
    wanted.sort_by(|(at, one), (other_at, other)| one.y.total_cmp(&other.y).then(other_at.cmp(at)));
    let places = apart(&wanted.iter().map(|(_, end)| end.y).collect::<Vec<_>>(), top, bottom);
    let mut labels = vec![None; names.len()];
    for ((at, end), y) in wanted.into_iter().zip(places) {
        let (from, to) = (frame.right + 2.0, frame.right + LEADER - 4.0);
        labels[at] = Some(Label {
            x: frame.right + LEADER,
            y: half(y + 4.0),
            text: font::cut(names[at], FONT, room),
            path: format!("M{from} {}L{} {}H{to}", half(end.y), from + 5.0, half(y)),
        });
    }
    labels
}

/// The middles of labels, as near to those wanted (which ascend) as can be without touching, between `top` and `bottom`.
///
/// Labels that would touch become a block, which stands where its labels want to be on the average.
fn apart(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    // Each block: how many labels, and the sum of where its first would have to be for each.
    let mut blocks: Vec<(usize, f64)> = Vec::new();
    let place = |(count, sum): (usize, f64)| {
        let room = bottom - top - count as f64 * HEIGHT;
        (sum / count as f64).clamp(top + HEIGHT / 2.0, top + HEIGHT / 2.0 + room.max(0.0))
    };
    for wanted in wanted {
        blocks.push((1, *wanted));
        while let [.., before, last] = blocks[..]
            && place(before) + before.0 as f64 * HEIGHT > place(last)
        {
            let first_of_last = last.1 - (before.0 * last.0) as f64 * HEIGHT;
            blocks.truncate(blocks.len() - 2);
            blocks.push((before.0 + last.0, before.1 + first_of_last));
        }
    }
    let of_block = |block: (usize, f64)| (0..block.0).map(move |number| place(block) + number as f64 * HEIGHT);
    blocks.into_iter().flat_map(of_block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stack_that_ended_long_ago_has_no_names_at_the_right_end() {
        let frame = Frame { left: 0.0, right: 300.0, top: 0.0, bottom: 100.0, count: 100, highest: 2.0 };
        let named = |unknown: usize| {
            let stack: Vec<_> = (0..100).map(|day| (day < 100 - unknown).then(|| vec![0.0, 1.0, 2.0])).collect();
            of_stack(&stack, &frame).iter().flatten().count()
        };
        assert_eq!([named(0), named(5), named(6), named(100)], [2, 2, 0, 0]);
    }

    #[test]
    fn labels_with_room_stay_where_they_are() {
        assert_eq!(apart(&[20.0, 60.0, 90.0], 0.0, 100.0), [20.0, 60.0, 90.0]);
        assert_eq!(apart(&[50.0, 50.0], 0.0, 100.0), [43.0, 57.0]);
        assert_eq!(apart(&[99.0, 99.0], 0.0, 100.0), [79.0, 93.0]);
    }

    proptest! {
        #[test]
        fn labels_never_touch_and_stay_inside(mut wanted in prop::collection::vec(-50.0f64..350.0, 0..20)) {
            wanted.sort_by(f64::total_cmp);
            let places = apart(&wanted, 0.0, 300.0);
            prop_assert_eq!(places.len(), wanted.len());
            for pair in places.windows(2) {
                prop_assert!(pair[1] - pair[0] >= HEIGHT - 1e-6, "{:?}", places);
            }
            let inside = HEIGHT / 2.0 - 1e-6..=300.0 - HEIGHT / 2.0 + 1e-6;
            for place in places {
                prop_assert!(inside.contains(&place));
            }
        }
    }
}
