//! One run of `collect`: asks the servers, several at once, spools what comes, and loads it into the warehouse. A server
//! that fails changes nothing about the others.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, mpsc};

use anyhow::{Result, anyhow, bail};
use jiff::Timestamp;
use rayon::prelude::*;

use super::{Answer, Failure, Source, parse, sources, spool};
use crate::config::Fleet;
use crate::fs;
use crate::problem::{Problems, unknown};
use crate::project::Project;
use crate::warehouse::{Attempt, Derived, Warehouse};

/// What to collect, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// These servers alone; all if empty.
    pub servers: Vec<String>,
    /// These sources alone, by name; all if empty.
    pub sources: Vec<String>,
    /// How many servers are asked at once.
    pub jobs: NonZeroUsize,
}

/// What happens during a run, for whoever shows it.
#[derive(Debug)]
pub enum Event<'a> {
    /// An earlier run was cut off; this many attempts of it are loaded now.
    Leftovers(usize),
    /// So many servers will be asked.
    Began(usize),
    /// A server is being asked.
    Asking(&'a str),
    /// A server has answered, or failed to.
    Answered {
        /// Its name.
        server: &'a str,
        /// The bytes that came.
        bytes: usize,
        /// What went wrong.
        failure: Option<&'a Failure>,
    },
    /// All have answered; the warehouse is being filled.
    Loading,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Summary {
    /// Servers that answered with something new.
    pub new: usize,
    /// Servers that answered with what was known.
    pub unchanged: usize,
    /// Servers that failed, by name.
    pub failed: Vec<(String, Failure)>,
    /// What could not be understood in what came: server, instance, sentence.
    pub problems: Vec<(String, String, String)>,
    /// Places whose bridges share one key.
    pub doubles: Vec<String>,
    /// Raw extracts that are new in the warehouse.
    pub extracts: usize,
}

/// Runs a collection.
pub fn collect(
    project: &Project,
    fleet: &Fleet,
    options: &Options,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Summary> {
    fs::create_private_dir(&project.data())?;
    fs::create_private_dir(&project.spool())?;
    let _lock = lock(project)?;
    let sources = sources::all(fleet);
    let leftovers = spool::leftovers(project)?;
    if !leftovers.is_empty() {
        on_event(Event::Leftovers(leftovers.len()));
    }
    let asked = asked(&sources, options)?;
    on_event(Event::Began(asked.len()));
    let mut answered = ask_all(project, &asked, options.jobs, on_event)?;

    on_event(Event::Loading);
    let (mut files, mut attempts): (Vec<PathBuf>, Vec<Attempt>) = leftovers.into_iter().unzip();
    let first = attempts.len();
    let mut shares = Vec::new();
    for answer in &mut answered {
        shares.push(answer.attempts.len());
        attempts.append(&mut answer.attempts);
        files.append(&mut answer.files);
    }
    let mut warehouse = Warehouse::open(project)?;
    let salt = warehouse.salt(project)?;
    let labels: Vec<_> = sources.iter().flat_map(|source| source.labels()).collect();
    warehouse.suggest_labels(&labels)?;
    let new = warehouse.record(&attempts)?;
    files.iter().try_for_each(|file| fs::remove_file(file))?;
    warehouse.derive(&salt, |extracts| extracts.par_iter().map(parse).collect())?;
    warehouse.remember_refusals(&refusals(fleet))?;

    let mut summary = Summary { extracts: new.iter().filter(|new| **new).count(), ..Summary::default() };
    let mut news = new[first..].iter();
    for (answer, share) in answered.into_iter().zip(shares) {
        let any_new = news.by_ref().take(share).filter(|new| **new).count() > 0;
        match answer.failure {
            Some(failure) => summary.failed.push((answer.server, failure)),
            None if any_new => summary.new += 1,
            None => summary.unchanged += 1,
        }
    }
    summary.failed.sort_by(|a, b| a.0.cmp(&b.0));
    let run = attempts[first..].iter().map(|attempt| attempt.run).max();
    summary.problems = run.map_or(Ok(Vec::new()), |run| warehouse.problems(run))?;
    summary.doubles = warehouse.doubles()?;
    Ok(summary)
}

/// Derives all facts again from the raw extracts, as if they had just come.
pub fn reparse(project: &Project) -> Result<Derived> {
    if !project.warehouse().exists() {
        bail!("there is no warehouse yet: run `torcollect collect` first");
    }
    let _lock = lock(project)?;
    let mut warehouse = Warehouse::open(project)?;
    let salt = warehouse.salt(project)?;
    warehouse.reparse(&salt, |extracts| extracts.par_iter().map(parse).collect())
}

/// What the fleet's settings say by name about the publication of bridges: server, instance, whether.
fn refusals(fleet: &Fleet) -> Vec<(String, String, bool)> {
    let servers = fleet.servers.iter();
    let said = servers.flat_map(|(server, settings)| {
        let bridges = settings.bridges.iter();
        bridges.filter_map(move |(instance, bridge)| Some((server.clone(), instance.clone(), bridge.publish?)))
    });
    said.collect()
}

/// One process at a time collects: a second one would ask the same servers for the same files.
fn lock(project: &Project) -> Result<fs::Lock> {
    let lock = fs::Lock::take(&project.data().join("collect.lock"))?;
    lock.map_err(|process| anyhow!("process {process} is collecting in this project already; let it finish"))
}

/// A server to ask, for one source.
struct Asked<'a> {
    source: &'a dyn Source,
    server: String,
}

/// What a server said in this run.
struct Answered {
    server: String,
    attempts: Vec<Attempt>,
    files: Vec<PathBuf>,
    failure: Option<Failure>,
}

fn asked<'a>(sources: &'a [Box<dyn Source>], options: &Options) -> Result<Vec<Asked<'a>>> {
    let names: Vec<&str> = sources.iter().map(|source| source.name()).collect();
    let servers: Vec<String> = sources.iter().flat_map(|source| source.servers()).collect();
    known("source", &options.sources, &names)?;
    known("server", &options.servers, &servers.iter().map(String::as_str).collect::<Vec<_>>())?;
    let wanted = |wanted: &[String], name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let mut asked: Vec<_> = sources
        .iter()
        .filter(|source| wanted(&options.sources, source.name()))
        .flat_map(|source| source.servers().into_iter().map(|server| Asked { source: &**source, server }))
        .filter(|asked| wanted(&options.servers, &asked.server))
        .collect();
    shuffle(&mut asked)?;
    Ok(asked)
}

