//! The modules import only what is below them, and each external crate has its one place: what `ARCHITECTURE.md` says, held
//! against the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules from the bottom to the top; those of one line may not import each other.
const RANKS: [&[&str]; 8] = [
    &["fs", "hash", "key", "problem", "text"],
    &["leaks", "project", "references"],
    &["config"],
    &["graphics", "warehouse"],
    &["collect", "site", "output"],
    &["serve"],
    &["cli"],
    &["main"],
];

/// Where an external crate may be named: a file or a folder below `src`.
const PLACES: &[(&str, &[&str])] = &[
    ("duckdb", &["warehouse/"]),
    ("ssh2", &["collect/transport/"]),
    ("ssh_key", &["collect/key.rs"]),
    ("rustix", &["collect/transport/", "collect/process.rs", "cli/terminal.rs"]),
    ("handlebars", &["site/"]),
    ("pulldown_cmark", &["site/"]),
    ("flate2", &["output/"]),
    ("aho_corasick", &["leaks/"]),
    ("html5gum", &["references/"]),
    ("base64", &["references/alone.rs"]),
    ("fluent_bundle", &["site/language/"]),
    ("fluent_syntax", &["site/language/"]),
    ("unic_langid", &["site/language/"]),
    ("oxipng", &["graphics/"]),
    ("resvg", &["graphics/"]),
    ("csv", &["warehouse/arrival/"]),
    ("glob", &["collect/sources/files.rs"]),
    ("liblzma", &["collect/sources/collector/"]),
    ("tar", &["collect/sources/collector/"]),
    ("memchr", &["collect/sources/collector/"]),
    ("similar", &["site/theme/"]),
    ("skrifa", &["graphics/font.rs"]),
    ("serde_yaml", &["config/yaml.rs"]),
    ("walkdir", &["fs.rs"]),
    ("tempfile", &["fs.rs"]),
    ("indicatif", &["cli/terminal.rs"]),
    ("clap", &["cli/", "main.rs"]),
    ("hmac", &["leaks/", "warehouse/identity.rs"]),
    ("hyper", &["serve/http.rs"]),
    ("hyper_util", &["serve/http.rs"]),
    ("http_body_util", &["serve/http.rs"]),
    ("tokio", &["serve/"]),
    ("notify", &["serve/watch.rs"]),
    ("xxhash_rust", &["hash.rs"]),
];

/// A file's path below `src` and its text without tests and comments.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
                && !path.ends_with("testing.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
                let code =
                    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
                files.push((path.strip_prefix(&root).unwrap().to_string_lossy().into_owned(), code));
            }
        }
    }
    files.sort();
    files
}

/// The module at the top of the tree that a file belongs to.
fn module(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

fn rank(module: &str) -> usize {
    RANKS
        .iter()
        .position(|names| names.contains(&module))
        .unwrap_or_else(|| panic!("`{module}` has no rank: give it one"))
}

/// The names that follow `prefix` in the code, also those of a group in braces.
fn named_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(group.split('}').next().unwrap().split(',').map(|item| word(item.trim()))),
            None => drop(names.insert(word(rest))),
        }
    }
    names.remove("");
    names
}

#[test]
fn modules_import_only_lower_ranks() {
    for (file, code) in sources() {
        let own = module(&file);
        if own == "lib" {
            continue;
        }
        for prefix in ["crate::", "torcollect::"] {
            for imported in named_after(&code, prefix) {
                // The binary's own modules are `crate::` there.
                if imported == own || (own == "main" && imported == "cli") || imported.starts_with(char::is_uppercase) {
                    continue;
                }
                assert!(rank(own) > rank(&imported), "{file} imports `{imported}`, which is not below `{own}`");
            }
        }
    }
}

#[test]
fn every_module_has_a_rank() {
    for (file, _) in sources() {
        if module(&file) != "lib" {
            rank(module(&file));
        }
    }
}

#[test]
fn each_external_crate_has_its_one_place() {
    for (file, code) in sources() {
        for (name, places) in PLACES {
            let allowed =
                places.iter().any(|place| file == *place || (place.ends_with('/') && file.starts_with(place)));
            let used = !named_after(&code, &format!("{name}::")).is_empty() || code.contains(&format!("use {name};"));
            assert!(allowed || !used, "{file} uses the crate `{name}`, whose place is {places:?}");
        }
    }
}

#[test]
fn each_of_these_crates_is_used_in_its_place() {
    let sources = sources();
    for (name, places) in PLACES {
        let used = |(file, code): &(String, String)| {
            places.iter().any(|place| file.starts_with(place)) && code.contains(&format!("{name}::"))
        };
        assert!(sources.iter().any(used), "`{name}` is not used in {places:?}: take it off the list");
    }
}

#[test]
fn only_the_wrapper_uses_the_standard_file_functions() {
    for (file, code) in sources() {
        assert!(file == "fs.rs" || !code.contains("std::fs"), "{file} uses std::fs; its errors have no path");
    }
}
