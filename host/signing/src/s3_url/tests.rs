use super::*;

fn scopes(access: Access) -> Vec<Scope> {
    vec![Scope { location: Location::parse("s3://lake/sales/orders/").unwrap(), access }]
}

fn judge(method: &str, url: &str, endpoint: Option<&str>, access: Access) -> Result<String, NotWithin> {
    within(method, &Url::parse(url).unwrap(), endpoint, &scopes(access)).map(String::from)
}

#[test]
fn objects_below_the_scope_in_both_styles() {
    for (url, endpoint) in [
        ("https://lake.s3.amazonaws.com/sales/orders/a.parquet", None),
        ("https://lake.s3.eu-west-1.amazonaws.com/sales/orders/a.parquet", None),
        ("https://s3.eu-west-1.amazonaws.com/lake/sales/orders/a.parquet", None),
        ("https://s3.dualstack.eu-west-1.amazonaws.com/lake/sales/orders/a.parquet", None),
        ("https://lake.s3.cn-north-1.amazonaws.com.cn/sales/orders/a.parquet", None),
        ("http://127.0.0.1:8333/lake/sales/orders/a.parquet", Some("http://127.0.0.1:8333")),
        ("http://127.0.0.1:8333/lake/sales/orders/a.parquet", Some("http://127.0.0.1:8333/")),
        ("https://lake.minio.corp:9000/sales/orders/a.parquet", Some("https://minio.corp:9000")),
        ("https://minio.corp/s3/lake/sales/orders/a.parquet", Some("https://minio.corp/s3")),
    ] {
        assert_eq!(judge("GET", url, endpoint, Access::READ), Ok(url.to_owned()));
    }
}

#[test]
fn the_path_is_put_in_the_form_that_is_signed() {
    let url = "https://lake.s3.amazonaws.com/sales/orders/a b(1)='$é'%24%2B+.parquet";
    let signed = judge("GET", url, None, Access::READ).unwrap();
    assert_eq!(signed, "https://lake.s3.amazonaws.com/sales/orders/a%20b%281%29%3D%27%24%C3%A9%27%24%2B%2B.parquet");
}

#[test]
fn what_lies_outside_is_refused() {
    let aws = "https://lake.s3.amazonaws.com";
    for url in [
        format!("{aws}/sales/orders2/a"),
        format!("{aws}/sales/orders"),
        format!("{aws}/sales/orders/"),
        format!("{aws}/sales/"),
        format!("{aws}/"),
        format!("{aws}/sales/orders/../other/a"),
        format!("{aws}/sales/orders/%2e%2e/other/a"),
        format!("{aws}/sales/orders/..%2fother"),
        format!("{aws}/sales/orders//a"),
        format!("{aws}/sales%2Forders2/a"),
        format!("{aws}/sales/orders/%ff"),
        format!("{aws}/sales/orders/a%00"),
        format!("{aws}/SALES/orders/a"),
        "https://other.s3.amazonaws.com/sales/orders/a".into(),
        "https://s3.amazonaws.com/other/sales/orders/a".into(),
        "https://lake.s3.amazonaws.com.evil.io/sales/orders/a".into(),
        "https://evil.io/lake/sales/orders/a".into(),
        "http://lake.s3.amazonaws.com/sales/orders/a".into(),
        "https://lake.s3.amazonaws.com:8443/sales/orders/a".into(),
        "https://lake.sts.amazonaws.com/sales/orders/a".into(),
        "https://xlake.s3.amazonaws.com/sales/orders/a".into(),
    ] {
        assert_eq!(judge("GET", &url, None, Access::FULL), Err(NotWithin::Object), "{url}");
    }
    // With an endpoint of its own, a warehouse has nothing at AWS or on another port.
    for url in [
        "https://lake.s3.amazonaws.com/sales/orders/a",
        "https://minio.corp:22/lake/sales/orders/a",
        "http://minio.corp/lake/sales/orders/a",
    ] {
        assert_eq!(judge("GET", url, Some("https://minio.corp"), Access::FULL), Err(NotWithin::Object), "{url}");
    }
}

#[test]
fn the_method_is_within_the_access() {
    let url = "https://lake.s3.amazonaws.com/sales/orders/a";
    for (method, access, fine) in [
        ("GET", Access::READ, true),
        ("HEAD", Access::READ, true),
        ("PUT", Access::READ, false),
        ("PUT", Access::READ_WRITE, true),
        ("DELETE", Access::READ_WRITE, false),
        ("DELETE", Access::FULL, true),
    ] {
        assert_eq!(judge(method, url, None, access).is_ok(), fine, "{method}");
    }
    for method in ["POST", "get", "PATCH", ""] {
        assert!(matches!(judge(method, url, None, Access::FULL), Err(NotWithin::Method(_))), "{method}");
    }
}

#[test]
fn parameters_that_change_the_operation_are_refused() {
    let url = |query: &str| format!("https://lake.s3.amazonaws.com/sales/orders/a?{query}");
    assert!(judge("GET", &url("response-content-type=text%2Fplain"), None, Access::READ).is_ok());
    assert!(judge("PUT", &url("partNumber=1&uploadId=x"), None, Access::READ_WRITE).is_ok());
    for (method, query) in [
        ("GET", "acl"),
        ("PUT", "acl"),
        ("PUT", "tagging"),
        ("GET", "versionId=1"),
        ("GET", "X-Amz-Signature=1"),
        ("DELETE", "uploadId=x"),
        ("GET", "uploadId=x"),
        ("PUT", "uploads"),
        ("GET", "%61cl"),
    ] {
        assert!(matches!(judge(method, &url(query), None, Access::FULL), Err(NotWithin::Query(_))), "{method} {query}");
    }
}

#[test]
fn the_bucket_itself_has_an_empty_key() {
    let at = |url: &str, endpoint| named(&Url::parse(url).unwrap(), "lake", endpoint).map(|named| named.key);
    assert_eq!(at("https://lake.s3.amazonaws.com/?list-type=2", None), Some(String::new()));
    assert_eq!(at("https://s3.eu-west-1.amazonaws.com/lake?delete", None), Some(String::new()));
    assert_eq!(at("https://minio.corp/s3/lake/", Some("https://minio.corp/s3")), Some(String::new()));
    assert_eq!(at("https://minio.corp/lake2", Some("https://minio.corp")), None);
    assert_eq!(at("https://minio.corp/", Some("https://minio.corp")), None);
    assert_eq!(at("https://minio.corp/lake/a%20b", Some("https://minio.corp")), Some("a b".into()));
}
