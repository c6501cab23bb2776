//! A server whose certificate no authority of the system signed.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{get, policy};
use crate::{EgressClient, EgressError, TrustError};

const CA: &str = include_str!("certificates/ca.pem");
/// Of the same name, and of another key.
const OTHER: &str = include_str!("certificates/other.pem");
/// For 127.0.0.1, signed by the first.
const SERVER: &str = include_str!("certificates/server.pem");
const SERVER_KEY: &str = include_str!("certificates/server.key");

async fn start() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let chain = vec![CertificateDer::from_pem_slice(SERVER.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(SERVER_KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust the certificate hangs up here.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi").await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

#[tokio::test]
async fn certificates_of_a_configuration_are_trusted_instead_of_the_systems() {
    let port = start().await;
    let url = format!("https://127.0.0.1:{port}/");
    let client = EgressClient::new(policy("127.0.0.0/8", &[])).unwrap();
    let unknown = get(&client, &url).await.unwrap_err();
    assert!(matches!(unknown, EgressError::Tls { .. }), "{unknown:?}");

    let trusting = client.trusting(CA).unwrap();
    assert_eq!(get(&trusting, &url).await.unwrap().body, "hi");
    assert_eq!(get(&client.trusting(&format!("{OTHER}\n{CA}")).unwrap(), &url).await.unwrap().body, "hi");

    let wrong = get(&client.trusting(OTHER).unwrap(), &url).await.unwrap_err();
    assert!(matches!(wrong, EgressError::Tls { .. }), "{wrong:?}");
    let still_unknown = get(&client, &url).await.unwrap_err();
    assert!(matches!(still_unknown, EgressError::Tls { .. }), "{still_unknown:?}");
    let other_name = get(&trusting, &format!("https://localhost:{port}/")).await.unwrap_err();
    assert!(matches!(other_name, EgressError::Tls { .. } | EgressError::Denied(_)), "{other_name:?}");
}

#[tokio::test]
async fn trust_lifts_no_other_rule() {
    let port = start().await;
    let client = EgressClient::new(policy("", &[])).unwrap().trusting(CA).unwrap();
    let denied = get(&client, &format!("https://127.0.0.1:{port}/")).await.unwrap_err();
    assert!(matches!(denied, EgressError::Denied(_)), "{denied:?}");
}

#[test]
fn what_is_no_certificate_is_refused() {
    let client = EgressClient::new(policy("", &[])).unwrap();
    let broken = CA.replace("MII", "AAA");
    for text in
        ["", "CA", SERVER_KEY, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", broken.as_str()]
    {
        assert_eq!(client.trusting(text).unwrap_err(), TrustError::Unreadable, "{text}");
    }
    assert_eq!(client.trusting(&CA.repeat(33)).unwrap_err(), TrustError::TooMany);
    assert_eq!(client.kept(), 0);
}

#[test]
fn one_client_for_each_text_and_not_too_many_of_them() {
    let client = EgressClient::new(policy("", &[])).unwrap();
    for _ in 0..3 {
        client.trusting(CA).unwrap();
    }
    assert_eq!(client.kept(), 1);
    for n in 0..80 {
        client.trusting(&format!("# {n}\n{CA}")).unwrap();
    }
    assert_eq!(client.kept(), 64);
}
