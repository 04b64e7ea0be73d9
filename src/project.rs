//! The project's folder: where everything that torcollect reads and writes stands (`DESIGN`: the contract of paths).

use std::path::{Path, PathBuf};

/// A project, known by its root folder.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The project at `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What to collect and from where.
    pub fn sources(&self) -> PathBuf {
        self.root.join("sources.yaml")
    }

    /// The site's settings.
    pub fn site(&self) -> PathBuf {
        self.root.join("site/site.yaml")
    }

    /// The project's own named queries.
    pub fn queries(&self) -> PathBuf {
        self.root.join("site/queries")
    }

    /// Files that are published as they are.
    pub fn static_files(&self) -> PathBuf {
        self.root.join("site/static")
    }

    /// The project's own pages.
    pub fn content(&self) -> PathBuf {
        self.root.join("content")
    }

    /// A theme of the project's own.
    pub fn theme(&self, name: &str) -> PathBuf {
        self.root.join("themes").join(name)
    }

    /// Private data: the warehouse, the salt and the key.
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The warehouse.
    pub fn warehouse(&self) -> PathBuf {
        self.data().join("torcollect.duckdb")
    }

    /// The secret that turns hashed fingerprints into the warehouse's names of bridges.
    pub fn salt(&self) -> PathBuf {
        self.data().join("salt")
    }

    /// The private key that logs in to the servers, made once; its public half stands beside it, as `.pub`.
    pub fn key(&self) -> PathBuf {
        self.data().join("id_ed25519")
    }

    /// Extracts that have arrived and are not yet in the warehouse.
    pub fn spool(&self) -> PathBuf {
        self.data().join("spool")
    }

    /// The output folder: `public/`, or `public-NAME/` for one organization.
    pub fn output(&self, organization: Option<&str>) -> PathBuf {
        self.root.join(organization.map_or_else(|| "public".to_owned(), |name| format!("public-{name}")))
    }

    /// Caches and manifests.
    pub fn cache(&self) -> PathBuf {
        self.root.join(".torcollect")
    }

    /// The site that `serve` shows.
    pub fn preview(&self) -> PathBuf {
        self.cache().join("serve")
    }

    /// `path` as a person in the project's folder would write it.
    pub fn shown(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_path_buf()
    }
}
