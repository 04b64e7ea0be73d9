//! The names of countries in a language: `languages/countries.<tag>.tsv` of the themes.

use std::path::Path;

use anyhow::Result;

use super::super::lookup::{Lookup, Part};
use super::tags;
use crate::problem::{Place, Problem};

/// What a language calls a country.
pub(in crate::site) struct Country {
    /// In small letters, as tor writes it.
    pub(in crate::site) code: String,
    pub(in crate::site) name: String,
    /// What a code means that is no country's.
    pub(in crate::site) note: Option<String>,
}

/// What the themes call countries otherwise than the program does in English; of a country that stands there several
/// times, the last holds.
///
/// # Errors
/// If a file cannot be read; what is wrong in it is in the list.
pub(in crate::site) fn countries(lookup: &Lookup, tag: &str, problems: &mut Vec<Problem>) -> Result<Vec<Country>> {
    let files = lookup.files(Part::Languages)?;
    let mut countries = Vec::new();
    for tag in tags(tag).into_iter().rev() {
        let found = files.get(Path::new(&format!("countries.{tag}.tsv"))).into_iter().flatten();
        for file in found.rev().filter(|file| !(tag == super::ENGLISH && file.is_embedded())) {
            let text = match file.text()? {
                Ok(text) => text,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            for (number, line) in
                text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            {
                let mut fields = line.split('\t').map(str::trim);
                let (code, name, note) = (fields.next(), fields.next(), fields.next());
                let (Some(code), Some(name), None) =
                    (code.filter(|code| !code.is_empty()), name.filter(|name| !name.is_empty()), fields.next())
                else {
                    let place = Place::at(&file.shown, number + 1, 1);
                    let hint = "a line is a code, a name and, if need be, a note, with tabs between";
                    problems.push(Problem::new(place, "this is not the name of a country").hint(hint));
                    continue;
                };
                let note = note.filter(|note| !note.is_empty()).map(str::to_owned);
                countries.push(Country { code: code.to_lowercase(), name: name.to_owned(), note });
            }
        }
    }
    Ok(countries)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::site::lookup::DEFAULT;
    use crate::site::tests::Folder;

    #[test]
    fn names_come_from_the_language_and_the_wider_one_and_mistakes_have_their_line() {
        let folder = Folder::new(&[
            (
                "themes/default/languages/countries.de.tsv",
                "# code, name\nIR\tIran\nru\tRussland\t\n??\tUnbekannt\two auch immer\n",
            ),
            ("themes/default/languages/countries.de-AT.tsv", "ir\tPersien\nru Russland\n"),
        ]);
        let (lookup, mut problems) = Lookup::new(&folder.project, "default", DEFAULT);
        let found = countries(&lookup, "de-AT", &mut problems).unwrap();
        let named: Vec<String> =
            found.iter().map(|found| format!("{} {} {:?}", found.code, found.name, found.note)).collect();
        assert_eq!(
            named,
            ["ir Iran None", "ru Russland None", "?? Unbekannt Some(\"wo auch immer\")", "ir Persien None"]
        );
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["themes/default/languages/countries.de-AT.tsv:2:1: this is not the name of a country"]);
    }
}
