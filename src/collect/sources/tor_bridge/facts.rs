//! What a tor counted: the facts of one extract, as the parser gives them.

use jiff::Timestamp;

/// The facts of one tor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceFacts {
    /// What the server calls it.
    pub name: String,
    /// Its nickname.
    pub nickname: Option<String>,
    /// The SHA-1 of its fingerprint in 40 upper-case hexadecimal digits: what CollecTor calls it.
    pub hashed_fingerprint: Option<String>,
    /// The version that wrote `state`, as `0.4.9.11`.
    pub tor_version: Option<String>,
    /// Its clients, each interval once, oldest first.
    pub bridge_days: Vec<BridgeDay>,
    /// Requests to its directory, each interval once, oldest first.
    pub requests: Vec<Requests>,
    /// Its traffic, each finished interval once, oldest first.
    pub traffic: Vec<Traffic>,
    /// What could not be read: a sentence for each section, with nothing of the section's own text in it.
    pub problems: Vec<String>,
}

/// A bridge's clients in an interval of a day or more. Numbers are addresses, rounded up to a multiple of 8 by tor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeDay {
    /// When the interval ended.
    pub ends: Timestamp,
    /// How long it was.
    pub seconds: u32,
    /// Clients by country code; `None` if unknown.
    pub countries: Option<Vec<(String, u32)>>,
    /// Clients over IPv4 and over IPv6; `None` if unknown.
    pub versions: Option<(u32, u32)>,
    /// Clients by pluggable transport, with tor's own names `<OR>` and `<??>`; hostile text is possible. `None` if
    /// unknown.
    pub transports: Option<Vec<(String, u32)>>,
    /// Whether tor had no GeoIP file, and so counted neither countries nor IP versions.
    pub no_geoip: bool,
}

/// Requests to a bridge's directory in an interval of a day or more, rounded up by tor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requests {
    /// When the interval ended.
    pub ends: Timestamp,
    /// How long it was.
    pub seconds: u32,
    /// Requests that were answered with a consensus; `None` if unknown.
    pub answered: Option<u32>,
    /// Requests by country code; `None` if unknown.
    pub countries: Option<Vec<(String, u32)>>,
}

/// A bridge's traffic in a finished interval, rounded down to 1 KiB by tor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// When the interval ended.
    pub ends: Timestamp,
    /// How long it was.
    pub seconds: u32,
    /// Bytes sent; `None` if unknown.
    pub sent: Option<u64>,
    /// Bytes received; `None` if unknown.
    pub received: Option<u64>,
}
