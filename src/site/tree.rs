//! The tree of the site: which page stands in which section, and which page comes after which.
//!
//! A section is a folder whose first page is `index.html`. A page stands in the section of the nearest folder that is one;
//! the first page of a section stands in the section around it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::page::{Document, Page};

/// The site's first page, at which every trail begins.
pub(super) const FIRST: &str = "index.html";

/// Gives every page its parent, its children, and the neighbours that it has by its `order`.
pub(super) fn grow(documents: &[Document], pages: &mut [Page]) {
    let parents: Vec<Option<usize>> = {
        let sections: HashMap<&str, usize> = (0..pages.len())
            .filter(|number| is_first(&pages[*number], *number))
            .filter_map(|number| Some((folder_of_first(&pages[number].path)?, number)))
            .collect();
        let of = |page: &Page| parent(&pages[page.part.as_ref().map_or(page.number, |part| part.first)], &sections);
        pages.iter().map(of).collect()
    };
    let mut children: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (number, parent) in parents.iter().enumerate() {
        let page = &mut pages[number];
        page.parent = *parent;
        if page.row.is_none() && is_first(page, number) {
            children.entry(*parent).or_default().push(number);
        }
    }
    for (parent, mut children) in children {
        children.sort_by(|one, other| order(documents, &pages[*one], &pages[*other]));
        let ordered: Vec<usize> =
            children.iter().copied().filter(|child| has_order(documents, &pages[*child])).collect();
        for neighbours in ordered.windows(2) {
            pages[neighbours[0]].next = Some(neighbours[1]);
            pages[neighbours[1]].previous = Some(neighbours[0]);
        }
        if let Some(parent) = parent {
            pages[parent].children = children;
        }
    }
    // The further pages of a long list stand where the first one does.
    for number in 0..pages.len() {
        let Some(first) = pages[number].part.as_ref().map(|part| part.first).filter(|first| *first != number) else {
            continue;
        };
        let Page { previous, next, children, .. } = &pages[first];
        let (previous, next, children) = (*previous, *next, children.clone());
        pages[number] = Page { previous, next, children, ..std::mem::take(&mut pages[number]) };
    }
}

/// The pages from the site's first one down to a page's parent.
pub(super) fn trail<'a>(page: &Page, pages: &'a [Page]) -> Vec<&'a Page> {
    let mut trail: Vec<&Page> = std::iter::successors(page.parent.map(|parent| &pages[parent]), |page| {
        page.parent.map(|parent| &pages[parent])
    })
    .collect();
    trail.reverse();
    trail
}

fn is_first(page: &Page, number: usize) -> bool {
    page.part.as_ref().is_none_or(|part| part.first == number)
}

/// The folder, with its `/`, of which a page is the first one.
fn folder_of_first(path: &str) -> Option<&str> {
    path.strip_suffix(FIRST).filter(|folder| folder.is_empty() || folder.ends_with('/'))
}

/// The first page of the nearest section around.
fn parent(page: &Page, sections: &HashMap<&str, usize>) -> Option<usize> {
    let own = folder_of_first(&page.path);
    let folders = page.path.rmatch_indices('/').map(|(at, _)| &page.path[..=at]).chain([""]);
    folders.filter(|folder| Some(*folder) != own).find_map(|folder| sections.get(folder).copied())
}

fn has_order(documents: &[Document], page: &Page) -> bool {
    documents[page.document].front.order.is_some()
}

/// By `order`, those without one last; then by title.
fn order(documents: &[Document], one: &Page, other: &Page) -> Ordering {
    let key = |page: &Page| documents[page.document].front.order.map_or((true, 0), |order| (false, order));
    (key(one), &one.title, &one.path).cmp(&(key(other), &other.title, &other.path))
}
