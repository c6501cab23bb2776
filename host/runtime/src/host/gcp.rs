//! `gcp`: downscoped tokens and signed URLs for the guest.

use crate::bindings::gcp as wit;
use crate::bindings::types::VendError;
use crate::guest::Guest;
use crate::host;
use crate::service::gcp::{Downscope, Principal, SignUrl};

impl wit::Host for Guest {
    #[expect(clippy::disallowed_methods, reason = "the token was minted for this guest to answer with")]
    async fn downscope(&mut self, request: wit::DownscopeRequest) -> wasmtime::Result<Result<wit::Token, VendError>> {
        self.enter()?;
        if !self.phase.mints() {
            return Ok(Err(host::wrong_phase("gcp", self.phase)));
        }
        if let Err(refused) = host::spend_request(&mut self.call) {
            return Ok(Err(refused));
        }
        let request = Downscope {
            principal: principal(request.principal),
            token_uri: request.endpoints.token_uri,
            sts: request.endpoints.sts,
            boundary: request.boundary,
        };
        let answer = self.services.gcp.downscope(&mut self.call, request).await;
        Ok(answer
            .map(|token| wit::Token { token: token.token.expose().clone(), expires_at_ms: token.expires_at_ms })
            .map_err(host::vend_error))
    }

    #[expect(clippy::disallowed_methods, reason = "the URL was signed for this guest to answer with")]
    async fn sign_url(&mut self, request: wit::SignUrlRequest) -> wasmtime::Result<Result<String, VendError>> {
        self.enter()?;
        if !self.phase.mints() {
            return Ok(Err(host::wrong_phase("gcp", self.phase)));
        }
        // With a key of the warehouse it is signed here.
        if matches!(request.principal, wit::Principal::Host)
            && let Err(refused) = host::spend_request(&mut self.call)
        {
            return Ok(Err(refused));
        }
        let request = SignUrl {
            principal: principal(request.principal),
            method: request.method,
            location: request.location,
            expires_in_seconds: request.expires_in_seconds,
        };
        let answer = self.services.gcp.sign_url(&mut self.call, request).await;
        Ok(answer.map(|url| url.expose().clone()).map_err(host::vend_error))
    }
}

fn principal(from: wit::Principal) -> Principal {
    match from {
        wit::Principal::ServiceAccountKey(slot) => Principal::ServiceAccountKey(slot),
        wit::Principal::ServiceAccount(parts) => {
            Principal::ServiceAccount { client_email: parts.client_email, private_key: parts.private_key }
        }
        wit::Principal::Host => Principal::Host,
    }
}
