//! The warehouse's fields, read and judged.

use pangolin_azure_rules::fields;
use pangolin_plugin_sdk::azure::Principal;
use pangolin_plugin_sdk::{Config, Field, FieldKind, HostPattern, Problem, SecretUse};

#[cfg(test)]
mod tests;

/// The secret goes into the token request, and nowhere else.
const PROVES: &[SecretUse] = &[SecretUse::FormField("client_secret")];

/// Authorities of the public cloud and of the sovereign ones, and the warehouse's own.
const AUTHORITIES: &[HostPattern] = &[
    HostPattern::Literal("login.microsoftonline.com"),
    HostPattern::Literal("login.microsoftonline.us"),
    HostPattern::Literal("login.partner.microsoftonline.cn"),
    HostPattern::Literal("login.chinacloudapi.cn"),
    HostPattern::OfField("authority_host"),
];

/// What a warehouse can say.
pub(crate) const FIELDS: &[Field] = &[
    Field::text("tenant_id", "Directory (tenant) of the app: its identifier or a domain").aliases(&[
        "azure.tenant-id",
        "adls.tenant-id",
        "tenant-id",
        "azure_tenant_id",
    ]),
    // Through the host's workload identity an app belongs to one tenant, as a role does.
    Field::new("client_id", FieldKind::Role, "Application (client) id of the app registration").aliases(&[
        "azure.client-id",
        "adls.client-id",
        "client-id",
        "azure_client_id",
    ]),
    Field::secret("client_secret", PROVES, "Client secret of the app; default: the host's workload identity")
        .aliases(&["azure.client-secret", "adls.client-secret", "client-secret", "azure_client_secret"])
        .only_to(AUTHORITIES),
    Field::new("authority_host", FieldKind::Url, "Authority; default: https://login.microsoftonline.com")
        .aliases(&["azure.authority-host", "adls.authority-host", "authority-host", "azure_authority_host"])
        .destination(),
    Field::text("vend", "delegation-sas (one table), token (all that the principal may, unscoped), or both")
        .aliases(&["azure.vend", "adls.vend"])
        .choices(&["delegation-sas", "token", "both"])
        .default("delegation-sas"),
    fields::HIERARCHICAL,
    fields::ENDPOINT,
];

/// What goes to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vend {
    DelegationSas,
    Token,
    Both,
}

/// A configuration that can work.
#[derive(Debug)]
pub(crate) struct Settings<'a> {
    pub(crate) principal: Principal,
    pub(crate) vend: Vend,
    pub(crate) hierarchical: bool,
    pub(crate) endpoint: Option<&'a str>,
}

impl<'a> Settings<'a> {
    /// Reads the fields.
    ///
    /// # Errors
    /// Everything that is wrong at once.
    pub(crate) fn read(config: &'a Config) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let principal = principal(config, &mut problems);
        let vend = keep(vend(config), &mut problems);
        let hierarchical = keep(fields::hierarchical(config), &mut problems);
        match (principal, vend, hierarchical) {
            (Some(principal), Some(vend), Some(hierarchical)) if problems.is_empty() => {
                let settings = Self { principal, vend, hierarchical, endpoint: config.text("endpoint") };
                settings.fit(config)
            }
            _ => Err(problems),
        }
    }
}

impl Settings<'_> {
    /// The host's own identity opens what belongs to other tenants as well: nothing goes out that
    /// is wider than this warehouse.
    fn fit(self, config: &Config) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        if matches!(self.principal, Principal::WorkloadIdentity { .. }) {
            if self.vend != Vend::DelegationSas {
                let message = "vend: without a client_secret only delegation-sas is vended, never the host's own token";
                problems.push(Problem::new("vend", message));
            }
            if !self.hierarchical && config.text("prefix").is_some() {
                problems.push(Problem::new(
                    "hierarchical",
                    "hierarchical: without a client_secret a flat account's container is opened only to a warehouse \
                     without a prefix",
                ));
            }
        }
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }
}

fn keep<T>(read: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    read.map_err(|problem| problems.push(problem)).ok()
}

/// The app with its secret, else the host's workload identity.
fn principal(config: &Config, problems: &mut Vec<Problem>) -> Option<Principal> {
    let tenant_id = keep(identifier(config, "tenant_id"), problems)?;
    let client_id = keep(identifier(config, "client_id"), problems)?;
    let authority_host = config.text("authority_host");
    let Some(secret) = config.slot("client_secret") else {
        if authority_host.is_some() {
            problems.push(Problem::new(
                "authority_host",
                "a warehouse with its own authority_host brings its own client_secret: the host's workload identity is \
                 not sent there",
            ));
        }
        return Some(Principal::WorkloadIdentity { tenant_id, client_id });
    };
    for (name, value) in [("tenant_id", &tenant_id), ("client_id", &client_id)] {
        if value.is_none() {
            problems.push(Problem::new(name, format!("{name} is missing beside client_secret")));
        }
    }
    Some(Principal::ClientSecret {
        tenant_id: tenant_id?,
        client_id: client_id?,
        secret: secret.to_owned(),
        authority_host: authority_host.map(str::to_owned),
    })
}

/// An identifier or a domain. It becomes part of a URL.
fn identifier(config: &Config, name: &str) -> Result<Option<String>, Problem> {
    let Some(text) = config.text(name) else { return Ok(None) };
    let framed = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && !text.contains("..");
    let fits = text.len() <= 253 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    if framed && fits {
        Ok(Some(text.to_owned()))
    } else {
        let like = if name == "tenant_id" { ", or a domain such as contoso.onmicrosoft.com" } else { "" };
        Err(Problem::new(name, format!("{name} must be a GUID such as 7f0c0d5e-0000-4000-8000-000000000001{like}")))
    }
}

fn vend(config: &Config) -> Result<Vend, Problem> {
    match config.text("vend") {
        None | Some("delegation-sas") => Ok(Vend::DelegationSas),
        Some("token") => Ok(Vend::Token),
        Some("both") => Ok(Vend::Both),
        Some(_) => Err(Problem::new("vend", "vend must be delegation-sas, token or both")),
    }
}