fn known(kind: &str, wanted: &[String], names: &[&str]) -> Result<(), Problems> {
    match wanted.iter().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(unknown(kind, name, names.iter().copied()).into()),
        None => Ok(()),
    }
}

/// Asks in random order, so that the order of connections tells an observer nothing and no server is always the last.
fn shuffle<T>(items: &mut [T]) -> Result<()> {
    for end in (1..items.len()).rev() {
        let random = getrandom::u64()? % (end as u64 + 1);
        items.swap(end, usize::try_from(random)?);
    }
    Ok(())
}

fn ask_all(
    project: &Project,
    asked: &[Asked<'_>],
    jobs: NonZeroUsize,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Vec<Answered>> {
    enum News<'a> {
        Asking(&'a str),
        Answered(Result<Answered>),
    }
    let run = Timestamp::now();
    let queue: Mutex<VecDeque<&Asked<'_>>> = Mutex::new(asked.iter().collect());
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs.get().min(asked.len()) {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || {
                while let Some(asked) = { queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front() } {
                    // Nobody listens any more only when the run is given up.
                    let _ = sender.send(News::Asking(&asked.server));
                    let _ = sender.send(News::Answered(ask(project, asked, run)));
                }
            });
        }
        drop(sender);
        let mut answered = Vec::new();
        for news in receiver {
            match news {
                News::Asking(server) => on_event(Event::Asking(server)),
                News::Answered(Err(error)) => {
                    // What cannot be put on disk here must not be asked for.
                    queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    return Err(error);
                }
                News::Answered(Ok(answer)) => {
                    let bytes = answer
                        .attempts
                        .iter()
                        .filter_map(|attempt| attempt.raw.as_ref())
                        .map(|raw| raw.content.len())
                        .sum();
                    on_event(Event::Answered { server: &answer.server, bytes, failure: answer.failure.as_ref() });
                    answered.push(answer);
                }
            }
        }
        Ok(answered)
    })
}

fn ask(project: &Project, asked: &Asked<'_>, run: Timestamp) -> Result<Answered> {
    let answers = asked.source.ask(&asked.server, run);
    // A failure in a made-up past is not one of today.
    let failure = answers.iter().filter(|answer| answer.run == run).find_map(|answer| answer.failure.clone());
    let attempts: Vec<_> = answers.into_iter().map(|answer| attempt(asked, answer)).collect();
    let mut files = Vec::new();
    if !asked.source.repeatable() {
        for attempt in &attempts {
            files.push(spool::put(project, attempt)?);
        }
    }
    Ok(Answered { server: asked.server.clone(), attempts, files, failure })
}

fn attempt(asked: &Asked<'_>, answer: Answer) -> Attempt {
    Attempt {
        run: answer.run.as_millisecond(),
        plugin: asked.source.plugin().to_owned(),
        source: asked.source.name().to_owned(),
        server: asked.server.clone(),
        started: answer.started,
        finished: answer.finished,
        raw: answer.raw,
        error: answer.failure.map(|failure| failure.reason()),
    }
}
