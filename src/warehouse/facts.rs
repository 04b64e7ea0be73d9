//! Facts: what parsers find in extracts and the warehouse keeps. A `None` is something that is not known; it is not zero.

use jiff::Timestamp;

/// What one extract says of one tor instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceFacts {
    /// The instance's name on its server.
    pub instance: String,
    /// The bridge's nickname.
    pub nickname: Option<String>,
    /// SHA-1 of the bridge's fingerprint, 40 upper-case hexadecimal digits, as CollecTor names it.
    pub hashed_fingerprint: Option<String>,
    /// The version of tor that runs it, such as `0.4.9.11`.
    pub tor_version: Option<String>,
    /// When the bridge itself said all this, if another than the extract's own time is known; the newest word on an interval
    /// is the one that counts.
    pub told: Option<Timestamp>,
    /// Clients by interval.
    pub reports: Vec<Report>,
    /// Directory requests by interval.
    pub requests: Vec<Requests>,
    /// Traffic by finished interval.
    pub traffic: Vec<Traffic>,
    /// What could not be understood, one sentence each; the rest stands.
    pub problems: Vec<String>,
}

/// The clients of one interval: `stats/bridge-stats`. Numbers are unique addresses, rounded up to a multiple of 8 by tor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The interval's end.
    pub ends: Timestamp,
    /// The interval's length in seconds, 86400 or more.
    pub seconds: u32,
    /// Clients by country code.
    pub countries: Option<Vec<(String, u32)>>,
    /// Clients over IPv4 and over IPv6.
    pub versions: Option<(u32, u32)>,
    /// Clients by pluggable transport.
    pub transports: Option<Vec<(String, u32)>>,
    /// Whether tor had no GeoIP database, so that countries and versions are unknown.
    pub no_geoip: bool,
}

/// The directory requests of one interval: `stats/dirreq-stats`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requests {
    /// The interval's end.
    pub ends: Timestamp,
    /// The interval's length in seconds.
    pub seconds: u32,
    /// Requests that were answered: the `ok` of `dirreq-v3-resp`.
    pub answered: Option<u32>,
    /// Requests by country code.
    pub countries: Option<Vec<(String, u32)>>,
}

/// The traffic of one finished interval: `BWHistory…` of `state`. tor rounds down to 1 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// The interval's end.
    pub ends: Timestamp,
    /// The interval's length in seconds.
    pub seconds: u32,
    /// Bytes that the bridge wrote.
    pub sent: Option<u64>,
    /// Bytes that the bridge read.
    pub received: Option<u64>,
}
