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

impl Colors {
    /// The colours on light or on dark paper.
    pub fn paper(&self, dark: bool) -> &Paper {
        if dark { &self.dark } else { &self.light }
    }

    /// After how many series colours begin anew: as many as both papers have, since one legend stands beside the pictures of
    /// both.
    pub fn series(&self) -> usize {
        self.light.series.len().min(self.dark.series.len()).max(1)
    }
}

/// The colours of the default theme, as its `theme.yaml` and its style sheet have them.
impl Default for Colors {
    fn default() -> Self {
        const fn color(value: u32) -> Rgba {
            let [_, red, green, blue] = value.to_be_bytes();
            Rgba([red, green, blue, 255])
        }
        Self {
            ink: color(0x3b_7fc4),
            warning: color(0xd6_560f),
            none: color(0x80_8890),
            light: Paper {
                paper: color(0xff_ffff),
                text: color(0x5c_6670),
                line: color(0xe3_e7eb),
                ink: color(0x2b_6fb3),
                warning: color(0xb9_3f0c),
                series: [0x3c_76b3, 0xe6_b056, 0x35_634c, 0xb3_bcc5, 0x63_3374, 0xc2_7c5e].map(color).into(),
            },
            dark: Paper {
                paper: color(0x14_181c),
                text: color(0x98_a3ae),
                line: color(0x2a_3138),
                ink: color(0x6a_a9e6),
                warning: color(0xfb_923c),
                series: [0x54_86c4, 0xd8_ae5a, 0x24_734f, 0xa3_b0ba, 0xa8_558f, 0xd5_7c58].map(color).into(),
            },
        }
    }
}
