//! One run of `collect`: asks the servers, several at once, spools what comes, and loads it into the warehouse. A server
//! that fails changes nothing about the others.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use jiff::Timestamp;
use rayon::prelude::*;

use super::queue::Queue;
use super::sources::collector::{self, Imported, Progress};
use super::transport::Ways;
use super::{Answer, Failure, Said, Source, parse, sources, spool};
use crate::config::Fleet;
use crate::fs;
use crate::problem::{Problem, Problems, unknown};
use crate::project::Project;
use crate::warehouse::{Attempt, Derived, Door, Warehouse, standing};

/// How long after its first failure a server is asked again; each time after that, four times as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often it is said for whom a run waits.
const TICK: Duration = Duration::from_secs(1);

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

impl Options {
    /// Whether a source is read that asks no server.
    fn reads(&self, source: &str) -> bool {
        self.servers.is_empty() && (self.sources.is_empty() || self.sources.iter().any(|wanted| wanted == source))
    }
}

/// Who is asked: a server, or a source that has all it needs here.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Who {
    /// The server's name; `""` is here.
    pub server: String,
    /// The source's name, if it asks no server.
    pub source: Option<String>,
}

impl Who {
    /// What it is called.
    pub fn name(&self) -> &str {
        self.source.as_ref().unwrap_or(&self.server)
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "source `{source}`"),
            None => write!(f, "server `{}`", self.server),
        }
    }
}

