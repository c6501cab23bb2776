//! The places of a request that the uses of a secret allow.

use http::header::AUTHORIZATION;
use pangolin_core::strategy::SecretUse;
use pangolin_egress::Request;
use serde_json::Value;

/// What is left of a request without those places.
pub(super) fn without(request: &Request, uses: &[SecretUse]) -> Vec<u8> {
    let mut headers = request.headers.clone();
    let mut body = request.body.to_vec();
    for secret_use in uses {
        match secret_use {
            SecretUse::Basic | SecretUse::Bearer | SecretUse::Authorization(_) => {
                headers.remove(AUTHORIZATION);
            }
            // The key's identifier, and the token of a session.
            SecretUse::Sigv4(_) => {
                headers.remove(AUTHORIZATION);
                headers.remove("x-amz-security-token");
            }
            SecretUse::Header(name) => {
                headers.remove(name.as_str());
            }
            SecretUse::FormField(name) => body = without_field(&body, name),
            SecretUse::JsonField(name) => body = without_member(body, name),
            SecretUse::JwtAssertion
            | SecretUse::AzureSas
            | SecretUse::CredentialValue
            | SecretUse::RawHmac
            | SecretUse::Other(_) => {}
        }
    }
    let mut left = request.url.as_str().as_bytes().to_vec();
    for (name, value) in &headers {
        left.push(b'\n');
        left.extend_from_slice(name.as_str().as_bytes());
        left.push(b':');
        left.extend_from_slice(value.as_bytes());
    }
    left.push(b'\n');
    left.extend_from_slice(&body);
    left
}

fn without_field(body: &[u8], name: &str) -> Vec<u8> {
    let fields = url::form_urlencoded::parse(body).filter(|(known, _)| known != name);
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

fn without_member(body: Vec<u8>, name: &str) -> Vec<u8> {
    match serde_json::from_slice::<Value>(&body) {
        Ok(Value::Object(mut members)) => match members.remove(name) {
            Some(_) => Value::Object(members).to_string().into_bytes(),
            None => body,
        },
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};

    use super::*;

    fn left(body: &str, uses: &[SecretUse]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer secret"));
        headers.insert("x-key", HeaderValue::from_static("secret"));
        let url = "https://a.example/secret".parse().unwrap();
        let request = Request { method: Method::POST, url, headers, body: Bytes::from(body.to_owned()) };
        String::from_utf8(without(&request, uses)).unwrap()
    }

    #[test]
    fn a_use_takes_its_place_and_no_other() {
        let url = "https://a.example/secret\n";
        assert_eq!(left("b", &[SecretUse::Bearer]), format!("{url}x-key:secret\nb"));
        assert_eq!(left("b", &[SecretUse::Header("X-Key".into())]), format!("{url}authorization:Bearer secret\nb"));
        assert!(left("a=secret&b=secret", &[SecretUse::FormField("a".into())]).ends_with("\nb=secret"));
        assert!(
            left(r#"{"a":"secret","b":"secret"}"#, &[SecretUse::JsonField("a".into())])
                .ends_with("\n{\"b\":\"secret\"}")
        );
        for nowhere in [SecretUse::JwtAssertion, SecretUse::AzureSas, SecretUse::RawHmac, SecretUse::CredentialValue] {
            assert_eq!(left("secret", &[nowhere]).matches("secret").count(), 4);
        }
    }
}
