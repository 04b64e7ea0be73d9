//! The addresses in a style sheet: `url(…)` and `@import "…"`.

use std::ops::Range;

/// All addresses, as the style sheet means them: without quotes, escapes resolved.
pub fn addresses(css: &str) -> Vec<String> {
    places(css).into_iter().map(|(address, _)| address).collect()
}

/// The style sheet with other addresses: `other` says which, each free of what would end it, as `"`, `)` and white space.
/// Where it gives nothing the address stays as it is written.
pub fn with_addresses(css: &str, other: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(css.len());
    let mut at = 0;
    for (address, place) in places(css) {
        if let Some(new) = other(&address) {
            text.push_str(&css[at..place.start]);
            text.push_str(&new);
            at = place.end;
        }
    }
    text.push_str(&css[at..]);
    text
}

/// All addresses, and where each is written, without its quotes.
fn places(css: &str) -> Vec<(String, Range<usize>)> {
    let mut addresses = Vec::new();
    let at = |rest: &str| css.len() - rest.len();
    let mut importing = false;
    let mut rest = css;
    while let Some(letter) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else if let Some(after) = without_case(rest, "@import").filter(|after| !after.starts_with(is_of_a_word)) {
            (importing, rest) = (true, after);
        } else if let Some(after) = without_case(rest, "url(") {
            let inside = after.trim_start();
            let (start, (address, written, after)) = match inside.chars().next() {
                Some(quote @ ('"' | '\'')) => (at(inside) + 1, text(&inside[1..], |letter| letter == quote)),
                _ => (at(inside), text(inside, |letter| letter == ')' || letter.is_ascii_whitespace())),
            };
            addresses.push((address, start..start + written));
            (importing, rest) = (false, after);
        } else if matches!(letter, '"' | '\'') {
            let (start, (string, written, after)) = (at(rest) + 1, text(&rest[1..], |other| other == letter));
            if importing {
                addresses.push((string, start..start + written));
            }
            (importing, rest) = (false, after);
        } else if is_of_a_word(letter) {
            // The whole word, so that `curl(` is not `url(`.
            rest = rest.trim_start_matches(is_of_a_word);
        } else {
            importing &= letter != ';';
            rest = &rest[letter.len_utf8()..];
        }
    }
    addresses
}

fn is_of_a_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') || !letter.is_ascii()
}

fn without_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The text until `ends`, how many bytes it takes as it is written, and what comes after its end. A backslash takes the next character as it is, or up to six
/// hexadecimal digits and a space as the character of that number.
fn text(css: &str, ends: impl Fn(char) -> bool) -> (String, usize, &str) {
    let mut text = String::new();
    let mut rest = css;
    while let Some(letter) = rest.chars().next() {
        let written = css.len() - rest.len();
        rest = &rest[letter.len_utf8()..];
        if ends(letter) {
            return (text, written, rest);
        }
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        let digits = rest.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        if digits > 0 {
            let number = u32::from_str_radix(&rest[..digits], 16).unwrap_or(0);
            text.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = rest[digits..].strip_prefix([' ', '\n', '\t']).unwrap_or(&rest[digits..]);
        } else if let Some(escaped) = rest.chars().next() {
            rest = &rest[escaped.len_utf8()..];
            // An escaped line's end continues a string.
            text.extend((escaped != '\n').then_some(escaped));
        }
    }
    (text, css.len(), rest)
}

#[cfg(test)]
mod tests {
    use super::{addresses, with_addresses};

    #[test]
    fn addresses_stand_in_url_and_in_import() {
        let css = "@import \"a.css\" screen; @import url(b.css); @IMPORT URL( 'c.css' );\n\
                   p {background: #fff URL(d.png) no-repeat, url(\"e (1).png\")} q {content: \"f.png\"}";
        assert_eq!(addresses(css), ["a.css", "b.css", "c.css", "d.png", "e (1).png"]);
    }

    #[test]
    fn comments_texts_and_other_words_have_none() {
        let css = "/* url(a.png) */ p {content: \"url(b.png)\"; x: curl(c.png); y: my-url(d.png)} @importance 'no' ;";
        assert_eq!(addresses(css), [""; 0]);
        assert_eq!(addresses("/* open url(a.png)"), [""; 0]);
    }

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(addresses(r#"p {a: url(x\)y.png); b: url("q\"\41 z.png"); c: url("#), ["x)y.png", "q\"Az.png", ""]);
        assert_eq!(addresses("p {a: url(ü€.png)} 'ü"), ["ü€.png"]);
    }

    #[test]
    fn addresses_can_be_replaced_where_they_stand_and_all_else_stays() {
        let css = "@import \"a.css\" print; p {b: url( 'a.css' ) x, url(a.css); c: \"a.css\"} /* url(a.css) */ q {d: url(a\\.css";
        let new = with_addresses(css, |address| (address == "a.css").then(|| "a.1.css".to_owned()));
        assert_eq!(
            new,
            "@import \"a.1.css\" print; p {b: url( 'a.1.css' ) x, url(a.1.css); c: \"a.css\"} /* url(a.css) */ q {d: url(a.1.css"
        );
        assert_eq!(with_addresses(css, |_| None), css);
    }
}
