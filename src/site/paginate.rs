//! Pagination: a page whose list is long becomes several, of which each has a part of the rows.
//!
//! The first stands where the page would; the others stand in a folder of its name: `days.html`, `days/2.html`.

use std::ops::Range;

use serde_json::{Value, json};

use super::page::Page;
use super::shape::Shape;

/// How many pages before and after a page its list of pages names.
const AROUND: usize = 3;

/// Which of the pages it is that one page became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// From 1.
    pub(super) number: usize,
    /// How many there are.
    pub(super) count: usize,
    /// The first one's number among all pages; the others follow it.
    pub(super) first: usize,
    /// The rows that it has.
    pub(super) rows: Range<usize>,
}

/// Deals out the rows; `first` is the number that the first page will have. No row at all is a page, too.
pub(super) fn parts(rows: usize, by: usize, first: usize) -> Vec<Part> {
    let by = by.max(1);
    let count = rows.div_ceil(by).max(1);
    let part = |at: usize| Part { number: at + 1, count, first, rows: at * by..rows.min((at + 1) * by) };
    (0..count).map(part).collect()
}

/// Where a part stands when the first one stands at `first`.
pub(super) fn path(first: &str, number: usize) -> String {
    match number {
        1 => first.to_owned(),
        _ => format!("{}/{number}.html", first.strip_suffix(".html").unwrap_or(first)),
    }
}

/// The shape of `page.pages`.
pub(super) fn shape() -> Shape {
    let near = Shape::list(Shape::scalars(["number", "path", "current", "gap"]));
    Shape::scalars(["number", "count", "previous", "next"]).with(vec![("near".to_owned(), near)])
}

/// `page.pages`: null on a page that has all of its rows.
pub(super) fn context(page: &Page, pages: &[Page]) -> Value {
    let Some(part) = &page.part else { return Value::Null };
    let all = &pages[part.first..part.first + part.count];
    let path = |number: usize| all.get(number.wrapping_sub(1)).map(|page| page.path.as_str());
    let near = near(part.number, part.count);
    // Before the first of them there is nothing that could be left out.
    let before = std::iter::once(0).chain(near.iter().copied());
    let entry = |(number, before): (&usize, usize)| {
        json!({
            "number": number,
            "path": path(*number),
            "current": *number == part.number,
            "gap": *number > before + 1,
        })
    };
    json!({
        "number": part.number,
        "count": part.count,
        "previous": path(part.number - 1),
        "next": path(part.number + 1),
        "near": near.iter().zip(before).map(entry).collect::<Value>(),
    })
}

/// The numbers of the first page, the last one, and those around a page: a list of all would make a thousand pages as long
/// as they are many.
fn near(number: usize, count: usize) -> Vec<usize> {
    (1..=count).filter(|other| [1, count].contains(other) || other.abs_diff(number) <= AROUND).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_on_one_page_and_no_row_is_a_page() {
        let rows = |rows, by| parts(rows, by, 0).into_iter().map(|part| part.rows).collect::<Vec<_>>();
        assert_eq!(rows(7, 3), [0..3, 3..6, 6..7]);
        assert_eq!(rows(6, 3), [0..3, 3..6]);
        assert_eq!(rows(0, 3), [Range { start: 0, end: 0 }]);
        assert!(parts(7, 3, 5).iter().all(|part| (part.count, part.first) == (3, 5)));
    }

    #[test]
    fn a_page_names_those_around_it_the_first_and_the_last() {
        assert_eq!(near(1, 1), [1]);
        assert_eq!(near(2, 5), [1, 2, 3, 4, 5]);
        assert_eq!(near(50, 100), [1, 47, 48, 49, 50, 51, 52, 53, 100]);
    }

    #[test]
    fn further_pages_stand_in_a_folder_of_the_first_ones_name() {
        assert_eq!(path("days.html", 1), "days.html");
        assert_eq!(path("days.html", 2), "days/2.html");
        assert_eq!(path("days/index.html", 10), "days/index/10.html");
    }
}
