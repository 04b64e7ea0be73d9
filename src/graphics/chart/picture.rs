//! A chart's picture.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::graphics::color::{Rgba, TRANSPARENT};
use crate::graphics::quantize::quantize;
use crate::graphics::{png, raster};

/// Pixels of the picture for each pixel of the page, each way: sharp on fine screens, and smoothed by the browser on others.
const DENSITY: f32 = 2.0;
/// Colours of smoothed edges, mostly those of letters.
const SHADES: usize = 4;

/// What a chart's picture is drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// The document, as a theme's template made it, in CSS pixels. Its colours stand in it as `#rrggbb`.
    pub svg: String,
}

impl Chart {
    /// Draws it, as PNG on transparent ground.
    ///
    /// # Errors
    /// If it is no SVG, or too large.
    pub(in crate::graphics) fn draw(&self) -> Result<Vec<u8>> {
        let pixels = raster::pixels(&self.svg, DENSITY)?;
        let flat = colors(&self.svg);
        let (palette, numbers) = quantize(&pixels.colors, &flat, flat.len() + SHADES);
        let bits = match palette.len() {
            0..=4 => 2,
            5..=16 => 4,
            _ => 8,
        };
        png::indexed(pixels.width, &numbers, &palette, bits, png::Level::Large)
    }
}

/// Nothing, and the colours that a document names.
fn colors(svg: &str) -> BTreeSet<Rgba> {
    let named = svg.match_indices('#').filter_map(|(at, _)| svg.get(at..at + 7)?.parse().ok());
    std::iter::once(TRANSPARENT).chain(named).collect()
}
