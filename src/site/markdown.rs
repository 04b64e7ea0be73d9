//! Markdown with Handlebars becomes a Handlebars template of HTML, once for a file and before there are any data. So data
//! never become Markdown.
//!
//! Expressions are opaque to Markdown: each is replaced by a word that stands nowhere else, and put back into the HTML. A
//! block, partial, comment, figure or `{{{…}}}` alone on its line makes no paragraph and ends the one before it; between the
//! rows of a table it stands between the rows.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::helpers::makes_figure;
use super::mustache::{Expression, Kind, expressions};

/// The template made of the text from the byte `body` on, and the places (in the template, in the text) of its expressions.
pub(super) fn template(text: &str, body: usize) -> (String, Vec<(usize, usize)>) {
    let found = expressions(text, body);
    let words = Words::new(text);
    let (marked, between) = mark(text, body, &found, &words);
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut events = between_rows(Parser::new_ext(&marked, options), &words, &between);
    anchor(&mut events, &found, &words);
    let mut made = String::with_capacity(marked.len() * 2);
    html::push_html(&mut made, events.into_iter());
    put_back(&aligned(&made), text, &found, &words)
}

/// Gives each heading an `id` made of its text, so that links can lead there: `## The year's end` is `#the-year-s-end`, a
/// second one of that name `#the-year-s-end-2`. One that the author gives (`{#end}`) stays. A heading inside of a block gets
/// none, because the block may repeat it, nor one whose words are not known yet.
fn anchor(events: &mut [Event], found: &[Expression], words: &Words) {
    let given = |event: &Event| match event {
        Event::Start(Tag::Heading { id: Some(id), .. }) => Some(id.to_string()),
        _ => None,
    };
    let mut taken: BTreeSet<String> = events.iter().filter_map(given).collect();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut depth = 0_usize;
    for at in 0..events.len() {
        for number in text_or_html(&events[at]).into_iter().flat_map(|text| words.all(text)) {
            match found.get(number).map(|expression| expression.kind) {
                Some(Kind::Open) => depth += 1,
                Some(Kind::Close) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if depth > 0 || !matches!(events[at], Event::Start(Tag::Heading { id: None, .. })) {
            continue;
        }
        let inside = events[at..].iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
        let text: String = inside.filter_map(text_or_html).collect();
        let slug = slug(&words.without(&text));
        let last = numbers.entry(slug.clone()).or_insert(0_usize);
        let numbered =
            (*last..).map(|number| if number == 0 { slug.clone() } else { format!("{slug}-{}", number + 1) });
        let free = numbered.enumerate().find(|(_, id)| !taken.contains(id)).filter(|_| !slug.is_empty());
        let free = free.map(|(tried, id)| {
            *last += tried + 1;
            id
        });
        taken.extend(free.clone());
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[at] {
            *id = free.map(Into::into);
        }
    }
}

/// Letters and digits in small letters, everything between them as one `-`.
fn slug(text: &str) -> String {
    let text = text.to_lowercase();
    let parts = text.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

/// A table's alignment as classes: a page under a strict policy can have no `style`.
fn aligned(html: &str) -> String {
    [("right", "number"), ("center", "center"), ("left", "left")].into_iter().fold(
        html.to_owned(),
        |html, (side, class)| {
            ["td", "th"].into_iter().fold(html, |html, cell| {
                html.replace(&format!("<{cell} style=\"text-align: {side}\">"), &format!("<{cell} class=\"{class}\">"))
            })
        },
    )
}

/// Words that stand for expressions: letters and digits only, so that Markdown sees one plain word.
struct Words {
    nonce: String,
}

impl Words {
    fn new(text: &str) -> Self {
        let candidates = (0..).map(|number| format!("hbs{number}x"));
        let nonce = candidates.into_iter().find(|nonce| !text.contains(nonce.as_str()));
        Self { nonce: nonce.unwrap_or_default() }
    }

    fn word(&self, number: usize) -> String {
        format!("{}{number}e", self.nonce)
    }

    /// The next word from the byte `from` on: where it begins and ends, and its number.
    fn next(&self, html: &str, from: usize) -> Option<(usize, usize, usize)> {
        let start = from + html[from..].find(&self.nonce)?;
        let digits = start + self.nonce.len();
        let end = digits + html[digits..].find('e')?;
        Some((start, end + 1, html[digits..end].parse().ok()?))
    }

    /// The numbers of all words of a text.
    fn all(&self, text: &str) -> Vec<usize> {
        let mut at = 0;
        let next = || {
            let (_, end, number) = self.next(text, at)?;
            at = end;
            Some(number)
        };
        std::iter::from_fn(next).collect()
    }

    /// The text without its words.
    fn without(&self, text: &str) -> String {
        self.all(text).into_iter().fold(text.to_owned(), |text, number| text.replacen(&self.word(number), "", 1))
    }

    /// The words of a text that has nothing else; `None` if it has.
    fn only(&self, text: &str) -> Option<Vec<usize>> {
        let mut numbers = Vec::new();
        let mut rest = text.trim();
        while let Some((0, end, number)) = self.next(rest, 0) {
            numbers.push(number);
            rest = rest[end..].trim_start();
        }
        (rest.is_empty() && !numbers.is_empty()).then_some(numbers)
    }
}

/// The text with words instead of expressions, and the numbers of those that stand between the rows of a table.
fn mark(text: &str, body: usize, found: &[Expression], words: &Words) -> (String, BTreeSet<usize>) {
    let alone = alone(text, body, found);
    let mut marked = String::with_capacity(text.len());
    let mut between = BTreeSet::new();
    let mut at = body;
    for (number, expression) in found.iter().enumerate() {
        marked.push_str(&text[at..expression.at.start]);
        if !alone[number] {
            marked.push_str(&words.word(number));
        } else if in_table(&marked, words, &between) {
            marked.push_str(&words.word(number));
            between.insert(number);
        } else {
            marked.push_str(&format!("<!--{}-->", words.word(number)));
        }
        at = expression.at.end;
    }
    marked.push_str(&text[at..]);
    (marked, between)
}

/// Which expressions stand on lines that have nothing but such expressions.
fn alone(text: &str, body: usize, found: &[Expression]) -> Vec<bool> {
    let figure = |one: &Expression| {
        let name = text[one.at.clone()].trim_start_matches(['{', '~']).split_whitespace().next();
        name.is_some_and(makes_figure)
    };
    let standing: Vec<bool> = found
        .iter()
        .map(|one| match one.kind {
            Kind::Value => figure(one),
            Kind::Escape => false,
            _ => true,
        })
        .collect();
    let mut before = vec![false; found.len()];
    for number in 0..found.len() {
        let from = if number == 0 { body } else { found[number - 1].at.end };
        let gap = &text[from..found[number].at.start];
        before[number] = standing[number]
            && match gap.rfind('\n') {
                Some(line) => gap[line..].trim().is_empty(),
                None => gap.trim().is_empty() && (number == 0 || before[number - 1]),
            };
    }
    let mut after = vec![false; found.len()];
    for number in (0..found.len()).rev() {
        let last = number + 1 == found.len();
        let to = if last { text.len() } else { found[number + 1].at.start };
        let gap = &text[found[number].at.end..to];
        after[number] = standing[number]
            && match gap.find('\n') {
                Some(line) => gap[..line].trim().is_empty(),
                None => gap.trim().is_empty() && (last || after[number + 1]),
            };
    }
    before.into_iter().zip(after).map(|(before, after)| before && after).collect()
}

/// Whether the line before the one that is being written belongs to a table: it begins with a bar, or stands between rows.
fn in_table(marked: &str, words: &Words, between: &BTreeSet<usize>) -> bool {
    let before = marked.rsplit('\n').nth(1).unwrap_or_default();
    let stands = |numbers: Vec<usize>| numbers.iter().all(|number| between.contains(number));
    before.trim_start().starts_with('|') || words.only(before).is_some_and(stands)
}

/// Markdown makes a row of what stands between the rows of a table; this takes the row away and leaves the words.
fn between_rows<'a>(events: Parser<'a>, words: &Words, between: &BTreeSet<usize>) -> Vec<Event<'a>> {
    let mut all: Vec<Event> = Vec::new();
    let mut row = 0;
    for event in events {
        match event {
            Event::Start(Tag::TableRow) => row = all.len(),
            Event::End(TagEnd::TableRow) => {
                let text: String = all[row..].iter().filter_map(text_of).collect();
                if words.only(&text).is_some_and(|numbers| numbers.iter().all(|number| between.contains(number))) {
                    all.truncate(row);
                    all.push(Event::Html(CowStr::from(text + "\n")));
                    continue;
                }
            }
            _ => {}
        }
        all.push(event);
    }
    all
}

fn text_of<'e>(event: &'e Event) -> Option<&'e str> {
    match event {
        Event::Text(text) => Some(text),
        _ => None,
    }
}

