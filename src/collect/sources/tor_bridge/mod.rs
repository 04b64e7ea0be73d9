//! The source `tor-bridge`: what a tor bridge counts about its clients, read on its server by a script that lets
//! nothing else out.
//!
//! ```text
//! extract + read-instance ──▶ bytes ──▶ frame ──▶ stats ──▶ facts
//!     (on the server)         (here)
//! ```

mod content;
pub mod frame;
pub mod scripts;
mod source;
pub mod stats;

pub use content::content_hash;
pub use frame::{FrameError, cksum};
pub use source::{CLOCK_TOLERANCE, TorBridge, parse, read};

/// The plugin's name.
pub const PLUGIN: &str = "tor-bridge";
