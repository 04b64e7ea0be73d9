//! All tests that see torcollect from outside: one binary, a module for each thing that is promised.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod add;
mod architecture;
mod browser;
mod budget;
mod build;
mod check;
mod chromium;
mod collect;
mod fail;
mod faults;
mod fleet;
mod incremental;
mod machine;
mod notes;
mod privacy;
mod serve;
mod servers;
mod setup;
mod sparklines;
mod sshd;
mod support;
mod themes;
mod transport;
mod via;
