//! Pictures that need nothing of a browser but PNG: Tor Browser at its safest setting shows no SVG and runs no script.
//!
//! Each is described by plain data first, a [`Drawing`], which also gives it its name; only who needs it draws it.
//! Everything here is pure: no files, no clock, the same bytes for the same data.

pub mod chart;
mod color;
mod colors;
pub mod flags;
mod font;
pub mod map;
mod png;
mod quantize;
mod raster;
pub mod sheet;

use anyhow::Result;
use sha2::{Digest, Sha256};

pub use chart::Chart;
pub use color::Rgba;
pub use colors::{Colors, Paper};
pub use map::Map;
pub use sheet::Sheet;

use crate::text::hexadecimal;

/// Raised when the same data are drawn differently than before, so that pictures of an earlier version are not kept.
const VERSION: u32 = 3;

/// What a picture is drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// Sparklines.
    Sheet(Sheet),
    /// The map of the world.
    Map(Map),
    /// Values over days.
    Chart(Chart),
}

impl Drawing {
    /// A name that stands for the picture's content: 16 hexadecimal digits that differ whenever the data do.
    pub fn name(&self) -> String {
        let digest = Sha256::new().chain_update(VERSION.to_be_bytes()).chain_update(format!("{self:?}")).finalize();
        hexadecimal(&digest[..8])
    }

    /// About how many bytes of memory its data take.
    pub fn size(&self) -> usize {
        match self {
            Self::Chart(chart) => chart.svg.len(),
            Self::Sheet(sheet) => {
                sheet.sparklines.iter().map(|sparkline| sparkline.len() + size_of::<sheet::Sparkline>()).sum()
            }
            Self::Map(_) => map::TERRITORIES.len(),
        }
    }

    /// Draws it, as PNG.
    ///
    /// # Errors
    /// If it is too large to be drawn.
    pub fn draw(&self) -> Result<Vec<u8>> {
        match self {
            Self::Sheet(sheet) => sheet.draw(),
            Self::Map(map) => Ok(map.draw()),
            Self::Chart(chart) => chart.draw(),
        }
    }
}

/// Whether these bytes are a picture, all of it and unharmed.
pub fn is_whole(picture: &[u8]) -> bool {
    png::is_whole(picture)
}
