//! Finds the expressions of a Handlebars template in its text, as they stand there: `{{…}}`, `{{{…}}}`, comments, raw
//! blocks and escapes. What they mean is left to the crate `handlebars`.

use std::ops::Range;

/// An expression's kind, as far as the text around it is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `{{x}}`: a text among others.
    Value,
    /// `{{#x}}`, with the block's name.
    Open,
    /// `{{/x}}`.
    Close,
    /// `{{else}}`, `{{> x}}`, `{{{x}}}`, comments: whatever they become, it is no text of the paragraph around.
    Standing,
    /// `\{{`: two braces that are none of Handlebars'.
    Escape,
}

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expression {
    pub(super) at: Range<usize>,
    pub(super) kind: Kind,
}

/// All expressions from the byte `from` on, in order. Of text that is no template as many as can be told.
pub(super) fn expressions(text: &str, from: usize) -> Vec<Expression> {
    let mut found = Vec::new();
    let mut at = from;
    while let Some(start) = text[at..].find("{{").map(|next| at + next) {
        let slashes = text[at..start].bytes().rev().take_while(|byte| *byte == b'\\').count();
        if slashes > 0 {
            // One backslash makes the braces plain; of several one is dropped and the expression is one.
            let end = if slashes == 1 { start + 2 } else { start };
            found.push(Expression { at: start - slashes..end, kind: Kind::Escape });
            if slashes == 1 {
                at = end;
                continue;
            }
        }
        let Some((end, kind)) = expression(&text[start..]) else { break };
        found.push(Expression { at: start..start + end, kind });
        at = start + end;
    }
    found
}

/// The length and kind of the expression that the text begins with.
fn expression(text: &str) -> Option<(usize, Kind)> {
    let through = |end: &str, from: usize| text[from..].find(end).map(|at| from + at + end.len());
    if text.starts_with("{{{{") {
        let last = through("{{{{/", 4)?;
        return Some((through("}}}}", last)?, Kind::Standing));
    }
    if text.starts_with("{{!--") {
        return Some((through("--}}", 5)?, Kind::Standing));
    }
    if text.starts_with("{{!") {
        return Some((through("}}", 3)?, Kind::Standing));
    }
    let inner = text[2..].trim_start_matches('~').trim_start();
    if inner.starts_with('{') {
        return Some((close(text, "}}}").or_else(|| close(text, "}~}}"))?, Kind::Standing));
    }
    let kind = match inner.chars().next()? {
        '#' => Kind::Open,
        '/' => Kind::Close,
        '^' | '>' | '&' | '*' => Kind::Standing,
        _ if inner.strip_prefix("else").is_some_and(|rest| rest.starts_with([' ', '}', '~'])) => Kind::Standing,
        _ => Kind::Value,
    };
    Some((close(text, "}}")?, kind))
}

/// The end of the first `end` that is not in a quoted text.
fn close(text: &str, end: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(2) {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, _) if text[at..].starts_with(end) => return Some(at + end.len()),
            _ => {}
        }
    }
    None
}

/// The name after `{{#`, `{{#>` or `{{/`.
pub(super) fn block_name(expression: &str) -> &str {
    let inner = expression.trim_start_matches(['{', '~', '#', '/', '>', '*', ' ', '\n', '\t']);
    inner.split(|c: char| c.is_whitespace() || "}~".contains(c)).next().unwrap_or_default()
}

/// The first block that is closed wrongly or never: the byte where it stands and what is wrong.
pub(super) fn unbalanced(text: &str) -> Option<(usize, String)> {
    let mut open: Vec<(usize, &str)> = Vec::new();
    for Expression { at, kind } in expressions(text, 0) {
        let name = block_name(&text[at.clone()]);
        match kind {
            Kind::Open => open.push((at.start, name)),
            Kind::Close => match open.pop() {
                None => return Some((at.start, format!("`{{{{/{name}}}}}` closes a block that was not opened"))),
                Some((_, opened)) if opened != name => {
                    return Some((at.start, format!("`{{{{/{name}}}}}` stands where `{{{{/{opened}}}}}` should")));
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    open.first().map(|(at, name)| (*at, format!("the block `{{{{#{name}}}}}` is never closed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, Kind)> {
        expressions(text, 0).into_iter().map(|expression| (&text[expression.at], expression.kind)).collect()
    }

    #[test]
    fn every_form_of_expression_is_found_whole() {
        let text = r#"{{a}} {{{b}}} {{&c}} {{#if d}}{{else if e}}{{^}}{{/if}} {{> p x="}}" y='}}'}} {{!-- }} --}} {{! it's }} {{~ f ~}}"#;
        let parts = [
            "{{a}}",
            "{{{b}}}",
            "{{&c}}",
            "{{#if d}}",
            "{{else if e}}",
            "{{^}}",
            "{{/if}}",
            r#"{{> p x="}}" y='}}'}}"#,
            "{{!-- }} --}}",
            "{{! it's }}",
            "{{~ f ~}}",
        ];
        assert_eq!(found(text).iter().map(|(part, _)| *part).collect::<Vec<_>>(), parts);
        use Kind::{Close, Open, Standing, Value};
        assert_eq!(
            found(text).iter().map(|(_, kind)| *kind).collect::<Vec<_>>(),
            [Value, Standing, Standing, Open, Standing, Standing, Close, Standing, Standing, Standing, Value]
        );
    }

    #[test]
    fn escaped_braces_are_no_expression() {
        assert_eq!(found(r"\{{a}} {{b}}"), [(r"\{{", Kind::Escape), ("{{b}}", Kind::Value)]);
        assert_eq!(found(r"\\{{a}}"), [(r"\\", Kind::Escape), ("{{a}}", Kind::Value)]);
        assert_eq!(found("{{{{raw}}}} {{a}} {{{{/raw}}}}x"), [("{{{{raw}}}} {{a}} {{{{/raw}}}}", Kind::Standing)]);
    }

    #[test]
    fn a_name_that_begins_like_else_is_a_value() {
        assert_eq!(found("{{elsewhere}}"), [("{{elsewhere}}", Kind::Value)]);
    }

    #[test]
    fn a_block_that_is_not_closed_is_named_where_it_opens() {
        assert_eq!(
            unbalanced("x {{#if a}}{{#each b}}{{/each}}"),
            Some((2, "the block `{{#if}}` is never closed".to_owned()))
        );
        assert_eq!(unbalanced("{{#if a}}{{/each}}"), Some((9, "`{{/each}}` stands where `{{/if}}` should".to_owned())));
        assert_eq!(unbalanced("{{/if}}"), Some((0, "`{{/if}}` closes a block that was not opened".to_owned())));
        assert_eq!(unbalanced("{{#> a/b}}{{/a/b}}{{#*inline \"x\"}}{{/inline}}"), None);
    }
}
