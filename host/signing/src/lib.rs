//! Signers as pure functions: the time is a parameter, nothing is sent, nothing is kept.
//!
//! - [`sigv4`]: AWS Signature Version 4 in headers and in presigned URLs; [`s3_url`] tells which
//!   object a URL names, and writes the URL of an object; [`s3_request`] what a request would do.
//! - [`azure_sas`]: shared access signatures of Azure Storage.
//! - [`google`]: assertions and signed URLs of a service account.
//!
//! Whether something may be signed is not judged here: see `scope_proof` of the core.

#![warn(missing_docs)]

pub mod azure_sas;
pub mod google;
pub mod s3_request;
pub mod s3_url;
pub mod sigv4;

/// What RFC 3986 calls unreserved stays; all else is percent-encoded.
const UNRESERVED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same in a path, whose segments stay apart.
const PATH: &percent_encoding::AsciiSet = &UNRESERVED.remove(b'/');
