//! Sources: what turns some place into extracts and extracts into facts.

pub mod tor_bridge;
