//! The face of all text in pictures: a subset of Inter, embedded, so that a picture is the same on every machine.
//!
//! It has the Latin letters of Europe and Turkey. What it has no letter for is drawn as a box, never left out.

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb::{Database, ID, Source};
use resvg::usvg::{FontResolver, Options};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, GlyphId, MetadataProvider};

/// Made by `scripts/font`.
static FACE: &[u8] = include_bytes!("inter.ttf");

static DATABASE: LazyLock<(Arc<Database>, Option<ID>)> = LazyLock::new(|| {
    let mut database = Database::new();
    let ids = database.load_font_source(Source::Binary(Arc::new(FACE)));
    (Arc::new(database), ids.first().copied())
});

/// How SVG is read: every text gets the embedded face, whatever family, weight or style it asks for.
pub(super) fn options() -> Options<'static> {
    let (database, id) = &*DATABASE;
    let id = *id;
    Options {
        fontdb: Arc::clone(database),
        font_resolver: FontResolver {
            select_font: Box::new(move |_, _| id),
            select_fallback: Box::new(|_, _, _| None),
        },
        ..Options::default()
    }
}

/// How wide a text of that size is at most, in the unit of the size: kerning can only make it narrower by little.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let Ok(face) = FontRef::new(FACE) else { return 0.0 };
    let glyphs = face.charmap();
    let metrics = face.glyph_metrics(Size::new(1.0), LocationRef::default());
    let advance = |c| f64::from(metrics.advance_width(glyphs.map(c).unwrap_or(GlyphId::NOTDEF)).unwrap_or_default());
    text.chars().map(advance).sum::<f64>() * size
}

/// The text, cut with `…` so that it is at most `room` wide.
pub(super) fn cut(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut short = text.to_owned();
    while short.pop().is_some() {
        let candidate = format!("{}…", short.trim_end());
        if width(&candidate, size) <= room {
            return candidate;
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_as_wide_as_each_other() {
        assert_eq!(width("1111", 12.0), width("8888", 12.0));
        assert!(width("W", 12.0) > width("i", 12.0));
    }

    #[test]
    fn what_the_face_cannot_show_is_as_wide_as_a_box() {
        assert!(width("ایران", 12.0) > 30.0);
    }

    #[test]
    fn a_text_without_room_is_cut() {
        assert_eq!(cut("no transport", 12.0, 500.0), "no transport");
        let short = cut("no transport", 12.0, 40.0);
        assert!(short.ends_with('…') && short.starts_with("no") && width(&short, 12.0) <= 40.0, "{short}");
        assert_eq!(cut("no transport", 12.0, 2.0), "");
    }
}
