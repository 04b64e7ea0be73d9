//! `compress` in `site/site.yaml`: which compressed copies stand beside the site's text files, and how hard each tries.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor, value::MapAccessDeserializer};

use super::yaml::with_hint;

/// A way to compress that browsers can undo (RFC 9110, section 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// Brotli, RFC 7932.
    Brotli,
    /// gzip, RFC 1952.
    Gzip,
}

impl Encoding {
    /// All of them, the one that makes text smaller first.
    pub const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// What a copy's name has at its end: `index.html.br`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }

    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    pub fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The level at which it tries hardest; the least is 0.
    pub fn highest(self) -> u32 {
        match self {
            Self::Brotli => 11,
            Self::Gzip => 9,
        }
    }
}

/// The level of each copy that is made; none of what is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compress {
    /// Of `.gz`: 6.
    pub gzip: Option<u32>,
    /// Of `.br`: 5.
    pub brotli: Option<u32>,
}

impl Default for Compress {
    fn default() -> Self {
        Self { gzip: Some(6), brotli: Some(5) }
    }
}

impl Compress {
    /// No copies.
    pub const NONE: Self = Self { gzip: None, brotli: None };

    /// The level of one kind of copy; `None` if it is not wanted.
    pub fn level(self, encoding: Encoding) -> Option<u32> {
        match encoding {
            Encoding::Brotli => self.brotli,
            Encoding::Gzip => self.gzip,
        }
    }
}

/// `false`, `true`, or a map with a level for each.
impl<'de> Deserialize<'de> for Compress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Levels {
            #[serde(deserialize_with = "gzip")]
            gzip: Option<u32>,
            #[serde(deserialize_with = "brotli")]
            brotli: Option<u32>,
        }
        impl Default for Levels {
            fn default() -> Self {
                let Compress { gzip, brotli } = Compress::default();
                Self { gzip, brotli }
            }
        }
        struct Choice;
        impl<'de> Visitor<'de> for Choice {
            type Value = Compress;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`false`, or levels as `{gzip: 6, brotli: 5}`")
            }

            fn visit_unit<E>(self) -> Result<Compress, E> {
                Ok(Compress::default())
            }

            fn visit_bool<E>(self, wanted: bool) -> Result<Compress, E> {
                Ok(if wanted { Compress::default() } else { Compress::NONE })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Compress, A::Error> {
                let Levels { gzip, brotli } = Levels::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Compress { gzip, brotli })
            }
        }
        deserializer.deserialize_any(Choice)
    }
}

fn gzip<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    level(deserializer, Encoding::Gzip)
}

fn brotli<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    level(deserializer, Encoding::Brotli)
}

/// A level that the encoding has, `false` for no copy, or `true` for the usual level.
fn level<'de, D: Deserializer<'de>>(deserializer: D, encoding: Encoding) -> Result<Option<u32>, D::Error> {
    struct Level(Encoding);
    impl Visitor<'_> for Level {
        type Value = Option<u32>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a level from 0 to {}, or `false`", self.0.highest())
        }

        fn visit_unit<E>(self) -> Result<Option<u32>, E> {
            Ok(Compress::default().level(self.0))
        }

        fn visit_bool<E>(self, wanted: bool) -> Result<Option<u32>, E> {
            Ok(Compress::default().level(self.0).filter(|_| wanted))
        }

        fn visit_u64<E: Error>(self, level: u64) -> Result<Option<u32>, E> {
            let fits = u32::try_from(level).ok().filter(|level| *level <= self.0.highest());
            fits.map(Some).ok_or_else(|| {
                let (name, highest) = (self.0.token(), self.0.highest());
                let hint = format_args!("write a level from 0 to {highest}, or `false` for no such copies");
                E::custom(with_hint(format_args!("{name} has no level {level}"), hint))
            })
        }
    }
    deserializer.deserialize_any(Level(encoding))
}
