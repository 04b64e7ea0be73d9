//! The two scripts that a bridge's server runs, as they are installed there.

/// Behind the collecting key: prints the extract of all instances that its file of instances names.
pub const EXTRACT_SCRIPT: &str = include_str!("extract");

/// In tor's own account: prints the sections of one data directory, and only the lines that may leave the server.
pub const READ_INSTANCE_SCRIPT: &str = include_str!("read-instance");
