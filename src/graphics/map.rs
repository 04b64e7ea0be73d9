//! The map of the world: territories in five steps of one colour.
//!
//! Its pixels are numbers of territories, made and compressed once by `scripts/world-map`; drawing a map is writing a new
//! palette into the file. Everything but land is transparent, and a step is the ink at an opacity, so that one picture
//! serves light and dark paper. Between neighbours is a line of what lies behind.

use super::color::{Rgba, TRANSPARENT};
use super::png::{SIGNATURE, chunks, put};

/// The pixels.
const WORLD: &[u8] = include_bytes!("world.png");
/// The territories' codes, lower-case, in the order of their numbers, which begin with 1.
pub(super) const TERRITORIES: &str = include_str!("world.txt");

/// Width and height in pixels. It is made to be shown at about this size, or smaller.
pub const SIZE: (u32, u32) = (960, 432);

/// The highest class.
pub const CLASSES: u8 = 5;

/// How opaque a class is, from 0 (nothing) to 255. Chosen so that land of class 0 is seen as land, and that the smallest
/// difference of lightness between two that follow each other is then as large as it can be on both papers: who cannot tell
/// colours apart can still tell classes.
pub const OPACITIES: [u8; CLASSES as usize + 1] = [48, 88, 128, 169, 211, 255];

/// A map's colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    /// A class for each territory, in the order of their numbers.
    classes: Vec<u8>,
    ink: Rgba,
    none: Rgba,
}

/// Whether a territory is on the map. The code is that of ISO 3166, of two letters in either case.
pub fn knows(code: &str) -> bool {
    TERRITORIES.lines().any(|territory| territory.eq_ignore_ascii_case(code))
}

/// The class of a value: 0 for nothing, 1 up to the first limit, and one more for each limit that is below the value.
pub fn class(value: f64, limits: &[f64]) -> u8 {
    if value <= 0.0 {
        return 0;
    }
    let passed = limits.iter().filter(|limit| value > **limit).count();
    u8::try_from(passed + 1).unwrap_or(CLASSES).min(CLASSES)
}

