//! `serve`: what a browser gets, what it is kept from, and that it sees every change.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use regex::Regex;
use serde_json::json;

use crate::chromium;
use crate::http::{self, Answer, unpacked_brotli, unpacked_gzip};
use crate::support::{TestProject, said};

/// The longest that anything may take on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);

/// A project of three days with a page and files of its own.
fn project() -> TestProject {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {demo: {days: 3}}}\n");
    project.write("content/hello.md", hello("one"));
    project.write("site/static/words.txt", "word ".repeat(100));
    project.write("site/static/404.html", "<!doctype html><title>Gone</title><body><h1>Nothing is here</h1></body>");
    project
}

fn hello(text: &str) -> String {
    format!("---\ntitle: Hello\npath: hello.html\nlayout: page\n---\nThis says {text}.\n")
}

/// `torcollect serve`, until it is dropped.
pub struct Served {
    process: Child,
    address: SocketAddr,
    lines: Receiver<String>,
}

impl Served {
    /// Serves a project on a port that is free, and has built it once.
    pub fn start(project: &TestProject) -> Self {
        let served = Self::start_building(project);
        served.wait_for("built in ");
        served
    }

    fn start_building(project: &TestProject) -> Self {
        let mut command = project.command();
        let mut process = command.args(["serve", "--port", "0"]).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let errors = BufReader::new(process.stderr.take().unwrap());
        std::thread::spawn(move || errors.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut served = Self { process, address: ([127, 0, 0, 1], 0).into(), lines };
        let line = served.wait_for("http://127.0.0.1:");
        served.address = line.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
        served
    }

    /// The next line on standard error that contains a text.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => before.push(line),
                Err(error) => panic!("{error}: no `{text}` after {before:#?}"),
            }
        }
    }

    fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let host = format!("Host: {}", self.address);
        let mut headers = headers.to_vec();
        if !headers.iter().any(|header| header.starts_with("Host:")) {
            headers.push(&host);
        }
        http::ask(self.address, method, path, &headers)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    /// The stream on which a page hears of changes.
    pub fn changes(&self, page: &str) -> BufReader<TcpStream> {
        let address = Regex::new(r#"EventSource\("([^"]+)"\)"#).unwrap().captures(page).unwrap()[1].to_owned();
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        BufReader::new(stream)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_page_comes_with_its_headers_and_one_script_that_is_not_in_its_file() {
    let project = project();
    let served = Served::start(&project);
    let page = served.get("/");
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-cache");
    assert_eq!(page.header("vary"), "Accept-Encoding");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let nonce = Regex::new("<script nonce=\"([0-9a-f]{32})\">").unwrap().captures(&page.text()).unwrap()[1].to_owned();
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; ") && policy.contains(&format!("script-src 'nonce-{nonce}'")));
    assert!(!policy.contains("unsafe"), "{policy}");
    let file = project.read(".torcollect/serve/index.html");
    assert!(!file.contains("<script"), "the script is only there when it is sent");
    let (before, after) = file.split_once("</body>").unwrap();
    assert!(page.text().starts_with(before) && page.text().ends_with(after));
    assert!(!project.path("public").exists(), "the output folder is another one");
}

#[test]
fn text_is_sent_in_the_encoding_that_the_browser_prefers_among_those_it_takes() {
    let project = project();
    let served = Served::start(&project);
    let plain = served.get("/hello.html");
    assert!(!plain.headers.contains_key("content-encoding"));
    let accept = |path: &str, encodings: &str| served.ask("GET", path, &[&format!("Accept-Encoding: {encodings}")]);
    let packed = accept("/hello.html", "gzip, deflate, br");
    assert_eq!(packed.header("content-encoding"), "br");
    assert_eq!(unpacked_brotli(&packed.body), plain.text());
    let packed = accept("/hello.html", "gzip, br;q=0");
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(unpacked_gzip(&packed.body), plain.text());

    let words = accept("/words.txt", "gzip, br");
    assert_eq!(words.header("content-encoding"), "br");
    assert_eq!(words.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(words.body, std::fs::read(project.path(".torcollect/serve/words.txt.br")).unwrap(), "the copy itself");
    assert_eq!(
        accept("/words.txt", "gzip").body,
        std::fs::read(project.path(".torcollect/serve/words.txt.gz")).unwrap()
    );
    assert_eq!(accept("/words.txt", "identity").text(), "word ".repeat(100));
}

#[test]
fn a_browser_that_has_a_file_is_told_so_and_one_that_asks_for_the_head_gets_no_body() {
    let project = project();
    let served = Served::start(&project);
    for path in ["/hello.html", "/words.txt"] {
        let first = served.get(path);
        let tag = first.header("etag");
        let again = served.ask("GET", path, &[&format!("If-None-Match: \"x\", W/{tag}")]);
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), tag);
        assert_eq!(served.ask("GET", path, &["If-None-Match: \"x\""]).status, 200);
        let packed = served.ask("GET", path, &["Accept-Encoding: br", &format!("If-None-Match: {tag}")]);
        assert_eq!(packed.status, 200, "it has another encoding");
        let head = served.ask("HEAD", path, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.headers.get("content-length"), first.headers.get("content-length"));
    }
    let refused = served.ask("POST", "/hello.html", &["Content-Length: 0"]);
    assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD"));
}

#[test]
fn pictures_are_kept_for_ever_because_their_names_stand_for_them() {
    let project = project();
    let served = Served::start(&project);
    let page = served.get("/").text();
    let picture = Regex::new(r#"pictures/[0-9a-z]+\.png"#).unwrap().find(&page).expect("a picture").as_str();
    let answer = served.get(&format!("/{picture}"));
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/png"));
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(served.get("/words.txt").header("cache-control"), "no-cache");
}

#[test]
fn a_folder_has_its_index_and_what_is_not_there_the_sites_own_page() {
    let project = project();
    let served = Served::start(&project);
    let folder = served.get("/days?x=1");
    assert_eq!((folder.status, folder.header("location")), (308, "/days/?x=1"));
    assert_eq!(served.get("/days/").status, 200);
    let missing = served.get("/days/none.html");
    assert_eq!(missing.status, 404);
    assert!(missing.text().contains("<h1>Nothing is here</h1>") && missing.text().contains("new EventSource"));
}

#[test]
fn nothing_outside_of_the_site_and_no_stranger_is_answered() {
    let project = project();
    project.write("secret.txt", "an address");
    let served = Served::start(&project);
    std::os::unix::fs::symlink(project.path("secret.txt"), project.path(".torcollect/serve/link.txt")).unwrap();
    for path in [
        "/../../secret.txt",
        "/%2e%2e/%2e%2e/secret.txt",
        "/..%2f..%2fsecret.txt",
        "/days/../../../secret.txt",
        "/link.txt",
    ] {
        let answer = served.get(path);
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("an address"), "{path}");
    }
    for host in ["Host: evil.example", "Host: 192.0.2.1:80", "Host:"] {
        for path in ["/", "/.torcollect/changes?since=0"] {
            let answer = served.ask("GET", path, &[host]);
            assert_eq!(answer.status, 421, "{host} {path}");
            assert!(!answer.text().contains("Bridge statistics"));
        }
    }
    assert_eq!(served.ask("GET", "/", &["Host: localhost"]).status, 200);
    let other = SocketAddr::new([127, 0, 0, 2].into(), served.address.port());
    assert!(TcpStream::connect(other).is_err(), "only 127.0.0.1 is listened on");
}

#[test]
fn whoever_waits_hears_of_a_change_and_nothing_of_what_changes_nothing() {
    let project = project();
    let served = Served::start(&project);
    let page = served.get("/hello.html").text();
    assert!(page.contains("This says one."));
    let mut changes = served.changes(&page);
    // The same bytes again: a build, and nothing to reload.
    project.write("content/hello.md", hello("one"));
    assert!(served.wait_for("built in ").ends_with(" 0 written, 0 removed"));
    assert_eq!(served.get("/hello.html").text(), page, "it still waits for the same change");
    project.write("content/hello.md", hello("two"));
    served.wait_for("built in ");
    let mut heard = Vec::new();
    while !heard.last().is_some_and(|line: &String| line.contains("data: ")) {
        let mut line = String::new();
        assert_ne!(changes.read_line(&mut line).unwrap(), 0, "{heard:?}");
        heard.push(line);
    }
    assert!(served.get("/hello.html").text().contains("This says two."));
    let late = served.changes(&page).lines().map_while(Result::ok).find(|line| line.starts_with("data: "));
    assert_eq!(late.as_deref(), Some("data: reload"), "who connects late hears it too");
}

#[test]
fn every_part_of_a_project_is_watched_also_folders_that_come_later() {
    let project = project();
    let served = Served::start(&project);
    project.write("site/site.yaml", "title: Another title\npublish: {delay: 0, minimum_clients: 0}\n");
    served.wait_for("built in ");
    assert!(served.get("/").text().contains("Another title"));

    project.write("themes/default/layouts/page.hbs", "<!doctype html><title>x</title><body>mine: {{{body}}}</body>");
    served.wait_for("built in ");
    assert!(
        served.get("/hello.html").text().contains("mine: <p>This says one."),
        "{}",
        served.get("/hello.html").text()
    );

    project.write("sources.yaml", "sources: {sample: {demo: {days: 5}}}\n");
    served.wait_for("built in ");
    let days = || Regex::new("days/20[0-9-]+.html").unwrap().find_iter(&served.get("/").text()).count();
    let before = days();
    project.run(&["collect"]).ok();
    while served.wait_for("built in ").contains(" 0 written") {}
    assert!(days() > before, "the warehouse has more days");
}

#[test]
fn what_is_wrong_is_shown_in_the_page_and_the_last_good_site_stays_behind_it() {
    let project = project();
    let served = Served::start(&project);
    project.write("content/hello.md", hello("{{sparkine x}} <b>"));
    let line = served.wait_for("error: ");
    assert!(line.contains("content/hello.md:6:"), "{line}");
    let page = served.get("/hello.html").text();
    assert!(page.contains("This says one."), "{page}");
    let shown = page.split_once("<section id=\"torcollect-problems\" role=\"alert\">").expect("the problems").1;
    assert!(shown.contains("the last one found 2 problems") && shown.contains("<code>content/hello.md:6:"), "{shown}");
    assert!(shown.contains("<code>sparkine</code>") && shown.contains("<code>sparkline</code>"), "{shown}");
    assert!(served.get("/").text().contains("torcollect-problems"), "on every page");

    project.write("content/hello.md", hello("one"));
    served.wait_for("built in ");
    assert!(!served.get("/hello.html").text().contains("torcollect-problems"));
}

#[test]
fn a_project_that_was_never_built_well_says_what_is_wrong() {
    let project = project();
    project.write("content/hello.md", hello("{{nothing.like.this}}"));
    let served = Served::start_building(&project);
    served.wait_for("error: ");
    let page = served.get("/");
    assert_eq!(page.status, 503);
    assert!(
        page.text().contains("There is no site yet") && page.text().contains("content/hello.md"),
        "{}",
        page.text()
    );
    project.write("content/hello.md", hello("one"));
    served.wait_for("built in ");
    assert_eq!(served.get("/").status, 200);
}

#[test]
fn a_port_that_is_in_use_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = project().run(&["serve", "--port", &port]).failed(2);
    assert!(said.contains(&format!("port {port} of `127.0.0.1` is in use")) && said.contains("--port"), "{said}");
}

