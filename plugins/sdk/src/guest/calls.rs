//! Calls to the host.

use super::bindings::pangolin::vending as wit;
use super::convert;
use crate::error::VendError;
use crate::{azure, gcp, http, log as lines, signing, sts};

pub(crate) fn now_ms() -> u64 {
    wit::clock::now_ms()
}

pub(crate) fn sha256(data: &[u8]) -> Vec<u8> {
    wit::crypto::sha256(data)
}

pub(crate) fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    wit::crypto::hmac_sha256(key, data)
}

pub(crate) fn random_bytes(length: u32) -> Vec<u8> {
    wit::crypto::random_bytes(length)
}

pub(crate) fn log(level: lines::Level, message: &str) {
    let level = match level {
        lines::Level::Debug => wit::log::Level::Debug,
        lines::Level::Info => wit::log::Level::Info,
        lines::Level::Warn => wit::log::Level::Warn,
        lines::Level::Error => wit::log::Level::Error,
    };
    wit::log::log(level, message);
}

pub(crate) fn assume_role(request: sts::AssumeRole) -> Result<sts::Session, VendError> {
    let base = match request.base {
        sts::Base::Host => wit::sts::Base::Host,
        sts::Base::Slots(keys) => wit::sts::Base::Slots(wit::sts::KeySlots {
            access_key_id: keys.access_key_id,
            secret_access_key: keys.secret_access_key,
            session_token: keys.session_token,
        }),
    };
    let session = wit::sts::assume_role(&wit::sts::AssumeRoleRequest {
        base,
        role_arn: request.role_arn,
        session_name: request.session_name,
        external_id: request.external_id,
        duration_seconds: request.duration_seconds,
        policy: request.policy,
        tags: request.tags,
        region: request.region,
        endpoint: request.endpoint,
    })
    .map_err(convert::host_error)?;
    Ok(sts::Session {
        access_key_id: session.access_key_id,
        secret_access_key: session.secret_access_key,
        session_token: session.session_token,
        expires_at_ms: session.expires_at_ms,
        packed_policy_percent: session.packed_policy_percent,
    })
}

pub(crate) fn presign_s3(request: &signing::PresignS3) -> Result<String, VendError> {
    wit::signing::presign_s3(&wit::signing::PresignRequest {
        keys: wit::signing::KeySlots {
            access_key_id: request.keys.access_key_id.clone(),
            secret_access_key: request.keys.secret_access_key.clone(),
            session_token: request.keys.session_token.clone(),
        },
        method: request.method.clone(),
        url: request.url.clone(),
        region: request.region.clone(),
        expires_in_seconds: request.expires_in_seconds,
    })
    .map_err(convert::host_error)
}

pub(crate) fn send(request: http::Request) -> Result<http::Response, http::Failure> {
    let auth = match request.auth {
        http::Auth::None => wit::http::Auth::None,
        http::Auth::Sigv4 { keys, service, region } => wit::http::Auth::Sigv4(wit::http::Sigv4Auth {
            access_key_id: keys.access_key_id,
            secret_access_key: keys.secret_access_key,
            session_token: keys.session_token,
            service,
            region,
        }),
        http::Auth::Bearer { slot } => wit::http::Auth::Bearer(slot),
        http::Auth::Basic { user, slot } => wit::http::Auth::Basic((user, slot)),
        http::Auth::Header { name, slot } => wit::http::Auth::Header((name, slot)),
        http::Auth::FormField { name, slot } => wit::http::Auth::FormField((name, slot)),
        http::Auth::JsonField { name, slot } => wit::http::Auth::JsonField((name, slot)),
        http::Auth::Authorization { scheme, slot } => wit::http::Auth::Authorization((scheme, slot)),
    };
    wit::http::send(&wit::http::Request {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: request.body,
        auth,
        captures: request
            .captures
            .into_iter()
            .map(|capture| wit::http::Capture { slot: capture.slot, pointer: capture.pointer })
            .collect(),
        trust: request.trust,
        timeout_ms: request.timeout_ms,
    })
    .map(|response| http::Response { status: response.status, headers: response.headers, body: response.body })
    .map_err(|failure| http::Failure {
        kind: match failure.kind {
            wit::http::FailureKind::Denied => http::FailureKind::Denied,
            wit::http::FailureKind::Invalid => http::FailureKind::Invalid,
            wit::http::FailureKind::Dns => http::FailureKind::Dns,
            wit::http::FailureKind::Connect => http::FailureKind::Connect,
            wit::http::FailureKind::Tls => http::FailureKind::Tls,
            wit::http::FailureKind::Timeout => http::FailureKind::Timeout,
            wit::http::FailureKind::TooLarge => http::FailureKind::TooLarge,
            wit::http::FailureKind::Protocol => http::FailureKind::Protocol,
        },
        message: failure.message,
    })
}

