//! One page as a single file.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Content;
use super::address::encoded_path;
use super::page::Page;
use super::plan::Plan;
use super::searched::Searched;
use crate::config::Scheme;
use crate::problem::{Kind, Problem, Problems};
use crate::references;

impl Plan {
    /// The page that a document makes for a name which its front matter gives as `report`, such as that of a month, as one
    /// HTML file with its styles and pictures inside, on light paper. Its links lead to the site at `base_url`, or nowhere.
    ///
    /// # Errors
    /// [`Problems`] if there is no such page, with the names that there are, and all that leaks.
    pub fn report(&self, name: &str, base_url: Option<&str>) -> Result<String> {
        let reports = self.reports().map_err(Problems::from)?;
        let Some((_, page)) = reports.iter().find(|(known, _)| known == name) else {
            let message = format!("there is no report of {name}");
            let known: Vec<&str> = reports.iter().map(|(known, _)| known.as_str()).collect();
            let hint = match known.as_slice() {
                [] => "no page of the site says `report:` in its front matter, or there are no data yet".to_owned(),
                known => format!("there are {}", known.join(", ")),
            };
            return Err(Problems { kind: Kind::Content, list: vec![Problem::nowhere(message).hint(hint)] }.into());
        };
        self.alone(page, base_url)
    }

    /// All pages that are reports, by name.
    fn reports(&self) -> Result<Vec<(String, &Page)>, Problem> {
        let mut reports = Vec::new();
        for page in &self.pages {
            let document = &self.documents[page.document];
            if document.front.report.is_none() {
                continue;
            }
            reports.push((document.text(&["report"], page, &self.queries, &self.texts)?, page));
        }
        Ok(reports)
    }

    fn alone(&self, page: &Page, base_url: Option<&str>) -> Result<String> {
        let searched = Searched::new(&self.leaks);
        let files = self.copies(page, [Some(Scheme::Light)].into_iter(), true).map_err(Problems::from)?;
        let mut contents: BTreeMap<PathBuf, Content> =
            files.into_iter().map(|file| (file.path, file.content)).collect();
        let path = PathBuf::from(self.shared.address(&page.path, Some(Scheme::Light)).place());
        let Some(Content::Bytes(html)) = contents.remove(&path) else { anyhow::bail!("the page is not there") };
        let html = String::from_utf8(html).context("the page is not UTF-8")?;
        let drawn: RefCell<BTreeMap<PathBuf, Vec<u8>>> = RefCell::default();
        let file = |path: &Path| -> Result<Option<Vec<u8>>> {
            if let Some(bytes) = drawn.borrow().get(path) {
                return Ok(Some(bytes.clone()));
            }
            let bytes = match contents.get(path) {
                Some(Content::Picture(drawing)) => drawing.draw()?,
                Some(Content::Bytes(bytes)) => bytes.clone(),
                Some(Content::Table(table)) => table.bytes()?.to_vec(),
                None => match self.copied.iter().find(|file| file.path == path) {
                    Some(file) => file.bytes()?,
                    None => return Ok(None),
                },
            };
            drawn.borrow_mut().insert(path.to_owned(), bytes.clone());
            Ok(Some(bytes))
        };
        let link = |page: &Path| {
            let page = page.strip_prefix(Scheme::Light.to_string()).unwrap_or(page).to_str()?;
            Some(format!("{}{}", base_url?, encoded_path(page)))
        };
        let html = references::alone(&path, &html, &link, &file)?;
        let origin = &self.documents[page.document].file;
        searched.look(&page.path, &Content::Bytes(html.clone().into_bytes()), origin);
        Problems::check(Kind::Content, searched.problems())?;
        Ok(html)
    }
}
