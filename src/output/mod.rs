//! The output folder: puts files there so that every moment shows a site that works, compresses them, and removes what
//! an earlier build made and this one did not. Only what torcollect made is ever removed. Weighs what a browser fetches.

mod compress;
mod manifest;
mod record;
mod weight;
mod write;

pub use compress::{Effort, beside, compress, copies, on_the_wire, wanted};
pub use record::{Reason, Said};
pub use weight::{Facts, Part, Role, Scale, Weight, above, size, weights};
pub use write::{Made, Output, Totals};
