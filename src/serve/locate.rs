//! Which file of a folder an address means, of which type it is, and how long a browser may keep it.

use std::path::{Path, PathBuf};

use crate::fs;

/// What stands at an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Located {
    /// A file, by its path below the folder.
    File(PathBuf),
    /// A folder with an index, whose address has a `/` at its end.
    Folder,
    /// Nothing, or what lies outside.
    Missing,
}

/// What the path of an address means below `folder`.
pub(super) fn locate(folder: &Path, address: &str) -> Located {
    let Some(path) = below(address) else { return Located::Missing };
    let inside = |path: &Path| {
        let (Ok(folder), Ok(file)) = (fs::canonical(folder), fs::canonical(&folder.join(path))) else { return false };
        // A link may lead anywhere.
        file.starts_with(folder) && file.is_file()
    };
    if inside(&path) {
        Located::File(path)
    } else if inside(&path.join("index.html")) {
        Located::Folder
    } else {
        Located::Missing
    }
}

/// The path below a folder that an address asks for; `None` if it is none.
fn below(address: &str) -> Option<PathBuf> {
    let decoded = decoded(address.strip_prefix('/')?)?;
    let names = if decoded.is_empty() || decoded.ends_with('/') { decoded + "index.html" } else { decoded };
    let fits = |name: &str| !matches!(name, "" | "." | "..") && !name.contains(['\0', '\\']);
    names.split('/').all(fits).then(|| names.into())
}

/// A text with each `%XX` replaced by the byte that it stands for (RFC 3986).
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

/// The type of a file, as `Content-Type` says it.
pub(super) fn content_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "xml" => "application/xml",
        "atom" => "application/atom+xml",
        "json" | "map" => "application/json",
        "ndjson" => "application/x-ndjson",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "pdf" => "application/pdf",
        "parquet" => "application/vnd.apache.parquet",
        "gz" => "application/gzip",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// How long a browser may keep a file without asking, as `Cache-Control` says it: for ever if its name stands for its
/// bytes, as the names of pictures and of the theme's assets do.
pub(super) fn cache_control(path: &Path) -> &'static str {
    let named_by_content = match path.components().next().and_then(|first| first.as_os_str().to_str()) {
        Some("pictures") => true,
        Some("assets") => has_fingerprint(path),
        _ => false,
    };
    if named_by_content { "public, max-age=31536000, immutable" } else { "no-cache" }
}

/// `style.1a2b3c4d.css`
fn has_fingerprint(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let fingerprint = stem.rsplit_once('.').map_or("", |(_, fingerprint)| fingerprint);
    fingerprint.len() == 8 && fingerprint.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn an_address_means_a_file_of_the_folder_and_none_outside() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("site");
        fs::create_dir(&folder.join("days")).unwrap();
        for file in ["site/index.html", "site/days/index.html", "site/days/é x.html", "secret.txt"] {
            fs::write_atomic(&place.path().join(file), b"x", fs::PUBLIC).unwrap();
        }
        symlink(place.path().join("secret.txt"), folder.join("linked.txt")).unwrap();
        let file = |path: &str| Located::File(path.into());
        assert_eq!(locate(&folder, "/"), file("index.html"));
        assert_eq!(locate(&folder, "/index.html"), file("index.html"));
        assert_eq!(locate(&folder, "/days/"), file("days/index.html"));
        assert_eq!(locate(&folder, "/days"), Located::Folder);
        assert_eq!(locate(&folder, "/days/%C3%A9%20x.html"), file("days/é x.html"));
        for outside in [
            "",
            "*",
            "index.html",
            "/none.html",
            "/../secret.txt",
            "/days/../../secret.txt",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
            "//etc/passwd",
            "/days//index.html",
            "/linked.txt",
            "/index.html%00",
            "/%",
            "/%2",
            "/%+f",
            "/%ff",
            "/%é",
            "/index.html/",
        ] {
            assert_eq!(locate(&folder, outside), Located::Missing, "{outside}");
        }
    }

    #[test]
    fn what_is_named_by_its_content_is_kept_for_ever_and_everything_else_is_asked_for_again() {
        let kept = |path: &str| cache_control(Path::new(path)).ends_with("immutable");
        for path in ["assets/style.0a2b3c4d.css", "assets/img/icon.12345678.png", "pictures/0123456789abcdef.png"] {
            assert!(kept(path), "{path}");
        }
        for path in
            ["index.html", "assets/style.css", "assets/style.min.css", "assets/style.GHIJKLMN.css", "x.12345678.css"]
        {
            assert!(!kept(path), "{path}");
        }
    }
}
