//! Chromium for all tests that look at pages, steered through `tests/browser/browser.js`, which says what can be asked.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What was seen on a visit.
#[derive(Debug, Deserialize)]
pub struct Seen {
    /// An answer for each step.
    steps: Vec<Value>,
    /// Requests that failed, each with the reason.
    #[serde(default)]
    pub failed: Vec<String>,
    /// Lines of the browser's console: errors, and what the policy forbade.
    #[serde(default)]
    pub console: Vec<String>,
    /// Addresses of SVG that something asked for, in vain.
    #[serde(default)]
    pub svg: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Image {
    /// `img` or `background`.
    pub kind: String,
    /// About where it stands, for people.
    pub r#where: String,
    pub url: String,
    pub alt: Option<String>,
    /// Pixels of the file, 0 if it did not load.
    pub natural: [u32; 2],
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overflow {
    pub scroll_width: u32,
    pub width: u32,
    /// Elements that reach beyond the right edge.
    pub sticking: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Spark {
    /// The caption of its table.
    pub table: Option<String>,
    /// The header of its row; of one outside tables, the heading beside it.
    pub name: Option<String>,
    pub alt: String,
    /// Left, top, width, height in CSS pixels of the page.
    pub r#box: [f64; 4],
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Focus {
    pub tag: String,
    pub href: Option<String>,
    /// `header`, `nav`, `main` or `footer`, the innermost.
    pub within: Option<String>,
    /// Whether the `details` that it belongs to is open.
    pub open: Option<bool>,
    pub in_view: bool,
    pub outline: Outline,
    /// The page's background, as CSS writes it.
    pub paper: String,
}

#[derive(Debug, Deserialize)]
pub struct Outline {
    pub style: String,
    pub width: f64,
    pub color: String,
}

#[derive(Debug, Deserialize)]
pub struct Axe {
    pub violations: Vec<Value>,
    /// How many rules were satisfied.
    pub passes: usize,
}

impl Seen {
    /// The answer of a step, counted from 0.
    #[track_caller]
    pub fn step<T: DeserializeOwned>(&self, number: usize) -> T {
        let answer = &self.steps[number];
        T::deserialize(answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}

/// Visits a page; `visit` is as `tests/browser/browser.js` describes it. Tests that run at the same time have a browser each.
#[track_caller]
pub fn visit(visit: &Value) -> Seen {
    static IDLE: Mutex<Vec<Chromium>> = Mutex::new(Vec::new());
    let idle = IDLE.lock().unwrap().pop();
    let mut chromium = idle.unwrap_or_else(Chromium::start);
    let answer = chromium.ask(visit);
    IDLE.lock().unwrap().push(chromium);
    serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{visit}: {answer}"))
}

/// It ends when its standard input does, which is when the tests are over.
struct Chromium {
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    process: Child,
}

impl Chromium {
    fn start() -> Self {
        let target = Path::new(env!("CARGO_BIN_EXE_torcollect")).ancestors().nth(2).unwrap();
        let packages = target.join("browser/node_modules");
        assert!(packages.is_dir(), "{} is missing: run `make setup-tests`", packages.display());
        let mut process = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/browser.js"))
            .env("NODE_PATH", packages)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { questions, answers, process }
    }

    fn ask(&mut self, question: &Value) -> String {
        writeln!(self.questions, "{question}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        if answer.is_empty() {
            panic!("the browser ended: {:?}", self.process.wait());
        }
        answer
    }
}
