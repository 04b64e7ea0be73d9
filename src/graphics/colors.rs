//! The colours that pictures are drawn in. A theme chooses them.

use serde::Serialize;

use super::Rgba;

/// All colours of a site's pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colors {
    /// Sparklines and the map, on light and on dark paper.
    pub ink: Rgba,
    /// Marks in sparklines, on both.
    pub warning: Rgba,
    /// Countries without clients on the map, on both.
    pub none: Rgba,
    /// Charts on light paper.
    pub light: Paper,
    /// Charts on dark paper.
    pub dark: Paper,
}

/// The colours of charts on one kind of paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Paper {
    /// Behind everything.
    pub paper: Rgba,
    /// Words and numbers.
    pub text: Rgba,
    /// The lines of the scale.
    pub line: Rgba,
    /// What there is only one of.
    pub ink: Rgba,
    /// Marks.
    pub warning: Rgba,
    /// Series in their order; used again from the first one when there are more series.
    pub series: Vec<Rgba>,
}

impl Default for Colors {
    fn default() -> Self {
        const fn color(value: u32) -> Rgba {
            let [_, red, green, blue] = value.to_be_bytes();
            Rgba([red, green, blue, 255])
        }
        Self {
            ink: color(0x3f_86cc),
            warning: color(0xd9_5f0e),
            none: color(0x80_8a94),
            light: Paper {
                paper: color(0xff_ffff),
                text: color(0x5c_6670),
                line: color(0xe3_e7eb),
                ink: color(0x2b_6fb3),
                warning: color(0xc2_410c),
                series: vec![color(0x3b_6ea8), color(0xe0_a03a), color(0x6f_a98c), color(0xa9_b3bd)],
            },
            dark: Paper {
                paper: color(0x14_181c),
                text: color(0x98_a3ae),
                line: color(0x2a_3138),
                ink: color(0x6a_a9e6),
                warning: color(0xfb_923c),
                series: vec![color(0x3b_6ea8), color(0xe0_a03a), color(0x6f_a98c), color(0xa9_b3bd)],
            },
        }
    }
}
