//! A new theme of the project: the few files that it begins with.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::config;
use crate::fs;
use crate::problem::{Kind, Problem, Problems};
use crate::project::Project;
use crate::site::lookup::{ABOUT, DEFAULT, Lookup, Part, embedded_themes};

/// Makes the theme `name` in the project's folder `themes/`, which changes the theme `extends`. Gives the files that were
/// written, as a person would name them.
///
/// # Errors
/// A name that is taken or could not be a folder's, a theme to extend that does not exist, or a file that cannot be written.
pub fn create(project: &Project, name: &str, extends: &str) -> Result<Vec<PathBuf>> {
    let refused = |message: String, hint: &str| -> Result<Vec<PathBuf>> {
        Err(Problems::from(Problem::nowhere(message).hint(hint)).into())
    };
    if let Err(reason) = config::name(name) {
        return refused(format!("`{name}` cannot be a theme's name"), reason);
    }
    if embedded_themes().any(|known| known == name) {
        let hint = format!("take another name; to change files of `{name}` itself use `torcollect theme eject`");
        return refused(format!("torcollect has a theme `{name}` already"), &hint);
    }
    let folder = project.theme(name);
    if folder.exists() {
        let hint = "take another name, or change the files in its folder";
        return refused(format!("the project has a theme `{name}` already"), hint);
    }
    let (lookup, problems) = Lookup::new(project, extends, DEFAULT);
    Problems::check(Kind::Configuration, problems)?;
    let has_extra = lookup.files(Part::Partials)?.contains_key(Path::new("head_extra.hbs"));
    let mut written = Vec::new();
    for (path, text) in files(name, extends, has_extra) {
        let file = folder.join(path);
        file.parent().map_or(Ok(()), fs::create_dir)?;
        fs::create_durable(&file, text.as_bytes(), fs::PUBLIC)?;
        written.push(project.shown(&file));
    }
    Ok(written)
}

/// The files of a new theme by their paths in its folder.
fn files(name: &str, extends: &str, has_extra: bool) -> [(String, String); 3] {
    let version: Vec<&str> = env!("CARGO_PKG_VERSION").splitn(3, '.').take(2).collect();
    let about = format!(
        "name: {name}\n\
         version: 0.1.0\n\
         # The oldest torcollect that can build with it.\n\
         torcollect: \"{}\"\n\
         extends: {extends}\n\
         \n\
         # Values that templates see as `site.extra`; those of `extra:` in site/site.yaml come first.\n\
         # extra:\n\
         #   contact: https://example.org/\n\
         \n\
         # Colours of charts, maps and sparklines, where they differ from those of `{extends}`.\n\
         # pictures:\n\
         #   ink: \"#3b7fc4\"\n",
        version.join(".")
    );
    let parent = if has_extra { "{{> parent/head_extra}}\n" } else { "" };
    let head = format!("{parent}<link rel=\"stylesheet\" href=\"{{{{asset \"{name}.css\"}}}}\">\n");
    let style = format!(
        "/* Read after the style sheets of `{extends}`. Its colours are variables, each for light and for dark paper. */\n\
         :root {{\n\
         \x20 --ink: light-dark(#2b6fb3, #6aa9e6);\n\
         \x20 --link: light-dark(#1f5c99, #8fc0ee);\n\
         }}\n"
    );
    [(ABOUT.to_owned(), about), ("partials/head_extra.hbs".to_owned(), head), (format!("assets/{name}.css"), style)]
}
