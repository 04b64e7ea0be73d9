//! The plan of a site: everything is read and checked, every query is run, every page has its path and its key. What is
//! wrong is known now, but for what single rows bring about; nothing has been made yet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rayon::prelude::*;

use super::address::NOT_FOUND;
use super::check::{self, Found, Uses};
use super::compile::compiled;
use super::context::Shared;
use super::copied::{Copied, copied};
use super::extras::Extras;
use super::helpers::Known;
use super::language::{self, Language};
use super::lookup::{DEFAULT, Embedded, Lookup};
use super::page::{self, Document, Page};
use super::paths::Paths;
use super::query::Queries;
use super::searched::Searched;
use super::templates::{self, Templates};
use super::tree;
use super::unused::unused;
use super::{Content, File, Input, Summary};
use crate::config::{Compress, Scheme};
use crate::graphics::Colors;
use crate::hash;
use crate::key::{Basis, Key};
use crate::leaks::Leaks;
use crate::problem::{Kind, Place, Problem, Problems};

/// What changes whenever a page can look different although nothing that it is made from does.
pub(super) const PROGRAM: &str = env!("TORCOLLECT_BUILD");

/// A site that can be made.
pub struct Plan {
    pub(super) documents: Vec<Document>,
    pub(super) pages: Vec<Page>,
    pub(super) queries: Queries,
    pub(super) templates: Templates,
    /// Of the texts of front matters.
    pub(super) texts: Templates,
    pub(super) shared: Shared,
    pub(super) colors: Colors,
    pub(super) copied: Vec<Copied>,
    /// Downloads, feeds, and what stands in the site for search engines and hosts.
    pub(super) made: Vec<File>,
    pub(super) leaks: Leaks,
    /// Of the list of what is searched for.
    searched: u64,
    warnings: Vec<Problem>,
    compress: Compress,
    /// What the templates of each document name.
    pub(super) uses: Vec<Uses>,
    /// Of all things that templates can ask for and that are no pages.
    files: u64,
}

impl Plan {
    /// Reads and checks all that the site is made from.
    ///
    /// # Errors
    /// [`Problems`] with all that is wrong in content, queries and templates.
    pub fn new(input: &Input) -> Result<Self> {
        Self::with(input, DEFAULT)
    }

    /// [`Plan::new`] with another theme in the program.
    pub(super) fn with(input: &Input, embedded: Embedded) -> Result<Self> {
        let settings = input.project.shown(&input.project.site());
        let (lookup, mut problems) = Lookup::new(input.project, &input.site.theme, embedded);
        let lookup = lookup.with(&input.site.packs);
        let mut unspoken = Vec::new();
        let language = Language::load(&lookup, &input.site.language, &settings, &mut problems, &mut unspoken)?;
        let countries = language::countries(&lookup, &input.site.language, &mut problems)?;
        let names = countries.iter().map(|country| (&*country.code, &*country.name, country.note.as_deref()));
        input.publication.call_countries(names)?;
        let mut paths = Paths::default();
        let copied = copied(input, &lookup, &mut problems)?;
        let mut documents = page::documents(&lookup, &input.site.disable, input.drafts, &settings, &mut problems)?;

        if copied.iter().any(|file| file.path == Path::new(NOT_FOUND)) {
            documents.retain(|document| document.layer == 0 || !document.is_not_found());
        }
        let asked = documents.iter().flat_map(Document::queries).map(|(name, _)| name).collect::<BTreeSet<_>>();
        let mut queries = Queries::run(&lookup, &asked, input.publication, &mut problems)?;
        let mut extras = Extras::new(&documents, &queries, input.site, &mut problems)?;
        let files = extras.names(&copied);
        let known = Known { files: files.clone(), language: Arc::new(language) };
        let (pages_templates, texts) = compiled(&lookup, &documents, &known, &mut problems)?;
        let mut shared = Shared::new(input.site, lookup.extra(), input.publication)
            .context("cannot read what the publication says about itself")?;
        if problems.is_empty() {
            extras.show(&mut shared, &documents, &texts, &mut problems);
        }

        let (mut pages, mut uses) = (Vec::new(), Vec::new());
        for (number, document) in documents.iter().enumerate() {
            let (wrong, used) = check_document(document, &shared, &mut queries, &pages_templates, &texts);
            uses.push(used);
            let sound = wrong.is_empty() && document.texts().iter().all(|(name, _)| texts.get(name).is_some());
            problems.extend(wrong);
            if sound {
                document.expand(number, &queries, &texts, &mut paths, &mut pages, &mut problems);
            }
        }
        if problems.is_empty() {
            problems.extend(copies(&shared, &documents, &pages, &mut paths));
        }
        for file in &copied {
            let place = Place::file(&file.shown);
            match file.path.to_str() {
                Some(path) => problems.extend(paths.claim(path, file.shown.display().to_string(), &place)),
                None => problems.push(Problem::new(place, "the file's name is not UTF-8")),
            }
        }
        extras.fill(&documents, &pages, &queries, &texts, &mut problems);
        let made = extras.files(input.site, &shared, (&documents, &pages, &copied), &mut paths, &mut problems);
        if !problems.is_empty() {
            // Of pages nothing will be made that could be looked through; of all else what leaks is said with the rest.
            let searched = Searched::new(input.leaks);
            for file in &copied {
                searched.look_copied(file, &Content::Bytes(file.bytes()?));
            }
            made.iter().for_each(|file| searched.look_made(file));
            problems.extend(searched.problems());
        }
        Problems::check(Kind::Content, merged(problems))?;

        tree::grow(&documents, &mut pages);
        shared.set_menu(&documents, &pages);
        let names = files.iter().map(|(name, path)| hash::all([hash::of(name.as_bytes()), hash::of(path.as_bytes())]));
        let reached = uses.iter().flat_map(|uses| &uses.templates).map(String::as_str).collect();
        let unused = unused(&lookup, &documents, &reached, &queries.asked)?;
        let warnings = unspoken.into_iter().chain(unused).collect();
        Ok(Self {
            leaks: input.leaks.clone(),
            searched: hash::of(input.leaks.digest()?.as_bytes()),
            warnings,
            files: hash::all(names),
            colors: lookup.colors().clone(),
            templates: pages_templates,
            texts,
            documents,
            pages,
            queries,
            shared,
            copied,
            made,
            compress: input.site.compress,
            uses,
        })
    }

