//! The warehouse's fields, read and judged.

use pangolin_plugin_sdk::gcp::{Endpoints, Principal};
use pangolin_plugin_sdk::{Config, Field, FieldKind, HostPattern, Problem, SecretUse};

#[cfg(test)]
mod tests;

/// The keys sign assertions and URLs, and nothing else.
const SIGNS: &[SecretUse] = &[SecretUse::JwtAssertion];

/// Where assertions are sent.
const TOKEN_SERVERS: &[HostPattern] =
    &[HostPattern::Literal("oauth2.googleapis.com"), HostPattern::OfField("token_uri")];

/// What a warehouse can say beside `bucket`, `prefix`, `project_id` and `endpoint`, which are the
/// storage's own.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        kind: FieldKind::Json,
        ..Field::secret("service_account_key", SIGNS, "JSON key of a service account; default: the host's own identity")
    }
    .aliases(&[
        "gcp.service-account-key",
        "gcs.service-account-key",
        "service-account-key",
        "gcp.service_account_key",
        "gcs.service_account_key",
        "service_account_json",
        "gcp.service-account-json",
        "gcs.service-account-json",
        "gcp.service-account",
        "gcs.service-account",
    ])
    .only_to(TOKEN_SERVERS),
    Field::text("service_account_email", "Address of the service account, beside private_key").aliases(&[
        "gcp.service-account-email",
        "gcs.service-account-email",
        "service-account-email",
        "gcp.service_account_email",
    ]),
    Field::secret("private_key", SIGNS, "Private key (PEM) of the service account, in place of a JSON key")
        .aliases(&["gcp.private-key", "gcs.private-key", "private-key", "gcp.private_key"])
        .only_to(TOKEN_SERVERS),
    Field::new("token_uri", FieldKind::Url, "Token server in place of Google's; needs a key of the warehouse")
        .aliases(&["gcp.token-uri", "gcs.token-uri", "token-uri", "gcp.token_uri"])
        .destination(),
    Field::new("sts_endpoint", FieldKind::Url, "STS in place of Google's; needs a key of the warehouse")
        .aliases(&["gcp.sts-endpoint", "gcs.sts-endpoint", "sts-endpoint", "gcp.sts_endpoint"])
        .destination(),
];

/// A configuration that can work.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) principal: Principal,
    pub(crate) endpoints: Endpoints,
}

impl Settings {
    /// Reads the fields.
    ///
    /// # Errors
    /// Everything that is wrong at once.
    pub(crate) fn read(config: &Config) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let principal = principal(config).map_err(|problem| problems.push(problem)).ok();
        let own_key = !matches!(principal, Some(Principal::Host));
        let mut server =
            |name: &str| endpoint(config, name, own_key).map_err(|problem| problems.push(problem)).ok().flatten();
        let endpoints = Endpoints { token_uri: server("token_uri"), sts: server("sts_endpoint") };
        match principal {
            Some(principal) if problems.is_empty() => Ok(Self { principal, endpoints }),
            _ => Err(problems),
        }
    }
}

/// A JSON key, the parts of one, or the host.
fn principal(config: &Config) -> Result<Principal, Problem> {
    let email = config.text("service_account_email");
    match (config.slot("service_account_key"), email, config.slot("private_key")) {
        // The address beside a JSON key says what the key says itself.
        (Some(key), _, None) => Ok(Principal::ServiceAccountKey(key.to_owned())),
        (Some(_), _, Some(_)) => {
            Err(Problem::new("private_key", "service_account_key and private_key exclude each other: keep one of them"))
        }
        (None, Some(email), Some(key)) if is_address(email) => {
            Ok(Principal::ServiceAccount { client_email: email.to_owned(), private_key: key.to_owned() })
        }
        (None, Some(_), Some(_)) => Err(Problem::new(
            "service_account_email",
            "service_account_email must be an address such as vending@project.iam.gserviceaccount.com",
        )),
        (None, None, Some(_)) => Err(Problem::new(
            "service_account_email",
            "service_account_email is missing beside private_key: name the service account that the key belongs to",
        )),
        (None, Some(_), None) => Err(Problem::new(
            "private_key",
            "private_key is missing beside service_account_email: give the service account's key, or leave both out to \
             use the host's own identity",
        )),
        (None, None, None) => Ok(Principal::Host),
    }
}

/// A server in place of Google's. The host's own tokens never go to one that a warehouse names.
fn endpoint(config: &Config, name: &str, own_key: bool) -> Result<Option<String>, Problem> {
    let Some(url) = config.text(name) else { return Ok(None) };
    if !is_endpoint(url) {
        return Err(Problem::new(name, format!("{name} must be an http or https URL without user, query or fragment")));
    }
    if !own_key {
        return Err(Problem::new(
            name,
            format!("a warehouse with its own {name} brings its own key: service_account_key is missing"),
        ));
    }
    Ok(Some(url.to_owned()))
}

fn is_address(text: &str) -> bool {
    let is_plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
    };
    text.split_once('@').is_some_and(|(name, domain)| is_plain(name) && is_plain(domain))
}

fn is_endpoint(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    !authority.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'@' | b'\\'))
}
