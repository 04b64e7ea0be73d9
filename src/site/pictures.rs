//! The pictures of one page, gathered while it is rendered.
//!
//! A picture stands under a name that is made from what it is drawn from, so a page and its pictures can never disagree in a
//! browser's cache, and nobody draws what is there already. The sheet of sparklines is known only when the page is done:
//! until then a placeholder stands for its address.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::address::Address;
use crate::graphics::sheet::{Sheet, Sparkline};
use crate::graphics::{Colors, Drawing};

/// The folder of all pictures.
const FOLDER: &str = "pictures";

/// The pictures of one page.
#[derive(Debug)]
pub(super) struct Pictures<'a> {
    pub(super) colors: &'a Colors,
    /// Sparklines on a sheet.
    most: usize,
    gathered: Mutex<Gathered>,
}

#[derive(Debug, Default)]
struct Gathered {
    /// Sparklines by how many values they have.
    sparklines: BTreeMap<usize, Vec<Sparkline>>,
    drawings: BTreeMap<PathBuf, Drawing>,
}

impl<'a> Pictures<'a> {
    /// None yet; sheets of at most so many sparklines.
    pub(super) fn new(colors: &'a Colors, most: usize) -> Self {
        Self { colors, most, gathered: Mutex::default() }
    }

    /// Puts a sparkline on the sheet of those of its length: its number there, and what stands for the sheet's address
    /// until the page [is done](Self::finish).
    pub(super) fn sparkline(&self, sparkline: Sparkline) -> (usize, String) {
        let length = sparkline.len();
        let mut gathered = self.gathered();
        let sparklines = gathered.sparklines.entry(length).or_default();
        sparklines.push(sparkline);
        let number = sparklines.len() - 1;
        (number % self.most, placeholder(length, number / self.most))
    }

    /// Adds a picture; its path below the site's root.
    pub(super) fn add(&self, drawing: Drawing) -> String {
        let path = format!("{FOLDER}/{}.png", drawing.name());
        self.gathered().drawings.insert(path.clone().into(), drawing);
        path
    }

    /// The page with the addresses of its sheets, and all its pictures by their paths below the site's root.
    pub(super) fn finish(self, mut html: String, page: &Address) -> (String, BTreeMap<PathBuf, Drawing>) {
        let sheets = std::mem::take(&mut self.gathered().sparklines);
        for (length, sparklines) in sheets {
            for (number, sparklines) in sparklines.chunks(self.most).enumerate() {
                let (ink, warning) = (self.colors.ink, self.colors.warning);
                let path = self.add(Drawing::Sheet(Sheet { sparklines: sparklines.to_vec(), ink, warning }));
                html = html.replace(&placeholder(length, number), &page.link_to_file(&path));
            }
        }
        (html, self.gathered.into_inner().unwrap_or_else(PoisonError::into_inner).drawings)
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands for a sheet's address. Data cannot bring it about: in a page their `<` is always `&lt;`.
fn placeholder(length: usize, number: usize) -> String {
    format!("<sheet {length} {number}>")
}
