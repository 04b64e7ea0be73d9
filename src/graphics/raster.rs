//! From SVG to pixels.

use anyhow::{Context, Result, anyhow, ensure};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Error, Tree};

use super::color::Rgba;

/// The longest side, in pixels: what graphics cards can hold.
const LONGEST: u32 = 16_000;
/// The most pixels; each takes eight bytes of memory while it is drawn.
const MOST: u64 = 32_000_000;

/// The pixels of an SVG document, row by row, `density` of them to a unit each way.
///
/// # Errors
/// If it is no SVG, or a side has no pixels or there are too many.
pub(super) fn pixels(svg: &str, density: f32) -> Result<Pixels> {
    let tree = Tree::from_str(svg, &super::font::options()).map_err(|error| unreadable(svg, &error))?;
    let size = tree.size().to_int_size().scale_by(density).context("the picture has no size")?;
    let (width, height) = (size.width(), size.height());
    ensure!(
        width.max(height) <= LONGEST && u64::from(width) * u64::from(height) <= MOST,
        "a picture of {width} × {height} pixels is too large\n\
         at most {LONGEST} each way and {} million together are drawn, {density} × {density} for a unit of the SVG",
        MOST / 1_000_000
    );
    let mut pixmap = Pixmap::new(width, height).context("the picture has no size")?;
    resvg::render(&tree, Transform::from_scale(density, density), &mut pixmap.as_mut());
    let colors = pixmap.pixels().iter().map(|pixel| {
        let color = pixel.demultiply();
        Rgba([color.red(), color.green(), color.blue(), color.alpha()])
    });
    Ok(Pixels { width, colors: colors.collect() })
}

/// What is wrong, and the line where it is: the document is in no file in which somebody could look.
fn unreadable(svg: &str, error: &Error) -> anyhow::Error {
    let Error::ParsingFailed(error) = error else { return anyhow!("cannot read the SVG: {error}") };
    let number = error.pos().row;
    let line = svg.lines().nth((number as usize).saturating_sub(1)).unwrap_or_default();
    let start: String = crate::text::printable(line.trim()).chars().take(120).collect();
    anyhow!("cannot read the SVG: {error}\nits line {number} is `{start}`")
}

/// A picture in full colours.
pub(super) struct Pixels {
    /// Columns.
    pub(super) width: u32,
    /// The colours, row by row.
    pub(super) colors: Vec<Rgba>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn message(svg: &str) -> String {
        pixels(svg, 2.0).err().unwrap().to_string()
    }

    #[test]
    fn a_picture_that_memory_cannot_hold_is_refused() {
        let sized = |width: &str, height: &str| {
            format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\"/>")
        };
        for (width, height) in [("100000", "100000"), ("3000", "3000"), ("9000", "1"), ("1e30", "1e30")] {
            assert!(message(&sized(width, height)).contains("too large"), "{width} × {height}");
        }
        assert!(message(&sized("100000", "100000")).starts_with("a picture of 200000 × 200000 pixels is too large\n"));
        assert_eq!(pixels(&sized("30", "20"), 2.0).unwrap().colors.len(), 60 * 40);
    }

    #[test]
    fn what_is_wrong_with_an_svg_is_said_with_its_line() {
        let broken = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">\n<g>\n  </a>\n</svg>";
        assert_eq!(message(broken), "cannot read the SVG: expected 'g' tag, not 'a' at 3:3\nits line 3 is `</a>`");
        assert!(message("").starts_with("cannot read the SVG: "));
        assert_eq!(
            message("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"0\"/>"),
            "cannot read the SVG: SVG has an invalid size"
        );
    }
}
