//! `notes:` in `sources.yaml`: what operators say of a day, a server, a bridge or a country. Pages show them, so they hold
//! no secret.

use jiff::civil::Date;

use super::exposed::Secrets;
use super::references::{unknown_bridge, unknown_server};
use super::values::{date, text};
use super::yaml::{Document, KeyPath};
use super::{BridgeName, Fleet};
use crate::problem::Problem;

/// What happened on a day, in the operator's words. It is about one of server, bridge and country; about the whole fleet
/// if none is named.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The day.
    #[serde(deserialize_with = "date")]
    pub date: Date,
    /// The server's name.
    #[serde(default)]
    pub server: Option<String>,
    /// The bridge's place.
    #[serde(default)]
    pub bridge: Option<BridgeName>,
    /// The country as tor's code, of any case: two letters, or `??`.
    #[serde(default)]
    pub country: Option<String>,
    /// The words.
    #[serde(deserialize_with = "text")]
    pub text: String,
}

/// What is wrong in the notes of a fleet whose `sources.yaml` is `document`. The servers of a `sample` are not in the
/// settings, so beside one any server may be meant.
pub(super) fn check(fleet: &Fleet, document: &Document, secrets: &Secrets) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, note) in fleet.notes.iter().enumerate() {
        let path = KeyPath::of(["notes"]).item(index);
        let text = path.key("text");
        if note.text.trim().is_empty() {
            problems.push(document.problem(&text, "the text is empty").hint("say what happened, or remove the note"));
        }
        problems.extend(secrets.problem(&note.text, document, &text));
        let named = [note.server.is_some(), note.bridge.is_some(), note.country.is_some()];
        if named.iter().filter(|named| **named).count() > 1 {
            let hint = "name one of `server`, `bridge` and `country`, or none for the whole fleet";
            problems.push(document.problem(&path, "the note is about more than one thing").hint(hint));
        }
        let server = note.server.as_ref().map(|server| ("server", server));
        let place = server.or(note.bridge.as_ref().map(|bridge| ("bridge", &bridge.server)));
        if let Some((key, server)) = place.filter(|(_, server)| !fleet.servers.contains_key(*server))
            && fleet.sample.is_empty()
        {
            problems.push(unknown_server(fleet, document, &path.key(key), server));
        }
        if let Some(bridge) = &note.bridge {
            problems.extend(unknown_bridge(fleet, document, &path.key("bridge"), bridge));
        }
        let code = |country: &str| country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic());
        if let Some(country) = note.country.as_ref().filter(|country| !code(country) && *country != "??") {
            let message = format!("`{country}` is not a country's code");
            problems.push(document.problem(&path.key("country"), message).hint("two letters, such as `ir`"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::fs;
    use crate::project::Project;

    const SERVERS: &str = "servers: {alpha: {address: 'root@bridge.example', bridges: {default: {label: Oak}}}}\n";

    fn load(sources: &str) -> Result<Fleet, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        fs::write_atomic(&folder.path().join("sources.yaml"), sources.as_bytes(), fs::PRIVATE).unwrap();
        let loaded = Fleet::load(&Project::new(folder.path()));
        let lines = |problem: Problem| [Some(problem.to_string()), problem.hint];
        let short = |line: String| line.strip_prefix("sources.yaml:").unwrap_or(&line).to_owned();
        loaded
            .map(|(fleet, _)| fleet)
            .map_err(|problems| problems.list.into_iter().flat_map(lines).flatten().map(short).collect())
    }

    fn problems(notes: &str) -> Vec<String> {
        load(&format!("{SERVERS}notes:\n{notes}")).err().unwrap_or_default()
    }

    #[test]
    fn a_note_is_about_a_server_a_bridge_a_country_or_the_fleet() {
        let notes = "notes:\n  - {date: 2026-11-20, server: alpha, text: restarted}\n  \
                     - {date: 2026-11-20, bridge: alpha/default, text: a new key}\n  \
                     - {date: 2026-11-21, country: zz, text: an election}\n  - {date: 2026-11-22, text: tor 0.4.8.9}\n";
        let notes = load(&format!("{SERVERS}{notes}")).unwrap().notes;
        assert_eq!(notes.len(), 4);
        assert_eq!(notes[0].server.as_deref(), Some("alpha"));
        assert_eq!(notes[1].bridge.as_ref().unwrap().to_string(), "alpha/default");
        assert_eq!(notes[2].country.as_deref(), Some("zz"), "tor may know codes that we do not");
        let last = &notes[3];
        assert_eq!((last.date.to_string().as_str(), last.text.as_str()), ("2026-11-22", "tor 0.4.8.9"));
    }

    #[test]
    fn a_note_has_a_date_and_a_text() {
        assert_eq!(problems("  - {text: x}\n"), ["3:5: notes[0]: missing key `date`"]);
        assert_eq!(problems("  - {date: 2026-11-20}\n"), ["3:5: notes[0]: missing key `text`"]);
        assert_eq!(
            problems("  - {date: 2026-11-20, text: ' '}\n"),
            ["3:30: notes[0].text: the text is empty", "say what happened, or remove the note"]
        );
        assert_eq!(
            problems("  - {date: 20 Nov, text: x}\n"),
            ["3:12: notes[0].date: `20 Nov` is not a date as `YYYY-MM-DD`"]
        );
    }

    #[test]
    fn a_note_names_one_thing_that_there_is() {
        assert_eq!(
            problems("  - {date: 2026-11-20, server: alpha, country: ir, text: x}\n"),
            [
                "3:5: notes[0]: the note is about more than one thing",
                "name one of `server`, `bridge` and `country`, or none for the whole fleet"
            ]
        );
        assert_eq!(
            problems(
                "  - {date: 2026-11-20, server: alpa, text: x}\n  - {date: 2026-11-20, bridge: alpa/a, text: x}\n"
            ),
            [
                "3:32: notes[0].server: there is no server `alpa`",
                "did you mean `alpha`?",
                "4:32: notes[1].bridge: there is no server `alpa`",
                "did you mean `alpha`?"
            ]
        );
        assert_eq!(
            problems("  - {date: 2026-11-20, country: Iran, text: x}\n"),
            ["3:33: notes[0].country: `Iran` is not a country's code", "two letters, such as `ir`"]
        );
    }

    #[test]
    fn beside_a_sample_any_server_may_be_meant() {
        let sample = "sources: {sample: {demo: }}\nnotes: [{date: 2026-11-20, server: loire, text: x}]\n";
        assert_eq!(load(sample).unwrap().notes.len(), 1);
    }

    #[test]
    fn a_text_that_goes_onto_pages_names_no_address_and_no_fingerprint() {
        let hint = "this text goes onto pages: leave out what tells where a bridge or a server is";
        let note = |text: &str| problems(&format!("  - {{date: 2026-11-20, text: '{text}'}}\n"));
        assert_eq!(note("moved to 198.51.100.7"), ["3:30: notes[0].text: the text has an IP address", hint]);
        assert_eq!(note(&"aB".repeat(20)), ["3:30: notes[0].text: the text has a fingerprint", hint]);
        assert_eq!(note("Bridge.example is back"), ["3:30: notes[0].text: the text has a server's address", hint]);
    }

    #[test]
    fn labels_and_names_of_organizations_hold_no_secret_either() {
        let hint = "this text goes onto pages: leave out what tells where a bridge or a server is";
        let sources = "\
servers:
  alpha: {address: root@bridge.example, label: bridge.example, bridges: {a: {label: Oak 198.51.100.7}}}
organizations:
  x: {name: Friends of bridge.example}
";
        let expected = [
            "2:48: servers.alpha.label: the text has a server's address",
            hint,
            "2:85: servers.alpha.bridges.a.label: the text has an IP address",
            hint,
            "4:13: organizations.x.name: the text has a server's address",
            hint,
        ];
        assert_eq!(load(sources).unwrap_err(), expected);
    }
}
