//! The plugins that torcollect has.

pub mod sample;
pub mod tor_bridge;

use super::Source;
use crate::config::Fleet;

/// All sources of a fleet.
pub fn all(fleet: &Fleet) -> Vec<Box<dyn Source>> {
    let tor_bridge = fleet
        .tor_bridge
        .iter()
        .map(|(name, options)| Box::new(tor_bridge::TorBridge::new(fleet, name, options)) as Box<dyn Source>);
    let sample =
        fleet.sample.iter().map(|(name, options)| Box::new(sample::Sample::new(name, options)) as Box<dyn Source>);
    tor_bridge.chain(sample).collect()
}
