//! `url` and `asset`: links from the page that is being rendered, relative, so that one build serves a domain, a folder of
//! one, an `.onion`, and the disk.

use serde_json::Value;

use super::{Call, quoted};
use crate::problem::nearest;
use crate::site::address::encoded;

/// `{{url "days/" row.day ".html"}}`: a link to what stands at that path, put together from its parts, below the site's
/// root. A path of a folder leads to its `index.html`, because from the disk nothing else opens; other paths that are no
/// file of `site/static/` or of the assets are pages and end in `.html`. A `#fragment` stays.
pub(super) fn url(call: &Call) -> Result<Value, String> {
    let text = call.values().map(part).collect::<Result<String, String>>()?;
    if text.contains("://") || text.starts_with("//") || text.starts_with("mailto:") {
        return Err(format!("`url` needs a path of this site, not the address `{text}`\nwrite addresses as they are"));
    }
    let (path, fragment) = text.split_once('#').map_or((text.as_str(), None), |(path, rest)| (path, Some(rest)));
    let mut path = path.trim_start_matches('/').to_owned();
    if path.is_empty() || path.ends_with('/') {
        path.push_str("index.html");
    } else if !path.ends_with(".html") && !call.files().contains_key(&path) {
        path.push_str(".html");
    }
    if path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return Err(format!("`url` needs a path below the site's root, not `{text}`"));
    }
    let page = call.page();
    let mut link = call.files().get(&path).map_or_else(|| page.link_to_page(&path), |file| page.link_to_file(file));
    if let Some(fragment) = fragment {
        link.push('#');
        link.push_str(&encoded(fragment));
    }
    Ok(link.into())
}

/// A part of a path as text.
fn part(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("`url` needs a path, not {}", quoted(other))),
    }
}

/// `{{asset "style.css"}}`: a link to a file of `assets/`.
pub(super) fn asset(call: &Call) -> Result<Value, String> {
    let Value::String(name) = call.value(0) else {
        return Err(format!("`asset` needs a file's path, not {}", quoted(call.value(0))));
    };
    let path = format!("assets/{name}");
    if let Some(file) = call.files().get(&path) {
        return Ok(call.page().link_to_file(file).into());
    }
    let near = nearest(name, call.files().keys().filter_map(|file| file.strip_prefix("assets/")));
    let hint = near
        .map_or_else(|| format!("put it at `assets/{name}` of the theme"), |near| format!("did you mean `{near}`?"));
    Err(format!("there is no asset `{name}`\n{hint}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{try_with, with};
    use serde_json::json;

    #[test]
    fn a_link_leads_from_the_page_to_a_file() {
        for (path, link) in [
            ("index.html", "../index.html"),
            ("", "../index.html"),
            ("/", "../index.html"),
            ("days/2026-01-02.html", "2026-01-02.html"),
            ("days/2026-01-01.html", "2026-01-01.html"),
            ("days/", "index.html"),
            ("days/x.html#top", "x.html#top"),
            ("about", "../about.html"),
            ("v1.2", "../v1.2.html"),
            ("a/b/c.html", "../a/b/c.html"),
            ("report.pdf", "../report.pdf"),
            ("assets/style.css", "../assets/style.12345678.css"),
            ("downloads/clients_by_day.csv", "../downloads/clients_by_day.csv"),
            ("days/?? <ü>.html", "%3F%3F%20%3C%C3%BC%3E.html"),
            ("javascript:x", "../javascript%3Ax.html"),
        ] {
            assert_eq!(with("{{url x}}", &json!(path)), link, "{path}");
        }
    }

    #[test]
    fn a_path_can_be_put_together_from_its_parts() {
        assert_eq!(with("{{url \"months/\" x \"-11.html\"}}", &json!(2026)), "../months/2026-11.html");
    }

    #[test]
    fn what_is_no_path_below_the_root_is_refused() {
        for value in [json!(null), json!([5]), json!(true), json!("../x"), json!("a//b"), json!("https://example.com/")]
        {
            assert!(
                try_with("{{url x}}", &value).is_err_and(|error| error.starts_with("`url` needs a path")),
                "{value}"
            );
        }
    }

    #[test]
    fn an_asset_must_be_there() {
        assert_eq!(with("{{asset \"style.css\"}}", &json!(0)), "../assets/style.12345678.css");
        assert_eq!(with("{{asset \"img/a b.png\"}}", &json!(0)), "../assets/img/a%20b.12345678.png");
        assert_eq!(
            try_with("{{asset \"stile.css\"}}", &json!(0)),
            Err("there is no asset `stile.css`\ndid you mean `style.css`?".to_owned())
        );
    }
}
