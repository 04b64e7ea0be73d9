//! Tests of the whole against real programs.

mod sshd;
mod transport;
