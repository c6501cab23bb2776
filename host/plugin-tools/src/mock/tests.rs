use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

const SHOP: &str = r#"
[[upstream]]
method = "POST"
url = "https://tokens.example.com/v1/credentials?kind=s3"
body_contains = ["s3://b/t/"]
requires = ["authorization"]
headers = { content-type = "application/json" }
body = '{"ends":{{expires_in_s}}}'
"#;

async fn started() -> std::net::SocketAddr {
    let scenario = Scenario::parse(SHOP, Path::new("s.toml")).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let upstream = Scripted::new(scenario.upstream, Arc::new(SystemClock), Reach::PathOnly, 300);
    tokio::spawn(serve(listener, Arc::new(upstream)));
    address
}

async fn asked(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn the_scenario_answers_over_http() {
    let address = started().await;
    let path = "/v1/credentials?kind=s3";
    let body = r#"{"location":"s3://b/t/"}"#;
    let answer = asked(address, &post(path, "Authorization: Bearer x\r\n", body)).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n{\"ends\":300}"), "{answer}");
    assert!(asked(address, &post(path, "", body)).await.starts_with("HTTP/1.1 401 "));
    let other = asked(address, &post("/v1/other", "Authorization: Bearer x\r\n", body)).await;
    assert!(other.starts_with("HTTP/1.1 502 ") && other.contains("no answer for POST"), "{other}");
    assert!(asked(address, "rubbish\r\n\r\n").await.starts_with("HTTP/1.1 400 "));
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9999999\r\n\r\n");
    assert!(asked(address, &head).await.starts_with("HTTP/1.1 413 "));
}

#[test]
fn what_is_printed_has_no_secret_and_nothing_that_a_terminal_obeys() {
    let mut headers = http::HeaderMap::new();
    headers.insert("authorization", "Bearer hunter2".parse().unwrap());
    headers.insert("x-api-key", "hunter2".parse().unwrap());
    headers.insert("accept", "text/plain".parse().unwrap());
    let request = |body: &str| Request {
        method: http::Method::POST,
        url: Url::parse("http://127.0.0.1/a?access_token=hunter2&x=1").unwrap(),
        headers: headers.clone(),
        body: Bytes::from(body.to_owned()),
    };
    for body in [
        "{\"password\":\"hunter2\",\"deep\":[{\"client-secret\":\"hunter2\"}],\"user\":\"\\u001b[31mada\"}",
        "grant=x&client_secret=hunter2&user=ada%1b%5b31m",
    ] {
        let text = told(&request(body), None);
        assert!(!text.contains("hunter2") && !text.contains('\u{1b}'), "{text}");
        assert!(text.contains("ada") && text.contains("accept: text/plain") && text.contains("&x=1"), "{text}");
    }
}
