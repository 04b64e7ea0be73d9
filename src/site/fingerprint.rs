//! Assets under names that say what is in them, `style.css` as `style.1a2b3c4d.css`: so a browser may keep a file for ever, and
//! a new one is never shown as the old one. What style sheets say of other assets follows.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::address::relative;
use crate::references::{Target, addresses, with_addresses};
use crate::text::hexadecimal;

/// An asset as it is published.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fingerprinted {
    /// Its path below the site's root: `assets/style.1a2b3c4d.css`.
    pub(super) path: String,
    /// Its bytes, in a style sheet with the new names of what it refers to.
    pub(super) bytes: Vec<u8>,
}

/// Style sheets that need each other's names for their own, in that order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Circle(pub(super) Vec<String>);

/// All assets by the paths under which they are known, from their bytes by those paths.
pub(super) fn fingerprinted(assets: &BTreeMap<String, Vec<u8>>) -> Result<BTreeMap<String, Fingerprinted>, Circle> {
    let mut done = BTreeMap::new();
    for path in assets.keys() {
        add(path, assets, &mut Vec::new(), &mut done)?;
    }
    Ok(done)
}

/// Adds an asset to those that are `done`, after all that it refers to; `above` are those that wait for it.
fn add(
    path: &str,
    assets: &BTreeMap<String, Vec<u8>>,
    above: &mut Vec<String>,
    done: &mut BTreeMap<String, Fingerprinted>,
) -> Result<(), Circle> {
    if done.contains_key(path) {
        return Ok(());
    }
    let around = above.iter().position(|waiting| waiting == path);
    above.push(path.to_owned());
    if let Some(around) = around {
        return Err(Circle(above.split_off(around)));
    }
    let bytes = assets.get(path).cloned().unwrap_or_default();
    let css = std::str::from_utf8(&bytes).ok().filter(|_| is_style(path));
    let rewritten = css.map(|css| -> Result<Vec<u8>, Circle> {
        let asset = |address: &str| match Target::resolve(Path::new(path), address)? {
            Target::File(file) => file.to_str().filter(|file| assets.contains_key(*file)).map(str::to_owned),
            Target::Elsewhere(_) => None,
        };
        for file in addresses(css).iter().filter_map(|address| asset(address)) {
            add(&file, assets, above, done)?;
        }
        let new = |address: &str| {
            let link = relative(path, &done.get(&asset(address)?)?.path);
            let rest = address.find(['?', '#']).map_or("", |at| &address[at..]);
            // Only what needs no escape stays behind the path.
            let plain = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"?#=&-._~%".contains(&byte));
            plain.then(|| format!("{link}{rest}"))
        };
        Ok(with_addresses(css, new).into_bytes())
    });
    let bytes = rewritten.transpose()?.unwrap_or(bytes);
    above.pop();
    let path = path.to_owned();
    done.insert(path.clone(), Fingerprinted { path: named(&path, &bytes), bytes });
    Ok(())
}

fn is_style(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("css"))
}

/// `a/style.css` → `a/style.1a2b3c4d.css`: 8 digits of the SHA-256 before the last extension, or behind a name without one.
fn named(path: &str, bytes: &[u8]) -> String {
    let hash = hexadecimal(&Sha256::digest(bytes)[..4]);
    let file = path.rfind('/').map_or(0, |slash| slash + 1);
    // A dot at the beginning makes no extension.
    match path[file..].rfind('.').filter(|dot| *dot > 0) {
        Some(dot) => format!("{}.{hash}{}", &path[..file + dot], &path[file + dot..]),
        None => format!("{path}.{hash}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn assets(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    fn text(made: &BTreeMap<String, Fingerprinted>, path: &str) -> String {
        String::from_utf8(made[path].bytes.clone()).unwrap()
    }

    #[test]
    fn a_name_has_the_beginning_of_the_hash_of_what_is_published() {
        let made = fingerprinted(&assets(&[("assets/a b/style.css", "x"), ("assets/v1.2/LICENSE", "x")])).unwrap();
        // printf x | sha256sum
        assert_eq!(made["assets/a b/style.css"].path, "assets/a b/style.2d711642.css");
        assert_eq!(made["assets/v1.2/LICENSE"].path, "assets/v1.2/LICENSE.2d711642");
        assert_eq!(named("assets/.htaccess", b"x"), "assets/.htaccess.2d711642");
        assert_eq!(named("assets/a.tar.gz", b"x"), "assets/a.tar.2d711642.gz");
    }

    #[test]
    fn a_style_sheet_names_other_assets_as_they_are_published_and_changes_its_name_with_them() {
        let style = "@import 'more/base.css'; .flag {background: url(flags.png?v=1#x)} p {background: url(../other.png), url(none.png), url(#a)}";
        let base = "b {background: url(\"../flags.png\"), url(/assets/flags.png), url(https://a.example/flags.png)}";
        let files = |flags: &str| {
            let files = [("assets/more/base.css", base), ("assets/flags.png", flags), ("assets/style.css", style)];
            fingerprinted(&assets(&files)).unwrap()
        };
        let (made, other) = (files("one"), files("two"));
        let name = |path: &str| made[path].path.rsplit('/').next().unwrap().to_owned();
        assert_eq!(
            text(&made, "assets/style.css"),
            format!(
                "@import 'more/{}'; .flag {{background: url({}?v=1#x)}} p {{background: url(../other.png), url(none.png), url(#a)}}",
                name("assets/more/base.css"),
                name("assets/flags.png"),
            )
        );
        let flags = format!("../{}", name("assets/flags.png"));
        assert_eq!(
            text(&made, "assets/more/base.css"),
            format!("b {{background: url(\"{flags}\"), url({flags}), url(https://a.example/flags.png)}}")
        );
        assert!(made.iter().all(|(path, made)| other[path].path != made.path), "{made:?} {other:?}");
    }

    #[test]
    fn what_is_no_text_or_no_style_sheet_stays_as_it_is() {
        let files = BTreeMap::from([
            ("assets/a.css".to_owned(), b"url(b.txt) \xff".to_vec()),
            ("assets/b.txt".to_owned(), b"url(a.css)".to_vec()),
        ]);
        let made = fingerprinted(&files).unwrap();
        assert_eq!(made["assets/a.css"].bytes, files["assets/a.css"]);
        assert_eq!(made["assets/b.txt"].bytes, files["assets/b.txt"]);
    }

    #[test]
    fn style_sheets_that_need_each_others_names_have_none() {
        let circle = |files: &[(&str, &str)]| fingerprinted(&assets(files)).unwrap_err().0;
        let files = [
            ("assets/a.css", "@import 'b.css'"),
            ("assets/b.css", "@import 'c.css'"),
            ("assets/c.css", "@import 'b.css'"),
        ];
        assert_eq!(circle(&files), ["assets/b.css", "assets/c.css", "assets/b.css"]);
        assert_eq!(circle(&[("assets/a.css", "p {b: url(a.css)}")]), ["assets/a.css", "assets/a.css"]);
    }
}
