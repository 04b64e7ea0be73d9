//! Many sparklines in one picture, so that a page of hundreds costs one request and few bytes.
//!
//! A sparkline is drawn in "edge" style: two pixels a value, a light fill, and a full line of one pixel on top; heights are
//! whole pixels and nothing is smoothed, which is what makes it small. Each has a scale of its own, from zero to its
//! highest value. A gap stays empty.

use std::fmt::Write as _;

use anyhow::{Context, Result};

use super::color::{Rgba, TRANSPARENT};
use super::{png, raster};

/// Sparklines in a row of the sheet.
pub const COLUMNS: usize = 10;
/// Sparklines on one sheet at most: three digits name each.
pub const MOST: usize = 1000;
/// Pixels that a sparkline has for each value.
pub const STEP: usize = 2;
/// Pixels from one row of sparklines to the next; the topmost stays empty.
pub const HEIGHT: usize = 20;

/// Opacity of the fill, of 255.
const FILL: u8 = 84;
/// What the SVG draws with; the palette has the real colours in the same order.
const NAMES: [&str; 4] = ["", "#ff0000", "#00ff00", "#0000ff"];

/// A sparkline as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sparkline {
    /// The height of each value in pixels, its line included; 0 is a gap.
    heights: Vec<u8>,
    mark: Option<usize>,
}

impl Sparkline {
    /// From values of which none is negative, the oldest first; `None` is a gap. `mark` is the place of the value that is
    /// marked, counted from 0.
    pub fn new(values: &[Option<f64>], mark: Option<usize>) -> Self {
        let highest = values.iter().flatten().fold(0.0, |most: f64, value| most.max(*value));
        let heights = values.iter().map(|value| value.map_or(0, |value| height(value, highest))).collect();
        Self { heights, mark }
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        self.heights.len()
    }

    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.heights.is_empty()
    }
}

/// Sparklines of one length in their order: number 0 is at the top left, 10 below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// At most [`MOST`], all of one [length](Sparkline::len).
    pub sparklines: Vec<Sparkline>,
    /// The line; the fill is the same with little opacity.
    pub ink: Rgba,
    /// The mark.
    pub warning: Rgba,
}

impl Sheet {
    /// The picture as SVG, all in whole pixels.
    pub(super) fn svg(&self) -> String {
        let [mut fill, mut edge, mut mark] = [const { String::new() }; 3];
        for (number, sparkline) in self.sparklines.iter().enumerate() {
            let (column, row) = (number % COLUMNS, number / COLUMNS);
            let (left, bottom) = (column * self.tile(), (row + 1) * HEIGHT);
            for (at, height) in sparkline.heights.iter().map(|height| usize::from(*height)).enumerate() {
                let x = left + at * STEP;
                if sparkline.mark == Some(at) {
                    rectangle(&mut mark, x, bottom - (HEIGHT - 1), HEIGHT - 1);
                }
                if height > 0 {
                    rectangle(&mut fill, x, bottom - height + 1, height - 1);
                    rectangle(&mut edge, x, bottom - height, 1);
                }
            }
        }
        let (width, height) = self.size();
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" shape-rendering=\"crispEdges\">"
        );
        for (color, path) in NAMES[1..].iter().zip([fill, mark, edge]) {
            let _ = write!(svg, "<path fill=\"{color}\" d=\"{path}\"/>");
        }
        svg.push_str("</svg>");
        svg
    }

    /// Draws the sheet.
    pub(super) fn draw(&self) -> Result<Vec<u8>> {
        let pixels = raster::pixels(&self.svg(), 1.0)?;
        let numbers: Vec<u8> = pixels
            .colors
            .iter()
            .map(|color| match color.0 {
                [.., 0] => 0,
                [255, ..] => 1,
                [_, 255, ..] => 2,
                _ => 3,
            })
            .collect();
        let palette = [TRANSPARENT, self.ink.with_opacity(FILL), self.warning, self.ink];
        png::indexed(pixels.width, &numbers, &palette, 2, png::Level::Small).context("cannot draw the sparklines")
    }

    /// Columns and rows of pixels. The columns are always ten, so that a page finds a sparkline by its number alone.
    fn size(&self) -> (usize, usize) {
        (COLUMNS * self.tile(), self.sparklines.len().div_ceil(COLUMNS).max(1) * HEIGHT)
    }

    /// Pixels of one sparkline from left to right.
    fn tile(&self) -> usize {
        self.sparklines.first().map_or(1, |first| first.len().max(1)) * STEP
    }
}

