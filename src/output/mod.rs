//! The output folder: puts files there so that every moment shows a site that works, compresses them, and removes what
//! an earlier build made and this one did not. Only what torcollect made is ever removed. Weighs what a browser
//! fetches, and finds what is referred to and not there.

mod compress;
mod facts;
mod links;
mod manifest;
mod record;
mod weight;
mod write;

pub use compress::{Effort, beside, compress, copies, on_the_wire, wanted};
pub use facts::{Facts, Role};
pub use links::links;
pub use record::{Reason, Said};
pub use weight::{Part, Scale, Weight, above, size, weights};
pub use write::{Made, Output, Totals};
