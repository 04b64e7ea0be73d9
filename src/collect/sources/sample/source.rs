//! The sample as a source: its servers answer for all days of their history at once.

use jiff::Timestamp;

use super::{attempts, labels};
use crate::collect::sources::tor_bridge;
use crate::collect::{Answer, Failure, Source};
use crate::config;

/// A source of the plugin `sample`.
pub struct Sample {
    name: String,
    options: config::Sample,
}

impl Sample {
    /// The source `name` with these options.
    pub fn new(name: &str, options: &config::Sample) -> Self {
        Self { name: name.to_owned(), options: options.clone() }
    }
}

impl Source for Sample {
    fn plugin(&self) -> &'static str {
        super::PLUGIN
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn servers(&self) -> Vec<String> {
        labels().servers.iter().map(|(server, _)| (*server).to_owned()).collect()
    }

    fn ask(&self, server: &str, _run: Timestamp) -> Vec<Answer> {
        let answer = |attempt: super::Attempt| {
            let (raw, failure) = match attempt.outcome {
                Ok(bytes) => tor_bridge::read(bytes, attempt.finished),
                Err(reason) => (None, Some(Failure::Told(reason))),
            };
            // All servers of a day are of one run, which began with that day.
            let run = Timestamp::from_second(attempt.started.as_second() / 86400 * 86400).unwrap_or(attempt.started);
            Answer { run, started: attempt.started, finished: attempt.finished, raw, failure }
        };
        attempts(&self.options, server).map(answer).collect()
    }

    fn repeatable(&self) -> bool {
        true
    }

    fn labels(&self) -> Vec<(String, String, String)> {
        let labels = labels();
        let owned =
            |server: &str, instance: &str, label: &str| (server.to_owned(), instance.to_owned(), label.to_owned());
        let servers = labels.servers.iter().map(|(server, label)| owned(server, "", label));
        servers.chain(labels.bridges.iter().map(|(server, instance, label)| owned(server, instance, label))).collect()
    }
}
