//! A chart's picture.

use anyhow::Result;

use crate::graphics::quantize::quantize;
use crate::graphics::{png, raster};

/// Colours of a chart's picture, including nothing.
const COLORS: usize = 16;

/// What a chart's picture is drawn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The document, as a theme's template made it.
    pub svg: String,
    /// Pixels of the picture for each pixel of the page.
    pub density: f32,
}

impl Chart {
    /// Draws it, as PNG.
    ///
    /// # Errors
    /// If it is no SVG, or too large.
    pub(in crate::graphics) fn draw(&self) -> Result<Vec<u8>> {
        let pixels = raster::pixels(&self.svg, self.density)?;
        let (palette, numbers) = quantize(&pixels.colors, COLORS);
        png::indexed(pixels.width, &numbers, &palette, 4)
    }
}
