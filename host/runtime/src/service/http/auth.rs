//! Puts secrets into a request that the guest has let go of.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use pangolin_core::clock::UnixMillis;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::SecretUse;
use pangolin_egress::Request;
use pangolin_signing::s3_url::{self, QUERY};
use pangolin_signing::sigv4::{Payload, Signer, is_region};
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::super::leak::Needles;
use super::super::slot::{self, KeySlots};
use super::failure::HttpFailure;
use super::{headers, json};
use crate::call::Call;

/// How the host authenticates a request, by slots. Mirrors `auth` of the WIT.
#[derive(Debug, Clone)]
pub(crate) enum HttpAuth {
    None,
    Sigv4 { keys: KeySlots, service: String, region: String },
    Bearer(String),
    Basic { user: String, slot: String },
    Header { name: String, slot: String },
    FormField { name: String, slot: String },
    JsonField { name: String, slot: String },
    Authorization { scheme: String, slot: String },
}

impl HttpAuth {
    /// The slots that it names.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &str> {
        let (first, second, third) = match self {
            Self::None => (None, None, None),
            Self::Sigv4 { keys, .. } => {
                (Some(&keys.access_key_id), Some(&keys.secret_access_key), keys.session_token.as_ref())
            }
            Self::Bearer(slot)
            | Self::Basic { slot, .. }
            | Self::Header { slot, .. }
            | Self::FormField { slot, .. }
            | Self::JsonField { slot, .. }
            | Self::Authorization { slot, .. } => (Some(slot), None, None),
        };
        [first, second, third].into_iter().flatten().map(String::as_str)
    }

    /// Whether a secret is sent as it is, so that a server could be asked for pieces of it.
    pub(super) fn is_sent_as_it_is(&self) -> bool {
        !matches!(self, Self::None | Self::Sigv4 { .. })
    }
}

/// Authenticates the request. The result is what must not come back in the answer.
#[expect(
    clippy::disallowed_methods,
    reason = "the slot's value goes into the request, to a granted host, in the granted form"
)]
pub(super) fn inject(
    call: &mut Call,
    auth: &HttpAuth,
    request: &mut Request,
    now: UnixMillis,
) -> Result<Needles, HttpFailure> {
    let mut injected = Needles::default();
    match auth {
        HttpAuth::None => {}
        HttpAuth::Bearer(slot) => {
            let value = kept_or_own(call, slot, &SecretUse::Bearer, &request.url)?.expose();
            injected.add(value);
            set(request, AUTHORIZATION, &Zeroizing::new(format!("Bearer {value}")))?;
        }
        HttpAuth::Basic { user, slot } => {
            if user.contains(':') {
                return Err(HttpFailure::invalid("a user name of Basic authentication has no ':'"));
            }
            let value = slot::value(call, slot, &SecretUse::Basic)?.expose();
            let pair = Zeroizing::new(STANDARD.encode(Zeroizing::new(format!("{user}:{value}")).as_bytes()));
            injected.add(value);
            injected.add(&pair);
            set(request, AUTHORIZATION, &Zeroizing::new(format!("Basic {}", *pair)))?;
            call.masked.push(Secret::new(pair.to_string()));
        }
        HttpAuth::Header { name, slot } => {
            let value = kept_or_own(call, slot, &SecretUse::Header(name.clone()), &request.url)?.expose();
            let name = headers::parse_name(name)?;
            if request.headers.contains_key(&name) || (headers::is_owned(&name) && name != AUTHORIZATION) {
                return Err(HttpFailure::denied(format!("header '{name}' cannot carry a secret: it is set already")));
            }
            injected.add(value);
            set(request, name, value)?;
        }
        HttpAuth::FormField { name, slot } => {
            let value = slot::value(call, slot, &SecretUse::FormField(name.clone()))?.expose();
            injected.add(value);
            // A server that repeats the body in another form repeats it as it was written.
            let written = append_field(request, name, value)?;
            injected.add(&written);
            call.masked.push(Secret::new(written.to_string()));
        }
        HttpAuth::JsonField { name, slot } => {
            let value = kept_or_own(call, slot, &SecretUse::JsonField(name.clone()), &request.url)?.expose();
            injected.add(value);
            json::put(request, name, value)?;
        }
        HttpAuth::Authorization { scheme, slot } => {
            let is_scheme = (1..=64).contains(&scheme.len())
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
            if !is_scheme {
                return Err(HttpFailure::invalid("the scheme is none of [A-Za-z0-9._-]{1,64}"));
            }
            let value = kept_or_own(call, slot, &SecretUse::Authorization(scheme.clone()), &request.url)?.expose();
            injected.add(value);
            set(request, AUTHORIZATION, &Zeroizing::new(format!("{scheme} {value}")))?;
        }
        HttpAuth::Sigv4 { keys, service, region } => injected = sign(call, keys, service, region, request, now)?,
    }
    remember(call, auth);
    Ok(injected)
}

