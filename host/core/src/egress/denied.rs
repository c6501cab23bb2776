//! Why a connection was refused, with the setting that would allow it.

use std::net::IpAddr;

/// Why the egress policy refused a URL or an address. No text holds the URL's path or query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressDenied {
    /// Not an absolute URL, or one with characters that readers and parsers see differently.
    #[error("not an absolute http(s) URL, or one with spaces, control characters or '\\'")]
    Malformed,
    /// Neither http nor https.
    #[error("scheme '{0}' is not allowed: use https")]
    Scheme(String),
    /// `http` without leave.
    #[error(
        "plain http to '{0}' is not allowed: use https; the operator can allow http with AWS_ALLOW_HTTP=true, or, for an \
         address, by listing its range in PANGOLIN_EGRESS_ALLOW"
    )]
    PlainHttp(String),
    /// `user:password@`.
    #[error("a URL must not carry user information (the part before '@')")]
    UserInformation,
    /// `#…`.
    #[error("a URL must not carry a fragment (the part after '#')")]
    Fragment,
    /// No host, or one with an empty label.
    #[error("the URL has no valid host")]
    NoHost,
    /// The address is not a public one.
    #[error(
        "address {address} is refused: {kind} ({range}); the operator can allow it with PANGOLIN_EGRESS_ALLOW={range}"
    )]
    Address {
        /// The address as found.
        address: IpAddr,
        /// What the range is for.
        kind: &'static str,
        /// The range.
        range: &'static str,
    },
}

/// A part of `PANGOLIN_EGRESS_ALLOW` that is not a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an address range: write for example 127.0.0.0/8 or fd00::/8, separated by commas")]
pub struct InvalidRange(pub String);
