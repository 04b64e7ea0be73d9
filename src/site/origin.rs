//! Where in the project's files something stands that was found on a page: in the page's own file, in a template that it uses,
//! or in the file that it is a copy of.

use std::path::Path;

use super::plan::Plan;
use super::source::position;
use crate::problem::Place;

impl Plan {
    /// The first place where one of these texts stands in what the page at `path`, below the site's root, was made from; the
    /// page's file as a whole if it is put together from parts. `None` of what is no page and no copied file.
    pub fn origin(&self, path: &Path, texts: &[&str]) -> Option<Place> {
        let Some(page) = self.pages.iter().find(|page| Path::new(&page.path) == path) else {
            let copied = self.copied.iter().find(|copied| copied.path == path)?;
            let bytes = copied.bytes().unwrap_or_default();
            return Some(find(&copied.shown, &String::from_utf8_lossy(&bytes), 0, texts));
        };
        let document = &self.documents[page.document];
        let own = find(&document.file, &document.text, document.body, texts);
        if own.line.is_some() {
            return Some(own);
        }
        let templates = self.uses[page.document].templates.iter().filter_map(|name| self.templates.get(name));
        let files = templates.map(|(_, source)| source).filter(|source| source.file != document.file);
        let mut places = files.map(|source| find(&source.file, source.text(), 0, texts));
        Some(places.find(|place| place.line.is_some()).unwrap_or(own))
    }
}

fn find(file: &Path, text: &str, from: usize, texts: &[&str]) -> Place {
    let found = texts.iter().filter(|part| !part.is_empty()).find_map(|part| text.get(from..)?.find(part));
    match found.map(|at| position(text, from + at)) {
        Some((line, column)) => Place::at(file, line, column),
        None => Place::file(file),
    }
}