/// What a server was sent in this call is looked for in all later answers: it may be asked for it.
fn remember(call: &mut Call, auth: &HttpAuth) {
    let identifier = match auth {
        HttpAuth::Sigv4 { keys, .. } => keys.access_key_id.as_str(),
        _ => "",
    };
    for slot in auth.slots().filter(|slot| *slot != identifier) {
        if let Some(value) = call.slots.get(slot).filter(|value| !call.masked.contains(value)) {
            call.masked.push(value.clone());
        }
    }
}

/// The value of a slot: taken from an answer of this call, or the warehouse's own.
fn kept_or_own<'c>(
    call: &'c Call,
    slot: &str,
    wanted: &SecretUse,
    url: &Url,
) -> Result<&'c Secret<String>, HttpFailure> {
    match call.captured.value(slot, url) {
        Some(kept) => kept,
        None => Ok(slot::value(call, slot, wanted)?),
    }
}

fn set(request: &mut Request, name: HeaderName, value: &str) -> Result<(), HttpFailure> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| HttpFailure::invalid("the secret has characters that no header can carry"))?;
    value.set_sensitive(true);
    request.headers.insert(name, value);
    Ok(())
}

/// Spaces as `%20`: some servers do not read `+`. The result is the value as it stands in the body.
fn append_field(request: &mut Request, name: &str, value: &str) -> Result<Zeroizing<String>, HttpFailure> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let is_form = |value: &HeaderValue| {
        value.to_str().is_ok_and(|text| text.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM))
    };
    match request.headers.get(CONTENT_TYPE) {
        None => drop(request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM))),
        Some(given) if is_form(given) => {}
        Some(_) => return Err(HttpFailure::invalid(format!("a form field needs a body of type {FORM}"))),
    }
    if url::form_urlencoded::parse(&request.body).any(|(given, _)| given == name) {
        return Err(HttpFailure::invalid("the form has this field already"));
    }
    let encode = |text| percent_encoding::utf8_percent_encode(text, QUERY).to_string();
    let mut body = request.body.to_vec();
    if !body.is_empty() {
        body.push(b'&');
    }
    body.extend_from_slice(encode(name).as_bytes());
    body.push(b'=');
    let written = Zeroizing::new(encode(value));
    body.extend_from_slice(written.as_bytes());
    request.body = Bytes::from(body);
    Ok(written)
}

/// Whether the URL is at the warehouse's own storage endpoint.
fn is_storage(config: &BTreeMap<String, Value>, url: &Url) -> bool {
    let endpoint = config.get("endpoint").and_then(Value::as_str).and_then(|text| Url::parse(text).ok());
    endpoint.is_some_and(|endpoint| {
        let (host, storage) = (url.host_str().unwrap_or_default(), endpoint.host_str().unwrap_or_default());
        let same_host = host == storage || host.strip_suffix(storage).is_some_and(|bucket| bucket.ends_with('.'));
        same_host && url.port_or_known_default() == endpoint.port_or_known_default()
    })
}

/// Signs, but for STS, whose requests the host must be able to read and judge, and for S3 only
/// what lies within the scopes.
fn sign(
    call: &Call,
    keys: &KeySlots,
    service: &str,
    region: &str,
    request: &mut Request,
    now: UnixMillis,
) -> Result<Needles, HttpFailure> {
    let folded = service.to_ascii_lowercase();
    if folded.starts_with("sts") || folded.starts_with("iam") {
        return Err(HttpFailure::denied("requests to STS and IAM are not signed here: use `sts.assume-role`"));
    }
    // Not every store looks at the name of the service in a signature.
    if service != "s3" && (folded.starts_with("s3") || is_storage(&call.config, &request.url)) {
        return Err(HttpFailure::denied(
            "requests to the storage are signed for service 's3', so that they can be judged",
        ));
    }
    if !is_region(region) {
        return Err(HttpFailure::invalid("the region is not one"));
    }
    if service == "s3" {
        let scopes = call.authorised.as_ref().map(pangolin_core::policy::Authorised::scopes).unwrap_or_default();
        headers::check_s3(&request.headers)?;
        let endpoint = call.config.get("endpoint").and_then(Value::as_str);
        request.url = s3_url::within(request.method.as_str(), &request.url, endpoint, scopes)
            .map_err(|outside| HttpFailure::denied(outside.to_string()))?;
    }
    let keys = slot::aws_keys(call, keys, service)?;
    let signer = Signer { keys: &keys, service, region, at: now };
    let signed = signer
        .headers(request.method.as_str(), &request.url, &request.headers, Payload::Bytes(&request.body))
        .map_err(|not_signable| HttpFailure::invalid(not_signable.to_string()))?;
    for (name, value) in signed {
        set(request, headers::parse_name(&name)?, &value)?;
    }
    // The key's identifier is no secret, and errors of AWS repeat it.
    let mut injected = Needles::default();
    injected.add(keys.secret_access_key());
    if let Some(token) = keys.session_token() {
        injected.add(token);
    }
    Ok(injected)
}
