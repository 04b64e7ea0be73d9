//! `SOURCE_DATE_EPOCH`: the time that written files shall bear, so that two builds of the same are the same in an archive
//! too. Nothing else depends on it: no page tells the present time. <https://reproducible-builds.org/specs/source-date-epoch/>

use std::env::VarError;
use std::time::{Duration, SystemTime};

use torcollect::problem::{Problem, Problems};

const NAME: &str = "SOURCE_DATE_EPOCH";

/// What the environment says; `None` if it says nothing.
///
/// # Errors
/// If it is no number of seconds.
pub fn modified() -> Result<Option<SystemTime>, Problems> {
    match std::env::var(NAME) {
        Err(VarError::NotPresent) => Ok(None),
        Ok(text) => time(&text).map(Some).ok_or_else(|| refused(&text)),
        Err(VarError::NotUnicode(text)) => Err(refused(&text.to_string_lossy())),
    }
}

/// Digits alone, as the specification says, of a time that file systems can keep.
fn time(text: &str) -> Option<SystemTime> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: u32 = digits.then(|| text.parse().ok())??;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds.into()))
}

fn refused(text: &str) -> Problems {
    let problem = Problem::nowhere(format!("`{NAME}` is `{}`, which is no time", text.escape_debug()));
    problem.hint("it is a number of seconds since 1970, as `git log -1 --format=%ct` tells; or unset it").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_of_seconds_since_1970() {
        assert_eq!(time("0"), Some(SystemTime::UNIX_EPOCH));
        assert_eq!(time("1700000000"), SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1_700_000_000)));
        for text in ["", " 1", "-1", "+1", "1.5", "now", "99999999999999999999"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
