//! Lets the binary find a prebuilt DuckDB beside itself or in `target/duckdb`, wherever the folder is moved to, and
//! embeds the themes of `themes/`.

use std::env;
use std::fmt::Write;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

const THEMES: &str = "themes";
/// The theme that all others build on stands first.
const DEFAULT: &str = "default";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={THEMES}");
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_none() {
        for place in ["$ORIGIN", "$ORIGIN/../duckdb", "$ORIGIN/../../duckdb"] {
            println!("cargo:rustc-link-arg=-Wl,-rpath,{place}");
        }
    }
    println!("cargo:rustc-env=TORCOLLECT_BUILD={}", build());
    let folder = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join(THEMES);
    let list = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("themes.rs");
    fs::write(list, themes(&folder)).expect("the list of the themes' files can be written");
}

/// What tells one build of the program from another: the version, and what it is compiled from. So that pages which an
/// older build has made are not taken for this one's.
fn build() -> String {
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rerun-if-changed=Cargo.lock");
    let mut files = vec![PathBuf::from("Cargo.lock")];
    walk(Path::new("src"), &mut files);
    walk(Path::new(THEMES), &mut files);
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file).unwrap_or_default().hash(&mut hasher);
    }
    format!("{} {:016x}", env!("CARGO_PKG_VERSION"), hasher.finish())
}

/// The themes as a Rust slice of names and files.
fn themes(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("the themes can be listed").flatten();
    let folders = entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name());
    let mut names: Vec<String> = folders.filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort_by_key(|name| (name != DEFAULT, name.clone()));
    let themes: String = names.iter().map(|name| format!("({name:?}, {}),", theme(&folder.join(name), name))).collect();
    format!("&[{themes}]")
}

/// A theme's files as a Rust slice of path and content, sorted by path.
fn theme(folder: &Path, theme: &str) -> String {
    let mut files = Vec::new();
    walk(folder, &mut files);
    files.sort();
    let mut slice = "&[".to_owned();
    for file in files {
        let name = file.strip_prefix(folder).expect("below the folder").to_str().expect("paths of a theme are UTF-8");
        // Not the path of this checkout: another one may share the target folder, and with it this list.
        let place = format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{THEMES}/{theme}/{name}\")");
        let _ = write!(slice, "({name:?}, include_bytes!({place})),");
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
