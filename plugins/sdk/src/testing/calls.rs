//! Host calls outside of the sandbox: they go to the installed double.

use std::rc::Rc;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::{INSTALLED, State};
use crate::error::{ErrorKind, VendError};
use crate::{azure, gcp, http, log as lines, signing, sts};

fn installed() -> Option<Rc<State>> {
    INSTALLED.with(|installed| installed.borrow().clone())
}

fn refused(what: &str) -> String {
    format!("{what} is not prepared: install a testing::Host that answers it")
}

pub(crate) fn now_ms() -> u64 {
    installed().map_or(0, |state| state.now_ms)
}

pub(crate) fn sha256(data: &[u8]) -> Vec<u8> {
    Sha256::digest(data).to_vec()
}

pub(crate) fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length, so the error case does not exist.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

/// Counts up instead of drawing, so that tests repeat.
pub(crate) fn random_bytes(length: u32) -> Vec<u8> {
    let state = installed().unwrap_or_default();
    let mut next = state.random.borrow_mut();
    (0..length.min(1024))
        .map(|_| {
            *next = next.wrapping_add(1);
            *next
        })
        .collect()
}

pub(crate) fn log(level: lines::Level, message: &str) {
    if let Some(state) = installed() {
        state.lines.borrow_mut().push((level, message.to_owned()));
    }
}

pub(crate) fn assume_role(request: sts::AssumeRole) -> Result<sts::Session, VendError> {
    let state = installed().unwrap_or_default();
    let answer = match &state.assume_role {
        Some(answer) => answer(&request),
        None => Err(VendError::new(ErrorKind::Denied, "not-prepared", refused("sts.assume-role"))),
    };
    state.assumed.borrow_mut().push(request);
    answer
}

pub(crate) fn presign_s3(request: &signing::PresignS3) -> Result<String, VendError> {
    match installed().unwrap_or_default().presign.as_ref() {
        Some(answer) => answer(request),
        None => Err(VendError::new(ErrorKind::Denied, "not-prepared", refused("signing.presign-s3"))),
    }
}

pub(crate) fn send(request: http::Request) -> Result<http::Response, http::Failure> {
    let state = installed().unwrap_or_default();
    let answer = match &state.send {
        Some(answer) => answer(&request),
        None => Err(http::Failure { kind: http::FailureKind::Denied, message: refused("http.send") }),
    };
    state.sent.borrow_mut().push(request);
    answer
}

pub(crate) fn sign_sas(request: azure::SasRequest) -> Result<azure::Token, VendError> {
    let state = installed().unwrap_or_default();
    let answer = match &state.sign_sas {
        Some(answer) => answer(&request),
        None => Err(VendError::new(ErrorKind::Denied, "not-prepared", refused("azure.sign-sas"))),
    };
    state.signed.borrow_mut().push(request);
    answer
}

#[expect(clippy::needless_pass_by_value, reason = "the sandbox's side takes it so")]
pub(crate) fn access_token(principal: azure::Principal) -> Result<azure::Token, VendError> {
    match installed().unwrap_or_default().access_token.as_ref() {
        Some(answer) => answer(&principal),
        None => Err(VendError::new(ErrorKind::Denied, "not-prepared", refused("azure.access-token"))),
    }
}

pub(crate) fn downscope(request: gcp::Downscope) -> Result<azure::Token, VendError> {
    let state = installed().unwrap_or_default();
    let answer = match &state.downscope {
        Some(answer) => answer(&request),
        None => Err(VendError::new(ErrorKind::Denied, "not-prepared", refused("gcp.downscope"))),
    };
    state.downscoped.borrow_mut().push(request);
    answer
}

#[expect(clippy::needless_pass_by_value, reason = "the sandbox's side takes it so")]
pub(crate) fn sign_url(request: gcp::SignUrl) -> Result<String, VendError> {
    match installed().unwrap_or_default().sign_url.as_ref() {
        Some(answer) => answer(&request),
        None => Err(VendError::new(ErrorKind::Denied, "not-prepared", refused("gcp.sign-url"))),
    }
}
