//! What is put into a page when it is sent to its author: the script that reloads it, and what the last build found wrong.

use super::{Condition, POLICY};
use crate::problem::Problem;

/// Where pages ask whether they are out of date.
pub(super) const CHANGES: &str = "/.torcollect/changes";

/// The script that reloads a page. One that nobody looks at does not listen, because a browser keeps few connections.
const SCRIPT: &str = r#"(() => {
  let source;
  const listen = () => {
    source?.close();
    if (document.hidden) return;
    source = new EventSource("ADDRESS");
    source.onmessage = () => location.reload();
  };
  addEventListener("pageshow", listen);
  addEventListener("pagehide", () => source?.close());
  document.addEventListener("visibilitychange", listen);
})();"#;

const STYLE: &str = "#torcollect-problems{position:fixed;inset:auto 0 0 0;z-index:2147483647;max-height:60vh;overflow:auto;\
    margin:0;padding:.75rem 1.25rem 1rem;border-top:4px solid #d5383c;background:#1d1a1a;color:#fff;font:16px/1.5 system-ui,sans-serif;\
    text-align:left}\
    #torcollect-problems h1{margin:0 0 .5rem;font:inherit;font-weight:700;color:#ff9b9d}\
    #torcollect-problems ol{margin:0;padding:0 0 0 1.5rem}\
    #torcollect-problems li{margin:.25rem 0}\
    #torcollect-problems p{margin:0;color:inherit;white-space:pre-wrap;overflow-wrap:anywhere}\
    #torcollect-problems code{font:14px/1.5 ui-monospace,monospace;color:#ffd9a0;background:none}";

/// [`POLICY`], with leave for what bears the nonce, and to ask this server for changes.
pub(super) fn policy(nonce: &str) -> String {
    let styles = format!("style-src 'self' 'nonce-{nonce}'");
    format!("{}; script-src 'nonce-{nonce}'; connect-src 'self'", POLICY.replace("style-src 'self'", &styles))
}

/// The page with what belongs into it at the end of its body.
pub(super) fn insert(page: &str, condition: &Condition, nonce: &str) -> String {
    let end = page.to_ascii_lowercase().rfind("</body").unwrap_or(page.len());
    let script = SCRIPT.replace("ADDRESS", &format!("{CHANGES}?since={}", condition.number));
    let problems = problems(&condition.problems, nonce);
    format!("{}{problems}<script nonce=\"{nonce}\">{script}</script>\n{}", &page[..end], &page[end..])
}

/// A page that says one thing.
pub(super) fn page(title: &str, text: &str) -> String {
    let (title, text) = (escaped(title), escaped(text));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n</head>\n\
         <body>\n<h1>{title}</h1>\n<p>{text}</p>\n</body>\n</html>\n"
    )
}

fn problems(problems: &[Problem], nonce: &str) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let count = if problems.len() == 1 { "a problem".to_owned() } else { format!("{} problems", problems.len()) };
    let items: String = problems.iter().map(|problem| format!("<li>{}</li>\n", item(problem))).collect();
    format!(
        "<style nonce=\"{nonce}\">{STYLE}</style>\n<section id=\"torcollect-problems\" role=\"alert\">\n\
         <h1>This page is of an earlier build: the last one found {count}</h1>\n<ol>\n{items}</ol>\n</section>\n"
    )
}

fn item(problem: &Problem) -> String {
    let place = problem.place.as_ref().map_or_else(String::new, |place| format!("<code>{}</code>: ", escaped(place)));
    let hint = problem.hint.as_deref().map_or_else(String::new, |hint| format!("<p>{}</p>", marked(hint)));
    let line = problem.excerpt().map_or_else(String::new, |line| format!("<pre>{}</pre>", escaped(&line)));
    format!("<p>{place}{}</p>{line}{hint}", marked(&problem.message))
}

/// Text as HTML, with names that stand in backticks as code.
fn marked(text: &str) -> String {
    let text = escaped(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text;
    }
    let part = |(number, part): (usize, &&str)| match number % 2 {
        0 => (*part).to_owned(),
        _ => format!("<code>{part}</code>"),
    };
    parts.iter().enumerate().map(part).collect()
}

/// Anything as HTML's text.
fn escaped(shown: &(impl ToString + ?Sized)) -> String {
    shown.to_string().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Place;

    fn condition(problems: Vec<Problem>) -> Condition {
        Condition { number: 7, built: true, problems: problems.into() }
    }

    #[test]
    fn the_script_stands_at_the_end_of_the_body_and_knows_what_the_page_is_of() {
        let page = insert("<p>One</p></body> <!-- </BODY --></html>", &condition(Vec::new()), "abc");
        assert!(page.starts_with("<p>One</p></body> <!-- <script nonce=\"abc\">(() => {"), "{page}");
        assert!(page.contains("new EventSource(\"/.torcollect/changes?since=7\")"));
        assert!(page.ends_with("</script>\n</BODY --></html>"));
        assert!(insert("<p>One", &condition(Vec::new()), "abc").starts_with("<p>One<script"));
    }

    #[test]
    fn problems_are_shown_with_their_places_and_hints_and_as_text() {
        let typo = Problem::new(Place::at("themes/x/<b>.hbs", 3, 14), "helper `sparkine` not found in \"{{<i>}}\"");
        let page = insert(
            "",
            &condition(vec![typo.hint("did you mean `sparkline`?"), Problem::nowhere("one ` alone & more")]),
            "abc",
        );
        for shown in [
            "the last one found 2 problems",
            "<code>themes/x/&lt;b&gt;.hbs:3:14</code>: helper <code>sparkine</code> not found in &quot;{{&lt;i&gt;}}&quot;",
            "<p>did you mean <code>sparkline</code>?</p>",
            "one ` alone &amp; more",
        ] {
            assert!(page.contains(shown), "{shown}\n{page}");
        }
        assert!(!page.contains("<b>") && !page.contains("<i>"));
    }

    #[test]
    fn the_policy_allows_the_servers_own_script_and_nothing_else_besides() {
        assert_eq!(
            policy("abc"),
            "default-src 'none'; img-src 'self'; style-src 'self' 'nonce-abc'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'; script-src 'nonce-abc'; connect-src 'self'"
        );
    }
}
