//! TokenShop: asks a token service of the storage's vendor for a token of one location.

use pangolin_plugin_sdk::http::{Auth, Request};
use pangolin_plugin_sdk::{
    Config, Credential, Description, ErrorKind, Field, FieldKind, HostPattern, Problem, SecretUse, Strategy, VendError,
    VendRequest,
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
        request.scopes.iter().map(|scope| buy(url, &scope.location, scope.access.write, request.ttl_seconds)).collect()
    }
}

fn buy(url: &str, location: &str, write: bool, ttl_seconds: u32) -> Result<Credential, VendError> {
    let access = if write { "write" } else { "read" };
    // One line of text each: location, access, life. The host adds the key after we let go.
    let answer = Request::new("POST", url)
        .header("content-type", "text/plain")
        .body(format!("{location}\n{access}\n{ttl_seconds}\n"))
        .auth(Auth::Bearer { slot: "api_key".to_owned() })
        .send()?;
    let unreadable = || VendError::new(ErrorKind::Upstream, "token-refused", "the token service sold no token");
    if answer.status != 200 {
        return Err(unreadable());
    }
    // The answer: the token, and when it ends in milliseconds since 1970.
    let text = String::from_utf8(answer.body).map_err(|_| unreadable())?;
    let (token, ends) = text.trim_end().split_once('\n').ok_or_else(unreadable)?;
    let ends = ends.parse().map_err(|_| unreadable())?;
    Ok(Credential::new(location).plain("s3.session-token", token).expires_at_ms(ends))
}

pangolin_plugin_sdk::export!(TokenShop);

#[cfg(test)]
mod tests {
    use super::*;
    use pangolin_plugin_sdk::http::Response;
    use pangolin_plugin_sdk::{Access, Value, testing};

    #[test]
    fn a_token_is_bought_for_the_location() {
        let host = testing::Host::new()
            .on_send(|_| Ok(Response { status: 200, headers: Vec::new(), body: b"abc\n5000\n".to_vec() }));
        let config = Config::parse(r#"{"token_url":"https://shop.example/"}"#, vec!["api_key".to_owned()]).unwrap();
        let request = testing::request(config, "s3://b/t/", Access::READ);
        let credentials = host.run(|| TokenShop::vend(request)).unwrap();
        assert_eq!(credentials[0].expires_at_ms, Some(5000));
        assert_eq!(credentials[0].get("s3.session-token"), Some(&Value::Plain("abc".to_owned())));
        assert_eq!(host.sent()[0].body, b"s3://b/t/\nread\n3600\n");
    }

    #[test]
    fn a_missing_key_is_named() {
        let config = Config::parse(r#"{"token_url":"https://shop.example/"}"#, Vec::new()).unwrap();
        assert_eq!(TokenShop::check_config(&config).unwrap_err()[0].field, "api_key");
    }
}
