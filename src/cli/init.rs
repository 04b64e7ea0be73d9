//! `torcollect init`: the files of a new project, which builds at once.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::fs;
use torcollect::problem::{Kind, Place, Problem, Problems};
use torcollect::project::Project;

use super::Terminal;

/// What is written, by its path in the project. `@VERSION@` is this program's.
const FILES: [(&str, &str); 4] = [
    ("sources.yaml", include_str!("../init/sources.yaml")),
    ("site/site.yaml", include_str!("../init/site.yaml")),
    (".gitignore", include_str!("../init/gitignore")),
    (".github/workflows/pages.yml", include_str!("../init/pages.yml")),
];

/// The arguments of `init`.
#[derive(Args)]
pub struct Init {
    /// The folder of the new project; it is made if there is none
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

impl Init {
    /// Runs the command. All files are written or, if something is in the way, none.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let root = match self.folder.as_path() {
            folder if folder == Path::new(".") => project.root().to_owned(),
            folder => project.root().join(folder),
        };
        let in_the_way = FILES.iter().filter(|(path, _)| root.join(path).exists());
        let problem = |(path, _): &(&str, &str)| {
            Problem::new(Place::file(self.shown(path)), "is there already, and `init` overwrites nothing")
                .hint("choose another folder, or move the file away")
        };
        Problems::check(Kind::Configuration, in_the_way.map(problem).collect())?;
        for (path, text) in FILES {
            let file = root.join(path);
            if let Some(folder) = file.parent() {
                fs::create_dir(folder)?;
            }
            let text = text.replace("@VERSION@", env!("CARGO_PKG_VERSION"));
            if !fs::create_durable(&file, text.as_bytes(), fs::PUBLIC)? {
                return Err(Problems::from(problem(&(path, ""))).into());
            }
            terminal.info(&self.shown(path).display().to_string());
        }
        let here = match root.as_path() {
            root if root == Path::new(".") => String::new(),
            root => format!(" -C {}", root.display()),
        };
        terminal.info(&format!("`torcollect{here} serve` shows the site, of made-up numbers, while you change it"));
        terminal.info(&format!("`torcollect{here} build` writes it into `public/`"));
        terminal.info("`sources.yaml` says how bridges of your own take the sample's place");
        Ok(ExitCode::SUCCESS)
    }

    /// A path of the project's as it is seen from where `init` was called.
    fn shown(&self, path: &str) -> PathBuf {
        if self.folder == Path::new(".") { path.into() } else { self.folder.join(path) }
    }
}
