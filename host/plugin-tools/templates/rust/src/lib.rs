//! TokenShop: asks a token service for the keys of one table.

use pangolin_plugin_sdk::http::{Auth, FailureKind, Request, Response};
use pangolin_plugin_sdk::{
    Config, Credential, Description, ErrorKind, Field, FieldKind, HostPattern, Problem, Scope, SecretUse, Strategy,
    VendError, VendRequest,
};
use serde_json::{Value, json};

/// Servers that it wants to reach. The operator grants them or not.
const HOSTS: &[HostPattern] = &[HostPattern::OfField("token_url")];

const FIELDS: &[Field] = &[
    Field::new("token_url", FieldKind::Url, "Where tokens are sold")
        .required()
        .destination()
        .example("https://tokens.example.com/v1/credentials"),
    // A secret: the host keeps the value, and this code names it ("slot") where it is to be used.
    Field::secret("api_key", &[SecretUse::Bearer], "Key of the token service").required().only_to(HOSTS),
];

const DESCRIPTION: Description = Description::new("TokenShop", env!("CARGO_PKG_VERSION"), "Keys of a token service")
    .schemes(&["s3"])
    // Each credential opens what was asked for and nothing else. The host trusts this word and shows it.
    .exact()
    .fields(FIELDS)
    .hosts(HOSTS)
    .ttl_seconds(60, 43_200);

/// The strategy.
#[derive(Debug)]
pub struct TokenShop;

impl Strategy for TokenShop {
    /// What the strategy is and asks for. It runs before anything is granted.
    fn describe() -> Description {
        DESCRIPTION
    }

    /// Judges a warehouse's configuration when it is created, without talking to anyone.
    fn check_config(config: &Config) -> Result<(), Vec<Problem>> {
        let missing = config.slot("api_key").is_none().then(|| Problem::missing("api_key"));
        let problems: Vec<Problem> = config.required("token_url").err().into_iter().chain(missing).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Mints. The caller is authorised already; `scopes` is what the credentials may open.
    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError> {
        let url = request.config.required("token_url")?;
        request.scopes.iter().map(|scope| mint(scope, &buy(url, scope, &request)?)).collect()
    }
}

/// One request through the host, which checks the address and adds `Authorization: Bearer <api_key>`.
fn buy(url: &str, scope: &Scope, request: &VendRequest) -> Result<Value, VendError> {
    let access = [("read", scope.access.read), ("write", scope.access.write), ("delete", scope.access.delete)];
    let access: Vec<&str> = access.iter().filter(|(_, held)| *held).map(|(name, _)| *name).collect();
    let order = json!({
        "location": scope.location,
        "access": access,
        "ttl_seconds": request.ttl_seconds,
        "principal": request.principal,
    });
    let answer = Request::new("POST", url)
        .header("content-type", "application/json")
        .body(order.to_string())
        .auth(Auth::Bearer { slot: "api_key".to_owned() })
        .send()
        .map_err(|failure| {
            let kind = match failure.kind {
                FailureKind::Denied => ErrorKind::Denied,
                FailureKind::Invalid => ErrorKind::InvalidConfig,
                FailureKind::Dns | FailureKind::Connect | FailureKind::Timeout => ErrorKind::Unavailable,
                FailureKind::Tls | FailureKind::TooLarge | FailureKind::Protocol => ErrorKind::Upstream,
            };
            failed(kind, "unreachable", format!("The token service gave no answer: {}", failure.message))
        })?;
    match answer.status {
        200 => serde_json::from_slice(&answer.body).map_err(|_| unreadable()),
        401 | 403 => Err(failed(ErrorKind::Denied, "refused", "The token service refuses: check api_key")),
        429 => Err(VendError {
            retry_after_ms: retry_after(&answer),
            ..failed(ErrorKind::Throttled, "throttled", "The token service asks for patience")
        }),
        500.. => Err(failed(ErrorKind::Unavailable, "unavailable", "The token service is not available")),
        _ => Err(unreadable()),
    }
}

fn mint(scope: &Scope, bought: &Value) -> Result<Credential, VendError> {
    let text = |name: &str| bought[name].as_str().filter(|text| !text.is_empty()).ok_or_else(unreadable);
    let ends = bought["expires_at_ms"].as_u64().ok_or_else(unreadable)?;
    Ok(Credential::new(&scope.location)
        .plain("s3.access-key-id", text("access_key_id")?)
        .plain("s3.secret-access-key", text("secret_access_key")?)
        .plain("s3.session-token", text("session_token")?)
        .expires_at_ms(ends))
}

fn retry_after(answer: &Response) -> Option<u32> {
    let header = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    header.1.parse::<u32>().ok()?.checked_mul(1000)
}

/// People read the message, programs the code. Neither ever holds a secret.
fn failed(kind: ErrorKind, code: &str, message: impl Into<String>) -> VendError {
    VendError::new(kind, &format!("token-service-{code}"), message)
}

fn unreadable() -> VendError {
    failed(ErrorKind::Upstream, "unreadable", "The token service answered with something unreadable")
}

pangolin_plugin_sdk::export!(TokenShop);

#[cfg(test)]
mod tests {
    use super::*;
    use pangolin_plugin_sdk::{Access, testing};

    fn config(slots: &[&str]) -> Config {
        let slots = slots.iter().map(|slot| (*slot).to_owned()).collect();
        Config::parse(r#"{"token_url":"https://tokens.example.com/"}"#, slots).unwrap()
    }

    /// What the strategy makes of one answer, and what it asked for.
    fn vend(status: u16, headers: &[(&str, &str)], body: &str) -> (Result<Vec<Credential>, VendError>, Value) {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let answer = Response { status, headers, body: body.as_bytes().to_vec() };
        let host = testing::Host::new().on_send(move |_| Ok(answer.clone()));
        let request = testing::request(config(&["api_key"]), "s3://b/t/", Access::READ_WRITE);
        let result = host.run(|| TokenShop::vend(request));
        let asked = serde_json::from_slice(&host.sent()[0].body).unwrap();
        (result, asked)
    }

    #[test]
    fn keys_are_bought_for_the_scope() {
        let body = r#"{"access_key_id":"a","secret_access_key":"b","session_token":"c","expires_at_ms":5000}"#;
        let (result, asked) = vend(200, &[], body);
        let credential = &result.unwrap()[0];
        assert_eq!((credential.prefix.as_str(), credential.expires_at_ms), ("s3://b/t/", Some(5000)));
        assert_eq!(asked["access"], json!(["read", "write"]));
        assert_eq!(asked["location"], "s3://b/t/");
    }

    #[test]
    fn refusals_have_kinds() {
        let kind = |status, body| vend(status, &[], body).0.unwrap_err().kind;
        assert_eq!(kind(403, ""), ErrorKind::Denied);
        assert_eq!(kind(503, ""), ErrorKind::Unavailable);
        assert_eq!(kind(302, ""), ErrorKind::Upstream);
        assert_eq!(kind(200, r#"{"access_key_id":"a"}"#), ErrorKind::Upstream);
        assert_eq!(kind(200, "not JSON"), ErrorKind::Upstream);
        assert_eq!(vend(429, &[("Retry-After", "7")], "").0.unwrap_err().retry_after_ms, Some(7000));
    }

    #[test]
    fn a_missing_key_is_named() {
        assert_eq!(TokenShop::check_config(&config(&[])).unwrap_err()[0].field, "api_key");
        assert_eq!(TokenShop::check_config(&config(&["api_key"])), Ok(()));
    }
}
