//! The sample's servers (rivers), bridges (trees) and its clients' countries.

/// A server.
pub(super) struct Server {
    /// Its name in settings.
    pub(super) name: &'static str,
    /// What the public may call it.
    pub(super) label: &'static str,
    /// Its bridges.
    pub(super) bridges: &'static [Bridge],
}

/// A bridge.
pub(super) struct Bridge {
    /// The instance's name on its server.
    pub(super) instance: &'static str,
    /// What the public may call it.
    pub(super) label: &'static str,
    /// Clients on a usual day.
    pub(super) clients: f64,
    /// How they come.
    pub(super) transports: Transports,
}

/// What transports a bridge offers beside `<OR>`.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Transports {
    /// Only `obfs4`.
    Obfs4,
    /// `obfs4` and, for a few clients, `meek_lite`.
    Meek,
    /// `obfs4`, and later the transport that is introduced.
    New,
}

use Transports::{Meek, New, Obfs4};

const fn bridge(instance: &'static str, label: &'static str, clients: u32, transports: Transports) -> Bridge {
    Bridge { instance, label, clients: clients as f64, transports }
}

/// The servers. Their order is that of their collection.
pub(super) static SERVERS: [Server; 6] = [
    Server { name: "danube", label: "Danube", bridges: &[bridge("default", "Alder", 5200, New)] },
    Server { name: "elbe", label: "Elbe", bridges: &[bridge("default", "Aspen", 640, Obfs4)] },
    Server {
        name: "loire",
        label: "Loire",
        bridges: &[bridge("default", "Beech", 1900, Meek), bridge("b2", "Birch", 260, Obfs4)],
    },
    Server {
        name: "rhine",
        label: "Rhine",
        bridges: &[
            bridge("default", "Cedar", 880, New),
            bridge("b2", "Chestnut", 120, Obfs4),
            bridge("b3", "Cypress", 45, Obfs4),
            bridge("b4", "Elm", 330, Obfs4),
        ],
    },
    Server {
        name: "tagus",
        label: "Tagus",
        bridges: &[
            bridge("default", "Fir", 75, Obfs4),
            bridge("b2", "Hawthorn", 24, Obfs4),
            bridge("b3", "Hazel", 190, New),
            bridge("b4", "Hornbeam", 410, New),
            bridge("b5", "Juniper", 150, Meek),
            bridge("b6", "Larch", 60, Obfs4),
        ],
    },
    Server {
        name: "vistula",
        label: "Vistula",
        bridges: &[
            bridge("default", "Linden", 1200, New),
            bridge("b2", "Maple", 95, Obfs4),
            bridge("b3", "Oak", 540, New),
            bridge("b4", "Pine", 36, Obfs4),
            bridge("b5", "Plane", 220, New),
            bridge("b6", "Poplar", 18, Obfs4),
            bridge("b7", "Rowan", 130, Obfs4),
            bridge("b8", "Spruce", 300, Meek),
            bridge("b9", "Willow", 50, New),
            bridge("b10", "Yew", 700, New),
        ],
    },
];

/// All bridges with their servers.
pub(super) fn bridges() -> impl Iterator<Item = (&'static Server, &'static Bridge)> {
    SERVERS.iter().flat_map(|server| server.bridges.iter().map(move |bridge| (server, bridge)))
}

/// Countries by tor's codes, and how many of a thousand clients are there: chosen by hand, in the order of size that
/// private bridges see. `??` is an address that GeoIP does not know.
pub(super) const COUNTRIES: [(&str, f64); 49] = [
    ("ru", 196.0),
    ("ir", 180.0),
    ("us", 95.0),
    ("de", 52.0),
    ("cn", 48.0),
    ("by", 42.0),
    ("tm", 38.0),
    ("tr", 34.0),
    ("in", 30.0),
    ("gb", 26.0),
    ("ua", 22.0),
    ("fr", 18.0),
    ("kz", 18.0),
    ("??", 16.0),
    ("id", 14.0),
    ("nl", 14.0),
    ("br", 12.0),
    ("eg", 12.0),
    ("ca", 11.0),
    ("ae", 10.0),
    ("vn", 9.0),
    ("it", 8.0),
    ("pl", 8.0),
    ("es", 7.0),
    ("th", 7.0),
    ("jp", 6.0),
    ("mm", 6.0),
    ("mx", 6.0),
    ("ro", 6.0),
    ("sa", 6.0),
    ("au", 5.0),
    ("ch", 5.0),
    ("se", 5.0),
    ("fi", 4.0),
    ("hk", 4.0),
    ("ph", 4.0),
    ("uz", 4.0),
    ("at", 3.0),
    ("bd", 3.0),
    ("cz", 3.0),
    ("dz", 3.0),
    ("pk", 3.0),
    ("be", 2.0),
    ("gr", 2.0),
    ("kr", 2.0),
    ("ma", 2.0),
    ("my", 2.0),
    ("sg", 2.0),
    ("za", 2.0),
];
