use pangolin_core::clock::UnixMillis;
use proptest::prelude::*;

use super::*;
use crate::sigv4::Credentials;

const STORE: &str = "http://127.0.0.1:8333";

fn read(
    method: &str,
    path_and_query: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Result<S3Request, NotSigned> {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let uri = format!("{STORE}{path_and_query}");
    S3Request::read(Unsigned { method, uri: &uri, headers: &headers, body }, "lake", Some(STORE))
}

fn objects(request: &S3Request) -> Vec<&str> {
    request.objects.iter().map(Location::as_str).collect()
}

#[test]
fn each_operation_needs_its_right() {
    for (method, path, name, access) in [
        ("GET", "/lake/t/a", "get-object", "read"),
        ("GET", "/lake/t/a?partNumber=1&x-id=GetObject", "get-object", "read"),
        ("HEAD", "/lake/t/a", "head-object", "read"),
        ("PUT", "/lake/t/a", "put-object", "read-write"),
        ("PUT", "/lake/t/a?partNumber=1&uploadId=u", "upload-part", "read-write"),
        ("POST", "/lake/t/a?uploads", "create-multipart-upload", "read-write"),
        ("POST", "/lake/t/a?uploads=", "create-multipart-upload", "read-write"),
        ("POST", "/lake/t/a?uploadId=u", "complete-multipart-upload", "read-write"),
        ("DELETE", "/lake/t/a?uploadId=u", "abort-multipart-upload", "read-write"),
        ("DELETE", "/lake/t/a", "delete-object", "read-delete"),
    ] {
        let request = read(method, path, &[], None).unwrap();
        assert_eq!((request.operation, request.access.describe()), (name, access), "{method} {path}");
        assert_eq!((objects(&request), &request.listing), (vec!["s3://lake/t/a"], &None), "{method} {path}");
    }
}

#[test]
fn a_listing_is_of_a_prefix() {
    let request =
        read("GET", "/lake?list-type=2&prefix=t%2Fdata%2Fp&delimiter=%2F&max-keys=1&encoding-type=url", &[], None);
    let request = request.unwrap();
    assert_eq!(request.listing.unwrap().as_str(), "s3://lake/t/data/p");
    assert!(request.objects.is_empty());
    for query in [
        "",
        "?prefix=t%2F",
        "?list-type=2",
        "?list-type=1&prefix=t%2F",
        "?versions&list-type=2&prefix=t%2F",
        "?location",
    ] {
        assert!(
            matches!(read("GET", &format!("/lake{query}"), &[], None), Err(NotSigned::Operation { .. })),
            "{query}"
        );
    }
    for prefix in ["t%2F..%2Fu%2F", "t%2F%2F", "%2F", "t%2F%252e%252e"] {
        let listed = read("GET", &format!("/lake?list-type=2&prefix={prefix}"), &[], None);
        assert!(matches!(listed, Err(NotSigned::Key(_))), "{prefix}");
    }
    let whole = read("GET", "/lake?list-type=2&prefix=", &[], None).unwrap();
    assert_eq!(whole.listing.unwrap().as_str(), "s3://lake/", "lies in no table");
}

#[test]
fn sub_resources_and_other_methods_are_refused() {
    for (method, path) in [
        ("GET", "/lake/t/a?acl"),
        ("PUT", "/lake/t/a?acl"),
        ("GET", "/lake/t/a?tagging"),
        ("GET", "/lake/t/a?versionId=1"),
        ("DELETE", "/lake/t/a?versionId=1"),
        ("PUT", "/lake/t/a?uploadId=u"),
        ("GET", "/lake/t/a?uploadId=u"),
        ("POST", "/lake/t/a?restore"),
        ("POST", "/lake/t/a?select&select-type=2"),
        ("POST", "/lake/t/a"),
        ("POST", "/lake/t/a?delete"),
        ("PATCH", "/lake/t/a"),
        ("OPTIONS", "/lake/t/a"),
        ("get", "/lake/t/a"),
        ("GET", "/lake/t/a?X-Amz-Signature=1"),
        ("GET", "/lake/t/a?x-amz-security-token=1"),
        ("GET", "/lake/t/a?list-type=2&prefix=t%2F"),
        ("HEAD", "/lake"),
        ("PUT", "/lake"),
        ("DELETE", "/lake"),
        ("PUT", "/lake?policy"),
        ("DELETE", "/lake?uploadId=u"),
    ] {
        assert!(matches!(read(method, path, &[], None), Err(NotSigned::Operation { .. })), "{method} {path}");
    }
}

#[test]
fn what_clients_and_stores_read_differently_is_malformed() {
    for path in [
        "/lake/t/../u/a",
        "/lake/t/%2e%2e/u/a",
        "/lake/t/.%2E/u/a",
        "/lake/t/./a",
        "/lake/t%2Fa",
        "/lake/t/..%2fu",
        "/lake/t\\a",
        "/lake/t/%5ca",
        "/lake/t//a",
        "/lake/t/%ff",
        "/lake/t/a%00",
        "/lake/t/a%0a",
        "/lake/t/ a",
        "/lake/t/é",
        "/lake/t/a#b",
        "/lake/t/a?response-expires=1+2",
        "/lake/t/a?partNumber=1&partNumber=2",
        "/lake?list-type=2&max-keys=1;prefix=u/&prefix=t/",
        "/lake/t/a%252f..",
    ] {
        let refused = read("GET", path, &[], None).unwrap_err();
        assert!(refused.is_malformed(), "{path}: {refused:?}");
    }
    for uri in ["lake/t/a", "ftp://127.0.0.1/lake/a", "http://u:p@127.0.0.1:8333/lake/t/a", ""] {
        let unsigned = Unsigned { method: "GET", uri, headers: &[], body: None };
        assert!(S3Request::read(unsigned, "lake", Some(STORE)).unwrap_err().is_malformed(), "{uri}");
    }
}

#[test]
fn another_bucket_or_another_server_is_elsewhere() {
    assert!(matches!(read("GET", "/lake2/t/a", &[], None), Err(NotSigned::Elsewhere(_))));
    for uri in ["http://evil.io/lake/t/a", "https://127.0.0.1:8333/lake/t/a", "https://lake.s3.amazonaws.com/t/a"] {
        let unsigned = Unsigned { method: "GET", uri, headers: &[], body: None };
        let refused = S3Request::read(unsigned, "lake", Some(STORE)).unwrap_err();
        assert_eq!(refused, NotSigned::Elsewhere("lake".to_owned()), "{uri}");
        assert!(!refused.is_malformed());
    }
}

#[test]
fn a_copy_reads_its_source() {
    for source in ["/lake/t/b%20c", "lake/t/b c"] {
        let request = read("PUT", "/lake/t/a", &[("x-amz-copy-source", source)], None).unwrap();
        assert_eq!(objects(&request), ["s3://lake/t/a", "s3://lake/t/b c"]);
        assert!(request.access.read && request.access.write);
    }
    let plus = read("PUT", "/lake/t/a", &[("x-amz-copy-source", "lake/t/b%2Bc")], None).unwrap();
    assert_eq!(objects(&plus), ["s3://lake/t/a", "s3://lake/t/b+c"]);
    for source in [
        "/other/t/b",
        "lake",
        "lake/",
        "/lake/t/b?versionId=1",
        "arn:aws:s3:::lake/t/b",
        "%2flake2%2ft",
        "lake/t+u/b",
        "",
    ] {
        let refused = read("PUT", "/lake/t/a", &[("X-Amz-Copy-Source", source)], None).unwrap_err();
        assert_eq!(refused, NotSigned::Header("x-amz-copy-source".to_owned()), "{source}");
    }
    assert!(matches!(read("PUT", "/lake/t/a", &[("x-amz-copy-source", "lake/t/../u")], None), Err(NotSigned::Key(_))));
    assert!(matches!(read("GET", "/lake/t/a", &[("x-amz-copy-source", "lake/t/b")], None), Err(NotSigned::Header(_))));
    let two = [("x-amz-copy-source", "lake/t/b"), ("x-amz-copy-source", "lake/u/b")];
    assert!(matches!(read("PUT", "/lake/t/a", &two, None), Err(NotSigned::Header(_))));
}

#[test]
fn headers_that_do_more_are_refused() {
    for (name, value) in [
        ("x-amz-acl", "public-read"),
        ("X-Amz-Grant-Full-Control", "id=1"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-website-redirect-location", "/x"),
        ("x-amz-object-lock-mode", "GOVERNANCE"),
        ("x-amz-bypass-governance-retention", "true"),
        ("x-amz-request-payer", "requester"),
        ("x-amz-trailer", "x-amz-acl"),
        ("x-amz-te", "trailers"),
        ("x-http-method-override", "DELETE"),
        ("a b", "c"),
    ] {
        assert!(matches!(read("PUT", "/lake/t/a", &[(name, value)], None), Err(NotSigned::Header(_))), "{name}");
    }
    let fine = [
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
        ("x-amz-server-side-encryption", "AES256"),
        ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ("amz-sdk-request", "attempt=1"),
    ];
    assert!(read("PUT", "/lake/t/a", &fine, None).is_ok());
    // As the AWS SDK for Java reads, and Iceberg's client on it.
    assert!(read("GET", "/lake/t/a", &[("x-amz-te", "append-md5")], None).is_ok());
}

const BODY: &str = "<?xml version=\"1.0\"?><Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n\
    <Object><Key>t/a&amp;b&#x20;c</Key></Object><Object><Key>t/é</Key></Object><Quiet>true</Quiet></Delete>";

#[test]
fn a_deletion_of_many_names_them_all() {
    for path in ["/lake?delete", "/lake/?delete", "/lake?delete=&x-id=DeleteObjects"] {
        let request = read("POST", path, &[], Some(BODY)).unwrap();
        assert_eq!(objects(&request), ["s3://lake/t/a&b c", "s3://lake/t/é"]);
        assert_eq!(request.access.describe(), "read-delete");
        assert!(request.body_decides());
    }
    assert!(!read("DELETE", "/lake/t/a", &[], Some(BODY)).unwrap().body_decides());
    assert!(matches!(read("POST", "/lake?delete", &[], None), Err(NotSigned::Body(_))));
    for body in [
        "",
        "{}",
        "<Delete></Delete>",
        "<Delete/>",
        "<Delete><Object><Key></Key></Object></Delete>",
        "<Delete><Object><Key>t/a</Key></Object>",
        "<Delete><Object><Key>t/a</Key><VersionId>1</VersionId></Object></Delete>",
        "<Delete><Object><Key>t/a</Key></Object></Delete><Delete><Object><Key>u/a</Key></Object></Delete>",
        "<Delete><Object><Key>t/a</Key></Object><!-- x --></Delete>",
        "<Delete><Object><Key><![CDATA[t/a]]></Key></Object></Delete>",
        "<!DOCTYPE x [<!ENTITY k 'u/a'>]><Delete><Object><Key>&k;</Key></Object></Delete>",
        "<Delete><Object><Key>&k;</Key></Object></Delete>",
        "<Remove><Object><Key>t/a</Key></Object></Remove>",
        "<Delete>t<Object><Key>t/a</Key></Object></Delete>",
    ] {
        assert!(matches!(read("POST", "/lake?delete", &[], Some(body)), Err(NotSigned::Body(_))), "{body}");
    }
    let many = format!("<Delete>{}</Delete>", "<Object><Key>t/a</Key></Object>".repeat(1001));
    assert!(matches!(read("POST", "/lake?delete", &[], Some(&many)), Err(NotSigned::Body(_))));
    let dots = "<Delete><Object><Key>t/../u</Key></Object></Delete>";
    assert!(matches!(read("POST", "/lake?delete", &[], Some(dots)), Err(NotSigned::Key(_))));
}

fn sign(request: &S3Request) -> Vec<(String, String)> {
    let keys = Credentials::new("AKID", "planted", Some("TOKEN".to_owned()), None, "test");
    let at = UnixMillis(1_800_000_000_000);
    request.sign(&Signer { keys: &keys, service: "s3", region: "eu-test-1", at }).unwrap()
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[test]
fn the_signature_covers_the_host_and_what_is_s3s_own() {
    let given = [("Range", "bytes=0-9"), ("User-Agent", "x"), ("X-Amz-Checksum-Mode", "ENABLED"), ("x-amz-date", "1")];
    let made = sign(&read("GET", "/lake/t/a%20b", &given, None).unwrap());
    let authorization = value(&made, "authorization").unwrap();
    let signed = "SignedHeaders=host;x-amz-checksum-mode;x-amz-content-sha256;x-amz-date;x-amz-security-token,";
    assert!(authorization.contains(signed), "{authorization}");
    assert_eq!(value(&made, "x-amz-content-sha256"), Some("UNSIGNED-PAYLOAD"));
    assert_eq!(value(&made, "x-amz-security-token"), Some("TOKEN"));
    assert_eq!(value(&made, "x-amz-date"), Some("20270115T080000Z"));
    assert_eq!(value(&made, "range"), None, "the client has its own already");
}

#[test]
fn the_payload_is_what_the_client_says_or_the_judged_body() {
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let declared = read("PUT", "/lake/t/a", &[("X-Amz-Content-Sha256", hash)], None).unwrap();
    assert_eq!(value(&sign(&declared), "x-amz-content-sha256"), None, "not twice");
    let deletion = read("POST", "/lake?delete", &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], Some(BODY)).unwrap();
    let digest = value(&sign(&deletion), "x-amz-content-sha256").unwrap().to_owned();
    assert_eq!(digest.len(), 64, "the keys that were judged are the keys that are deleted");
    let chunks =
        read("PUT", "/lake/t/a", &[("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")], None).unwrap();
    let keys = Credentials::new("AKID", "planted", None, None, "test");
    let signer = Signer { keys: &keys, service: "s3", region: "r", at: UnixMillis(0) };
    assert!(chunks.sign(&signer).unwrap_err().is_malformed());
}

proptest! {
    /// Whatever is understood names objects of the bucket, and the URI that goes back names the same.
    #[test]
    fn what_is_understood_is_in_the_bucket(path in "[a-z%2eEfF/.+é?&=]{0,20}", method in "(GET|PUT|DELETE)") {
        if let Ok(request) = read(&method, &format!("/lake/{path}"), &[], None) {
            for object in request.objects.iter().chain(&request.listing) {
                prop_assert!(object.as_str().starts_with("s3://lake/"));
                prop_assert!(!object.key().split('/').any(|part| part == ".." || part == "."));
            }
            if let [object] = &*request.objects {
                let again = named(request.url(), "lake", Some(STORE)).unwrap();
                prop_assert_eq!(again.key().trim_end_matches('/'), object.key());
            }
        }
    }
}
