use std::path::Path;

use http::Method;
use pangolin_core::clock::{ManualClock, UnixMillis};
use url::Url;

use super::*;
use crate::scenario::Scenario;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

fn scripted(text: &str, reach: Reach) -> Scripted {
    let scenario = Scenario::parse(text, Path::new("s.toml")).unwrap();
    Scripted::new(scenario.upstream, Arc::new(ManualClock::at(NOW)), reach, 900)
}

fn request(method: &str, url: &str, headers: &[(&'static str, &'static str)], body: &str) -> Request {
    let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    Request {
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        url: Url::parse(url).unwrap(),
        headers: headers.collect(),
        body: Bytes::from(body.to_owned()),
    }
}

async fn text(upstream: &Scripted, request: &Request) -> (u16, String) {
    let response = upstream.reply(request).await.unwrap();
    (response.status.as_u16(), String::from_utf8(response.body.to_vec()).unwrap())
}

fn orders(fault: Option<(usize, Fault)>) -> Orders {
    Orders { ttl_seconds: 900, fault, gone: false }
}

const LIST: &str = r#"
[[upstream]]
method = "GET"
url = "https://a.example/keys"
times = 1
body = "one"
[[upstream]]
method = "GET"
url = "https://a.example/keys*"
body = "{{expires_ms}}"
[[upstream]]
method = "POST"
url = "https://a.example"
body_contains = ["s3://b/t w/"]
requires = ["authorization"]
status = 201
headers = { x-until = "{{expires_s}}" }
[[upstream]]
method = "DELETE"
url = "https://a.example/keys"
failure = "tls"
"#;

#[tokio::test]
async fn the_first_that_matches_answers_as_often_as_it_may() {
    let upstream = scripted(LIST, Reach::Everywhere);
    let get = request("GET", "https://a.example/keys", &[], "");
    assert_eq!(text(&upstream, &get).await.1, "one");
    assert_eq!(text(&upstream, &get).await.1, "1800000900000");
    assert_eq!(text(&upstream, &request("GET", "https://a.example/keys?x=1", &[], "")).await.1, "1800000900000");
    upstream.begin(orders(None));
    assert_eq!(text(&upstream, &get).await.1, "one");
    let delete = upstream.reply(&request("DELETE", "https://a.example/keys", &[], "")).await;
    assert!(matches!(delete, Err(EgressError::Tls { .. })));
    assert_eq!(upstream.seen().iter().map(|seen| seen.by).collect::<Vec<_>>(), [By::Scenario(0), By::Scenario(3)]);
}

#[tokio::test]
async fn a_body_is_compared_as_it_reads_and_headers_are_required() {
    let upstream = scripted(LIST, Reach::Everywhere);
    let auth = [("authorization", "Bearer x")];
    for body in ["s3://b/t w/", "location=s3%3A%2F%2Fb%2Ft+w%2F", r#"{"location":"s3:\/\/b\/t w\/"}"#] {
        let response = upstream.reply(&request("POST", "https://a.example/", &auth, body)).await.unwrap();
        assert_eq!((response.status.as_u16(), &response.headers["x-until"]), (201, &HeaderValue::from(1_800_000_900)));
        assert_eq!(text(&upstream, &request("POST", "https://a.example/", &[], body)).await.0, 401);
    }
    let other = request("POST", "https://a.example/", &auth, "s3://b/other/");
    let error = upstream.reply(&other).await.unwrap_err().to_string();
    assert!(error.contains("no answer for POST https://a.example/"), "{error}");
    assert_eq!(upstream.seen().last().unwrap().by, By::Nobody);
}

#[tokio::test]
async fn in_place_of_the_servers_only_the_path_counts() {
    let get = request("GET", "http://127.0.0.1:9099/keys", &[], "");
    assert!(scripted(LIST, Reach::Everywhere).reply(&get).await.is_err());
    assert_eq!(text(&scripted(LIST, Reach::PathOnly), &get).await.1, "one");
    let root = request("GET", "http://127.0.0.1:9099/", &[], "");
    assert!(scripted(LIST, Reach::PathOnly).reply(&root).await.is_err());
}

