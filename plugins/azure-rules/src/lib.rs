//! What AzureOAuth and AzureSas ask the host to sign. Pure, and no component of its own: each of
//! the two links it.
//!
//! [`fields`] are the fields that both have, [`policy`] says letters, times and resource of a
//! signature, [`blob_url`] writes the URL that a presigned request goes to.

pub mod blob_url;
pub mod fields;
pub mod policy;

#[cfg(test)]
mod tests;
