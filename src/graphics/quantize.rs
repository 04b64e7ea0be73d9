//! Few colours for a picture that was drawn with few, but has many where edges are smoothed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::color::Rgba;

/// A palette of at most `most` colours (256 at the utmost), and for each pixel its number in it.
///
/// Colours of `flat` that the picture has stay exactly as they are. After them the palette takes the colour whose pixels are
/// worst off (their number times the squared distance to the nearest colour taken), again and again. Only whole numbers are
/// computed with, and ties go to the smaller colour, so the result is the same on every machine.
pub(super) fn quantize(pixels: &[Rgba], flat: &BTreeSet<Rgba>, most: usize) -> (Vec<Rgba>, Vec<u8>) {
    let mut counts: BTreeMap<Rgba, u64> = BTreeMap::new();
    // Most pixels are like the one before.
    for run in pixels.chunk_by(|one, other| one == other) {
        *counts.entry(run[0]).or_default() += run.len() as u64;
    }
    let mut palette: Vec<Rgba> = Vec::new();
    // Of each colour: how many pixels, the nearest in the palette and how far that is.
    let mut colors: Vec<(Rgba, u64, usize, u64)> =
        counts.into_iter().map(|(color, count)| (color, count, 0, FAR)).collect();
    while palette.len() < most.min(256) {
        let missing = colors.iter().filter(|color| color.3 > 0);
        let next = missing.min_by_key(|(color, count, _, distance)| (!flat.contains(color), Reverse(count * distance)));
        let Some((next, ..)) = next else { break };
        let (next, number) = (*next, palette.len());
        palette.push(next);
        for (color, _, nearest, distance) in &mut colors {
            let other = apart(*color, next);
            if other < *distance {
                (*nearest, *distance) = (number, other);
            }
        }
    }
    let numbers: BTreeMap<Rgba, u8> = colors.into_iter().map(|(color, _, nearest, _)| (color, nearest as u8)).collect();
    let runs = pixels.chunk_by(|one, other| one == other);
    let numbers = runs.flat_map(|run| std::iter::repeat_n(numbers[&run[0]], run.len())).collect();
    (palette, numbers)
}

/// More than any two colours are apart, and little enough that a count of pixels times it fits.
const FAR: u64 = 1 << 24;

/// The squared distance of two colours, as they look on paper: what is nearly transparent is near to all that is.
fn apart(one: Rgba, other: Rgba) -> u64 {
    let [one, other] = [one, other].map(|Rgba([red, green, blue, alpha])| {
        let seen = |part: u8| i64::from(part) * i64::from(alpha) / 255;
        [seen(red), seen(green), seen(blue), i64::from(alpha)]
    });
    one.iter().zip(other).map(|(one, other)| (one - other).pow(2).unsigned_abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gray(part: u8) -> Rgba {
        Rgba([part, part, part, 255])
    }

    #[test]
    fn few_colours_stay_as_they_are() {
        let pixels = [gray(0), gray(9), gray(0), gray(200)];
        let (palette, numbers) = quantize(&pixels, &BTreeSet::new(), 16);
        let back: Vec<Rgba> = numbers.iter().map(|number| palette[usize::from(*number)]).collect();
        assert_eq!((palette.len(), back.as_slice()), (3, pixels.as_slice()));
    }

    #[test]
    fn areas_keep_their_colour_and_edges_get_the_nearest() {
        let mut pixels = vec![gray(0); 1000];
        pixels.extend(vec![gray(240); 1000]);
        pixels.extend((1..240).map(gray));
        let (palette, numbers) = quantize(&pixels, &BTreeSet::from([gray(120)]), 4);
        assert_eq!(palette.len(), 4);
        assert!([0, 240, 120].map(gray).iter().all(|color| palette.contains(color)), "{palette:?}");
        for (pixel, number) in pixels.iter().zip(numbers) {
            let distance = apart(*pixel, palette[usize::from(number)]);
            assert!(palette.iter().all(|other| apart(*pixel, *other) >= distance));
        }
    }

    proptest! {
        #[test]
        fn no_picture_has_more_colours_than_allowed(parts in prop::collection::vec(any::<[u8; 4]>(), 0..200), most in 1usize..20) {
            let pixels: Vec<Rgba> = parts.into_iter().map(Rgba).collect();
            let (palette, numbers) = quantize(&pixels, &BTreeSet::new(), most);
            prop_assert!(palette.len() <= most && numbers.len() == pixels.len());
            prop_assert!(numbers.iter().all(|number| usize::from(*number) < palette.len()));
        }
    }
}
