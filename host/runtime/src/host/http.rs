//! `http`: requests of the guest.

use crate::bindings::http as wit;
use crate::guest::Guest;
use crate::service::{HttpAuth, HttpFailure, HttpFailureKind, HttpRequest, KeySlots};
use crate::stop::Stop;

impl wit::Host for Guest {
    async fn send(&mut self, request: wit::Request) -> wasmtime::Result<Result<wit::Response, wit::Failure>> {
        self.enter()?;
        if !self.phase.talks() {
            let message = format!("'http' cannot be used in {}", self.phase.name());
            return Ok(Err(wit::Failure { kind: wit::FailureKind::Denied, message }));
        }
        let request = HttpRequest {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
            auth: auth(request.auth),
            captures: request.captures.into_iter().map(|capture| (capture.slot, capture.pointer)).collect(),
            trust: request.trust,
            timeout_ms: request.timeout_ms,
        };
        match self.services.http.send(&mut self.call, request).await {
            Ok(answer) => Ok(Ok(wit::Response { status: answer.status, headers: answer.headers, body: answer.body })),
            Err(refused) => failure(refused).map(Err),
        }
    }
}

fn auth(auth: wit::Auth) -> HttpAuth {
    match auth {
        wit::Auth::None => HttpAuth::None,
        wit::Auth::Sigv4(sigv4) => HttpAuth::Sigv4 {
            keys: KeySlots {
                access_key_id: sigv4.access_key_id,
                secret_access_key: sigv4.secret_access_key,
                session_token: sigv4.session_token,
            },
            service: sigv4.service,
            region: sigv4.region,
        },
        wit::Auth::Bearer(slot) => HttpAuth::Bearer(slot),
        wit::Auth::Basic((user, slot)) => HttpAuth::Basic { user, slot },
        wit::Auth::Header((name, slot)) => HttpAuth::Header { name, slot },
        wit::Auth::FormField((name, slot)) => HttpAuth::FormField { name, slot },
        wit::Auth::JsonField((name, slot)) => HttpAuth::JsonField { name, slot },
        wit::Auth::Authorization((scheme, slot)) => HttpAuth::Authorization { scheme, slot },
    }
}

fn failure(failure: HttpFailure) -> wasmtime::Result<wit::Failure> {
    let kind = match failure.kind {
        HttpFailureKind::Denied => wit::FailureKind::Denied,
        HttpFailureKind::Invalid => wit::FailureKind::Invalid,
        HttpFailureKind::Dns => wit::FailureKind::Dns,
        HttpFailureKind::Connect => wit::FailureKind::Connect,
        HttpFailureKind::Tls => wit::FailureKind::Tls,
        HttpFailureKind::Timeout => wit::FailureKind::Timeout,
        HttpFailureKind::TooLarge => wit::FailureKind::TooLarge,
        HttpFailureKind::Protocol => wit::FailureKind::Protocol,
        HttpFailureKind::Breach => return Err(Stop::Secret.into()),
        HttpFailureKind::DryRun => return Err(Stop::DryRun.into()),
    };
    Ok(wit::Failure { kind, message: failure.message })
}
