//! All tests that see torcollect from outside: one binary, a module for each thing that is promised.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod architecture;
mod build;
mod collect;
mod faults;
mod fleet;
mod machine;
mod privacy;
mod sshd;
mod support;
mod transport;