/// The height of a value in pixels, its line included. Zero is the line alone, and anything above it is higher.
fn height(value: f64, highest: f64) -> u8 {
    const ROOM: f64 = (HEIGHT - 1) as f64;
    if value <= 0.0 || highest <= 0.0 {
        return 1;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 2 and 19")]
    let height = (value / highest * ROOM).round().clamp(2.0, ROOM) as u8;
    height
}

fn rectangle(path: &mut String, x: usize, y: usize, height: usize) {
    if height > 0 {
        let _ = write!(path, "M{x} {y}h{STEP}v{height}h-{STEP}z");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use sha2::{Digest, Sha256};

    const INK: Rgba = Rgba([10, 20, 30, 255]);
    const WARNING: Rgba = Rgba([200, 100, 0, 255]);

    fn sheet(rows: &[(&[Option<f64>], Option<usize>)]) -> Sheet {
        let sparklines = rows.iter().map(|(values, mark)| Sparkline::new(values, *mark)).collect();
        Sheet { sparklines, ink: INK, warning: WARNING }
    }

    /// The letters of a row's pixels from the top down, one column for each value: `.` nothing, `-` fill, `#` line, `!` mark.
    fn columns(sheet: &Sheet, number: usize) -> Vec<String> {
        let pixels = raster::pixels(&sheet.svg(), 1.0).unwrap();
        let width = usize::try_from(pixels.width).unwrap();
        let at = |x: usize, y: usize| match pixels.colors[y * width + x].0 {
            [.., 0] => '.',
            [255, ..] => '-',
            [_, 255, ..] => '!',
            _ => '#',
        };
        let (left, top) = ((number % COLUMNS) * sheet.tile(), (number / COLUMNS) * HEIGHT);
        let column = |x: usize| (top..top + HEIGHT).map(|y| at(x, y)).collect::<String>();
        (0..sheet.tile() / STEP)
            .map(|value| {
                let x = left + value * STEP;
                assert_eq!(column(x), column(x + 1), "both pixels of a value are the same");
                column(x)
            })
            .collect()
    }

    #[test]
    fn a_sparkline_reaches_from_zero_to_its_own_highest_value_and_leaves_gaps_empty() {
        let sheet = sheet(&[(&[Some(0.0), Some(8.0), None, Some(19.0)], None)]);
        let dots = |count: usize| ".".repeat(count);
        assert_eq!(
            columns(&sheet, 0),
            [dots(19) + "#", dots(12) + "#" + &"-".repeat(7), dots(20), dots(1) + "#" + &"-".repeat(18)]
        );
    }

    #[test]
    fn each_sparkline_stands_at_the_place_of_its_number() {
        let rows: Vec<Vec<Option<f64>>> = (0..25).map(|number| vec![Some(f64::from(number)), Some(24.0)]).collect();
        let rows: Vec<(&[Option<f64>], Option<usize>)> = rows.iter().map(|row| (row.as_slice(), None)).collect();
        let sheet = sheet(&rows);
        assert_eq!(sheet.size(), (COLUMNS * 2 * STEP, 3 * HEIGHT));
        for number in 0..25 {
            let drawn = columns(&sheet, number)[0].chars().filter(|pixel| *pixel != '.').count();
            assert_eq!(drawn, usize::from(height(number as f64, 24.0)), "{number}");
        }
    }

    #[test]
    fn a_mark_fills_its_column_and_leaves_the_line_to_be_seen() {
        let column = &columns(&sheet(&[(&[Some(8.0), Some(4.0)], Some(1))]), 0)[1];
        assert_eq!(column, &format!(".{}#{}", "!".repeat(9), "!".repeat(9)));
        assert_eq!(columns(&sheet(&[(&[None], Some(0))]), 0)[0], format!(".{}", "!".repeat(19)));
    }

    #[test]
    fn heights_keep_zero_small_and_large_apart() {
        let heights: Vec<u8> = [0.0, 0.001, 8.0, 50.0, 100.0].map(|value| height(value, 100.0)).to_vec();
        assert_eq!(heights, [1, 2, 2, 10, 19]);
        assert_eq!(height(0.0, 0.0), 1);
        assert_eq!(height(f64::MAX, f64::MAX), 19);
    }

    #[test]
    fn the_picture_has_four_colours_and_the_same_bytes_each_time() {
        let sheet = sheet(&[(&[Some(8.0), Some(16.0)], Some(0)), (&[None, None], None)]);
        let png = sheet.draw().unwrap();
        assert_eq!(png, sheet.draw().unwrap());
        assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
        let palette = png.windows(4).position(|chunk| chunk == b"PLTE").unwrap();
        assert_eq!(png[palette + 4..palette + 16], [0, 0, 0, 10, 20, 30, 200, 100, 0, 10, 20, 30]);
        let opacities = png.windows(4).position(|chunk| chunk == b"tRNS").unwrap();
        assert_eq!(png[opacities - 4..opacities + 6], [0, 0, 0, 2, b't', b'R', b'N', b'S', 0, FILL]);
        // The same on every machine: if this changes, raise `VERSION` of the drawings.
        assert_eq!(crate::text::hexadecimal(&Sha256::digest(&png)[..8]), "42ef73e8e22fbabe");
    }

    #[test]
    fn an_empty_sheet_is_still_a_picture() {
        assert!(sheet(&[]).draw().is_ok());
        assert!(sheet(&[(&[], None)]).draw().is_ok());
    }
}
