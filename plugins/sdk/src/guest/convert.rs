//! The SDK's types from and to the generated ones.

use super::bindings::exports::pangolin::vending::strategy as wit;
use super::bindings::pangolin::vending::types;
use crate::config::Config;
use crate::credential::{Credential, Value};
use crate::description::{Description, Field, FieldKind, HostPattern, Scoping, SecretUse};
use crate::error::{ErrorKind, Problem, VendError};
use crate::request::{Access, Scope, VendRequest};

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

pub(super) fn description(description: &Description) -> wit::Description {
    wit::Description {
        name: description.name.to_owned(),
        version: description.version.to_owned(),
        summary: description.summary.to_owned(),
        schemes: owned(description.schemes),
        scoping: scoping(description.scoping),
        scoping_rules: description
            .scoping_rules
            .iter()
            .map(|rule| wit::ScopingRule {
                field: rule.field.to_owned(),
                equals: rule.equals.to_owned(),
                scoping: scoping(rule.scoping),
            })
            .collect(),
        fields: description.fields.iter().map(field).collect(),
        hosts: description.hosts.iter().map(host).collect(),
        max_ttl_seconds: description.max_ttl_seconds,
        min_ttl_seconds: description.min_ttl_seconds,
        extensions: Vec::new(),
    }
}

fn host(host: &HostPattern) -> wit::HostPattern {
    match host {
        HostPattern::Literal(name) => wit::HostPattern::Literal((*name).to_owned()),
        HostPattern::OfField(field) => wit::HostPattern::OfField((*field).to_owned()),
    }
}

fn scoping(scoping: Scoping) -> wit::Scoping {
    match scoping {
        Scoping::Exact => wit::Scoping::Exact,
        Scoping::AccessOnly => wit::Scoping::AccessOnly,
        Scoping::Delegated => wit::Scoping::Delegated,
        Scoping::Unscoped => wit::Scoping::Unscoped,
    }
}

fn field(field: &Field) -> wit::Field {
    wit::Field {
        name: field.name.to_owned(),
        aliases: owned(field.aliases),
        kind: match field.kind {
            FieldKind::Text => wit::FieldKind::Text,
            FieldKind::Integer => wit::FieldKind::Integer,
            FieldKind::Boolean => wit::FieldKind::Boolean,
            FieldKind::Url => wit::FieldKind::Url,
            FieldKind::Role => wit::FieldKind::Role,
            FieldKind::Json => wit::FieldKind::Json,
        },
        required: field.required,
        default: field.default.map(str::to_owned),
        choices: owned(field.choices),
        example: field.example.map(str::to_owned),
        secret_uses: field
            .secret_uses
            .iter()
            .map(|secret_use| match secret_use {
                SecretUse::Sigv4(service) => wit::SecretUse::Sigv4((*service).to_owned()),
                SecretUse::Basic => wit::SecretUse::Basic,
                SecretUse::Bearer => wit::SecretUse::Bearer,
                SecretUse::Header(name) => wit::SecretUse::Header((*name).to_owned()),
                SecretUse::FormField(name) => wit::SecretUse::FormField((*name).to_owned()),
                SecretUse::JsonField(name) => wit::SecretUse::JsonField((*name).to_owned()),
                SecretUse::Authorization(scheme) => wit::SecretUse::Authorization((*scheme).to_owned()),
                SecretUse::JwtAssertion => wit::SecretUse::JwtAssertion,
                SecretUse::AzureSas => wit::SecretUse::AzureSas,
                SecretUse::CredentialValue => wit::SecretUse::CredentialValue,
                SecretUse::RawHmac => wit::SecretUse::RawHmac,
                SecretUse::Other(name) => wit::SecretUse::Other((*name).to_owned()),
            })
            .collect(),
        secret_hosts: field.secret_hosts.iter().map(host).collect(),
        destination: field.destination,
        help: field.help.to_owned(),
        extensions: Vec::new(),
    }
}

pub(super) fn config(configuration: types::Configuration) -> Result<Config, Problem> {
    Config::parse(&configuration.fields, configuration.slots)
}

pub(super) fn problem(problem: Problem) -> wit::ConfigProblem {
    wit::ConfigProblem { field: problem.field, message: problem.message }
}

fn has(access: &types::Access, flag: types::Access) -> bool {
    access.bits() & flag.bits() != 0
}

pub(super) fn request(request: types::VendRequest) -> Result<VendRequest, Problem> {
    Ok(VendRequest {
        config: config(request.configuration)?,
        scopes: request
            .scopes
            .into_iter()
            .map(|scope| Scope {
                location: scope.location,
                access: Access {
                    read: has(&scope.access, types::Access::READ),
                    write: has(&scope.access, types::Access::WRITE),
                    delete: has(&scope.access, types::Access::DELETE),
                },
            })
            .collect(),
        ttl_seconds: request.ttl_seconds,
        principal: request.principal,
        tenant: request.tenant,
        table: request.table,
        request_id: request.request_id,
        extensions: request.extensions,
    })
}

pub(super) fn credential(credential: Credential) -> wit::Credential {
    wit::Credential {
        prefix: credential.prefix,
        entries: credential
            .entries
            .into_iter()
            .map(|entry| types::Entry {
                key: entry.key,
                value: match entry.value {
                    Value::Plain(text) => types::Value::Plain(text),
                    Value::Slot(name) => types::Value::Slot(name),
                },
            })
            .collect(),
        expires_at_ms: credential.expires_at_ms,
        handle: credential.handle,
        extensions: credential.extensions,
    }
}

pub(super) fn error(error: VendError) -> wit::VendError {
    wit::VendError {
        kind: match error.kind {
            ErrorKind::InvalidConfig => types::ErrorKind::InvalidConfig,
            ErrorKind::Denied => types::ErrorKind::Denied,
            ErrorKind::Unsupported => types::ErrorKind::Unsupported,
            ErrorKind::Upstream => types::ErrorKind::Upstream,
            ErrorKind::Throttled => types::ErrorKind::Throttled,
            ErrorKind::Exhausted => types::ErrorKind::Exhausted,
            ErrorKind::Unavailable => types::ErrorKind::Unavailable,
            ErrorKind::Internal => types::ErrorKind::Internal,
        },
        code: error.code,
        message: error.message,
        retry_after_ms: error.retry_after_ms,
    }
}

pub(super) fn host_error(error: types::VendError) -> VendError {
    VendError {
        kind: match error.kind {
            types::ErrorKind::InvalidConfig => ErrorKind::InvalidConfig,
            types::ErrorKind::Denied => ErrorKind::Denied,
            types::ErrorKind::Unsupported => ErrorKind::Unsupported,
            types::ErrorKind::Upstream => ErrorKind::Upstream,
            types::ErrorKind::Throttled => ErrorKind::Throttled,
            types::ErrorKind::Exhausted => ErrorKind::Exhausted,
            types::ErrorKind::Unavailable => ErrorKind::Unavailable,
            types::ErrorKind::Internal => ErrorKind::Internal,
        },
        code: error.code,
        message: error.message,
        retry_after_ms: error.retry_after_ms,
    }
}