#[test]
fn an_interrupt_ends_it() {
    use std::os::unix::process::ExitStatusExt;
    let project = project();
    let mut served = Served::start(&project);
    said(Command::new("kill").args(["-INT", &served.process.id().to_string()])).ok();
    let ended = served.process.wait().unwrap();
    let said: Vec<String> = served.lines.iter().collect();
    assert_eq!(ended.signal(), Some(2), "{ended:?} {said:?}");
}

#[test]
fn a_page_in_a_browser_reloads_by_itself_and_shows_and_hides_what_is_wrong() {
    let project = project();
    let served = Served::start(&project);
    let file = project.path("content/hello.md");
    let seen = chromium::visit(&json!({
        "url": format!("http://{}/hello.html", served.address), "scripts": true, "policy": true,
        "steps": [
            ["seen", "main", "This says one."],
            ["write", file, hello("two")],
            ["seen", "main", "This says two."],
            ["write", file, hello("{{sparkine x}}")],
            ["seen", "#torcollect-problems", "did you mean sparkline?"],
            ["styles", "#torcollect-problems", "position"],
            ["seen", "main", "This says two."],
            ["write", file, hello("three")],
            ["seen", "main", "This says three."],
            ["boxes", "#torcollect-problems"],
        ],
    }));
    assert_eq!(seen.step::<serde_json::Value>(5), json!([{"position": "fixed"}]), "its style is allowed");
    assert_eq!(seen.step::<serde_json::Value>(9), json!([]));
    assert_eq!(seen.console, Vec::<String>::new());
}
