//! What the authority's refusals mean, and what to do about them (PRODUCT A18).

use pangolin_core::strategy::{StrategyError, StrategyErrorKind as Kind};
use pangolin_egress::EgressError;
use serde::Deserialize;

use super::super::exchange::{Answer, skewed};
use super::super::identity::Identity;

/// An answer that is not one.
pub(super) fn unreadable(what: &str) -> StrategyError {
    StrategyError::new(Kind::Upstream, "token-endpoint-fault", format!("The authority answered, but {what}."))
}

/// No answer.
pub(super) fn of_egress(error: &EgressError) -> StrategyError {
    match error {
        EgressError::Denied(_) => StrategyError::new(Kind::Denied, "egress-denied", format!("Authority: {error}")),
        EgressError::TooLarge { .. } => unreadable("its answer is too large"),
        _ => StrategyError::new(
            Kind::Unavailable,
            "authority-unreachable",
            format!("The authority cannot be reached: {error}. Check authority_host, and the host's way out."),
        ),
    }
}

/// A refusal as Entra words it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
    error_description: String,
    error_codes: Vec<u64>,
    trace_id: String,
}

impl Refusal {
    /// The number after `AADSTS`.
    fn code(&self) -> u64 {
        let of_text = || {
            let (_, after) = self.error_description.split_once("AADSTS")?;
            after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        self.error_codes.first().copied().or_else(of_text).unwrap_or_default()
    }

    /// What it says, without the lines for Microsoft's support.
    fn said(&self) -> &str {
        let end = self.error_description.find("Trace ID").unwrap_or(self.error_description.len());
        self.error_description.get(..end).unwrap_or_default().trim()
    }
}

/// Sorts a refusal.
pub(super) fn of_answer(answer: &Answer, identity: &Identity) -> StrategyError {
    let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let (kind, code, mut message) = judge(answer, &refusal, identity);
    if !refusal.said().is_empty() {
        message.push_str(" Entra said: ");
        message.push_str(&crate::text::printable(refusal.said(), 400));
    }
    if !refusal.trace_id.is_empty() {
        message.push_str(" (trace id ");
        message.push_str(&crate::text::printable(&refusal.trace_id, 64));
        message.push(')');
    }
    StrategyError { kind, code: code.to_owned(), message, retry_after_ms: answer.retry_after_ms() }
}

/// Kind, code, and what to do.
fn judge(answer: &Answer, refusal: &Refusal, identity: &Identity) -> (Kind, &'static str, String) {
    // The warehouse's secret is its administrator's to mend, the host's identity the operator's.
    let kind = if identity.is_hosts() { Kind::Unavailable } else { Kind::InvalidConfig };
    let (client, tenant) = (&identity.client_id, &identity.tenant_id);
    match refusal.code() {
        7_000_215 | 7_000_218 => (
            kind,
            "client-secret-wrong",
            format!(
                "The client secret is not one of app {client}: set client_secret to the secret's value (not its id), \
                 or make one beside it (az ad app credential reset --id {client} --append)."
            ),
        ),
        7_000_222 => (
            kind,
            "client-secret-expired",
            format!(
                "The client secret of app {client} has expired: make a new one (az ad app credential reset --id {client} \
                 --append), and set client_secret."
            ),
        ),
        700_016 => (
            kind,
            "unknown-app",
            format!("Directory {tenant} has no app {client}: check client_id and tenant_id."),
        ),
        7_000_112 | 7_000_113 => {
            (kind, "app-disabled", format!("App {client} is disabled: enable its service principal in directory {tenant}."))
        }
        90_002 | 900_023 | 900_021 => (
            kind,
            "unknown-tenant",
            format!("The authority knows no directory {tenant}: check tenant_id, and authority_host for a sovereign cloud."),
        ),
        700_024 => match answer.skew_seconds {
            Some(seconds) => {
                let error = skewed(seconds);
                (error.kind, "clock-skew", error.message)
            }
            None => (
                kind,
                "federated-token-expired",
                "The host's federated token is not valid now: check that what projects it renews it, and the clock (NTP)."
                    .to_owned(),
            ),
        },
        70_021 | 70_025 | 50_027 | 5_002_710 | 700_021 | 700_211..=700_213 | 700_222 | 700_223 => (
            kind,
            "federated-token-refused",
            format!(
                "App {client} does not trust the host's federated token: it needs a federated credential with the token's \
                 issuer and subject and the audience api://AzureADTokenExchange (az ad app federated-credential create)."
            ),
        ),
        65_001 | 50_105 | 500_011 | 650_057 | 700_005 | 501_051 => (
            Kind::Denied,
            "consent-missing",
            format!(
                "App {client} may not ask for tokens of Azure Storage in directory {tenant}: make its service principal \
                 (az ad sp create --id {client}), and give it a role on the account."
            ),
        ),
        53_000..=53_011 => (
            Kind::Denied,
            "conditional-access",
            format!("A conditional-access policy of directory {tenant} refuses app {client} from here."),
        ),
        _ if answer.status == 429 || refusal.error == "temporarily_unavailable" => {
            (Kind::Throttled, "throttled", "The authority limits the rate of requests: try again later.".to_owned())
        }
        _ if answer.status >= 500 => (
            Kind::Unavailable,
            "authority-unavailable",
            format!("The authority fails with status {}: try again later.", answer.status),
        ),
        _ => {
            let shown = if refusal.error.is_empty() { "no code" } else { &refusal.error };
            let shown = crate::text::printable(shown, 60);
            let message = format!("The authority refused with status {} ({shown}): check authority_host.", answer.status);
            (Kind::Upstream, "token-endpoint-fault", message)
        }
    }
}