fn azure_principal(principal: azure::Principal) -> wit::azure::Principal {
    match principal {
        azure::Principal::ClientSecret { tenant_id, client_id, secret, authority_host } => {
            wit::azure::Principal::ClientSecret(wit::azure::ClientSecret {
                tenant_id,
                client_id,
                secret,
                authority_host,
            })
        }
        azure::Principal::WorkloadIdentity { tenant_id, client_id } => {
            wit::azure::Principal::WorkloadIdentity(wit::azure::WorkloadIdentity { tenant_id, client_id })
        }
    }
}

pub(crate) fn sign_sas(request: azure::SasRequest) -> Result<azure::Token, VendError> {
    let sas = wit::azure::sign_sas(&wit::azure::SasRequest {
        signer: match request.signer {
            azure::Signer::AccountKey(slot) => wit::azure::Signer::AccountKey(slot),
            azure::Signer::Delegation(principal) => wit::azure::Signer::Delegation(azure_principal(principal)),
        },
        resource: match request.resource {
            azure::SasResource::Container => wit::azure::SasResource::Container,
            azure::SasResource::Directory => wit::azure::SasResource::Directory,
            azure::SasResource::Blob => wit::azure::SasResource::Blob,
        },
        location: request.location,
        permissions: request.permissions,
        starts_at_ms: request.starts_at_ms,
        expires_at_ms: request.expires_at_ms,
        correlation_id: request.correlation_id,
    })
    .map_err(convert::host_error)?;
    Ok(azure::Token { token: sas.token, expires_at_ms: sas.expires_at_ms })
}

pub(crate) fn access_token(principal: azure::Principal) -> Result<azure::Token, VendError> {
    let token = wit::azure::access_token(&azure_principal(principal)).map_err(convert::host_error)?;
    Ok(azure::Token { token: token.token, expires_at_ms: token.expires_at_ms })
}

fn gcp_principal(principal: gcp::Principal) -> wit::gcp::Principal {
    match principal {
        gcp::Principal::ServiceAccountKey(slot) => wit::gcp::Principal::ServiceAccountKey(slot),
        gcp::Principal::ServiceAccount { client_email, private_key } => {
            wit::gcp::Principal::ServiceAccount(wit::gcp::KeyParts { client_email, private_key })
        }
        gcp::Principal::Host => wit::gcp::Principal::Host,
    }
}

pub(crate) fn downscope(request: gcp::Downscope) -> Result<azure::Token, VendError> {
    let token = wit::gcp::downscope(&wit::gcp::DownscopeRequest {
        principal: gcp_principal(request.principal),
        endpoints: wit::gcp::Endpoints { token_uri: request.endpoints.token_uri, sts: request.endpoints.sts },
        boundary: request.boundary,
    })
    .map_err(convert::host_error)?;
    Ok(azure::Token { token: token.token, expires_at_ms: token.expires_at_ms })
}

pub(crate) fn sign_url(request: gcp::SignUrl) -> Result<String, VendError> {
    wit::gcp::sign_url(&wit::gcp::SignUrlRequest {
        principal: gcp_principal(request.principal),
        method: request.method,
        location: request.location,
        expires_in_seconds: request.expires_in_seconds,
    })
    .map_err(convert::host_error)
}
