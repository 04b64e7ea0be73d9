//! From pixels to PNG with a palette, and the chunks that a PNG consists of.

use anyhow::{Context, Result};
use crc::{CRC_32_ISO_HDLC, Crc};
use oxipng::{BitDepth, ColorType, Deflater, FilterStrategy, Options, RawImage, indexset};

use super::color::Rgba;

/// What a PNG begins with.
pub(super) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// The sum that ends a chunk.
const SUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// How long to look for fewer bytes.
#[derive(Clone, Copy)]
pub(super) enum Level {
    /// For large pictures: a tenth of the time, for 7 % more bytes.
    Large = 9,
    /// For small ones.
    Small = 12,
}

/// A PNG of `width` columns from palette numbers, row by row, with `bits` (1, 2, 4 or 8) for each.
///
/// Compressed once and without trying: rows as they are and that level of libdeflate. For pictures of few colours other
/// filters and more bits are larger and slower (`BENCHMARKS.md`).
///
/// # Errors
/// If the sizes do not fit together.
pub(super) fn indexed(width: u32, numbers: &[u8], palette: &[Rgba], bits: u8, level: Level) -> Result<Vec<u8>> {
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
        deflater: Deflater::Libdeflater { compression: level as u8 },
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

/// The chunks of a PNG: their names and data, and whether their sums are right.
pub(super) fn chunks(png: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8], bool)> {
    let mut rest = png.strip_prefix(&SIGNATURE).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk()?;
        let (name, after) = after.split_first_chunk()?;
        let (data, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let (sum, after) = after.split_first_chunk()?;
        rest = after;
        Some((*name, data, u32::from_be_bytes(*sum) == sum_of(*name, data)))
    })
}

/// Appends a chunk.
pub(super) fn put(png: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    png.extend(name);
    png.extend(data);
    png.extend(sum_of(name, data).to_be_bytes());
}

fn sum_of(name: [u8; 4], data: &[u8]) -> u32 {
    let mut sum = SUM.digest();
    sum.update(&name);
    sum.update(data);
    sum.finalize()
}

/// Whether these are the bytes of a PNG, all of them and unharmed.
pub(super) fn is_whole(png: &[u8]) -> bool {
    let mut last = None;
    let sound = chunks(png).all(|(name, _, sound)| {
        last = Some(name);
        sound
    });
    sound && last == Some(*b"IEND")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_cut_short_or_changed_is_not_whole() {
        let png = indexed(4, &[0, 1, 1, 0, 1, 0, 0, 1], &[Rgba([0; 4]), Rgba([255; 4])], 1, Level::Small).unwrap();
        assert!(is_whole(&png));
        for at in 0..png.len() {
            assert!(!is_whole(&png[..at]), "cut after {at} bytes");
            let mut changed = png.clone();
            changed[at] ^= 1;
            assert!(!is_whole(&changed), "byte {at} changed");
        }
        assert!(!is_whole(b"some text"));
    }
}
