//! Files that a web server can send as they are to readers who accept compression: `x.html.gz` beside `x.html`.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};

/// Shorter files are sent faster as they are.
const LEAST: usize = 200;
const TEXT: [&str; 12] =
    ["css", "csv", "htm", "html", "js", "json", "md", "ndjson", "svg", "txt", "webmanifest", "xml"];

/// Whether a file is worth a compressed one beside it: text of more than 200 bytes.
pub(super) fn worthwhile(path: &Path, bytes: &[u8]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    bytes.len() > LEAST && extension.is_some_and(|extension| TEXT.contains(&extension.to_ascii_lowercase().as_str()))
}

/// `index.html` → `index.html.gz`.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

/// The same bytes give the same result, at any time and place: no name and no clock in the header.
pub(super) fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// How many bytes a web server sends for a file to a reader who accepts compression, without headers.
pub fn on_the_wire(path: &Path, bytes: &[u8]) -> std::io::Result<u64> {
    Ok(if worthwhile(path, bytes) { gzip(bytes)?.len() } else { bytes.len() } as u64)
}

/// Whether `compressed` unpacks to exactly `bytes`.
pub(super) fn holds(compressed: &[u8], bytes: &[u8]) -> bool {
    let mut unpacked = Vec::with_capacity(bytes.len());
    // One byte more than expected is enough to see that it is something else.
    let limit = bytes.len() as u64 + 1;
    GzDecoder::new(compressed).take(limit).read_to_end(&mut unpacked).is_ok() && unpacked == bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn text_above_200_bytes_is_compressed_and_nothing_else() {
        assert!(worthwhile(Path::new("a/x.html"), &[b'x'; 201]));
        assert!(worthwhile(Path::new("X.CSS"), &[b'x'; 201]));
        assert!(!worthwhile(Path::new("x.html"), &[b'x'; 200]));
        assert!(!worthwhile(Path::new("x.png"), &[b'x'; 5000]));
        assert!(!worthwhile(Path::new("x"), &[b'x'; 5000]));
    }

    #[test]
    fn a_compressed_file_depends_on_its_content_alone_and_unpacks_to_it() {
        let text = "bridge ".repeat(100);
        let packed = gzip(text.as_bytes()).unwrap();
        assert_eq!(packed, gzip(text.as_bytes()).unwrap());
        assert_eq!(packed[4..8], [0; 4], "no clock in the header");
        assert!(packed.len() < 100);
        assert!(holds(&packed, text.as_bytes()));
        assert!(!holds(&packed, &text.as_bytes()[1..]));
        assert!(!holds(&packed[..packed.len() - 1], text.as_bytes()));
        assert!(!holds(b"not gzip", text.as_bytes()));
    }
}
