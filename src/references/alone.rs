//! A page with all that it fetches inside of itself, so that it is one file that can be sent and kept.

use std::cell::RefCell;
use std::path::Path;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::{References, Tag, Target, candidates, with_addresses};

/// The page at `path` of a site with its style sheets and pictures in it, which `file` gives by their paths. Its links to
/// other pages lead where `link` says, or nowhere: then their words stay.
///
/// # Errors
/// If `file` has no such file or fails, or the page fetches something that cannot stand in it, such as a script.
pub fn alone(
    path: &Path,
    html: &str,
    link: &dyn Fn(&Path) -> Option<String>,
    file: &dyn Fn(&Path) -> Result<Option<Vec<u8>>>,
) -> Result<String> {
    let mut emitter = DefaultEmitter::new_with_span();
    emitter.naively_switch_states(true);
    let inside = Inside { path, link, file };
    let mut page = String::with_capacity(2 * html.len());
    let mut at = 0;
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        let Token::StartTag(tag) = token else { continue };
        if let Some(new) = inside.tag(&tag)? {
            page += &html[at..tag.span.start];
            page += &new;
            at = tag.span.end;
        }
    }
    page += &html[at..];
    let left = References::of(Path::new("alone.html"), page.as_bytes());
    if let Some(fetched) = left.fetched.iter().flatten().next() {
        bail!("the page `{}` needs {fetched:?}, which cannot be a part of it", path.display());
    }
    Ok(page)
}

struct Inside<'a> {
    path: &'a Path,
    link: &'a dyn Fn(&Path) -> Option<String>,
    file: &'a dyn Fn(&Path) -> Result<Option<Vec<u8>>>,
}

impl Inside<'_> {
    /// What stands in a tag's place; `None` if it stays.
    fn tag(&self, tag: &StartTag<usize>) -> Result<Option<String>> {
        let seen = Tag { path: self.path, attributes: &tag.attributes, name: &tag.name };
        match &tag.name[..] {
            b"link" if seen.rel(&["stylesheet"]) => {
                let css = seen.text("href").and_then(|address| Target::resolve(self.path, &address));
                let Some(Target::File(sheet)) = css else { return Ok(None) };
                let media =
                    seen.text("media").map(|media| format!(" media=\"{}\"", escaped(&media))).unwrap_or_default();
                // The end of the element could stand in a text.
                let css = self.style(&sheet)?.replace("</", "<\\/");
                Ok(Some(format!("<style{media}>\n{css}</style>")))
            }
            // Icons, feeds, neighbours: what a browser shows around a page of a site.
            b"link" if seen.rel(&["canonical"]) => Ok(None),
            b"link" if seen.text("href").is_some() => Ok(Some(String::new())),
            b"img" | b"source" => {
                let mut new = Vec::new();
                if let Some(Target::File(file)) =
                    seen.text("src").and_then(|address| Target::resolve(self.path, &address))
                {
                    new.push(("src", Some(self.data(&file)?)));
                }
                if let Some(set) = seen.text("srcset") {
                    new.push(("srcset", Some(self.set(&set)?)));
                }
                Ok(Some(written(tag, &new)).filter(|_| !new.is_empty()))
            }
            b"a" => {
                let Some(address) = seen.text("href") else { return Ok(None) };
                let Some(Target::File(page)) = Target::resolve(self.path, &address) else { return Ok(None) };
                let place = address.split_once('#').map(|(_, place)| format!("#{place}")).unwrap_or_default();
                let absolute = (self.link)(&page).map(|address| address + &place);
                Ok(Some(written(tag, &[("href", absolute)])))
            }
            _ => Ok(None),
        }
    }

    /// A `srcset` with its pictures inside.
    fn set(&self, set: &str) -> Result<String> {
        let mut made = String::new();
        let mut rest = set;
        for address in candidates(set) {
            let Some(Target::File(file)) = Target::resolve(self.path, address) else { continue };
            let Some((before, after)) = rest.split_once(address) else { continue };
            made += before;
            made += &self.data(&file)?;
            rest = after;
        }
        Ok(made + rest)
    }

    fn style(&self, sheet: &Path) -> Result<String> {
        let css =
            String::from_utf8(self.bytes(sheet)?).with_context(|| format!("`{}` is not UTF-8", sheet.display()))?;
        let failed = RefCell::new(None);
        let inlined = |address: &str| match Target::resolve(sheet, address)? {
            Target::File(file) => self.data(&file).map_err(|error| failed.replace(Some(error))).ok(),
            Target::Elsewhere(_) => None,
        };
        let css = with_addresses(&css, inlined);
        failed.into_inner().map_or(Ok(css), Err)
    }

    fn data(&self, file: &Path) -> Result<String> {
        let kind = match file.extension().and_then(|extension| extension.to_str()) {
            Some("png") => "image/png",
            Some("svg") => "image/svg+xml",
            Some("jpg" | "jpeg") => "image/jpeg",
            Some("gif") => "image/gif",
            Some("webp") => "image/webp",
            Some("css") => "text/css",
            _ => "application/octet-stream",
        };
        Ok(format!("data:{kind};base64,{}", STANDARD.encode(self.bytes(file)?)))
    }

    fn bytes(&self, file: &Path) -> Result<Vec<u8>> {
        let found = (self.file)(file)?;
        found.with_context(|| {
            format!("the page `{}` refers to `{}`, which is not there", self.path.display(), file.display())
        })
    }
}

