//! `slug`: one part of a path out of any text.
//!
//! The rule: letters a–z become lower case; digits, `-`, `_` and a `.` that is not the first character stay; a space
//! becomes `-`; the letters of Latin-1 lose their marks (`ä` is `ae`, `ß` is `ss`, `é` is `e`); every other character
//! becomes `~` and its code point in hexadecimal (`<OR>` is `~3cor~3e`, `??` is `~3f~3f`). Nothing at all is `~`. What
//! grows longer than 120 characters is cut to 100 and gets a hash of the whole text. So texts of other characters stay
//! distinct, the result is never empty, `.` or `..`, and it needs no encoding in an address.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Call, quoted};
use crate::text::hexadecimal;

const LONGEST: usize = 120;

/// `{{slug x}}`.
pub(super) fn helper(call: &Call) -> Result<Value, String> {
    match call.value(0) {
        Value::String(text) => Ok(slug(text).into()),
        Value::Number(number) => Ok(slug(&number.to_string()).into()),
        other => Err(format!("`slug` needs a text, not {}", quoted(other))),
    }
}

/// A part of a path out of any text.
fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        match c {
            'a'..='z' | '0'..='9' | '-' | '_' => slug.push(c),
            'A'..='Z' => slug.push(c.to_ascii_lowercase()),
            '.' if at > 0 => slug.push(c),
            ' ' => slug.push('-'),
            _ => match letter(c) {
                "" => slug.push_str(&format!("~{:x}", u32::from(c))),
                plain => slug.push_str(plain),
            },
        }
    }
    if slug.is_empty() {
        slug.push('~');
    }
    if slug.len() > LONGEST {
        slug.truncate(100);
        slug.push('~');
        slug.push_str(&hexadecimal(&Sha256::digest(text)[..8]));
    }
    slug
}

/// A letter of Latin-1 without its mark.
fn letter(c: char) -> &'static str {
    match c {
        'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
        'ö' | 'Ö' | 'ø' | 'Ø' => "oe",
        'ü' | 'Ü' => "ue",
        'ß' => "ss",
        'å' | 'Å' => "aa",
        'à'..='ã' | 'À'..='Ã' => "a",
        'ç' | 'Ç' => "c",
        'è'..='ë' | 'È'..='Ë' => "e",
        'ì'..='ï' | 'Ì'..='Ï' => "i",
        'ñ' | 'Ñ' => "n",
        'ò'..='õ' | 'Ò'..='Õ' => "o",
        'ù'..='û' | 'Ù'..='Û' => "u",
        'ý' | 'ÿ' | 'Ý' => "y",
        'ð' | 'Ð' => "d",
        'þ' | 'Þ' => "th",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn ordinary_names_are_readable() {
        for (text, expected) in [
            ("obfs4", "obfs4"),
            ("meek_lite", "meek_lite"),
            ("2026-11-22", "2026-11-22"),
            ("Côte d’Ivoire", "cote-d~2019ivoire"),
            ("Österreich", "oesterreich"),
            ("v1.2", "v1.2"),
            ("..", "~2e."),
            (".", "~2e"),
            ("", "~"),
            ("../../etc", "~2e.~2f..~2fetc"),
        ] {
            assert_eq!(slug(text), expected);
        }
    }

    #[test]
    fn special_names_stay_distinct() {
        let names =
            ["??", "?", "<OR>", "<??>", "or", "~", "", "~3f", "*", "**", "\u{0}", "💧", "日本", "日", "(", "％"];
        let slugs: BTreeSet<String> = names.iter().map(|name| slug(name)).collect();
        assert_eq!(slugs.len(), names.len(), "{slugs:?}");
        let long = [format!("{}a", "x".repeat(5000)), format!("{}b", "x".repeat(5000))];
        assert_ne!(slug(&long[0]), slug(&long[1]));
    }

    proptest! {
        #[test]
        fn a_slug_is_always_one_harmless_part_of_a_path(text in "\\PC*|[\\x00-\\x7f]*") {
            let slug = slug(&text);
            prop_assert!(!slug.is_empty() && slug.len() <= LONGEST && !slug.starts_with('.'));
            prop_assert!(slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.~".contains(c)));
        }
    }
}
