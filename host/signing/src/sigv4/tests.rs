use super::*;

const DAY: i64 = 1_369_353_600_000; // 2013-05-24T00:00:00Z

#[test]
fn the_published_example_of_s3() {
    // Amazon S3 API reference, "Authenticating Requests: Using Query Parameters".
    let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None, None, "test");
    let url = Url::parse("https://examplebucket.s3.amazonaws.com/test.txt").unwrap();
    let signer = Signer { keys: &keys, service: "s3", region: "us-east-1", at: UnixMillis(DAY) };
    let text = signer.presigned("GET", &url, Duration::from_secs(86400)).unwrap();
    let (_, query) = text.split_once('?').unwrap();
    let mut parts: Vec<&str> = query.split('&').collect();
    parts.sort_unstable();
    assert_eq!(
        parts,
        [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request",
            "X-Amz-Date=20130524T000000Z",
            "X-Amz-Expires=86400",
            "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
            "X-Amz-SignedHeaders=host",
        ]
    );
    assert!(text.starts_with("https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-"), "{text}");
}
