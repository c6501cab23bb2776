//! `description` of the WIT as the core's type.

use pangolin_core::strategy::{Description, Field, FieldKind, HostPattern, Scoping, ScopingRule, SecretUse};

use crate::bindings::strategy as wit;

pub(super) fn description(from: wit::Description) -> Description {
    Description {
        name: from.name,
        version: from.version,
        summary: from.summary,
        schemes: from.schemes,
        scoping: scoping(from.scoping),
        scoping_rules: from
            .scoping_rules
            .into_iter()
            .map(|rule| ScopingRule { field: rule.field, equals: rule.equals, scoping: scoping(rule.scoping) })
            .collect(),
        fields: from.fields.into_iter().map(field).collect(),
        hosts: from.hosts.into_iter().map(host).collect(),
        max_ttl_seconds: from.max_ttl_seconds,
        min_ttl_seconds: from.min_ttl_seconds,
    }
}

fn host(from: wit::HostPattern) -> HostPattern {
    match from {
        wit::HostPattern::Literal(host) => HostPattern::Literal(host),
        wit::HostPattern::OfField(field) => HostPattern::OfField(field),
    }
}

fn scoping(from: wit::Scoping) -> Scoping {
    match from {
        wit::Scoping::Exact => Scoping::Exact,
        wit::Scoping::AccessOnly => Scoping::AccessOnly,
        wit::Scoping::Delegated => Scoping::Delegated,
        wit::Scoping::Unscoped => Scoping::Unscoped,
    }
}

fn field(from: wit::Field) -> Field {
    Field {
        name: from.name,
        aliases: from.aliases,
        kind: match from.kind {
            wit::FieldKind::Text => FieldKind::Text,
            wit::FieldKind::Integer => FieldKind::Integer,
            wit::FieldKind::Boolean => FieldKind::Boolean,
            wit::FieldKind::Url => FieldKind::Url,
            wit::FieldKind::Role => FieldKind::Role,
            wit::FieldKind::Json => FieldKind::Json,
        },
        required: from.required,
        default: from.default,
        choices: from.choices,
        example: from.example,
        secret_uses: from.secret_uses.into_iter().map(secret_use).collect(),
        secret_hosts: from.secret_hosts.into_iter().map(host).collect(),
        destination: from.destination,
        help: from.help,
    }
}

fn secret_use(from: wit::SecretUse) -> SecretUse {
    match from {
        wit::SecretUse::Sigv4(service) => SecretUse::Sigv4(service),
        wit::SecretUse::Basic => SecretUse::Basic,
        wit::SecretUse::Bearer => SecretUse::Bearer,
        wit::SecretUse::Header(name) => SecretUse::Header(name),
        wit::SecretUse::FormField(name) => SecretUse::FormField(name),
        wit::SecretUse::JsonField(name) => SecretUse::JsonField(name),
        wit::SecretUse::Authorization(scheme) => SecretUse::Authorization(scheme),
        wit::SecretUse::JwtAssertion => SecretUse::JwtAssertion,
        wit::SecretUse::AzureSas => SecretUse::AzureSas,
        wit::SecretUse::CredentialValue => SecretUse::CredentialValue,
        wit::SecretUse::RawHmac => SecretUse::RawHmac,
        wit::SecretUse::Other(name) => SecretUse::Other(name),
    }
}
