//! The URL of one blob.

use std::fmt::Write as _;

use pangolin_plugin_sdk::VendError;

/// The URL of a location's blob, with the signature as its query. `endpoint` is the warehouse's.
///
/// # Errors
/// The location names no blob in Azure Storage.
pub fn signed(location: &str, endpoint: Option<&str>, sas: &str) -> Result<String, VendError> {
    let (container, host, path) = parts(location).ok_or_else(|| {
        VendError::unsupported("location-unsupported", "the location names no object in Azure Storage (abfss://…)")
    })?;
    let base = base(host, endpoint);
    Ok(format!("{base}/{container}/{}?{sas}", encoded(path)))
}

/// Container, host and path of `abfss://container@account.host/path`.
fn parts(location: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = location.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    let (container, host) = authority.split_once('@')?;
    let known = matches!(scheme, "abfs" | "abfss" | "wasb" | "wasbs");
    let whole = [container, host, path].iter().all(|part| !part.is_empty()) && !path.ends_with('/');
    (known && whole).then_some((container, host, path))
}

/// The blob service without a slash at the end. One that is named by its address has the account
/// in its path, as emulators do.
fn base(host: &str, endpoint: Option<&str>) -> String {
    let Some(endpoint) = endpoint else { return format!("https://{}", blob_host(host)) };
    let endpoint = endpoint.trim_end_matches('/');
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let account = host.split('.').next().unwrap_or_default();
    let path = match path {
        "" if is_address(authority) => format!("/{account}"),
        "" => String::new(),
        path => format!("/{path}"),
    };
    format!("{scheme}://{}{path}", blob_host(authority))
}

/// The blob service's host beside the one of Data Lake Storage.
fn blob_host(host: &str) -> String {
    host.replacen(".dfs.", ".blob.", 1)
}

/// Whether the host is an address, or the machine itself: no name of an account stands before it.
fn is_address(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    host == "localhost" || host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// Path segments, percent-encoded but for the unreserved characters of RFC 3986.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