/// What an event says, code and HTML too.
fn text_or_html<'e>(event: &'e Event) -> Option<&'e str> {
    match event {
        Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => Some(text),
        _ => None,
    }
}

/// The HTML with expressions instead of words.
fn put_back(html: &str, text: &str, found: &[Expression], words: &Words) -> (String, Vec<(usize, usize)>) {
    let mut template = String::with_capacity(html.len());
    let mut places = Vec::with_capacity(found.len());
    let mut at = 0;
    while let Some((mut start, mut end, number)) = words.next(html, at) {
        // Markdown shows a comment inside of code as text.
        for (open, close) in [("<!--", "-->"), ("&lt;!--", "--&gt;")] {
            if html[at..start].ends_with(open) && html[end..].starts_with(close) {
                start -= open.len();
                end += close.len();
                break;
            }
        }
        template.push_str(&plain(&html[at..start]));
        if let Some(expression) = found.get(number) {
            places.push((template.len(), expression.at.start));
            template.push_str(&text[expression.at.clone()]);
        }
        at = end;
    }
    template.push_str(&plain(&html[at..]));
    (template, places)
}

/// HTML between expressions, in which nothing may look like one to Handlebars.
fn plain(html: &str) -> String {
    let html = html.replace("{{", "&#123;&#123;");
    match html.strip_suffix('{') {
        Some(rest) => format!("{rest}&#123;"),
        None => html.strip_suffix('\\').map(|rest| format!("{rest}&#92;")).unwrap_or(html),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use handlebars::Handlebars;
    use serde_json::json;

    fn made(text: &str) -> String {
        template(text, 0).0
    }

    fn rendered(text: &str) -> String {
        let data = json!({
            "hostile": "# *x* <b> | [a](b)",
            "yes": true,
            "rows": [{"name": "Aland", "n": 8}, {"name": "<OR>", "n": 16}],
        });
        Handlebars::new().render_template(&made(text), &data).unwrap()
    }

    #[test]
    fn data_never_become_markdown() {
        assert_eq!(rendered("{{hostile}} *b*\n"), "<p># *x* &lt;b&gt; | [a](b) <em>b</em></p>\n");
    }

    #[test]
    fn a_block_alone_on_its_line_makes_no_paragraph() {
        assert_eq!(rendered("{{#if yes}}\n# Title\n{{/if}}\n"), "<h1>Title</h1>\n");
        assert_eq!(
            rendered("a\n{{#if yes}}\nb *c*\n{{else}}\nd\n{{/if}}\ne"),
            "<p>a</p>\n<p>b <em>c</em></p>\n<p>e</p>\n"
        );
        assert_eq!(made("  {{> card}} {{!-- x --}}\n"), "  {{> card}} {{!-- x --}}\n");
        assert_eq!(made("{{{html}}}\n"), "{{{html}}}\n");
    }

    #[test]
    fn a_value_alone_on_its_line_belongs_to_its_paragraph() {
        assert_eq!(made("There are\n{{n}}\nof them.\n"), "<p>There are\n{{n}}\nof them.</p>\n");
    }

    #[test]
    fn blocks_within_a_line_stay_within_it() {
        assert_eq!(made("A {{#if yes}}*b*{{/if}} c"), "<p>A {{#if yes}}<em>b</em>{{/if}} c</p>\n");
        assert_eq!(made("{{#if yes}}b{{/if}}"), "<p>{{#if yes}}b{{/if}}</p>\n");
    }

    #[test]
    fn a_block_between_the_rows_of_a_table_repeats_rows() {
        let text =
            "| name | n |\n|---|--:|\n{{#each rows}}\n{{#if n}}\n| {{name}} | {{n}} |\n{{/if}}\n{{/each}}\n\nEnd.\n";
        let html = rendered(text);
        assert_eq!(html.matches("<tr>").count(), 3, "{html}");
        assert!(html.contains("<tr><td>Aland</td><td class=\"number\">8</td></tr>"), "{html}");
        assert!(html.contains("<td>&lt;OR&gt;</td>"), "{html}");
        assert!(html.ends_with("</tbody></table>\n<p>End.</p>\n"), "{html}");
    }

    #[test]
    fn expressions_in_links_attributes_and_code_are_kept_whole() {
        assert_eq!(
            made("[{{a}}]({{url b \"x\"}}) <a title=\"{{c}}\">d</a> `{{e}}`"),
            "<p><a href=\"{{url b \"x\"}}\">{{a}}</a> <a title=\"{{c}}\">d</a> <code>{{e}}</code></p>\n"
        );
        assert_eq!(
            made("```\n{{#if a}}\n<x>\n{{/if}}\n```\n"),
            "<pre><code>{{#if a}}\n&lt;x&gt;\n{{/if}}\n</code></pre>\n"
        );
    }

    #[test]
    fn escaped_braces_and_those_that_markdown_makes_are_shown_as_they_are() {
        assert_eq!(rendered("`\\{{name}}`"), "<p><code>{{name}}</code></p>\n");
        assert_eq!(rendered("{\\{name}}"), "<p>&#123;&#123;name}}</p>\n");
        assert_eq!(rendered("a {&#123;hostile}}"), "<p>a &#123;&#123;hostile}}</p>\n");
    }

    #[test]
    fn a_text_that_has_the_words_already_gets_other_words() {
        assert_eq!(made("hbs0x0e {{a}}"), "<p>hbs0x0e {{a}}</p>\n");
    }

    #[test]
    fn tables_footnotes_heading_ids_strikethrough_and_html_work() {
        let html = made("# T {#top}\n\n~~a~~[^1]\n\n<div class=\"x\">\n{{b}}\n</div>\n\n[^1]: note\n");
        for part in ["<h1 id=\"top\">T</h1>", "<del>a</del>", "footnote-reference", "<div class=\"x\">\n{{b}}\n</div>"]
        {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn a_heading_has_an_id_of_its_own() {
        let html =
            made("## The year's end\n\n## *The* year\u{2019}s `end`\n\n## 2026 {{b}} Ü\n\n## x {#top}\n\n## Top\n");
        for part in [
            "<h2 id=\"the-year-s-end\">",
            "<h2 id=\"the-year-s-end-2\">",
            "<h2 id=\"2026-ü\">2026 {{b}} Ü</h2>",
            "<h2 id=\"top\">x</h2>",
            "<h2 id=\"top-2\">Top</h2>",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn a_heading_that_may_stand_several_times_has_no_id_unless_it_is_given_one() {
        let html = made("{{#each rows}}\n## Row\n\n### x {#x-{{n}}}\n{{/each}}\n\n## {{a}}\n\n## Row\n");
        for part in ["<h2>Row</h2>", "<h3 id=\"x-{{n}}\">", "<h2>{{a}}</h2>", "<h2 id=\"row\">Row</h2>"] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn the_columns_of_a_table_are_aligned_by_classes() {
        let html = made("| a | b | c |\n|---|--:|:-:|\n| {{x}} | {{y}} | z |\n");
        assert!(html.contains("<td class=\"number\">{{y}}</td><td class=\"center\">z</td>"), "{html}");
        assert!(!html.contains("style"), "{html}");
    }

    #[test]
    fn each_expression_leads_back_to_its_place() {
        let text = "---\n---\n# {{a}}\n\n{{#if b}}\nx {{c}}\n{{/if}}\n";
        let (template, places) = template(text, 8);
        assert_eq!(places.len(), 4);
        for (made, from) in places {
            assert_eq!(
                template[made..].chars().take(4).collect::<String>(),
                text[from..].chars().take(4).collect::<String>()
            );
        }
    }
}
