//! The plugins that torcollect has.

pub mod sample;
pub mod tor_bridge;

use super::Source;
use crate::config::Fleet;
use crate::project::Project;

/// All sources of a fleet.
pub fn all(project: &Project, fleet: &Fleet) -> Vec<Box<dyn Source>> {
    let tor_bridge = fleet.tor_bridge.iter().map(|(name, options)| {
        Box::new(tor_bridge::TorBridge::new(project, fleet, name, options)) as Box<dyn Source>
    });
    let sample = fleet.sample.iter().map(|(name, options)| Box::new(sample::Sample::new(name, options)) as Box<dyn Source>);
    tor_bridge.chain(sample).collect()
}
