//! The options of sources that do not ask tor: archives, tables and programs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::Selection;
use super::values::{optional_seconds, optional_size, paths, text};

/// A source that reads documents of CollecTor's archive `bridge-extra-info`.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Collector {
    /// Files, folders or globs, relative to the project's folder.
    #[serde(deserialize_with = "paths")]
    pub path: Vec<PathBuf>,
    /// Whether they may lie outside of the project's folder.
    pub outside: bool,
    /// Which of the bridges in them count.
    pub bridges: Which,
}

/// Which bridges of an archive count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// All of them.
    #[default]
    All,
    /// Those that one of the fleet's servers has shown.
    Known,
}

/// A source that reads files of rows.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Table {
    /// Files or globs, relative to the project's folder.
    #[serde(deserialize_with = "paths")]
    pub path: Vec<PathBuf>,
    /// Whether they may lie outside of the project's folder.
    pub outside: Option<bool>,
    /// How the files are written; by their names' endings if nothing is said.
    pub format: Option<Format>,
    /// What begins a line that is none, in CSV and TSV: one character.
    pub comment: Option<String>,
    /// Whether the first line has the columns' names, in CSV and TSV. If it has not, they are `column0`, `column1` and so on.
    pub header: Option<bool>,
    /// The zone of times that name none, as `Europe/Berlin`; UTC if nothing is said.
    pub time_zone: Option<String>,
    /// The columns that are read, and their types; all, and the types that fit, if nothing is said.
    pub columns: BTreeMap<String, ColumnType>,
    /// What becomes of the rows that are there already.
    pub mode: Option<Mode>,
    /// The columns that tell a row from others.
    pub key: Vec<String>,
    /// Who may see it.
    pub scope: Option<Reach>,
    /// The folder of queries and pages that come with it.
    #[serde(deserialize_with = "text")]
    pub pack: Option<String>,
}

/// A source whose rows a program prints.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Command {
    /// The program here and its arguments, relative to the project's folder; `sources/NAME` if nothing is said.
    #[serde(deserialize_with = "text")]
    pub run: Option<Vec<String>>,
    /// The servers whose drop-in of this name prints the rows; none if it runs here.
    pub servers: Option<Selection>,
    /// What the program is told: `TORCOLLECT_OPTION_NAME` in its environment.
    pub options: BTreeMap<String, OptionText>,
    /// How long it may take: 60 seconds. On a server the extract's own limits count.
    #[serde(deserialize_with = "optional_seconds")]
    pub timeout: Option<Duration>,
    /// How much it may print: 16 MB.
    #[serde(deserialize_with = "optional_size")]
    pub max_bytes: Option<u64>,
    /// Whether it has failed if it prints nothing.
    pub required: Option<bool>,
    /// How the rows are written: CSV, if nothing is said.
    pub format: Option<Format>,
    /// What begins a line that is none, in CSV and TSV: one character.
    pub comment: Option<String>,
    /// Whether the first line has the columns' names, in CSV and TSV.
    pub header: Option<bool>,
    /// The zone of times that name none, as `Europe/Berlin`; UTC if nothing is said.
    pub time_zone: Option<String>,
    /// The columns that are read, and their types; all, and the types that fit, if nothing is said.
    pub columns: BTreeMap<String, ColumnType>,
    /// What becomes of the rows that are there already.
    pub mode: Option<Mode>,
    /// The columns that tell a row from others.
    pub key: Vec<String>,
    /// Who may see it.
    pub scope: Option<Reach>,
    /// The folder of queries and pages that come with it.
    #[serde(deserialize_with = "text")]
    pub pack: Option<String>,
}

/// What the sources of rows have in common: how the rows are written, and what becomes of them.
#[derive(Clone, Copy, Debug)]
pub struct RowOptions<'a> {
    /// How the rows are written, if it is said.
    pub format: Option<Format>,
    /// What begins a line that is none, in CSV and TSV.
    pub comment: Option<u8>,
    /// Whether the first line has the columns' names, in CSV and TSV.
    pub header: bool,
    /// The zone of times that name none.
    pub time_zone: Option<&'a str>,
    /// The columns that are read, and their types; all, and the types that fit, if there are none.
    pub columns: &'a BTreeMap<String, ColumnType>,
    /// What becomes of the rows that are there already.
    pub mode: Mode,
    /// The columns that tell a row from others.
    pub key: &'a [String],
    /// Whether rows that belong to no bridge are everybody's.
    pub public: bool,
}

macro_rules! row_options {
    ($($source:ty { $($own:ident),*; $($list:ident),* }),*) => {$(
        impl $source {
            /// What it says, and where it says nothing, what is below.
            pub(super) fn over(self, below: Self) -> Self {
                let columns = if self.columns.is_empty() { below.columns } else { self.columns };
                let key = if self.key.is_empty() { below.key } else { self.key };
                Self {
                    format: self.format.or(below.format),
                    comment: self.comment.or(below.comment),
                    header: self.header.or(below.header),
                    time_zone: self.time_zone.or(below.time_zone),
                    mode: self.mode.or(below.mode),
                    scope: self.scope.or(below.scope),
                    $($own: self.$own.or(below.$own),)*
                    columns,
                    key,
                    $($list: if self.$list.is_empty() { below.$list } else { self.$list },)*
                    pack: self.pack,
                }
            }

            /// How its rows are written, and what becomes of them.
            pub fn rows(&self) -> RowOptions<'_> {
                RowOptions {
                    format: self.format,
                    comment: self.comment.as_ref().and_then(|comment| comment.bytes().next()),
                    header: self.header.unwrap_or(true),
                    time_zone: self.time_zone.as_deref(),
                    columns: &self.columns,
                    mode: self.mode.unwrap_or_default(),
                    key: &self.key,
                    public: self.scope == Some(Reach::Public),
                }
            }
        }
    )*};
}
row_options!(Table { outside; path }, Command { run, servers, timeout, max_bytes, required; options });

/// A text of `options:`, in which `${NAME}` was replaced by the environment's value. What it says is nobody's business.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
pub struct OptionText(#[serde(deserialize_with = "text")] pub String);

impl std::fmt::Debug for OptionText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// With commas; RFC 4180.
    Csv,
    /// With tabs.
    Tsv,
    /// One array of objects.
    Json,
    /// One object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Any text.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// A number of 64 bits with a point.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A day.
    Date,
    /// A day and a time; kept in UTC.
    Time,
}

impl ColumnType {
    /// Its name in the settings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Time => "time",
        }
    }

    /// Its name in SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Text => "varchar",
            Self::Integer => "bigint",
            Self::Number => "double",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Time => "timestamp",
        }
    }
}

/// Columns by which torcollect knows what rows are about, so that they are of one type in all tables: the rules of bridges and
/// of the publication's delay, and the names of countries, depend on them.
pub const SPECIAL_COLUMNS: [(&str, ColumnType); 3] =
    [("bridge", ColumnType::Text), ("country", ColumnType::Text), ("day", ColumnType::Date)];

/// What becomes of the rows that are there when others come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// They go.
    #[default]
    Replace,
    /// They stay.
    Append,
    /// Those with the key of one that comes go.
    Upsert,
}

/// Who may see rows that belong to no bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Everybody: also an organization's site has them.
    Public,
}
