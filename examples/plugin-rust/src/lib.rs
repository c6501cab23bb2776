//! TokenShop: asks a token service of the storage's vendor for the keys of one location.

use pangolin_plugin_sdk::http::{Auth, Request, Response};
use pangolin_plugin_sdk::{
    Access, Config, Credential, Description, ErrorKind, Field, FieldKind, HostPattern, Problem, Scope, SecretUse,
    Strategy, VendError, VendRequest,
};

const FIELDS: &[Field] = &[
    Field::new("token_url", FieldKind::Url, "Where tokens are sold").required().destination(),
    Field::secret("api_key", &[SecretUse::Bearer], "Key of the token service").required(),
];

const DESCRIPTION: Description = Description::new("TokenShop", "0.1.0", "Tokens of a vendor's own token service")
    .schemes(&["s3"])
    .exact()
    .fields(FIELDS)
    .hosts(&[HostPattern::OfField("token_url")])
    .ttl_seconds(60, 3600);

/// The strategy.
#[derive(Debug)]
pub struct TokenShop;

impl Strategy for TokenShop {
    fn describe() -> Description {
        DESCRIPTION
    }

    fn check_config(config: &Config) -> Result<(), Vec<Problem>> {
        let missing = config.slot("api_key").is_none().then(|| Problem::missing("api_key"));
        let problems: Vec<_> = config.required("token_url").err().into_iter().chain(missing).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError> {
        let url = request.config.required("token_url")?;
        request.scopes.iter().map(|scope| buy(url, scope, request.ttl_seconds)).collect()
    }
}

fn buy(url: &str, scope: &Scope, ttl_seconds: u32) -> Result<Credential, VendError> {
    // One line of text each: location, rights, life. The host adds the key after we let go.
    let answer = Request::new("POST", url)
        .header("content-type", "text/plain")
        .body(format!("{}\n{}\n{ttl_seconds}\n", scope.location, rights(scope.access)))
        .auth(Auth::Bearer { slot: "api_key".to_owned() })
        .send()?;
    let refused = |kind, code| VendError {
        retry_after_ms: retry_after(&answer),
        ..VendError::new(kind, code, format!("the token service answered {}", answer.status))
    };
    match answer.status {
        200 => {}
        401 | 403 => return Err(refused(ErrorKind::Denied, "token-refused")),
        429 => return Err(refused(ErrorKind::Throttled, "token-service-throttled")),
        500.. => return Err(refused(ErrorKind::Unavailable, "token-service-unavailable")),
        _ => return Err(refused(ErrorKind::Upstream, "token-service-unreadable")),
    }
    // The answer: two keys, a token, and when they end in milliseconds since 1970.
    let unreadable =
        || VendError::new(ErrorKind::Upstream, "token-service-unreadable", "the token service sold no keys");
    let text = std::str::from_utf8(&answer.body).map_err(|_| unreadable())?;
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let [id, secret, token, ends] = lines[..] else { return Err(unreadable()) };
    Ok(Credential::new(&*scope.location)
        .plain("s3.access-key-id", id)
        .plain("s3.secret-access-key", secret)
        .plain("s3.session-token", token)
        .expires_at_ms(ends.parse().map_err(|_| unreadable())?))
}

fn retry_after(answer: &Response) -> Option<u32> {
    let header = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    header.1.parse::<u32>().ok()?.checked_mul(1000)
}

/// For example `read+write`.
fn rights(access: Access) -> String {
    let named = [("read", access.read), ("write", access.write), ("delete", access.delete)];
    let held: Vec<&str> = named.into_iter().filter(|(_, held)| *held).map(|(name, _)| name).collect();
    held.join("+")
}

pangolin_plugin_sdk::export!(TokenShop);

#[cfg(test)]
mod tests {
    use super::*;
    use pangolin_plugin_sdk::{Value, testing};

    fn vend(status: u16, body: &[u8]) -> (testing::Host, Result<Vec<Credential>, VendError>) {
        let body = body.to_vec();
        let host =
            testing::Host::new().on_send(move |_| Ok(Response { status, headers: Vec::new(), body: body.clone() }));
        let config = Config::parse(r#"{"token_url":"https://shop.example/"}"#, vec!["api_key".to_owned()]).unwrap();
        let request = testing::request(config, "s3://b/t/", Access::FULL);
        let answer = host.run(|| TokenShop::vend(request));
        (host, answer)
    }

    #[test]
    fn keys_are_bought_for_the_location() {
        let (host, answer) = vend(200, b"id\nsecret\ntoken\n5000\n");
        let credentials = answer.unwrap();
        assert_eq!(credentials[0].expires_at_ms, Some(5000));
        assert_eq!(credentials[0].get("s3.session-token"), Some(&Value::Plain("token".to_owned())));
        assert_eq!(host.sent()[0].body, b"s3://b/t/\nread+write+delete\n3600\n");
    }

    #[test]
    fn refusals_are_told_apart() {
        for (status, body, kind) in [
            (403, &b""[..], ErrorKind::Denied),
            (429, b"", ErrorKind::Throttled),
            (503, b"", ErrorKind::Unavailable),
            (404, b"", ErrorKind::Upstream),
            (200, b"id\nsecret\ntoken\nsoon\n", ErrorKind::Upstream),
            (200, b"id\nsecret\n", ErrorKind::Upstream),
        ] {
            assert_eq!(vend(status, body).1.unwrap_err().kind, kind, "{status}");
        }
    }

    #[test]
    fn a_missing_key_is_named() {
        let config = Config::parse(r#"{"token_url":"https://shop.example/"}"#, Vec::new()).unwrap();
        assert_eq!(TokenShop::check_config(&config).unwrap_err()[0].field, "api_key");
    }
}
