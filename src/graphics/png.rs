//! From pixels to PNG with a palette.

use anyhow::{Context, Result};
use oxipng::{BitDepth, ColorType, Deflater, FilterStrategy, Options, RawImage, indexset};

use super::color::Rgba;

/// A PNG of `width` columns from palette numbers, row by row, with `bits` (1, 2, 4 or 8) for each.
///
/// Compressed once and without trying: rows as they are and the slow level of libdeflate. For pictures of few colours other
/// filters win nothing, and oxipng's trials cost ten times the time (`BENCHMARKS.md`).
///
/// # Errors
/// If the sizes do not fit together.
pub(super) fn indexed(width: u32, numbers: &[u8], palette: &[Rgba], bits: u8) -> Result<Vec<u8>> {
    let palette = palette.iter().map(|color| color.0.into()).collect();
    let depth = match bits {
        1 => BitDepth::One,
        2 => BitDepth::Two,
        4 => BitDepth::Four,
        _ => BitDepth::Eight,
    };
    let height = u32::try_from(numbers.len())? / width;
    let rows = numbers.chunks(usize::try_from(width)?).flat_map(|row| packed(row, bits)).collect();
    let image = RawImage::new(width, height, ColorType::Indexed { palette }, depth, rows)
        .context("cannot make a PNG of these pixels")?;
    let options = Options {
        filters: indexset! { FilterStrategy::NONE },
        deflater: Deflater::Libdeflater { compression: 12 },
        bit_depth_reduction: false,
        color_type_reduction: false,
        palette_reduction: false,
        grayscale_reduction: false,
        ..Options::default()
    };
    image.create_optimized_png(&options).context("cannot compress the PNG")
}

/// Numbers of `bits` each, the first in the highest bits.
fn packed(row: &[u8], bits: u8) -> Vec<u8> {
    row.chunks(usize::from(8 / bits))
        .map(|chunk| {
            let byte = chunk.iter().fold(0, |byte, number| (byte << bits) | u16::from(*number));
            (byte << ((usize::from(8 / bits) - chunk.len()) * usize::from(bits))) as u8
        })
        .collect()
}
