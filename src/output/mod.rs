//! The output folder: puts files there so that every moment shows a site that works, compresses them, and removes what
//! an earlier build made and this one did not. Only what torcollect made is ever removed. Weighs what a browser fetches.

mod compress;
mod manifest;
mod weight;
mod write;

pub use compress::{Effort, beside, compress, copies, on_the_wire, wanted};
pub use weight::{Part, Role, Scale, Weight, above, size};
pub use write::{Output, Totals};
