//! What AzureOAuth and AzureSas ask the host to sign. Pure, and no component of its own: each of
//! the two links it.
//!
//! [`fields`] are the fields that both have, [`policy`] says letters, times and resource of a
//! signature, [`blob_url`] writes the URL that a presigned request goes to, [`presign()`] puts both
//! together.

pub mod blob_url;
pub mod fields;
pub mod policy;
mod presign;

pub use presign::presign;

#[cfg(test)]
mod tests;
