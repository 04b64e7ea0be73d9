//! `pictures:` in a theme's `theme.yaml`: the colours that its pictures are drawn in. What a theme does not say, the theme
//! below it does.

use serde::Deserialize;

use crate::graphics::{Colors, Paper, Rgba};

/// The colours that one theme sets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Chosen {
    ink: Option<Rgba>,
    warning: Option<Rgba>,
    none: Option<Rgba>,
    light: ChosenPaper,
    dark: ChosenPaper,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ChosenPaper {
    paper: Option<Rgba>,
    text: Option<Rgba>,
    line: Option<Rgba>,
    ink: Option<Rgba>,
    warning: Option<Rgba>,
    series: Vec<Rgba>,
}

impl Chosen {
    /// These colours, and `below` where there is none.
    pub(super) fn over(self, below: Colors) -> Colors {
        Colors {
            ink: self.ink.unwrap_or(below.ink),
            warning: self.warning.unwrap_or(below.warning),
            none: self.none.unwrap_or(below.none),
            light: self.light.over(below.light),
            dark: self.dark.over(below.dark),
        }
    }
}

impl ChosenPaper {
    fn over(self, below: Paper) -> Paper {
        Paper {
            paper: self.paper.unwrap_or(below.paper),
            text: self.text.unwrap_or(below.text),
            line: self.line.unwrap_or(below.line),
            ink: self.ink.unwrap_or(below.ink),
            warning: self.warning.unwrap_or(below.warning),
            series: if self.series.is_empty() { below.series } else { self.series },
        }
    }
}
