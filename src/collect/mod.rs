//! Collecting: transports bring bytes from servers, sources turn them into facts.

pub mod sources;
pub mod transport;
