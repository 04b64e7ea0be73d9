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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::yaml::Document;
    use crate::graphics::map::OPACITIES;

    const THEME: &str = include_str!("../../themes/default/theme.yaml");
    const STYLE: &str = include_str!("../../themes/default/assets/style.css");

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Theme {
        pictures: Chosen,
    }

    /// What the style sheet declares for exactly that selector, without spaces.
    fn declared(selector: &str) -> Vec<String> {
        let rules = STYLE.split('}').filter_map(|rule| rule.rsplit_once('{'));
        let rules = rules.filter(|(selectors, _)| {
            let selectors = selectors.rsplit(['/', '{', '\n']).next().unwrap_or_default();
            selectors.split(',').any(|one| one.trim() == selector)
        });
        let without_spaces = |declaration: &str| declaration.split_whitespace().collect::<String>();
        rules.flat_map(|(_, body)| body.split(';').map(without_spaces).collect::<Vec<_>>()).collect()
    }

    #[track_caller]
    fn assert_declared(selector: &str, declaration: &str) {
        let found = declared(selector);
        assert!(found.iter().any(|one| one == declaration), "`{selector}` has no `{declaration}`: {found:?}");
    }

    #[test]
    fn the_default_theme_names_every_colour_and_they_are_those_of_the_code() {
        let nothing = Rgba([0; 4]);
        let paper =
            Paper { paper: nothing, text: nothing, line: nothing, ink: nothing, warning: nothing, series: Vec::new() };
        let below = Colors { ink: nothing, warning: nothing, none: nothing, light: paper.clone(), dark: paper };
        let theme: Theme = Document::new("theme.yaml", THEME).parse().unwrap();
        assert_eq!(theme.pictures.over(below), Colors::default());
    }

    #[test]
    fn a_legend_has_the_colours_of_its_picture() {
        let Colors { ink, none, light, dark, .. } = Colors::default();
        assert_eq!(light.series.len(), dark.series.len());
        for (at, (light, dark)) in light.series.iter().zip(&dark.series).enumerate() {
            assert_declared(&format!(".series-{}", at + 1), &format!("--series:light-dark({light},{dark})"));
        }
        assert!(declared(&format!(".series-{}", light.series.len() + 1)).is_empty());
        assert_declared(".map .swatch", &format!("background:{ink}"));
        assert_declared(".map .m0", &format!("background:{none}"));
        for (class, opacity) in OPACITIES.into_iter().enumerate() {
            let selector = if class == 0 { ".map .m0".to_owned() } else { format!(".m{class}") };
            let shares = declared(&selector);
            let share = shares.iter().find_map(|one| one.strip_prefix("opacity:"));
            let share: f64 = share.map_or(1.0, |share| share.parse().unwrap());
            assert!((share - f64::from(opacity) / 255.0).abs() < 0.005, "{selector}: {shares:?}");
        }
    }

    #[test]
    fn a_legend_of_lines_has_the_dashes_of_its_picture() {
        use crate::graphics::chart::DASHES;
        for (at, dashes) in DASHES.into_iter().enumerate().skip(1) {
            let mut end = 0;
            let lengths = dashes.split(' ').map(|length| length.parse::<u32>().unwrap()).enumerate();
            let stops = lengths.map(|(at, length)| {
                end += length;
                format!("{}0{end}px", if at % 2 == 0 { "var(--series)" } else { "#0000" })
            });
            let stops: Vec<String> = stops.collect();
            assert_declared(&format!(".chart-line .dash-{}", at + 1), &format!("--dashes:{}", stops.join(",")));
        }
    }

    #[test]
    fn a_legend_of_the_theme_classic_has_the_colours_of_its_pictures_too() {
        let theme: Theme =
            Document::new("theme.yaml", include_str!("../../themes/classic/theme.yaml")).parse().unwrap();
        let Colors { ink, light, dark, .. } = theme.pictures.over(Colors::default());
        let style = include_str!("../../themes/classic/assets/classic.css");
        for (at, (light, dark)) in light.series.iter().zip(&dark.series).enumerate() {
            let rule = format!(".series-{} {{ --series: light-dark({light}, {dark}); }}", at + 1);
            assert!(style.contains(&rule), "{rule}");
        }
        assert!(style.contains(&format!(".map .swatch:not(.m0) {{ background: {ink}; }}")));
    }
}
