//! A project in a temporary folder, the real binary run in it, and made-up tors whose files the real scripts read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use torcollect::collect::sources::tor_bridge::scripts::{EXTRACT_SCRIPT, READ_INSTANCE_SCRIPT};

/// A folder that is a project.
pub struct TestProject {
    folder: tempfile::TempDir,
}

/// What the binary said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    /// The same, if it ended well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// Standard error, if it ended with this code.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        self.stderr
    }
}

impl TestProject {
    /// A folder with nothing in it.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// An empty project whose rules hide nothing.
    pub fn new() -> Self {
        let project = Self::empty();
        project.write("sources.yaml", "sources: {}\n");
        project.write("site/site.yaml", "publish: {delay: 0, minimum_clients: 0}\n");
        project
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_torcollect"));
        command.arg("-C").arg(self.folder.path()).stdin(Stdio::null()).current_dir(self.folder.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        said(self.command().args(arguments))
    }

    /// The cells of a query over everything, rows as lines.
    #[track_caller]
    pub fn private(&self, sql: &str) -> Vec<String> {
        self.rows(&["query", "--private", "--format", "csv", sql])
    }

    /// The cells of a query over the publication.
    #[track_caller]
    pub fn public(&self, sql: &str) -> Vec<String> {
        self.rows(&["query", "--format", "csv", sql])
    }

    #[track_caller]
    fn rows(&self, arguments: &[&str]) -> Vec<String> {
        self.run(arguments).ok().stdout.lines().skip(1).map(str::to_owned).collect()
    }

    /// The scripts and a list of instances, as they stand on a server; gives the command that prints the extract.
    pub fn server(&self, name: &str, instances: &[(&str, &Path)]) -> Vec<String> {
        let folder = format!("server-{name}");
        let extract = self.script(&format!("{folder}/extract"), EXTRACT_SCRIPT);
        self.script(&format!("{folder}/read-instance"), READ_INSTANCE_SCRIPT);
        let user = crate::sshd::user();
        let lines: String =
            instances.iter().map(|(name, folder)| format!("{name} {user} {}\n", folder.display())).collect();
        let instances = self.write(&format!("{folder}/instances"), lines);
        vec![extract.display().to_string(), instances.display().to_string()]
    }

    pub fn script(&self, path: &str, text: &str) -> PathBuf {
        let path = self.write(path, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// The folder of a tor with these files in it.
    pub fn tor(&self, name: &str, bridge_stats: &str) -> PathBuf {
        let number = name.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        self.write(&format!("tor-{name}/hashed-fingerprint"), format!("nick{name} {number:040X}\n"));
        self.write(&format!("tor-{name}/stats/bridge-stats"), bridge_stats);
        self.path(&format!("tor-{name}"))
    }

    /// `sources.yaml` with servers on this machine, each with the command that prints its extract.
    pub fn local_servers(&self, servers: &[(&str, Vec<String>)]) {
        let server = |(name, command): &(&str, Vec<String>)| {
            let command = serde_json::to_string(command).unwrap();
            format!("  {name}: {{local: true, command: {command}}}\n")
        };
        let servers: String = servers.iter().map(server).collect();
        self.write(
            "sources.yaml",
            format!(
                "ssh: {{read_timeout: 3}}\nservers:\n{servers}sources:\n  tor-bridge:\n    bridges: {{servers: all}}\n"
            ),
        );
    }
}

/// Runs a command to its end.
pub fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Statistics of a day that ended at `ends`.
pub fn bridge_stats(ends: &str, countries: &str, versions: &str, transports: &str) -> String {
    format!(
        "bridge-stats-end {ends} (86400 s)\nbridge-ips {countries}\nbridge-ip-versions {versions}\nbridge-ip-transports {transports}\n"
    )
}

/// The command that prints a file.
pub fn cat(file: &Path) -> Vec<String> {
    vec!["/bin/cat".to_owned(), file.display().to_string()]
}