#[tokio::test]
async fn a_beginning_without_a_path_is_one_of_the_name() {
    let text = "[[upstream]]\nmethod = \"GET\"\nurl = \"https://a*\"\n";
    let upstream = scripted(text, Reach::Everywhere);
    assert!(upstream.reply(&request("GET", "https://account.example/x", &[], "")).await.is_ok());
    assert!(upstream.reply(&request("GET", "https://other.example/x", &[], "")).await.is_err());
}

#[tokio::test]
async fn the_call_that_fails_fails_again() {
    let upstream = scripted(LIST, Reach::Everywhere);
    let (keys, other) = ("https://a.example/keys", "https://a.example/keys?page=2");
    for (fault, first) in [(Fault::Status(503), 0), (Fault::Throttled, 1)] {
        upstream.begin(orders(Some((first, fault))));
        let mut statuses = Vec::new();
        for url in [keys, other, keys, other] {
            statuses.push(text(&upstream, &request("GET", url, &[], "")).await.0);
        }
        assert_eq!(statuses, if first == 0 { [503, 200, 503, 200] } else { [200, 429, 200, 429] });
    }
    let get = request("GET", keys, &[("x-secret", "value")], "");
    for (fault, body) in
        [(Fault::Empty, ""), (Fault::Truncated, "o"), (Fault::Malformed, "<<< not what was asked for >>>")]
    {
        upstream.begin(orders(Some((0, fault))));
        assert_eq!(text(&upstream, &get).await, (200, body.to_owned()));
    }
    upstream.begin(orders(Some((0, Fault::Echo))));
    assert!(text(&upstream, &get).await.1.contains("x-secret: value"));
    upstream.begin(orders(Some((0, Fault::Fails(Failure::Timeout)))));
    assert!(matches!(upstream.reply(&get).await, Err(EgressError::Timeout { .. })));
    upstream.begin(Orders { gone: true, ..orders(None) });
    assert_eq!(text(&upstream, &get).await.0, 200);
    assert_eq!(text(&upstream, &request("DELETE", keys, &[], "")).await.0, 404);
}

#[tokio::test]
async fn clouds_refuse_what_is_not_proved_or_not_bounded() {
    let upstream = scripted("", Reach::Everywhere);
    let sts = "https://sts.eu-central-1.amazonaws.com/";
    let signed = [("authorization", "AWS4-HMAC-SHA256 Credential=x, Signature=y")];
    let role = "Action=AssumeRole&RoleArn=arn&RoleSessionName=x&DurationSeconds=600";
    let policy = format!("{role}&Policy=%7B%22Statement%22%3A%5B%7B%7D%5D%7D");
    let (status, body) = text(&upstream, &request("POST", sts, &signed, &policy)).await;
    assert_eq!(status, 200);
    assert!(body.contains("<Expiration>2027-01-15T08:10:00.000Z</Expiration>"), "{body}");
    assert!(upstream.seen()[0].says_expiry);
    assert_eq!(text(&upstream, &request("POST", sts, &[], &policy)).await.0, 403);
    assert_eq!(text(&upstream, &request("POST", sts, &signed, role)).await.0, 400);

    let entra = "https://login.microsoftonline.com/t/oauth2/v2.0/token";
    let app = "grant_type=client_credentials&client_id=a";
    assert_eq!(text(&upstream, &request("POST", entra, &[], app)).await.0, 401);
    assert_eq!(text(&upstream, &request("POST", entra, &[], &format!("{app}&client_secret=s"))).await.0, 200);
    let key = "https://a.blob.core.windows.net/?restype=service&comp=userdelegationkey";
    assert_eq!(text(&upstream, &request("POST", key, &[], "")).await.0, 401);
    assert_eq!(text(&upstream, &request("POST", key, &[("authorization", "Bearer t")], "")).await.0, 200);

    let google = "https://oauth2.googleapis.com/token";
    let jwt = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    assert_eq!(text(&upstream, &request("POST", google, &[], jwt)).await.0, 400);
    assert_eq!(text(&upstream, &request("POST", google, &[], &format!("{jwt}&assertion=a.b.c"))).await.0, 200);
    let exchange = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=t";
    assert_eq!(text(&upstream, &request("POST", google, &[], exchange)).await.0, 400);
    let bounded = format!("{exchange}&options=%7B%22accessBoundary%22%3A%7B%7D%7D");
    assert_eq!(text(&upstream, &request("POST", google, &[], &bounded)).await.0, 200);
}
