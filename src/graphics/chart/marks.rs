//! Marks: a line at a day, and words beside it that stay inside and touch no others.

use super::frame::{FONT, Frame, half, middle};
use super::plot::{MarkText, PlacedMark};
use super::{Data, Mark};
use crate::graphics::font;

/// The height of a row of words.
const ROW: f64 = 16.0;
/// How much of the height rows of words take at most; what has no room has its line alone.
const SHARE: f64 = 0.35;
/// How wide words are at most.
const LONGEST: f64 = 220.0;
/// Between words and their line, and between words and others.
const GAP: f64 = 5.0;

/// The marks, and the height that their words take above the values; `worded` if they shall have words.
pub(super) fn place(data: &Data, frame: &Frame, worded: bool) -> (Vec<PlacedMark>, f64) {
    let rows = if worded { ((frame.bottom - frame.top) * SHARE / ROW) as usize } else { 0 };
    let mut taken: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut marks = Vec::new();
    let mut shown: Vec<_> = data.marks.iter().filter(|mark| (0..frame.count as i64).contains(&mark.day)).collect();
    shown.sort_by_key(|mark| mark.day);
    let at = |mark: &Mark| middle(frame.x(mark.day as f64 + 0.5));
    for (number, mark) in shown.iter().enumerate() {
        let x = at(mark);
        let text = font::cut(&mark.text, FONT, LONGEST.min((frame.right - frame.left) / 2.0));
        let width = font::width(&text, FONT);
        let spans = [(x - GAP - width, x - GAP), (x + GAP, x + GAP + width)];
        // Words to the right would be in the way of the next mark's line.
        let next = shown.get(number + 1).map_or(f64::INFINITY, |next| at(next) - GAP);
        let inside = |span: &(f64, f64)| span.0 >= 0.0 && span.1 <= (frame.right + GAP).min(next.max(x));
        let free = |row: usize, span: &(f64, f64), taken: &[Vec<(f64, f64)>]| {
            // Lines of days near each other may stand as near.
            let lines = |other: &(f64, f64)| span.0 == span.1 && other.0 == other.1;
            let touches = |other: &(f64, f64)| span.0 < other.1 + GAP - 1.0 && other.0 < span.1 + GAP - 1.0;
            taken.get(row).is_none_or(|others| !others.iter().any(|other| touches(other) && !lines(other)))
        };
        let place = (0..rows).find_map(|row| {
            let clear = (0..=row).all(|row| free(row, &(x, x), &taken));
            let span = spans.iter().find(|span| inside(span) && clear && free(row, span, &taken))?;
            Some((row, *span))
        });
        let place = place.filter(|_| !text.is_empty());
        if let Some((row, span)) = place {
            taken.resize(taken.len().max(row + 1), Vec::new());
            taken[row].push(span);
            // Its line goes through the rows below.
            taken[..=row].iter_mut().for_each(|row| row.push((x, x)));
        }
        marks.push((x, place, text));
    }
    let height = taken.len() as f64 * ROW;
    // The first row is the lowest, next to the values.
    let top = |row: usize| frame.top + height - (row + 1) as f64 * ROW;
    let marks = marks.into_iter().map(|(x, place, text)| PlacedMark {
        x,
        top: place.map_or(frame.top + height, |(row, _)| top(row)),
        text: place.map(|(row, span)| MarkText { x: half(span.0), y: top(row) + 11.0, text }),
    });
    (marks.collect(), height)
}
