//! A secret as a member of a JSON body.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use pangolin_egress::Request;
use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

use super::failure::HttpFailure;

const JSON: &str = "application/json";

/// Bytes of such a body: read as JSON it takes many times as much.
const LARGEST: usize = 256 * 1024;

/// Puts the member into the object that the body is.
pub(super) fn put(request: &mut Request, name: &str, value: &str) -> Result<(), HttpFailure> {
    match request.headers.get(CONTENT_TYPE) {
        None => drop(request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON))),
        Some(given) if is_json(given) => {}
        Some(_) => return Err(HttpFailure::invalid(format!("a JSON field needs a body of type {JSON}"))),
    }
    if request.body.len() > LARGEST {
        return Err(HttpFailure::invalid(format!("a JSON body that a field is put into has at most {LARGEST} bytes")));
    }
    let Ok(Value::Object(mut object)) = serde_json::from_slice(&request.body) else {
        return Err(HttpFailure::invalid("a JSON field needs a body that is a JSON object"));
    };
    if object.get(name).is_some_and(|given| !given.is_null()) {
        return Err(HttpFailure::invalid("the JSON object has this member already"));
    }
    object.insert(name.to_owned(), Value::String(value.to_owned()));
    let written = serde_json::to_vec(&object).map(Zeroizing::new);
    if let Some(Value::String(copy)) = object.get_mut(name) {
        copy.zeroize();
    }
    match written {
        Ok(body) => request.body = Bytes::copy_from_slice(&body),
        Err(_) => return Err(HttpFailure::invalid("the JSON object cannot be written")),
    }
    Ok(())
}

fn is_json(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|text| text.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JSON))
}
