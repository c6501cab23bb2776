//! Parts of a description in plain words, for `inspect`, `check` and `docs`.

use pangolin_core::strategy::{Description, Field, FieldKind, HostPattern, Scoping, SecretUse};

/// Which server a pattern is.
pub(crate) fn host(pattern: &HostPattern) -> String {
    match pattern {
        HostPattern::Literal(name) => name.clone(),
        HostPattern::OfField(field) => format!("the host of `{field}`"),
    }
}

/// What a secret may be used for.
pub(crate) fn secret_use(secret_use: &SecretUse) -> String {
    match secret_use {
        SecretUse::Sigv4(service) => format!("signs requests to AWS {service}"),
        SecretUse::Basic => "password of HTTP Basic".to_owned(),
        SecretUse::Bearer => "bearer token".to_owned(),
        SecretUse::Header(name) => format!("header {name}"),
        SecretUse::FormField(name) => format!("form field {name}"),
        SecretUse::JsonField(name) => format!("JSON member {name}"),
        SecretUse::Authorization(scheme) => format!("Authorization: {scheme}"),
        SecretUse::JwtAssertion => "key of a signed assertion".to_owned(),
        SecretUse::AzureSas => "key that signs a SAS".to_owned(),
        SecretUse::CredentialValue => "goes out to clients as a credential".to_owned(),
        SecretUse::RawHmac => "key of a raw HMAC".to_owned(),
        SecretUse::Other(name) => format!("{name}, which this host does not know"),
    }
}

/// Whether the use sends the value, or what proves it, to a server.
pub(crate) fn is_sent(secret_use: &SecretUse) -> bool {
    !matches!(secret_use, SecretUse::CredentialValue | SecretUse::RawHmac | SecretUse::AzureSas)
}

/// Where a secret may go.
pub(crate) fn secret_hosts(field: &Field, description: &Description) -> Vec<String> {
    if !field.secret_uses.iter().any(is_sent) {
        return Vec::new();
    }
    let hosts = if field.secret_hosts.is_empty() { &description.hosts } else { &field.secret_hosts };
    hosts.iter().map(host).collect()
}

/// How a field is written.
pub(crate) fn kind(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Integer => "whole number",
        FieldKind::Boolean => "true or false",
        FieldKind::Url => "URL",
        FieldKind::Role => "identity that is assumed",
        FieldKind::Json => "JSON",
    }
}

/// How narrow a credential is.
pub(crate) fn scoping(scoping: Scoping) -> &'static str {
    match scoping {
        Scoping::Exact => "exactly the locations and the access asked for",
        Scoping::Delegated => "what the caller's own identity at the store opens",
        Scoping::AccessOnly => "the access asked for, on more than the locations asked for",
        Scoping::Unscoped => "all that the base identity opens",
    }
}

/// How long a credential lives.
pub(crate) fn life(description: &Description) -> String {
    match (description.min_ttl_seconds, description.max_ttl_seconds) {
        (None, None) => "no bound of its own".to_owned(),
        (Some(least), None) => format!("{least} s at least"),
        (None, Some(most)) => format!("{most} s at most"),
        (Some(least), Some(most)) => format!("{least} to {most} s"),
    }
}
