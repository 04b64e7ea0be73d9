//! The configurations of `docs/hosting.md` in the web servers that they are for: nginx and Caddy as Debian has them.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::chromium::{Image, visit};
use crate::http::{self, Answer, unpacked_brotli, unpacked_gzip};
use crate::support::TestProject;

/// The one block of the documentation in that language.
fn documented(language: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hosting.md")).unwrap();
    let (_, rest) = text.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// A site of a few days, and one of the web servers that shows it.
struct Hosted {
    project: TestProject,
    address: SocketAddr,
    server: Child,
}

impl Hosted {
    fn nginx() -> Self {
        Self::new("nginx", |project, address, public| {
            let said = documented("nginx").replace("listen 80;", &format!("listen {address};"));
            let said = said.replace("/srv/bridges/public", &public.display().to_string());
            let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|name| format!("{name}_temp_path {};\n", project.path(name).display()))
                .concat();
            let file = project.write(
                "nginx.conf",
                format!(
                    "daemon off;\nuser root;\npid {};\nerror_log stderr;\n\
                     load_module /usr/lib/nginx/modules/ngx_http_brotli_static_module.so;\nevents {{}}\n\
                     http {{\n{temporary}{said}\n}}\n",
                    project.path("nginx.pid").display()
                ),
            );
            let mut command = Command::new("/usr/sbin/nginx");
            command.arg("-c").arg(file);
            command
        })
    }

    fn caddy() -> Self {
        Self::new("caddy", |project, address, public| {
            let said = documented("caddyfile").replace("bridges.example {", &format!("http://{address} {{"));
            let said = said.replace("/srv/bridges/public", &public.display().to_string());
            let file = project.write("Caddyfile", format!("{{\n\tadmin off\n}}\n{said}"));
            let mut command = Command::new("caddy");
            command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file).env("HOME", project.path(""));
            command
        })
    }

    fn new(name: &str, command: impl Fn(&TestProject, SocketAddr, &Path) -> Command) -> Self {
        let project = TestProject::new();
        project.write("sources.yaml", "sources: {sample: {demo: {days: 5}}}\n");
        project.run(&["collect"]).ok();
        project.run(&["build", "--base-url", "https://bridges.example/"]).ok();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = command(&project, address, &project.path("public"));
        let log = fs::File::create(project.path("log")).unwrap();
        let server = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let server = server.unwrap_or_else(|error| panic!("{name}: {error}: run `make setup-tests`"));
        let hosted = Self { project, address, server };
        let end = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < end, "{name} did not come: {}", hosted.project.read("log"));
            sleep(Duration::from_millis(20));
        }
        hosted
    }

    fn get(&self, path: &str, encodings: &str) -> Answer {
        let host = format!("Host: {}", self.address);
        http::ask(self.address, "GET", path, &[&host, &format!("Accept-Encoding: {encodings}")])
    }

    fn file(&self, path: &str) -> Vec<u8> {
        fs::read(self.project.path("public").join(path)).unwrap()
    }

    /// The one file of a folder of the site that begins and ends so.
    fn named(&self, folder: &str, begins: &str, ends: &str) -> String {
        let fits = |name: &String| name.starts_with(begins) && name.ends_with(ends);
        let files = fs::read_dir(self.project.path("public").join(folder)).unwrap();
        let name = files.map(|file| file.unwrap().file_name().into_string().unwrap()).find(fits).unwrap();
        format!("{folder}/{name}")
    }

    /// Everything that the documentation promises of a web server.
    fn keeps_its_promises(&self) {
        let page = String::from_utf8(self.file("index.html")).unwrap();
        let plain = self.get("/", "identity");
        assert_eq!((plain.status, plain.text()), (200, page.clone()));
        assert!(!plain.headers.contains_key("content-encoding"), "{plain:?}");
        for (accepted, encoding) in [("gzip, deflate, br", "br"), ("gzip", "gzip")] {
            let packed = self.get("/index.html", accepted);
            let suffix = if encoding == "br" { "br" } else { "gz" };
            assert_eq!(packed.header("content-encoding"), encoding);
            assert!(packed.header("vary").contains("Accept-Encoding"), "{:?}", packed.headers);
            assert!(packed.body == self.file(&format!("index.html.{suffix}")), "the copy itself is sent");
            let text = if encoding == "br" { unpacked_brotli(&packed.body) } else { unpacked_gzip(&packed.body) };
            assert!(text == page);
            assert_eq!(packed.header("content-type"), "text/html; charset=utf-8");
        }
        assert_eq!(self.get("/days/", "identity").text().into_bytes(), self.file("days/index.html"));
        assert_eq!(self.get("/feed.xml", "identity").status, 200);

        let missing = self.get("/nothing/at/all", "identity");
        assert_eq!((missing.status, missing.text().into_bytes()), (404, self.file("404.html")));

        let for_ever = "public, max-age=31536000, immutable";
        let sheet = self.named("assets", "style.", ".css");
        let picture = self.named("pictures", "", ".png");
        for (path, kind, cache) in [
            ("index.html", "text/html; charset=utf-8", "no-cache"),
            (&sheet, "text/css; charset=utf-8", for_ever),
            (&picture, "image/png", for_ever),
            ("downloads/clients_by_day.csv", "text/csv; charset=utf-8", "no-cache"),
            ("robots.txt", "text/plain; charset=utf-8", "no-cache"),
        ] {
            let answer = self.get(&format!("/{path}"), "identity");
            assert_eq!((answer.status, &answer.body), (200, &self.file(path)), "{path}");
            assert_eq!((answer.header("content-type"), answer.header("cache-control")), (kind, cache), "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
            assert!(answer.header("content-security-policy").starts_with("default-src 'none'; "));
        }
        assert_eq!(
            self.get("/downloads/clients_by_day.parquet", "gzip, br").body,
            self.file("downloads/clients_by_day.parquet")
        );

        for path in ["", "days/2026-11-22.html", "dark/data.html", "nothing/at/all"] {
            let seen = visit(&json!({
                "url": format!("http://{}/{path}", self.address), "steps": [["open"], ["images"]]
            }));
            let images = seen.step::<Vec<Image>>(1);
            assert!(images.iter().all(|image| image.natural[0] > 0), "{path}: {images:?}");
            let wrong: Vec<&String> = seen.console.iter().filter(|line| !line.contains("status of 404")).collect();
            assert_eq!(wrong, [""; 0], "{path}: the policy forbids nothing that a page needs");
        }
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        // nginx's worker ends with its master only if that is asked to end.
        let id: PathBuf = self.server.id().to_string().into();
        let _ = Command::new("kill").arg(id).status();
        let _ = self.server.wait();
    }
}

#[test]
fn nginx_sends_the_site_as_documented() {
    Hosted::nginx().keeps_its_promises();
}

#[test]
fn caddy_sends_the_site_as_documented() {
    Hosted::caddy().keeps_its_promises();
}