    /// What there is to make.
    pub fn summary(&self) -> Summary {
        Summary {
            pages: self.pages.len(),
            queries: self.queries.len(),
            query_runs: self.queries.runs,
            warnings: self.warnings.clone(),
        }
    }

    /// What the pages of each document have in common, by the document's file.
    pub fn bases(&self) -> BTreeMap<String, Basis> {
        let first = |number| self.pages.iter().find(|page| page.document == number);
        let basis = |(number, document): (usize, &Document)| {
            let own = first(number).map(|page| self.fingerprints(page)).unwrap_or_default();
            let own = own.into_iter().map(|(name, _)| name).collect();
            (document.file.display().to_string(), Basis { shared: self.in_common(document, &self.uses[number]), own })
        };
        self.documents.iter().enumerate().map(basis).collect()
    }

    fn in_common(&self, document: &Document, uses: &Uses) -> BTreeMap<String, u64> {
        let mut parts = BTreeMap::from([
            ("torcollect".to_owned(), hash::of(PROGRAM.as_bytes())),
            ("the theme's colours".to_owned(), hash::of(format!("{:?}", self.colors).as_bytes())),
            (
                "`schemes` in site.yaml".to_owned(),
                hash::of(format!("{:?}", self.shared.copies("").collect::<Vec<_>>()).as_bytes()),
            ),
            ("`compress` in site.yaml".to_owned(), hash::of(format!("{:?}", self.compress).as_bytes())),
            ("assets, static files and downloads".to_owned(), self.files),
            ("what may not be told".to_owned(), self.searched),
            ("the words of `languages/`".to_owned(), self.templates.language().hash()),
            (document.file.display().to_string(), hash::of(document.text.as_bytes())),
        ]);
        for (_, source) in uses.templates.iter().filter_map(|name| self.templates.get(name)) {
            if source.file != document.file {
                // A template and the one that it shadows can be called alike.
                let before = parts.entry(source.file.display().to_string()).or_default();
                *before = hash::after(*before, source.text().as_bytes());
            }
        }
        parts
    }

    /// The pages in order: for each its path, and the key of all that it is made from.
    pub fn keys(&self) -> Vec<(&str, Key)> {
        let key = |page: &Page| {
            let basis = self.documents[page.document].file.display().to_string();
            let own = self.fingerprints(page).into_iter().map(|(_, hash)| hash).collect();
            Key { basis, own }
        };
        self.pages.par_iter().map(|page| (page.path.as_str(), key(page))).collect()
    }

    fn fingerprints(&self, page: &Page) -> Vec<(String, u64)> {
        let document = &self.documents[page.document];
        self.shared.fingerprints(document, page, &self.pages, &self.queries, &self.uses[page.document])
    }
}

/// Takes the paths of the site's copies.
fn copies(shared: &Shared, documents: &[Document], pages: &[Page], paths: &mut Paths) -> Vec<Problem> {
    let claim = |(scheme, page): (Scheme, &Page)| {
        let path = shared.address(&page.path, Some(scheme)).place();
        let document = &documents[page.document];
        let owner = format!("the {scheme} copy of `{}`", page.path);
        let problem = paths.claim(&path, owner, &Place::file(&document.file))?;
        Some(
            Problem { place: Some(document.place(&["path"])), ..problem }
                .hint("use another path, or list no `schemes` in `site/site.yaml`"),
        )
    };
    let copies = |page| shared.copies(page).flatten();
    pages.iter().flat_map(|page| copies(&page.path).map(move |scheme| (scheme, page))).filter_map(claim).collect()
}

fn check_document(
    document: &Document,
    shared: &Shared,
    queries: &mut Queries,
    pages: &Templates,
    texts: &Templates,
) -> (Vec<Problem>, Uses) {
    let mut problems = document.problems(queries);
    let mut found = Found::default();
    let text = shared.text_shape(document, queries);
    for (name, _) in document.texts() {
        check::check(texts, &name, &text, &mut found);
    }
    check::check(pages, &document.body_name(), &shared.body_shape(document, queries), &mut found);
    let layout = templates::layout(document.layout());
    check::check(pages, &layout, &shared.layout_shape(document, queries), &mut found);
    let uses = std::mem::take(&mut found.uses);
    problems.extend(found.problems());
    (problems, uses)
}

/// Problems with the same place and message are one, whatever their hints.
fn merged(problems: Vec<Problem>) -> Vec<Problem> {
    let mut by_place: BTreeMap<(Option<Place>, String), Problem> = BTreeMap::new();
    for problem in problems {
        by_place.entry((problem.place.clone(), problem.message.clone())).or_insert(problem);
    }
    by_place.into_values().collect()
}
