//! No-Auth mode lets in whoever reaches the loopback address, and a browser on this machine
//! reaches it for every page that it shows. A page of another site is kept out by what the
//! browser says of it: the name under which it looked for the host, and the page's origin.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::state::AppState;

/// Refuses requests for other names, and from pages of other sites, in No-Auth mode on loopback.
pub(crate) async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let guarded = state.config.is_no_auth() && state.config.listen.address.is_loopback();
    if guarded && !is_neighbour(request.uri(), request.headers()) {
        return ApiError::forbidden(
            "No-Auth mode answers programs and pages of this machine only: call it as localhost or 127.0.0.1",
        )
        .into_response();
    }
    next.run(request).await
}

/// Whether every name that the request gives is one of this machine. Programs may give none.
fn is_neighbour(uri: &Uri, headers: &HeaderMap) -> bool {
    let hosts = headers.get_all(header::HOST).iter().map(|value| value.to_str().ok());
    let asked = uri.authority().map(|authority| Some(authority.as_str()));
    let origins = headers.get_all(header::ORIGIN).iter().map(|value| {
        let text = value.to_str().ok()?;
        text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))
    });
    hosts.chain(asked).chain(origins).all(|name| name.is_some_and(is_local))
}

/// `localhost` or a loopback address, with a port or without.
fn is_local(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for name in ["localhost", "LOCALHOST:8080", "a.localhost", "127.0.0.1:80", "127.9.9.9", "[::1]", "[::1]:8080"] {
            assert!(is_local(name), "{name}");
        }
        for name in [
            "",
            "evil.example",
            "localhost.evil.example:8080",
            "127.0.0.1.nip.io",
            "10.0.0.1",
            "[::2]:1",
            "u@localhost:x@y",
        ] {
            assert!(!is_local(name), "{name}");
        }
    }
}
