//! The text of a template and the file that it was made from, so that a mistake in the one is shown in the other.

use std::path::PathBuf;

use crate::problem::Place;

/// A template's text, and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The file as a person would name it.
    pub(super) file: PathBuf,
    text: String,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Origin {
    /// The text is the file's.
    Same,
    /// The text was made from the file's, and these are the places (in the made text, in the file's) of its expressions.
    Made { from: String, places: Vec<(usize, usize)> },
    /// The text is a value that stands at one place in the file.
    Value(Place),
}

impl Source {
    /// A file that is a template.
    pub(super) fn file(file: PathBuf, text: String) -> Self {
        Self { file, text, origin: Origin::Same }
    }

    /// A template that was made from the file's text `from`; `places` are those of its expressions (byte in `text`, byte
    /// in `from`), in order.
    pub(super) fn made(file: PathBuf, from: String, text: String, places: Vec<(usize, usize)>) -> Self {
        Self { file, text, origin: Origin::Made { from, places } }
    }

    /// A template that stands as a value in another file.
    pub(super) fn value(place: Place, text: String) -> Self {
        Self { file: place.file.clone(), text, origin: Origin::Value(place) }
    }

    /// The template's text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The place in the file of what stands at a line and a column of the template.
    pub(super) fn place(&self, line: usize, column: usize) -> Place {
        self.place_of(line, column, "")
    }

    /// The place of the first `name` from there on; of that position itself if there is none.
    pub(super) fn place_of(&self, line: usize, column: usize, name: &str) -> Place {
        let offset = offset(&self.text, line, column);
        let (text, offset) = match &self.origin {
            Origin::Value(place) => return place.clone(),
            Origin::Same => (&self.text, offset),
            Origin::Made { from, places } => {
                let after = places.partition_point(|(made, _)| *made <= offset);
                (from, after.checked_sub(1).map_or(0, |at| places[at].1))
            }
        };
        let (line, column) = position(text, find_name(text, offset, name).unwrap_or(offset));
        Place::at(&self.file, line, column)
    }
}

/// Where `name` begins as a whole name, from a byte on.
fn find_name(text: &str, from: usize, name: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || "_-@$/.".contains(c);
    let rest = text.get(from..).filter(|_| !name.is_empty())?;
    rest.match_indices(name).map(|(at, _)| from + at).find(|at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// The byte of a line and a column in characters, both from 1.
pub(super) fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(before) => text.match_indices('\n').nth(before).map_or(text.len(), |(at, _)| at + 1),
    };
    text[start..].char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| start + at)
}

/// The line and the column in characters of a byte, both from 1.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_and_its_byte_belong_together() {
        let text = "ä{{x}}\n\n  ü{{y}}";
        for name in ["{{x}}", "{{y}}"] {
            let at = text.find(name).unwrap_or_default();
            let (line, column) = position(text, at);
            assert_eq!(offset(text, line, column), at);
        }
        assert_eq!(position(text, text.len() - 5), (3, 4));
        assert_eq!(offset(text, 9, 9), text.len());
    }

    #[test]
    fn a_mistake_in_a_made_template_is_shown_where_the_name_stands_in_its_file() {
        let from = "---\n---\n# {{a}}\n\nText {{#if b}}x{{else if c}}y{{/if}}".to_owned();
        let made = "<h1>{{a}}</h1>\n<p>Text {{#if b}}x{{else if c}}y{{/if}}</p>".to_owned();
        let places = ["{{a", "{{#if", "{{else", "{{/if"]
            .map(|part| (made.find(part).unwrap_or(0), from.find(part).unwrap_or(0)));
        let source = Source::made("x.md".into(), from, made, places.to_vec());
        assert_eq!(source.place(1, 5).to_string(), "x.md:3:3");
        assert_eq!(source.place_of(1, 5, "a").to_string(), "x.md:3:5");
        assert_eq!(source.place_of(2, 9, "b").to_string(), "x.md:5:12");
        assert_eq!(source.place_of(2, 9, "c").to_string(), "x.md:5:26");
    }

    #[test]
    fn a_name_is_found_whole() {
        let source = Source::file("x.hbs".into(), "{{#each days as |day|}}{{day}}{{/each}}".to_owned());
        assert_eq!(source.place_of(1, 1, "day").to_string(), "x.hbs:1:18");
        assert_eq!(source.place_of(1, 1, "nothing").to_string(), "x.hbs:1:1");
    }
}
