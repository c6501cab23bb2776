//! From the table of one issuer to [`IssuerSettings`].

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use pangolin_core::egress::{EgressDenied, EgressPolicy};
use pangolin_core::id::TenantId;
use pangolin_core::principal::UserRole;
use pangolin_egress::EgressClient;
use url::Url;

use super::fields::Fields;
use super::{IssuerSettings, MappedRole, TenantRule};

/// Longest `iss`; it is a key in the database.
const MAX_ISSUER_BYTES: usize = 512;

/// The signatures that a file may name. Those with a shared secret are none.
const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// The settings of one issuer, if nothing is wrong with them.
pub(super) fn issuer(mut fields: Fields<'_>, plain: &EgressPolicy) -> Option<IssuerSettings> {
    let named = issuer_url(&mut fields, plain);
    let audience = fields.texts("audience");
    if audience.is_none() {
        fields.wrong("audience", "is needed: the audiences that this host answers to");
    }
    let algorithms = algorithms(&mut fields);
    let tenant = tenant(&mut fields);
    let username_claim = fields.text("username_claim").unwrap_or_else(|| "sub".to_owned());
    let (roles_claim, roles) = roles(&mut fields);
    let authorities = authorities(&mut fields);
    if !fields.finish() {
        return None;
    }
    let (issuer, url) = named?;
    Some(IssuerSettings {
        issuer,
        url,
        audience: audience?,
        algorithms,
        tenant: tenant?,
        username_claim,
        roles_claim,
        roles,
        authorities,
    })
}

fn issuer_url(fields: &mut Fields<'_>, plain: &EgressPolicy) -> Option<(String, Url)> {
    let Some(text) = fields.text("issuer") else {
        fields.wrong("issuer", "is needed: the iss claim of its tokens, a URL");
        return None;
    };
    let url = Url::parse(&text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    let Some(url) = url.filter(|_| text.len() <= MAX_ISSUER_BYTES) else {
        fields.wrong("issuer", "use an absolute https URL without user, query or fragment, of at most 512 bytes");
        return None;
    };
    // An operator's endpoint may lie anywhere; in clear it is reached only where that is allowed.
    if url.scheme() == "http"
        && let Err(denied) = plain.guard(&url)
    {
        let why = match denied {
            EgressDenied::Address { .. } => {
                "an address is reached without TLS only if it lies in PANGOLIN_EGRESS_ALLOW".to_owned()
            }
            other => other.to_string(),
        };
        fields.wrong("issuer", format!("use https: {why}"));
    }
    Some((text, url))
}

fn algorithms(fields: &mut Fields<'_>) -> Vec<Algorithm> {
    let Some(names) = fields.texts("algorithms") else {
        return vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
    };
    let mut found = Vec::new();
    for name in names {
        match ALGORITHMS.iter().find(|(known, _)| *known == name) {
            Some((_, algorithm)) => found.push(*algorithm),
            None => {
                let known: Vec<&str> = ALGORITHMS.iter().map(|(name, _)| *name).collect();
                fields.wrong("algorithms", format!("'{}' is none of {}", name.escape_debug(), known.join(", ")));
            }
        }
    }
    found
}

fn tenant(fields: &mut Fields<'_>) -> Option<TenantRule> {
    let fixed = fields.text("tenant");
    let claim = fields.text("tenant_claim");
    let listed = fields.map("tenants");
    match (fixed, claim, listed) {
        (Some(fixed), None, None) => tenant_id(fields, "tenant", &fixed).map(TenantRule::Fixed),
        (None, Some(claim), Some(listed)) => {
            let mut tenants = BTreeMap::new();
            for (value, id) in listed {
                if let Some(id) = tenant_id(fields, &format!("tenants.\"{}\"", value.escape_debug()), &id) {
                    tenants.insert(value, id);
                }
            }
            Some(TenantRule::Claim { claim, tenants })
        }
        _ => {
            fields.wrong("tenant", "use either tenant, or tenant_claim together with a table tenants");
            None
        }
    }
}

fn tenant_id(fields: &mut Fields<'_>, field: &str, text: &str) -> Option<TenantId> {
    let id = text.parse().ok();
    if id.is_none() {
        fields.wrong(field, "use the UUID of a tenant");
    }
    id
}

fn roles(fields: &mut Fields<'_>) -> (Option<String>, BTreeMap<String, MappedRole>) {
    let claim = fields.text("roles_claim");
    let given = fields.map("roles");
    if claim.is_some() != given.is_some() {
        fields.wrong("roles_claim", "and the table roles need each other");
    }
    let mut roles = BTreeMap::new();
    for (value, role) in given.unwrap_or_default() {
        let field = format!("roles.\"{}\"", value.escape_debug());
        match role.parse::<UserRole>() {
            Ok(UserRole::TenantAdmin) => {
                roles.insert(value, MappedRole::TenantAdmin);
            }
            Ok(UserRole::Root) => fields.wrong(&field, "no issuer makes anybody Root"),
            Ok(UserRole::TenantUser) => {
                fields.wrong(&field, "every user has this rank: use tenant-admin or the name of a role");
            }
            Err(_) => {
                roles.insert(value, MappedRole::Named(role));
            }
        }
    }
    (claim, roles)
}

/// The text of the certificates, which is tried here so that `check` knows of it.
fn authorities(fields: &mut Fields<'_>) -> Option<String> {
    let path = fields.text("ca_file")?;
    let text = match super::read_text(std::path::Path::new(&path)) {
        Ok(text) => text,
        Err(problem) => {
            fields.wrong("ca_file", format!("'{path}' {problem}"));
            return None;
        }
    };
    let tried = EgressClient::new(Arc::default()).map(|client| client.trusting(&text).map(drop));
    match tried {
        Ok(Ok(())) => {}
        Ok(Err(error)) => fields.wrong("ca_file", format!("'{path}': {error}")),
        Err(error) => fields.wrong("ca_file", error),
    }
    Some(text)
}
