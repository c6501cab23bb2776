//! Signers as pure functions: the time is a parameter, nothing is sent, nothing is kept.
//!
//! - [`sigv4`]: AWS Signature Version 4 in headers and in presigned URLs; [`s3_url`] tells which
//!   object a URL names, and writes the URL of an object.

#![warn(missing_docs)]

pub mod s3_url;
pub mod sigv4;
