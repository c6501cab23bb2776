//! `sts`: AssumeRole for the guest.

use crate::bindings::sts as wit;
use crate::bindings::types::VendError;
use crate::guest::Guest;
use crate::host;
use crate::service::{AssumeRole, Base, KeySlots, StsSession};

impl wit::Host for Guest {
    async fn assume_role(
        &mut self,
        request: wit::AssumeRoleRequest,
    ) -> wasmtime::Result<Result<wit::Session, VendError>> {
        self.enter()?;
        if !self.phase.mints() {
            return Ok(Err(host::wrong_phase("sts", self.phase)));
        }
        if let Err(refused) = host::spend_request(&mut self.call) {
            return Ok(Err(refused));
        }
        let request = AssumeRole {
            base: base(request.base),
            role_arn: request.role_arn,
            session_name: request.session_name,
            external_id: request.external_id,
            duration_seconds: request.duration_seconds,
            policy: request.policy,
            tags: request.tags,
            region: request.region,
            endpoint: request.endpoint,
        };
        let answer = self.services.sts.assume_role(&mut self.call, request).await;
        Ok(answer.map(|session| given(&session)).map_err(host::vend_error))
    }
}

fn base(base: wit::Base) -> Base {
    match base {
        wit::Base::Host => Base::Host,
        wit::Base::Slots(keys) => Base::Slots(KeySlots {
            access_key_id: keys.access_key_id,
            secret_access_key: keys.secret_access_key,
            session_token: keys.session_token,
        }),
    }
}

#[expect(clippy::disallowed_methods, reason = "the session was minted for this guest to answer with")]
fn given(session: &StsSession) -> wit::Session {
    wit::Session {
        access_key_id: session.access_key_id.clone(),
        secret_access_key: session.secret_access_key.expose().clone(),
        session_token: session.session_token.expose().clone(),
        expires_at_ms: session.expires_at_ms,
        packed_policy_percent: session.packed_policy_percent,
    }
}
