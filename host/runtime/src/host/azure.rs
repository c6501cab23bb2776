//! `azure`: SAS and tokens for the guest.

use crate::bindings::azure as wit;
use crate::bindings::types::VendError;
use crate::guest::Guest;
use crate::host;
use crate::service::azure::{AccessToken, Principal, Resource, SasRequest, Signer};

impl wit::Host for Guest {
    async fn sign_sas(&mut self, request: wit::SasRequest) -> wasmtime::Result<Result<wit::Token, VendError>> {
        self.enter()?;
        if !self.phase.mints() {
            return Ok(Err(host::wrong_phase("azure", self.phase)));
        }
        if matches!(request.signer, wit::Signer::Delegation(_))
            && let Err(refused) = host::spend_request(&mut self.call)
        {
            return Ok(Err(refused));
        }
        let request = SasRequest {
            signer: match request.signer {
                wit::Signer::AccountKey(slot) => Signer::AccountKey(slot),
                wit::Signer::Delegation(from) => Signer::Delegation(principal(from)),
            },
            resource: match request.resource {
                wit::SasResource::Container => Resource::Container,
                wit::SasResource::Directory => Resource::Directory,
                wit::SasResource::Blob => Resource::Blob,
            },
            location: request.location,
            permissions: request.permissions,
            starts_at_ms: request.starts_at_ms,
            expires_at_ms: request.expires_at_ms,
            correlation_id: request.correlation_id,
        };
        let answer = self.services.azure.sign_sas(&mut self.call, request).await;
        Ok(answer.map(|token| given(&token)).map_err(host::vend_error))
    }

    async fn access_token(&mut self, from: wit::Principal) -> wasmtime::Result<Result<wit::Token, VendError>> {
        self.enter()?;
        if !self.phase.mints() {
            return Ok(Err(host::wrong_phase("azure", self.phase)));
        }
        if let Err(refused) = host::spend_request(&mut self.call) {
            return Ok(Err(refused));
        }
        let answer = self.services.azure.access_token(&mut self.call, principal(from)).await;
        Ok(answer.map(|token| given(&token)).map_err(host::vend_error))
    }
}

fn principal(from: wit::Principal) -> Principal {
    match from {
        wit::Principal::ClientSecret(app) => Principal::ClientSecret {
            tenant_id: app.tenant_id,
            client_id: app.client_id,
            secret: app.secret,
            authority_host: app.authority_host,
        },
        wit::Principal::WorkloadIdentity(identity) => {
            Principal::WorkloadIdentity { tenant_id: identity.tenant_id, client_id: identity.client_id }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the token was minted for this guest to answer with")]
fn given(token: &AccessToken) -> wit::Token {
    wit::Token { token: token.token.expose().clone(), expires_at_ms: token.expires_at_ms }
}
