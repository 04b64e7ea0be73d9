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
}

impl Problem {
    /// A problem at a place.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), message: message.into(), hint: None }
    }

    /// A problem that stands in no file, such as a wrong argument.
    pub fn nowhere(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into(), hint: None }
    }

    /// The same problem with advice.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
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
    let problem = Problem::nowhere(format!("there is no {kind} `{name}`"));
    match nearest(name, known) {
        Some(likely) => problem.hint(format!("did you mean `{likely}`?")),
        None => problem,
    }
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

/// The candidate that is most like `name`, for a "did you mean" hint; `None` if none is near.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + name.len().min(candidate.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}
