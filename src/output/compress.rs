//! Copies that a web server can send as they are to readers who accept compression: `x.html.gz` and `x.html.br` beside
//! `x.html`. The same bytes give the same copies, at any time and place.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, GzBuilder};

use crate::config::{Compress, Encoding};

/// Shorter files are sent faster as they are.
const LEAST: usize = 200;
const TEXT: [&str; 17] = [
    "atom",
    "css",
    "csv",
    "htm",
    "html",
    "js",
    "json",
    "map",
    "md",
    "mjs",
    "ndjson",
    "rss",
    "svg",
    "tsv",
    "txt",
    "webmanifest",
    "xml",
];
/// The level that pages are weighed at where the site says no other.
const WEIGHED: u32 = 6;

/// How hard a file's copies try to be small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// As the site's settings say: for what is often made anew.
    Usual,
    /// As hard as they can: for what is made once and then sent for years.
    Highest,
}

/// The compressed copies that belong beside a file, each with the way it is compressed; none beside short files and what
/// is no text.
pub fn copies(
    path: &Path,
    effort: Effort,
    bytes: &[u8],
    settings: Compress,
) -> std::io::Result<Vec<(Encoding, Vec<u8>)>> {
    wanted(path, effort, bytes.len(), settings)
        .map(|(encoding, level)| Ok((encoding, compress(encoding, level, bytes)?)))
        .collect()
}

/// Which copies belong beside a file of so many bytes, and their levels.
pub fn wanted(
    path: &Path,
    effort: Effort,
    length: usize,
    settings: Compress,
) -> impl Iterator<Item = (Encoding, u32)> + use<> {
    let worthwhile = worthwhile(path, length);
    let level = move |encoding: Encoding| match effort {
        Effort::Usual => settings.level(encoding),
        Effort::Highest => settings.level(encoding).map(|_| encoding.highest()),
    };
    let wanted = Encoding::ALL.into_iter().filter(move |_| worthwhile);
    wanted.filter_map(move |encoding| Some((encoding, level(encoding)?)))
}

/// Whether a file is worth a compressed one beside it: text of more than 200 bytes.
fn worthwhile(path: &Path, length: usize) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    length > LEAST && extension.is_some_and(|extension| TEXT.contains(&extension.to_ascii_lowercase().as_str()))
}

/// `index.html` → `index.html.gz`.
pub fn beside(path: &Path, encoding: Encoding) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(encoding.suffix());
    name.into()
}

/// The bytes, compressed at a level that the encoding has.
pub fn compress(encoding: Encoding, level: u32, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    match encoding {
        Encoding::Gzip => {
            // No name and no clock in the header.
            let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(level));
            encoder.write_all(bytes)?;
            encoder.finish()
        }
        Encoding::Brotli => {
            let params = BrotliEncoderParams {
                quality: level.min(encoding.highest()) as i32,
                size_hint: bytes.len(),
                ..BrotliEncoderParams::default()
            };
            let mut packed = Vec::with_capacity(bytes.len() / 4);
            brotli::BrotliCompress(&mut Cursor::new(bytes), &mut packed, &params)?;
            Ok(packed)
        }
    }
}

/// How many bytes a web server sends for a file to a reader who accepts gzip, which all do; without headers. So much,
/// whether the site keeps such copies or leaves the work to its host.
pub fn on_the_wire(path: &Path, effort: Effort, bytes: &[u8], settings: Compress) -> std::io::Result<u64> {
    let gzip = Compress { gzip: settings.gzip.or(Some(WEIGHED)), brotli: None };
    let sent = copies(path, effort, bytes, gzip)?;
    Ok(sent.first().map_or(bytes.len(), |(_, packed)| packed.len()) as u64)
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    /// Whether `packed` unpacks to exactly `bytes`.
    pub(in crate::output) fn holds(encoding: Encoding, packed: &[u8], bytes: &[u8]) -> bool {
        let unpacking: &mut dyn Read = match encoding {
            Encoding::Gzip => &mut GzDecoder::new(packed),
            Encoding::Brotli => &mut brotli::Decompressor::new(packed, 4096),
        };
        let mut unpacked = Vec::with_capacity(bytes.len());
        unpacking.read_to_end(&mut unpacked).is_ok() && unpacked == bytes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::testing::holds;
    use super::*;

    const USUAL: Compress = Compress { gzip: Some(6), brotli: Some(5) };

    #[test]
    fn text_above_200_bytes_is_compressed_and_nothing_else() {
        for (path, length, worth) in [
            ("a/x.html", 201, true),
            ("X.CSS", 201, true),
            ("x.html", 200, false),
            ("x.png", 5000, false),
            ("x", 5000, false),
        ] {
            let made = copies(Path::new(path), Effort::Usual, &vec![b'x'; length], USUAL).unwrap();
            let made: Vec<Encoding> = made.iter().map(|(encoding, _)| *encoding).collect();
            assert_eq!(made, if worth { Encoding::ALL.to_vec() } else { Vec::new() }, "{path}");
        }
    }

    #[test]
    fn a_compressed_file_depends_on_its_content_alone_and_unpacks_to_it() {
        let text = "bridge ".repeat(100);
        for encoding in Encoding::ALL {
            for level in 0..=encoding.highest() {
                let packed = compress(encoding, level, text.as_bytes()).unwrap();
                assert_eq!(packed, compress(encoding, level, text.as_bytes()).unwrap());
                assert!(holds(encoding, &packed, text.as_bytes()));
                assert!(!holds(encoding, &packed, &text.as_bytes()[1..]));
                assert!(!holds(encoding, &packed[..packed.len() - 1], text.as_bytes()), "{encoding:?} {level}");
                assert!(level == 0 || packed.len() < 100, "{encoding:?} {level}: {}", packed.len());
            }
            assert!(!holds(encoding, b"neither of the two", text.as_bytes()));
        }
        assert_eq!(compress(Encoding::Gzip, 6, b"x").unwrap()[4..8], [0; 4], "no clock in the header");
    }

    #[test]
    fn settings_say_which_copies_there_are_and_what_is_written_once_is_compressed_hardest() {
        let levels = |effort, settings| wanted(Path::new("x.css"), effort, 300, settings).collect::<Vec<_>>();
        assert_eq!(levels(Effort::Usual, USUAL), [(Encoding::Brotli, 5), (Encoding::Gzip, 6)]);
        assert_eq!(levels(Effort::Highest, USUAL), [(Encoding::Brotli, 11), (Encoding::Gzip, 9)]);
        let gzip = Compress { gzip: Some(1), brotli: None };
        assert_eq!(levels(Effort::Usual, gzip), [(Encoding::Gzip, 1)]);
        assert_eq!(levels(Effort::Highest, gzip), [(Encoding::Gzip, 9)]);
        assert_eq!(levels(Effort::Highest, Compress::NONE), []);
    }

    #[test]
    fn a_page_weighs_the_same_whether_or_not_its_host_does_the_compressing() {
        let text = "bridge ".repeat(100);
        let weight = |settings| on_the_wire(Path::new("x.html"), Effort::Usual, text.as_bytes(), settings).unwrap();
        assert_eq!(weight(USUAL), weight(Compress::NONE));
        assert!(weight(USUAL) < weight(Compress { gzip: Some(0), ..USUAL }));
        assert_eq!(on_the_wire(Path::new("x.png"), Effort::Usual, &[0; 300], USUAL).unwrap(), 300);
    }
}