/// What happens during a run, for whoever shows it.
#[derive(Debug)]
pub enum Event<'a> {
    /// An earlier run was cut off; this many attempts of it are loaded now.
    Leftovers(usize),
    /// So many will be asked; each server for all of its sources.
    Began(usize),
    /// A while has gone by in which these are being asked, for so long already; the longest first.
    Waiting(&'a [(&'a Who, Duration)]),
    /// A server failed, and will be asked again after a pause.
    Again {
        /// Which one.
        who: &'a Who,
        /// What went wrong.
        failure: &'a Failure,
        /// How long until then.
        pause: Duration,
    },
    /// One is done: it has answered, or failed to, for each of its sources.
    Answered {
        /// Which one.
        who: &'a Who,
        /// For how many sources it was asked.
        sources: usize,
        /// The bytes that came.
        bytes: usize,
        /// What went wrong, with the name of the source.
        failures: &'a [(String, Failure)],
    },
    /// All have answered; the warehouse is being filled.
    Loading,
    /// A file of an archive is being read.
    Reading(Progress<'a>),
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Summary {
    /// Servers that answered for all of their sources, with something new for one at least.
    pub new: usize,
    /// Servers that answered for all of their sources, with what was known.
    pub unchanged: usize,
    /// Servers that failed for one of their sources at least, by name.
    pub failed: Vec<String>,
    /// Sources that have all they need here and have brought something new.
    pub new_here: usize,
    /// Such sources that have brought what was known.
    pub unchanged_here: usize,
    /// Such sources that failed, by name.
    pub failed_here: Vec<String>,
    /// So many of those that failed have answered for another source.
    pub partly: usize,
    /// What could not be understood in what came: server, instance, sentence.
    pub problems: Vec<(String, String, String)>,
    /// Places whose bridges share one key.
    pub doubles: Vec<String>,
    /// What came of reading archives.
    pub archives: Vec<Imported>,
    /// Raw extracts that are new in the warehouse.
    pub extracts: usize,
    /// The first and the last run of which attempts were loaded, in milliseconds since 1970: with what a run that was cut
    /// off has left. `None` if nothing was asked.
    pub runs: Option<(i64, i64)>,
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
    let ways = Ways::of(fleet);
    let (files, leftovers): (Vec<PathBuf>, Vec<Attempt>) = spool::leftovers(project)?.into_iter().unzip();
    if !leftovers.is_empty() {
        // Before anybody is asked, so that whatever holds up this run does not hold up these.
        on_event(Event::Leftovers(leftovers.len()));
        load(project, fleet, &leftovers, &files)?;
    }
    // After these, which may have changed what stands.
    let sources = sources::all(project, fleet, &ways, &standing(project)?);
    let tasks = tasks(&sources, fleet, options)?;
    on_event(Event::Began(tasks.len()));
    let asking = Asking { project, ways: &ways, run: Timestamp::now(), retries: fleet.ssh.retries };
    let mut answered = asking.all(tasks, options.jobs, on_event)?;

    let archives = fleet.collector.iter().filter(|(name, _)| options.reads(name));
    let archives: Vec<_> = archives.map(|(name, archive)| (name, archive, collector::find(project, archive))).collect();
    on_event(Event::Loading);
    let (mut files, mut attempts, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for answer in &mut answered {
        shares.push(answer.attempts.len());
        attempts.append(&mut answer.attempts);
        files.append(&mut answer.files);
    }
    let (mut warehouse, new) = load(project, fleet, &attempts, &files)?;
    let labels: Vec<_> = sources.iter().flat_map(|source| source.labels()).collect();
    warehouse.suggest_labels(&labels)?;
    warehouse.remember_refusals(&refusals(fleet))?;

    let mut summary = Summary { extracts: new.iter().filter(|new| **new).count(), ..Summary::default() };
    let mut news = new.iter();
    for (answer, share) in answered.into_iter().zip(shares) {
        let any_new = news.by_ref().take(share).filter(|new| **new).count() > 0;
        let well = answer.failures.is_empty();
        match (answer.who.source, well) {
            (None, true) => *(if any_new { &mut summary.new } else { &mut summary.unchanged }) += 1,
            (Some(_), true) => *(if any_new { &mut summary.new_here } else { &mut summary.unchanged_here }) += 1,
            (None, false) => {
                summary.partly += usize::from(answer.failures.len() < answer.sources);
                summary.failed.push(answer.who.server);
            }
            (Some(source), false) => summary.failed_here.push(source),
        }
    }
    summary.failed.sort();
    summary.failed_here.sort();
    let run = attempts.iter().map(|attempt| attempt.run).max();
    let earlier = leftovers.iter().map(|attempt| attempt.run).min();
    summary.runs = run.map(|run| (earlier.map_or(run, |earlier| earlier.min(run)), run));
    summary.problems = run.map_or(Ok(Vec::new()), |run| warehouse.problems(run))?;
    // Rows that came, and did not fit.
    let refused = summary.problems.iter().filter(|(server, ..)| server.is_empty()).map(|(_, source, _)| source.clone());
    let refused: Vec<String> = refused.collect();
    summary.new_here = summary.new_here.saturating_sub(refused.len());
    summary.failed_here.extend(refused);
    summary.doubles = warehouse.doubles()?;
    let door = &mut Door::of(project, warehouse);
    for (name, archive, found) in archives {
        let progress = &mut |progress: Progress<'_>| on_event(Event::Reading(progress));
        summary.archives.push(collector::import(project, door, name, archive, found, asking.run, progress)?);
    }
    Ok(summary)
}

/// Reads a source without writing anything. One that asks servers is read from `server`, or from its first; of archives, the
/// beginning is read.
///
/// # Errors
/// If there is no such source, or it asks no such server. What goes wrong with the source is in what it said.
pub fn try_source(project: &Project, fleet: &Fleet, name: &str, server: Option<&str>) -> Result<Said> {
    if let Some(options) = fleet.collector.get(name) {
        asked(name, &[String::new()], server)?;
        return collector::beginning(project, options);
    }
    let ways = Ways::of(fleet);
    let sources = sources::all(project, fleet, &ways, &standing(project)?);
    let Some(source) = sources.iter().find(|source| source.name() == name) else {
        return Err(Problems::from(unknown("source", name, fleet.sources().into_iter().map(|(_, name)| name))).into());
    };
    let server = asked(name, &source.servers(), server)?;
    let said = source.test(&server);
    ways.hang_up(&server);
    Ok(said)
}

/// Which of a source's servers is asked: the one that is wanted, or the first.
fn asked(source: &str, servers: &[String], wanted: Option<&str>) -> Result<String, Problems> {
    let names: Vec<&str> = servers.iter().map(String::as_str).filter(|server| !server.is_empty()).collect();
    match (wanted, servers.first()) {
        (Some(_), _) if names.is_empty() => Err(Problem::nowhere(format!("`{source}` asks no server")).into()),
        (Some(wanted), _) if names.contains(&wanted) => Ok(wanted.to_owned()),
        (Some(wanted), _) => Err(unknown("server of this source", wanted, names).into()),
        (None, Some(first)) => Ok(first.clone()),
        (None, None) => Err(Problem::nowhere(format!("`{source}` asks no server")).into()),
    }
}

/// Puts attempts into the warehouse, and forgets the files in which they were spooled; says of each whether it was new.
fn load(project: &Project, fleet: &Fleet, attempts: &[Attempt], files: &[PathBuf]) -> Result<(Warehouse, Vec<bool>)> {
    let mut warehouse = Warehouse::open(project)?;
    warehouse.remember_tables(fleet.row_sources().map(|(source, options, _)| (source, options)))?;
    let salt = warehouse.salt(project)?;
    let new = warehouse.record(attempts)?;
    files.iter().try_for_each(|file| fs::remove_file(file))?;
    warehouse.derive(&salt, |extracts| extracts.par_iter().map(parse).collect())?;
    Ok((warehouse, new))
}

/// Derives all facts again from the raw extracts, as if they had just come. What archives have told stays as it is: they are
/// their own raw, and are read again when they change.
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

/// A server to ask, or a source here.
struct Task<'a> {
    /// For these sources, one after another, on one connection.
    sources: Vec<&'a dyn Source>,
    /// Who it is, and what it has said to the first of them.
    answered: Answered,
    /// How often it has failed.
    failures: u32,
}

impl<'a> Task<'a> {
    fn new(who: Who, sources: Vec<&'a dyn Source>) -> Self {
        Self { sources, answered: Answered { who, ..Answered::default() }, failures: 0 }
    }
}

/// What somebody said in this run.
#[derive(Default)]
struct Answered {
    who: Who,
    /// To so many sources.
    sources: usize,
    attempts: Vec<Attempt>,
    files: Vec<PathBuf>,
    /// What went wrong, with the name of the source.
    failures: Vec<(String, Failure)>,
}

/// The servers that the options name, in random order, so that the order of connections tells an observer nothing and
/// no server is always the last.
fn tasks<'a>(sources: &'a [Box<dyn Source + 'a>], fleet: &Fleet, options: &Options) -> Result<Vec<Task<'a>>> {
    let names: Vec<&str> = fleet.sources().into_iter().map(|(_, name)| name).collect();
    let servers = sources.iter().flat_map(|source| source.servers()).filter(|server| !server.is_empty());
    let servers: Vec<String> = servers.collect();
    known("source", &options.sources, &names)?;
    known("server", &options.servers, &servers.iter().map(String::as_str).collect::<Vec<_>>())?;
    let wanted = |wanted: &[String], name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let mut asked: BTreeMap<Who, Vec<&dyn Source>> = BTreeMap::new();
    for source in sources.iter().filter(|source| wanted(&options.sources, source.name())) {
        for server in source.servers().into_iter().filter(|server| wanted(&options.servers, server)) {
            // Those that ask no server wait for nobody, and nobody for them.
            let own = server.is_empty().then(|| source.name().to_owned());
            asked.entry(Who { server, source: own }).or_default().push(&**source);
        }
    }
    let mut tasks: Vec<_> = asked.into_iter().map(|(who, sources)| Task::new(who, sources)).collect();
    shuffle(&mut tasks)?;
    Ok(tasks)
}

fn known(kind: &str, wanted: &[String], names: &[&str]) -> Result<(), Problems> {
    match wanted.iter().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(unknown(kind, name, names.iter().copied()).into()),
        None => Ok(()),
    }
}

fn shuffle<T>(items: &mut [T]) -> Result<()> {
    for end in (1..items.len()).rev() {
        let random = getrandom::u64()? % (end as u64 + 1);
        items.swap(end, usize::try_from(random)?);
    }
    Ok(())
}

/// What the workers tell.
enum News {
    Asking(Who),
    Again(Who, Failure, Duration),
    Done(Result<Answered>),
}

/// The asking of one run.
struct Asking<'a> {
    project: &'a Project,
    ways: &'a Ways,
    run: Timestamp,
    retries: u32,
}

