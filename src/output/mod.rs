//! The output folder: puts files there so that every moment shows a site that works, compresses them, and removes what
//! an earlier build made and this one did not. Only what torcollect made is ever removed.

mod compress;
mod manifest;
mod write;

pub use write::{Output, Totals};