/// A start tag with other attributes; those that are `None` are left out.
fn written(tag: &StartTag<usize>, other: &[(&str, Option<String>)]) -> String {
    let mut text = format!("<{}", String::from_utf8_lossy(&tag.name));
    for (name, value) in &tag.attributes {
        let name = String::from_utf8_lossy(name);
        let value = match other.iter().find(|(other, _)| *other == name) {
            Some((_, None)) => continue,
            Some((_, Some(value))) => value.clone(),
            None => String::from_utf8_lossy(value).into_owned(),
        };
        text += &format!(" {name}=\"{}\"", escaped(&value));
    }
    text + ">"
}

/// Text as it stands in an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn files(path: &Path) -> Result<Option<Vec<u8>>> {
        Ok(match path.to_str() {
            Some("assets/a.css") => Some(b"p {background: url(b.png)} /* </style> */".to_vec()),
            Some("assets/b.png") => Some(b"b".to_vec()),
            Some("pictures/c.png") => Some(b"c".to_vec()),
            _ => None,
        })
    }

    fn made(html: &str, base_url: Option<&str>) -> Result<String> {
        let link = |page: &Path| Some(format!("{}{}", base_url?, page.display()));
        alone(Path::new("days/x.html"), html, &link, &files)
    }

    #[test]
    fn style_sheets_and_pictures_come_into_the_page() {
        let html = "<link rel=\"stylesheet\" href=\"../assets/a.css\"><link rel=icon href=../assets/b.png>\
                    <picture><source srcset=\"../pictures/c.png\" media=\"(max-width: 9px)\"><img src=\"../pictures/c.png\" alt=\"a &lt; b\" srcset=\"../pictures/c.png 1x, ../assets/b.png 2x\"></picture>";
        assert_eq!(
            made(html, None).unwrap(),
            "<style>\np {background: url(data:image/png;base64,Yg==)} /* <\\/style> */</style>\
             <picture><source media=\"(max-width: 9px)\" srcset=\"data:image/png;base64,Yw==\">\
             <img alt=\"a &lt; b\" src=\"data:image/png;base64,Yw==\" srcset=\"data:image/png;base64,Yw== 1x, data:image/png;base64,Yg== 2x\"></picture>"
        );
    }

    #[test]
    fn links_to_other_pages_lead_to_the_site_or_nowhere() {
        let html = "<a href=\"a.html#c\" rel=next>x</a><a href=\"#d\">y</a><a href=\"https://a.example/\">z</a>";
        let rest = "<a href=\"#d\">y</a><a href=\"https://a.example/\">z</a>";
        assert_eq!(made(html, None).unwrap(), format!("<a rel=\"next\">x</a>{rest}"));
        assert_eq!(
            made(html, Some("https://b.example/s/")).unwrap(),
            format!("<a href=\"https://b.example/s/days/a.html#c\" rel=\"next\">x</a>{rest}")
        );
    }

    #[test]
    fn what_is_missing_or_cannot_be_inside_is_refused() {
        let error = |html: &str| made(html, None).unwrap_err().to_string();
        assert_eq!(
            error("<img src=d.png alt=''>"),
            "the page `days/x.html` refers to `days/d.png`, which is not there"
        );
        assert!(error("<script src=e.js></script>").contains("e.js"));
    }
}
