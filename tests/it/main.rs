//! All tests that see torcollect from outside: one binary, a module for each thing that is promised.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod add;
mod architecture;
mod build;
mod collect;
mod fail;
mod fleet;
mod machine;
mod notes;
mod servers;
mod sshd;
mod support;
mod transport;
mod via;
