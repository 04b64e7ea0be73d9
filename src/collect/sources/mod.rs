//! The plugins that torcollect has.

pub mod collector;
pub mod files;
pub mod sample;
pub mod tor_bridge;

use super::Source;
use super::transport::Ways;
use crate::config::Fleet;

/// All sources of a fleet, whose servers are reached by `ways`.
pub fn all<'a>(fleet: &'a Fleet, ways: &'a Ways) -> Vec<Box<dyn Source + 'a>> {
    let tor_bridge = fleet.tor_bridge.iter().map(|(name, options)| {
        Box::new(tor_bridge::TorBridge::new(fleet, name, options, ways)) as Box<dyn Source + 'a>
    });
    let sample =
        fleet.sample.iter().map(|(name, options)| Box::new(sample::Sample::new(name, options)) as Box<dyn Source + 'a>);
    tor_bridge.chain(sample).collect()
}
