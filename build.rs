//! Lets the binary find a prebuilt DuckDB beside itself or in `target/duckdb`, wherever the folder is moved to, and
//! embeds the themes of `themes/` and the packs of `packs/`.

use std::env;
use std::fmt::Write;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

const THEMES: &str = "themes";
const PACKS: &str = "packs";
/// The theme that all others build on stands first.
const DEFAULT: &str = "default";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={THEMES}");
    println!("cargo:rerun-if-changed={PACKS}");
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_none() {
        for place in ["$ORIGIN", "$ORIGIN/../duckdb", "$ORIGIN/../../duckdb"] {
            println!("cargo:rustc-link-arg=-Wl,-rpath,{place}");
        }
    }
    println!("cargo:rustc-env=TORCOLLECT_BUILD={}", build());
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for kind in [THEMES, PACKS] {
        let list = out.join(kind).with_extension("rs");
        fs::write(list, embedded(&root, kind)).expect("the list of files can be written");
    }
}

/// What tells one build of the program from another: the version, and what it is compiled from. So that pages which an
/// older build has made are not taken for this one's.
fn build() -> String {
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rerun-if-changed=Cargo.lock");
    let mut files = vec![PathBuf::from("Cargo.lock")];
    walk(Path::new("src"), &mut files);
    walk(Path::new(THEMES), &mut files);
    walk(Path::new(PACKS), &mut files);
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file).unwrap_or_default().hash(&mut hasher);
    }
    format!("{} {:016x}", env!("CARGO_PKG_VERSION"), hasher.finish())
}

/// The folders of a kind as a Rust slice of names and files.
fn embedded(root: &Path, kind: &str) -> String {
    let entries = fs::read_dir(root.join(kind)).expect("the folders can be listed").flatten();
    let folders = entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name());
    let mut names: Vec<String> = folders.filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort_by_key(|name| (name != DEFAULT, name.clone()));
    let folders: String = names.iter().map(|name| format!("({name:?}, {}),", files(root, kind, name))).collect();
    format!("&[{folders}]")
}

/// A folder's files as a Rust slice of path and content, sorted by path.
fn files(root: &Path, kind: &str, name: &str) -> String {
    let folder = root.join(kind).join(name);
    let mut files = Vec::new();
    walk(&folder, &mut files);
    files.sort();
    let mut slice = "&[".to_owned();
    for file in files {
        let path = file.strip_prefix(&folder).expect("below the folder").to_str().expect("paths are UTF-8");
        // Not the path of this checkout: another one may share the target folder, and with it this list.
        let place = format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{kind}/{name}/{path}\")");
        let _ = write!(slice, "({path:?}, include_bytes!({place})),");
    }
    slice.push(']');
    slice
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        } else if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}
