//! The two scripts that a bridge's server runs, as they are installed there.

/// Behind the collecting key: prints the extract of all instances that its file of instances names.
pub const EXTRACT_SCRIPT: &str = include_str!("extract");

/// In tor's own account: prints the sections of one data directory, and only the lines that may leave the server.
pub const READ_INSTANCE_SCRIPT: &str = include_str!("read-instance");

/// The version that the header of an extract of these scripts names. One that is older is of scripts that
/// `server add` replaces.
pub const SCRIPT_VERSION: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_says_the_version_that_it_has() {
        let lines: Vec<_> = EXTRACT_SCRIPT.lines().filter(|line| line.starts_with("script_version=")).collect();
        assert_eq!(lines, [format!("script_version={SCRIPT_VERSION}")]);
    }
}
