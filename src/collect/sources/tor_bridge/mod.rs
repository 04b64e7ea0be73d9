//! The source `tor-bridge`: what a tor bridge counts about its clients, read on its server by a script that lets
//! nothing else out.
//!
//! ```text
//! extract + read-instance ──▶ bytes ──▶ frame ──▶ stats ──▶ facts
//!     (on the server)         (here)
//! ```

pub mod content;
pub mod facts;
pub mod frame;
pub mod scripts;
pub mod stats;

pub use content::content_hash;
pub use facts::{BridgeDay, InstanceFacts, Requests, Traffic};
pub use frame::{Extract, FrameError, Instance, Section, State};
pub use stats::parse;
