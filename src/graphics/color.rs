//! Colours as people write them and as PNG keeps them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A colour: red, green, blue and opacity, 0 to 255 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rgba(pub [u8; 4]);

/// Nothing.
pub const TRANSPARENT: Rgba = Rgba([0; 4]);

impl Rgba {
    /// The same colour with another opacity.
    pub fn with_opacity(self, opacity: u8) -> Self {
        let [red, green, blue, _] = self.0;
        Self([red, green, blue, opacity])
    }
}

/// `#rrggbb`, as in CSS; fully opaque.
impl FromStr for Rgba {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, red, green, blue] =
            value.ok_or_else(|| format!("`{text}` is not a colour; write it as `#rrggbb`"))?.to_be_bytes();
        Ok(Self([red, green, blue, 255]))
    }
}

impl fmt::Display for Rgba {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [red, green, blue, _] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl<'de> Deserialize<'de> for Rgba {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Rgba {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_written_as_in_css() {
        assert_eq!("#2b6FB3".parse(), Ok(Rgba([0x2b, 0x6f, 0xb3, 255])));
        assert_eq!(Rgba([1, 2, 255, 9]).to_string(), "#0102ff");
        for wrong in ["", "2b6fb3", "#2b6fb", "#2b6fb3f", "#ggggg0", "#+12345", "blue"] {
            assert!(wrong.parse::<Rgba>().is_err_and(|error| error.contains("#rrggbb")), "{wrong}");
        }
    }
}
