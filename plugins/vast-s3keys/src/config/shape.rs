//! How names and addresses look.

/// Scheme, host and port in lower case, the usual port left out; `None` where there is more.
pub(super) fn origin(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let (scheme, rest) = lower.split_once("://")?;
    let usual = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let authority = authority.strip_suffix(usual).filter(|host| !host.ends_with(':')).unwrap_or(authority);
    let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    let has_host = !authority.is_empty() && !authority.starts_with(':');
    (has_host && authority.chars().all(is_fine)).then(|| format!("{scheme}://{authority}"))
}

/// One segment of a path.
pub(super) fn is_version(text: &str) -> bool {
    text.len() <= 16 && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && {
        text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
    }
}

/// What a header carries.
pub(super) fn is_header(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Certificates, each with a line of its own at either end.
pub(super) fn is_pem(text: &str) -> bool {
    let text = text.trim();
    let first = text.lines().next().map(str::trim_end);
    first == Some("-----BEGIN CERTIFICATE-----") && text.ends_with("\n-----END CERTIFICATE-----")
}
