//! Where a territory's flag is on the sheet of flags, which `scripts/flags` makes and a theme has among its assets.

/// The codes of the sheet's tiles, a tile a line; lower-case, several where territories fly the same flag.
const TILES: &str = include_str!("flags.txt");

/// Which tile is a territory's flag, counted from 0, row by row of ten. The code is that of ISO 3166, or `eu` or `xk`, in
/// either case.
pub fn position(code: &str) -> Option<usize> {
    TILES.lines().position(|codes| codes.split(' ').any(|own| own.eq_ignore_ascii_case(code)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use resvg::tiny_skia::Pixmap;

    use super::*;

    fn sheet() -> Pixmap {
        Pixmap::decode_png(include_bytes!("../../themes/default/assets/flags.png")).unwrap()
    }

    #[test]
    fn the_sheet_has_a_tile_for_each_line() {
        let sheet = sheet();
        let rows = TILES.lines().count().div_ceil(10);
        assert_eq!((sheet.width(), sheet.height() as usize), (400, 30 * rows));
    }

    #[test]
    fn every_code_is_named_once() {
        let codes: Vec<&str> = TILES.split_whitespace().collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }

    #[test]
    fn every_code_has_a_flag_or_is_known_to_have_none() {
        let codes = include_str!("../../themes/default/languages/countries.en.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'));
        let codes = codes.map(|line| line.split('\t').next().unwrap());
        let missing: Vec<&str> = codes.filter(|code| position(code).is_none()).collect();
        assert_eq!(
            missing.join(" "),
            "?? a1 a2 ab ac an ap cp cq cs dg ea ic os other su ta uk un zz",
            "what is no territory of ISO 3166"
        );
        assert_eq!(position(""), None);
        assert_eq!(position("DE"), position("de"));
    }

    #[test]
    fn flags_stand_where_their_codes_say() {
        let sheet = sheet();
        let color = |code: &str, x: usize, y: usize| {
            let tile = position(code).unwrap();
            let (x, y) = (tile % 10 * 40 + x, tile / 10 * 30 + y);
            let pixel = sheet.pixel(u32::try_from(x).unwrap(), u32::try_from(y).unwrap()).unwrap();
            [pixel.red(), pixel.green(), pixel.blue()].map(|value| value > 127)
        };
        let (red, yellow, white) = ([true, false, false], [true, true, false], [true; 3]);
        assert_eq!([3, 15, 27].map(|y| color("de", 20, y)), [[false; 3], red, yellow]);
        assert_eq!([3, 20, 37].map(|x| color("it", x, 15)), [[false, true, false], white, red]);
        assert_eq!([(2, 2), (20, 15)].map(|(x, y)| color("jp", x, y)), [white, red]);
        assert_eq!(position("fr"), position("re"), "the same flag");
    }
}