impl Map {
    /// A map of territories (codes in either case) and their classes, 0 to [`CLASSES`]. Those that are not named have class
    /// 0; those that the map does not know are left out. `none` is the colour of class 0.
    pub fn new<'a>(classes: impl IntoIterator<Item = (&'a str, u8)>, ink: Rgba, none: Rgba) -> Self {
        let mut own: Vec<u8> = TERRITORIES.lines().map(|_| 0).collect();
        for (code, class) in classes {
            if let Some(number) = TERRITORIES.lines().position(|territory| territory.eq_ignore_ascii_case(code)) {
                own[number] = class.min(CLASSES);
            }
        }
        Self { classes: own, ink, none }
    }

    /// Draws it, as PNG.
    pub fn draw(&self) -> Vec<u8> {
        let palette: Vec<Rgba> =
            std::iter::once(TRANSPARENT).chain(self.classes.iter().map(|it| self.color(*it))).collect();
        let mut png = SIGNATURE.to_vec();
        for (name, data, _) in chunks(WORLD) {
            if name == *b"PLTE" {
                put(&mut png, name, &palette.iter().flat_map(|color| color.0[..3].to_vec()).collect::<Vec<u8>>());
                put(&mut png, *b"tRNS", &palette.iter().map(|color| color.0[3]).collect::<Vec<u8>>());
            } else if name != *b"tRNS" {
                put(&mut png, name, data);
            }
        }
        png
    }

    fn color(&self, class: u8) -> Rgba {
        let color = if class == 0 { self.none } else { self.ink };
        color.with_opacity(OPACITIES[usize::from(class)])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;
    use std::io::Read;

    use flate2::read::ZlibDecoder;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::graphics::Colors;
    use crate::text::hexadecimal;

    fn map(classes: &[(&str, u8)]) -> Map {
        let Colors { ink, none, .. } = Colors::default();
        Map::new(classes.iter().copied(), ink, none)
    }

    fn chunk<'a>(png: &'a [u8], wanted: &[u8; 4]) -> &'a [u8] {
        chunks(png).find(|(name, ..)| name == wanted).unwrap().1
    }

    /// The numbers of a PNG with 8 bits a pixel and no filters, row by row.
    fn pixels(png: &[u8]) -> Vec<Vec<u8>> {
        let mut bytes = Vec::new();
        ZlibDecoder::new(chunk(png, b"IDAT")).read_to_end(&mut bytes).unwrap();
        bytes.chunks(SIZE.0 as usize + 1).map(|row| row[1..].to_vec()).collect()
    }

    /// The palette's colour of a number.
    fn color(png: &[u8], number: usize) -> Rgba {
        let [red, green, blue] = chunk(png, b"PLTE")[3 * number..][..3] else { panic!() };
        Rgba([red, green, blue, chunk(png, b"tRNS")[number]])
    }

    #[test]
    fn the_size_is_that_of_the_picture() {
        let [width, height, rest] = [0..4, 4..8, 8..13].map(|range| &chunk(WORLD, b"IHDR")[range]);
        assert_eq!((width, height), (&SIZE.0.to_be_bytes()[..], &SIZE.1.to_be_bytes()[..]));
        assert_eq!(rest, [8, 3, 0, 0, 0], "8 bits a pixel, a palette");
        assert_eq!(pixels(WORLD).len(), SIZE.1 as usize);
    }

    #[test]
    fn each_territory_is_named_once_and_can_be_seen() {
        let codes: Vec<&str> = TERRITORIES.lines().collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        let mut counts = vec![0; 256];
        pixels(WORLD).iter().flatten().for_each(|number| counts[usize::from(*number)] += 1);
        for (code, count) in codes.iter().zip(&counts[1..]) {
            assert!(*count >= 12, "{code} has {count} pixels");
        }
        assert_eq!(counts[1 + codes.len()..].iter().sum::<u32>(), 0, "pixels without a territory");
    }

    #[test]
    fn neighbours_never_touch() {
        let rows = pixels(WORLD);
        let apart = |a: u8, b: u8| a == 0 || b == 0 || a == b;
        for row in &rows {
            assert!(row.windows(2).all(|pair| apart(pair[0], pair[1])));
        }
        for pair in rows.windows(2) {
            assert!(pair[0].iter().zip(&pair[1]).all(|(above, below)| apart(*above, *below)));
        }
    }

    #[test]
    fn every_code_is_on_the_map_or_known_to_be_no_place_on_it() {
        let codes = include_str!("../../themes/default/languages/countries.en.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'));
        let missing: Vec<&str> =
            codes.map(|line| line.split('\t').next().unwrap()).filter(|code| !knows(code)).collect();
        assert_eq!(
            missing.join(" "),
            "?? a1 a2 ab ac an ap aq cp cq cs dg ea eu ic os other su ta uk un zz",
            "Antarctica, and what is no territory of ISO 3166"
        );
        assert!(knows("de") && knows("DE") && knows("xk") && !knows("") && !knows("d"));
    }

    #[test]
    fn a_territory_has_the_colour_of_its_class() {
        let drawn = map(&[("ir", 5), ("DE", 2), ("aq", 3), ("sg", 9)]).draw();
        let number = |code: &str| 1 + TERRITORIES.lines().position(|it| it == code).unwrap();
        let Colors { ink, none, .. } = Colors::default();
        assert_eq!(color(&drawn, 0), TRANSPARENT);
        assert_eq!(color(&drawn, number("ir")), ink);
        assert_eq!(color(&drawn, number("sg")), ink);
        assert_eq!(color(&drawn, number("de")), ink.with_opacity(128));
        assert_eq!(color(&drawn, number("fr")), none.with_opacity(48));
        // Isfahan lies where it should: two thirds to the right, one third down.
        assert_eq!(usize::from(pixels(&drawn)[147][588]), number("ir"));
    }

    #[test]
    fn only_the_palette_is_new_and_all_sums_are_right() {
        let drawn = map(&[("ir", 5)]).draw();
        assert_eq!(chunk(&drawn, b"IDAT"), chunk(WORLD, b"IDAT"));
        let colors = 1 + TERRITORIES.lines().count();
        assert_eq!(chunk(&drawn, b"PLTE").len(), 3 * colors);
        assert_eq!(chunk(&drawn, b"tRNS").len(), colors);
        let names: Vec<[u8; 4]> = chunks(&drawn).map(|(name, ..)| name).collect();
        assert_eq!(names, [*b"IHDR", *b"PLTE", *b"tRNS", *b"IDAT", *b"IEND"]);
        // An independent reader checks the sums.
        let tree = resvg::tiny_skia::Pixmap::decode_png(&drawn).unwrap();
        assert_eq!((tree.width(), tree.height()), SIZE);
        let mut spoiled = drawn;
        spoiled[60] ^= 1;
        assert!(resvg::tiny_skia::Pixmap::decode_png(&spoiled).is_err());
    }

    #[test]
    fn maps_that_look_alike_are_equal() {
        assert_eq!(map(&[("ir", 5), ("??", 3), ("de", 0)]), map(&[("IR", 5)]));
        assert_ne!(map(&[("ir", 5)]), map(&[("ir", 4)]));
    }

    #[test]
    fn the_same_classes_give_the_same_bytes() {
        let drawn = map(&[("ir", 5), ("de", 2), ("us", 3), ("tv", 1)]).draw();
        assert_eq!(hexadecimal(&Sha256::digest(drawn)[..8]), "c247da29fd3585d0");
    }

    #[test]
    fn a_class_ends_with_its_limit() {
        let limits = [8.0, 40.0, 200.0, 1000.0];
        let values = [-1.0, 0.0, 0.5, 8.0, 8.5, 40.0, 41.0, 200.0, 1000.0, 1001.0, 1e9];
        assert_eq!(values.map(|value| class(value, &limits)), [0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 5]);
        assert_eq!(class(7.0, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), CLASSES);
        assert_eq!(class(7.0, &[]), 1);
    }

    /// The lightness (CIE L*, 0 to 100) of a colour on opaque paper.
    fn lightness(Rgba([red, green, blue, opacity]): Rgba, Rgba([r, g, b, _]): Rgba) -> f64 {
        let share = f64::from(opacity) / 255.0;
        let linear = |over: u8, under: u8| {
            let value = (f64::from(over) * share + f64::from(under) * (1.0 - share)) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = 0.2126 * linear(red, r) + 0.7152 * linear(green, g) + 0.0722 * linear(blue, b);
        116.0 * luminance.cbrt() - 16.0
    }

    #[test]
    fn classes_differ_in_lightness_on_both_papers() {
        let colors = Colors::default();
        let empty = map(&[]);
        for paper in [colors.light.paper, colors.dark.paper] {
            let steps: Vec<f64> = std::iter::once(TRANSPARENT)
                .chain((0..=CLASSES).map(|class| empty.color(class)))
                .map(|color| lightness(color, paper))
                .collect();
            let differences: Vec<f64> = steps.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
            assert!(steps.is_sorted() || steps.iter().rev().is_sorted(), "{steps:?}");
            assert!(differences[0] > 7.5 && differences[1] > 5.8, "paper, none and the first class: {differences:?}");
            assert!(differences[2..].iter().all(|it| *it > 6.7), "from class to class: {differences:?}");
        }
    }
}
