//! Values of the settings that YAML has no type for: texts that may name the environment, dates, lengths of time.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use super::yaml::with_hint;

/// A text with its `${NAME}` replaced, for `#[serde(deserialize_with = "text")]` on `String`, `PathBuf`, and `Option`
/// and `Vec` of them.
pub(super) fn text<'de, D: Deserializer<'de>, T: Texts>(deserializer: D) -> Result<T, D::Error> {
    T::Raw::deserialize(deserializer).map(T::from_texts)
}

/// What can be made of texts.
pub(super) trait Texts {
    type Raw: for<'de> Deserialize<'de>;
    fn from_texts(raw: Self::Raw) -> Self;
}

impl Texts for String {
    type Raw = Text;
    fn from_texts(raw: Text) -> Self {
        raw.0
    }
}

impl Texts for PathBuf {
    type Raw = Text;
    fn from_texts(raw: Text) -> Self {
        raw.0.into()
    }
}

impl<T: Texts> Texts for Option<T> {
    type Raw = Option<T::Raw>;
    fn from_texts(raw: Self::Raw) -> Self {
        raw.map(T::from_texts)
    }
}

impl<T: Texts> Texts for Vec<T> {
    type Raw = Vec<T::Raw>;
    fn from_texts(raw: Self::Raw) -> Self {
        raw.into_iter().map(T::from_texts).collect()
    }
}

/// A text in which `${NAME}` was replaced by the environment's value and `$${` by `${`.
pub(super) struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Expanded;
        impl Visitor<'_> for Expanded {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            // Inside of the visitor, because errors that come later have no line.
            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                expand(text, |name| std::env::var(name).ok()).map(Text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Expanded)
    }
}

/// `text` with each `${NAME}` replaced by its value, and `$${` by `${`.
pub(super) fn expand(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        let (before, after) = rest.split_at(dollar);
        expanded.push_str(before);
        rest = if let Some(literal) = after.strip_prefix("$${") {
            expanded.push_str("${");
            literal
        } else if let Some(named) = after.strip_prefix("${") {
            let (name, tail) = named.split_once('}').ok_or_else(|| {
                with_hint("`${` is not closed by `}`", "write `$${` where the text itself shall have `${`")
            })?;
            let value = value(name).ok_or_else(|| {
                with_hint(
                    format_args!("`{name}` is not set in the environment"),
                    format_args!("set it, or write `$${{{name}}}` where the text itself shall have `${{{name}}}`"),
                )
            })?;
            expanded.push_str(&value);
            tail
        } else {
            expanded.push('$');
            &after[1..]
        };
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// A day as `YYYY-MM-DD`.
pub(super) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    Ok(Day::deserialize(deserializer)?.0)
}

/// [`date`], where it may be missing.
pub(super) fn optional_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    Ok(Option::<Day>::deserialize(deserializer)?.map(|day| day.0))
}

struct Day(Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Iso;
        impl Visitor<'_> for Iso {
            type Value = Day;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date as `YYYY-MM-DD`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Day, E> {
                let day = Date::strptime("%Y-%m-%d", text);
                day.map(Day).map_err(|_| E::custom(format_args!("`{text}` is not a date as `YYYY-MM-DD`")))
            }
        }
        deserializer.deserialize_str(Iso)
    }
}

/// A number of bytes as `130 KB`, `1.5 MB` or a whole number, where it may be missing. 1 KB is 1000 bytes.
pub(super) fn optional_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<Size>::deserialize(deserializer)?.map(|size| size.0))
}

struct Size(u64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size as `130 KB`")
            }

            fn visit_u64<E: Error>(self, bytes: u64) -> Result<Size, E> {
                Ok(Size(bytes))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Size, E> {
                bytes(text).map(Size).ok_or_else(|| {
                    let hint = "write `130 KB` or `1.5 MB`, of 1000 and 1000000 bytes, or the number of bytes";
                    E::custom(with_hint(format_args!("`{text}` is not a size"), hint))
                })
            }
        }
        deserializer.deserialize_any(Bytes)
    }
}

/// The bytes that a text as `1.5 MB` means.
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.trim().split_at(text.trim().find(|c: char| c.is_ascii_alphabetic() || c == ' ')?);
    let places = match unit.trim_start() {
        "KB" | "kB" => 3,
        "MB" => 6,
        _ => return None,
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > places {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

/// A whole number of seconds.
pub(super) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_secs)
}

/// [`seconds`], where it may be missing.
pub(super) fn optional_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_secs))
}

/// One path, or a list of them, as [`text`].
pub(super) fn paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    struct OneOrMore;
    impl<'de> Visitor<'de> for OneOrMore {
        type Value = Vec<PathBuf>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a file's path or a list of such")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_str<E: Error>(self, path: &str) -> Result<Self::Value, E> {
            let path = expand(path, |name| std::env::var(name).ok()).map_err(E::custom)?;
            Ok(vec![path.into()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut paths = Vec::new();
            while let Some(Text(path)) = list.next_element()? {
                paths.push(path.into());
            }
            Ok(paths)
        }
    }
    deserializer.deserialize_any(OneOrMore)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        expand(text, |name| (name == "HOST").then(|| "bridge.example".to_owned()))
    }

    #[test]
    fn a_named_variable_is_replaced_by_its_value() {
        assert_eq!(expanded("root@${HOST}:22").as_deref(), Ok("root@bridge.example:22"));
        assert_eq!(expanded("${HOST}${HOST}").as_deref(), Ok("bridge.examplebridge.example"));
    }

    #[test]
    fn other_dollars_stay() {
        assert_eq!(expanded("$${HOST} costs $5, $HOST$").as_deref(), Ok("${HOST} costs $5, $HOST$"));
    }

    #[test]
    fn a_size_is_a_number_with_its_unit() {
        let sizes = ["130 KB", "130KB", "1.5 MB", "0.25 kB", " 7 MB ", "0 KB"];
        assert_eq!(
            sizes.map(bytes),
            [Some(130_000), Some(130_000), Some(1_500_000), Some(250), Some(7_000_000), Some(0)]
        );
        for wrong in
            ["", "KB", "130", "130 K", "130 KiB", "1,5 MB", "-1 KB", "1.2345 KB", ". KB", "1e3 KB", "9999999999 KB"]
        {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_unset_variable_is_an_error_with_advice() {
        assert_eq!(
            expanded("${NOWHERE}"),
            Err("`NOWHERE` is not set in the environment\n\
                 set it, or write `$${NOWHERE}` where the text itself shall have `${NOWHERE}`"
                .to_owned())
        );
        assert_eq!(
            expanded("${HOST"),
            Err("`${` is not closed by `}`\nwrite `$${` where the text itself shall have `${`".to_owned())
        );
    }
}
