//! From SVG to pixels.

use anyhow::{Context, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::Tree;

use super::color::Rgba;

/// The pixels of an SVG document, row by row, `density` of them to a unit each way.
///
/// # Errors
/// If it is no SVG, or a side has no or too many pixels.
pub(super) fn pixels(svg: &str, density: f32) -> Result<Pixels> {
    let tree = Tree::from_str(svg, &super::font::options()).context("cannot read the SVG")?;
    let size = tree.size().to_int_size().scale_by(density).context("the picture has no size")?;
    let mut pixmap = Pixmap::new(size.width(), size.height()).context("the picture is too large")?;
    resvg::render(&tree, Transform::from_scale(density, density), &mut pixmap.as_mut());
    let colors = pixmap.pixels().iter().map(|pixel| {
        let color = pixel.demultiply();
        Rgba([color.red(), color.green(), color.blue(), color.alpha()])
    });
    Ok(Pixels { width: size.width(), colors: colors.collect() })
}

/// A picture in full colours.
pub(super) struct Pixels {
    /// Columns.
    pub(super) width: u32,
    /// The colours, row by row.
    pub(super) colors: Vec<Rgba>,
}