impl Asking<'_> {
    fn all(
        &self,
        tasks: Vec<Task<'_>>,
        jobs: NonZeroUsize,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Vec<Answered>> {
        let workers = jobs.get().min(tasks.len());
        let queue = Queue::new(tasks);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..workers {
                let (queue, sender) = (&queue, sender.clone());
                scope.spawn(move || {
                    // Nobody listens any more only when the run is given up.
                    let tell = |news| drop(sender.send(news));
                    while let Some(task) = queue.take() {
                        self.task(task, queue, &tell);
                    }
                });
            }
            drop(sender);
            let mut answered = Vec::new();
            let mut asking: BTreeMap<Who, Instant> = BTreeMap::new();
            let mut told = Instant::now();
            loop {
                match receiver.recv_timeout(TICK) {
                    Ok(News::Asking(who)) => drop(asking.insert(who, Instant::now())),
                    Ok(News::Again(who, failure, pause)) => {
                        asking.remove(&who);
                        on_event(Event::Again { who: &who, failure: &failure, pause });
                    }
                    Ok(News::Done(Ok(answer))) => {
                        asking.remove(&answer.who);
                        let raws = answer.attempts.iter().filter_map(|attempt| attempt.raw.as_ref());
                        let bytes = raws.map(|raw| raw.content.len()).sum();
                        let Answered { who, sources, failures, .. } = &answer;
                        on_event(Event::Answered { who, sources: *sources, bytes, failures });
                        answered.push(answer);
                    }
                    Ok(News::Done(Err(error))) => {
                        // What cannot be put on disk here must not be asked for.
                        queue.clear();
                        return Err(error);
                    }
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                    Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(answered),
                }
                if told.elapsed() >= TICK {
                    told = Instant::now();
                    let mut waiting: Vec<_> = asking.iter().map(|(who, since)| (who, since.elapsed())).collect();
                    waiting.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
                    on_event(Event::Waiting(&waiting));
                }
            }
        })
    }

    /// Asks one server for all of its sources, or puts it back for later.
    fn task<'a>(&self, mut task: Task<'a>, queue: &Queue<Task<'a>>, tell: &dyn Fn(News)) {
        let who = task.answered.who.clone();
        let server = &who.server;
        tell(News::Asking(who.clone()));
        while let Some(source) = task.sources.get(task.answered.sources) {
            let answers = source.ask(server, self.run);
            // A failure in a made-up past is not one of today.
            let failure =
                answers.iter().filter(|answer| answer.run == self.run).find_map(|answer| answer.failure.clone());
            if let Some(failure) =
                failure.clone().filter(|failure| failure.is_transient() && task.failures < self.retries)
            {
                self.ways.hang_up(server);
                let pause = pause(task.failures);
                task.failures += 1;
                tell(News::Again(who.clone(), failure, pause));
                return queue.again(task, Instant::now() + pause);
            }
            if let Err(error) = self.keep(&mut task.answered, *source, answers) {
                tell(News::Done(Err(error)));
                return queue.done();
            }
            task.answered.failures.extend(failure.map(|failure| (source.name().to_owned(), failure)));
            task.answered.sources += 1;
        }
        self.ways.hang_up(server);
        tell(News::Done(Ok(task.answered)));
        queue.done();
    }

    /// Adds what a server answered to one source, and puts it on disk.
    fn keep(&self, answered: &mut Answered, source: &dyn Source, answers: Vec<Answer>) -> Result<()> {
        for answer in answers {
            let attempt = attempt(&answered.who.server, source, answer);
            if !source.repeatable() {
                answered.files.push(spool::put(self.project, &attempt)?);
            }
            answered.attempts.push(attempt);
        }
        Ok(())
    }
}

/// How long to wait after so many failures before: a second, then four, then sixteen, each up to half as long again, so
/// that servers that failed together do not come back together.
fn pause(failures: u32) -> Duration {
    let pause = FIRST_PAUSE.saturating_mul(4u32.saturating_pow(failures));
    let random = getrandom::u32().unwrap_or_default();
    pause + pause.mul_f64(f64::from(random) / f64::from(u32::MAX) / 2.0)
}

fn attempt(server: &str, source: &dyn Source, answer: Answer) -> Attempt {
    Attempt {
        run: answer.run.as_millisecond(),
        plugin: source.plugin().to_owned(),
        source: source.name().to_owned(),
        server: server.to_owned(),
        started: answer.started,
        finished: answer.finished,
        raw: answer.raw,
        error: answer.failure.map(|failure| failure.reason()),
    }
}
