//! What is wrong in somebody's files: where it stands and what to do. Whoever reads such files collects all their
//! problems before giving up, so that one run shows everything there is to mend.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A position in a file that a person can open: lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file, relative to the project's folder where it lies inside.
    pub file: PathBuf,
    /// The line, if known.
    pub line: Option<usize>,
    /// The column in characters, if known.
    pub column: Option<usize>,
}

impl Place {
    /// The file as a whole.
    pub fn file(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), line: None, column: None }
    }

    /// A position in the file.
    pub fn at(file: impl Into<PathBuf>, line: usize, column: usize) -> Self {
        Self { file: file.into(), line: Some(line), column: Some(column) }
    }

    /// The line of it in the file's text; `None` if there is none.
    pub fn line_of(&self, text: &str) -> Option<Box<str>> {
        text.lines().nth(self.line?.checked_sub(1)?).map(Into::into)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        Ok(())
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// Where it is.
    pub place: Option<Place>,
    /// What is wrong: lower case, no full stop, names in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The line that it is about as it stands in the file, where that may be shown.
    pub source: Option<Box<str>>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), message: message.into(), hint: None, source: None }
    }

    /// A problem that stands in no file, such as a wrong argument.
    pub fn nowhere(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into(), hint: None, source: None }
    }

    /// The same problem with advice.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same problem with the likeliest of the names that there are as advice; as it is, if none is near.
    #[must_use]
    pub fn suggest<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self { hint: did_you_mean(name, known).or(self.hint), ..self }
    }

    /// What a person is shown below the message: the line and its number, and below that a caret under the column. Of a
    /// long line the part around the column.
    pub fn excerpt(&self) -> Option<Excerpt> {
        /// As much as a common terminal shows in a line, with its number.
        const MOST: usize = 100;
        let (place, source) = (self.place.as_ref()?, self.source.as_ref()?);
        let number = place.line?;
        // A tab would move the caret away.
        let letters: Vec<char> = source.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        let column = place.column.map(|column| column.saturating_sub(1).min(letters.len()));
        let first = column.unwrap_or_default().saturating_sub(MOST * 2 / 3).min(letters.len().saturating_sub(MOST));
        let last = letters.len().min(first + MOST);
        let dots = |is_cut: bool| if is_cut { "…" } else { "" };
        let line: String = letters[first..last].iter().collect();
        let lead = usize::from(first > 0);
        Some(Excerpt {
            number,
            line: format!("{}{line}{}", dots(first > 0), dots(last < letters.len())),
            caret: column.map(|column| column - first + lead),
        })
    }
}

/// A line of a file as a problem shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Its number.
    pub number: usize,
    /// What is shown of it.
    pub line: String,
    /// How many characters stand before the caret, if there is one.
    pub caret: Option<usize>,
}

impl fmt::Display for Excerpt {
    /// Two lines, of which the second has the caret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number.to_string();
        write!(f, "  {number} | {}", self.line)?;
        match self.caret {
            Some(caret) => write!(f, "\n  {:width$} | {:caret$}^", "", "", width = number.len()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// The problem that there is no `name` of a kind, with the likeliest of the names that there are.
pub fn unknown<'a>(kind: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Problem {
    Problem::nowhere(format!("there is no {kind} `{name}`")).suggest(name, known)
}

/// The question whether somebody meant the likeliest of the names that there are; `None` if none is near.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|likely| format!("did you mean `{likely}`?"))
}

/// Whose work it is to mend a list of problems; it decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The configuration: nothing was begun.
    Configuration,
    /// The content: pages, queries, templates.
    Content,
}

/// All problems of one run: never empty when used as an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// What they are about.
    pub kind: Kind,
    /// The problems, in order of place, each once.
    pub list: Vec<Problem>,
}

impl Problems {
    /// `Err` with all problems, sorted and each once, unless there is none.
    pub fn check(kind: Kind, mut list: Vec<Problem>) -> Result<(), Self> {
        list.sort();
        list.dedup();
        if list.is_empty() { Ok(()) } else { Err(Self { kind, list }) }
    }
}

/// A single mistake in the settings or the arguments.
impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { kind: Kind::Configuration, list: vec![problem] }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.list.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The candidate that is most like `name`; `None` if none is near.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + name.len().min(candidate.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(source: &str, line: usize, column: Option<usize>) -> String {
        let place = Place { file: "x".into(), line: Some(line), column };
        let problem = Problem { source: Some(source.into()), ..Problem::new(place, "x") };
        problem.excerpt().map_or_else(String::new, |excerpt| excerpt.to_string())
    }

    #[test]
    fn the_caret_stands_below_the_column() {
        assert_eq!(excerpt("{{sparkine x}}", 12, Some(3)), "  12 | {{sparkine x}}\n     |   ^");
        assert_eq!(excerpt("äö\tü", 1, Some(4)), "  1 | äö ü\n    |    ^", "a tab is as wide as a letter");
        assert_eq!(excerpt("abc", 1, None), "  1 | abc");
        assert_eq!(excerpt("abc", 1, Some(99)), "  1 | abc\n    |    ^", "behind the end");
        assert_eq!(Problem::new(Place::at("x", 1, 1), "no line").excerpt(), None);
        assert_eq!(Problem::nowhere("x").excerpt(), None);
    }

    #[test]
    fn of_a_long_line_the_part_around_the_column_is_shown() {
        let line = format!("{}x{}", "a".repeat(300), "b".repeat(300));
        let shown = excerpt(&line, 1, Some(301));
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0].chars().count(), 6 + 102);
        let caret = lines[1].chars().count() - 1;
        assert_eq!(lines[0].chars().nth(caret), Some('x'));
        assert!(lines[0].starts_with("  1 | …a") && lines[0].ends_with("b…"), "{shown}");
        assert!(excerpt(&line, 1, Some(1)).starts_with("  1 | aaa"));
        assert!(excerpt(&line, 1, Some(601)).lines().next().is_some_and(|line| line.ends_with('b')));
    }
}
