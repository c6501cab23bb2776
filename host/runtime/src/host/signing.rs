//! `signing`: purpose-built signers over slots.

use crate::bindings::signing as wit;
use crate::bindings::types::VendError;
use crate::guest::Guest;
use crate::host;
use crate::service::{KeySlots, PresignRequest, presign_s3};

impl wit::Host for Guest {
    fn presign_s3(&mut self, request: wit::PresignRequest) -> wasmtime::Result<Result<String, VendError>> {
        self.enter()?;
        if !self.phase.mints() {
            return Ok(Err(host::wrong_phase("signing", self.phase)));
        }
        let request = PresignRequest {
            keys: KeySlots {
                access_key_id: request.keys.access_key_id,
                secret_access_key: request.keys.secret_access_key,
                session_token: request.keys.session_token,
            },
            method: request.method,
            url: request.url,
            region: request.region,
            expires_in_seconds: request.expires_in_seconds,
        };
        Ok(presign_s3(&*self.clock, &self.call, request).map_err(host::vend_error))
    }
}
