//! How lists of what the settings say are written: as rows, or as the settings themselves.

use anyhow::Result;
use clap::ValueEnum;
use serde_json::Value;
use torcollect::warehouse::Rows;

use super::rows::Format;

/// How a list is written.
#[derive(Clone, Copy, ValueEnum)]
pub enum Listing {
    /// Aligned columns
    Table,
    /// RFC 4180, with a header
    Csv,
    /// An array of objects
    Json,
    /// As it stands in the settings
    Yaml,
}

impl Listing {
    /// The rows as a text; `yaml` writes them as settings.
    pub fn text(self, rows: &Rows, yaml: impl FnOnce(&Rows) -> Result<String>) -> Result<String> {
        match self {
            Self::Table => Format::Table.text(rows),
            Self::Csv => Format::Csv.text(rows),
            Self::Json => Format::Json.text(rows),
            Self::Yaml => yaml(rows),
        }
    }
}

/// A text as YAML: in quotes, unless it is a plain name. JSON's strings are YAML's.
pub fn scalar(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
        // What YAML takes for something else than a text.
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::scalar;

    #[test]
    fn what_is_no_plain_name_is_quoted() {
        for (text, written) in [
            ("example-lawyers", "example-lawyers"),
            ("loire/default", "loire/default"),
            ("Example Lawyers", "\"Example Lawyers\""),
            ("no", "\"no\""),
            ("1e3", "\"1e3\""),
            ("a: \"b\" #c\n", "\"a: \\\"b\\\" #c\\n\""),
            ("", "\"\""),
        ] {
            assert_eq!(scalar(&text.into()), written);
        }
    }
}
