//! A small S3 on the loopback: put, get, delete and list by prefix, path style.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use percent_encoding::percent_decode_str;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What was asked of the store, and what it holds.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    tokens: Mutex<Vec<String>>,
    refuse: Mutex<bool>,
}

impl Bucket {
    /// Starts it; the answer is its endpoint.
    pub(super) async fn start() -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let bucket = Arc::new(Self::default());
        let serving = bucket.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let bucket = serving.clone();
                tokio::spawn(async move { bucket.serve(stream).await });
            }
        });
        (bucket, endpoint)
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }

    pub(super) fn put(&self, key: &str) {
        self.objects.lock().unwrap().insert(key.to_owned(), b"x".to_vec());
    }

    /// Session tokens that requests were signed with.
    pub(super) fn tokens(&self) -> Vec<String> {
        self.tokens.lock().unwrap().clone()
    }

    pub(super) fn refuse(&self) {
        *self.refuse.lock().unwrap() = true;
    }

    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some((method, target, body)) = self.request(&mut stream).await {
            let (status, answer) = self.answer(&method, &target, body);
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: \"e\"\r\n\
                 last-modified: Wed, 21 Oct 2026 07:28:00 GMT\r\n\r\n",
                answer.len()
            );
            if stream.write_all(&[head.as_bytes(), &answer].concat()).await.is_err() {
                return;
            }
        }
    }

    async fn request(&self, stream: &mut BufReader<TcpStream>) -> Option<(String, String, Vec<u8>)> {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let mut words = line.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut length = 0;
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await.ok()?;
            let Some((name, value)) = header.trim().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "x-amz-security-token" => self.tokens.lock().unwrap().push(value.trim().to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        Some((method, target, body))
    }

    fn answer(&self, method: &str, target: &str, body: Vec<u8>) -> (&'static str, Vec<u8>) {
        if *self.refuse.lock().unwrap() {
            let fault = "<Error><Code>AccessDenied</Code><Message>planted-secret-token</Message></Error>";
            return ("403 Forbidden", fault.into());
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let key = percent_decode_str(path).decode_utf8_lossy().splitn(3, '/').nth(2).unwrap_or_default().to_owned();
        let mut objects = self.objects.lock().unwrap();
        match method {
            "PUT" => {
                objects.insert(key, body);
                ("200 OK", Vec::new())
            }
            "DELETE" => {
                objects.remove(&key);
                ("204 No Content", Vec::new())
            }
            "GET" if query.contains("list-type=2") => {
                let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix=")).unwrap_or_default();
                let prefix = percent_decode_str(prefix).decode_utf8_lossy().into_owned();
                ("200 OK", listing(objects.keys().filter(|key| key.starts_with(&prefix))).into_bytes())
            }
            "GET" => match objects.get(&key) {
                Some(found) => ("200 OK", found.clone()),
                None => ("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
            },
            _ => ("405 Method Not Allowed", Vec::new()),
        }
    }
}

fn listing<'a>(keys: impl Iterator<Item = &'a String>) -> String {
    let contents: String = keys
        .map(|key| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-10-21T07:28:00.000Z</LastModified><ETag>e</ETag>\
                 <Size>1</Size></Contents>"
            )
        })
        .collect();
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
}
