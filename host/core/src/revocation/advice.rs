//! What ends credentials that the host cannot take back. Pure: from what is out to statements and
//! commands that an operator can use as they are.

mod aws;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Group, Issued, Revocation, RevokedKind};
use crate::clock::UnixMillis;

/// How some of the outstanding credentials can be ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    /// `aws`, `azure`, `google`, or `other`.
    pub service: &'static str,
    /// What was issued, for example `assumed-role`.
    pub credential: &'static str,
    /// By whom: a role, a storage account, an application, a warehouse.
    pub issuer: String,
    /// How many of them are out.
    pub count: u64,
    /// Whether something ends them before their time.
    pub recallable: bool,
    /// When the last of them ends by itself; none: never.
    pub until: Option<UnixMillis>,
    /// What to do, and what else it ends.
    pub action: String,
    /// The policy document that does it.
    pub policy: Option<Value>,
    /// The command that does it. What stands in `<…>` only the operator knows.
    pub command: Option<String>,
}

/// Who issued, and what: the same statement ends all of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Role { arn: String, endpoint: Option<String> },
    AccountKey(String),
    DelegationKey(String),
    AzureToken(String),
    Downscoped(String),
    GoogleUrl(String),
    StoredKey(String),
    Strategy { strategy: String, warehouse: String },
}

/// Everything that is known of one source.
#[derive(Debug, Default)]
struct Known {
    sessions: Vec<String>,
    count: u64,
    endless: u64,
    latest: Option<UnixMillis>,
}

/// How to end what is out. `before`: what was issued later is to go on.
#[must_use]
pub fn advise(revocation: &Revocation, outstanding: &[Group], before: UnixMillis) -> Vec<Advice> {
    let mut sources: BTreeMap<Source, Known> = BTreeMap::new();
    for group in outstanding {
        let unknown = [None];
        let parts: Vec<Option<&Issued>> = group.issued.iter().map(Some).collect();
        for part in if parts.is_empty() { &unknown[..] } else { &parts } {
            let known = sources.entry(source(*part, group)).or_default();
            known.count += group.count;
            known.endless += group.endless;
            known.latest = known.latest.max(group.latest_expiry);
            if let Some(Issued::AssumedRole { session_name, .. }) = part
                && !known.sessions.contains(session_name)
            {
                known.sessions.push(session_name.clone());
            }
        }
    }
    sources.into_iter().map(|(source, known)| of_source(revocation, source, &known, before)).collect()
}

fn source(part: Option<&Issued>, group: &Group) -> Source {
    match part {
        Some(Issued::AssumedRole { role_arn, endpoint, .. }) => {
            Source::Role { arn: role_arn.clone(), endpoint: endpoint.clone() }
        }
        Some(Issued::ServiceSas { account }) => Source::AccountKey(account.clone()),
        Some(Issued::UserDelegationSas { account, .. }) => Source::DelegationKey(account.clone()),
        Some(Issued::AzureToken { client_id }) => Source::AzureToken(client_id.clone()),
        Some(Issued::DownscopedToken { principal }) => Source::Downscoped(principal.clone()),
        Some(Issued::GoogleSignedUrl { principal }) => Source::GoogleUrl(principal.clone()),
        Some(Issued::StoredKey) => Source::StoredKey(group.warehouse.clone()),
        None => Source::Strategy { strategy: group.strategy.clone(), warehouse: group.warehouse.clone() },
    }
}

fn of_source(revocation: &Revocation, source: Source, known: &Known, before: UnixMillis) -> Advice {
    let until = known.latest.filter(|_| known.endless == 0);
    let told = |service, credential, issuer: String, action: &str, command: Option<String>| Advice {
        service,
        credential,
        issuer,
        count: known.count,
        recallable: command.is_some(),
        until,
        action: action.to_owned(),
        policy: None,
        command,
    };
    match source {
        Source::Role { arn, endpoint } => aws::of_role(revocation, arn, endpoint.as_deref(), known, before),
        Source::AccountKey(account) => {
            let command = format!(
                "az storage account keys renew --account-name {} --resource-group <group> --key <the key of the \
                 warehouse: primary or secondary>",
                plain(&account)
            );
            let action = "renew the account key that signed them, then give the warehouse the new one; every other SAS \
                          of that key ends as well";
            told("azure", "service-sas", account, action, Some(command))
        }
        Source::DelegationKey(account) => {
            let command = format!(
                "az storage account revoke-delegation-keys --name {} --resource-group <group>",
                plain(&account)
            );
            let action = "revoke the delegation keys of the storage account; every other user-delegation SAS of it ends \
                          as well, and Azure takes some minutes";
            told("azure", "user-delegation-sas", account, action, Some(command))
        }
        Source::AzureToken(client) => {
            let action = "nothing ends an access token of Entra before its time: take the application's role assignment \
                          on the account away, which works within minutes and concerns all its tokens";
            told("azure", "azure-token", client, action, None)
        }
        Source::Downscoped(principal) => {
            let command = unbinding(revocation, &principal);
            let action = "a downscoped token ends by itself; before that only by taking the principal's binding on the \
                          bucket away, which works within minutes and concerns everything that it does there";
            told("google", "downscoped-token", principal, action, Some(command))
        }
        Source::GoogleUrl(principal) => {
            let command = unbinding(revocation, &principal);
            let action = "take the signing principal's binding on the bucket away, or delete the key that signed; both \
                          concern everything that it signs";
            told("google", "google-signed-url", principal, action, Some(command))
        }
        Source::StoredKey(warehouse) => {
            let action = "rotate the warehouse's keys at the store and give the warehouse the new ones: these were handed \
                          out as they are, and nothing else ends them";
            told("other", "stored-key", warehouse, action, None)
        }
        Source::Strategy { strategy, warehouse } => {
            let action = format!(
                "the strategy '{strategy}' got them by ways of its own: end them where they were issued, or rotate what \
                 it starts from"
            );
            told("other", "of-strategy", warehouse, &action, None)
        }
    }
}

fn unbinding(revocation: &Revocation, principal: &str) -> String {
    let bucket = revocation.locations.iter().find(|location| location.scheme() == "gs");
    let bucket = bucket.map_or("<bucket>", |location| plain(location.authority()));
    format!(
        "gcloud storage buckets remove-iam-policy-binding gs://{bucket} --member=serviceAccount:{} --role=<role>",
        plain(principal)
    )
}

/// A word for a command line: names that could be anything else are left to the operator.
fn plain(text: &str) -> &str {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@' | b'/');
    if !text.is_empty() && !text.starts_with('-') && text.bytes().all(is_plain) { text } else { "<name>" }
}

/// Whether what is revoked is a thing with files.
fn has_files(revocation: &Revocation) -> bool {
    revocation.kind != RevokedKind::Principal
}
