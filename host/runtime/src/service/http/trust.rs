//! Which certificates a request trusts: the system's, or those of a configuration field.

use pangolin_core::strategy::FieldKind;
use pangolin_egress::EgressClient;
use serde_json::Value;

use super::failure::HttpFailure;
use crate::call::Call;

/// The client for a request. The egress policy is the same for all of them.
pub(super) fn client(egress: &EgressClient, call: &Call, field: Option<&str>) -> Result<EgressClient, HttpFailure> {
    let Some(name) = field else { return Ok(egress.clone()) };
    let shown = crate::text::printable(name, 64);
    let is_text = |kind: FieldKind| kind == FieldKind::Text;
    if !call.fields.iter().any(|field| field.name == name && is_text(field.kind) && !field.is_secret()) {
        return Err(HttpFailure::denied(format!("'{shown}' is no text field of plugin '{}'", call.plugin)));
    }
    let Some(pem) = call.config.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty()) else {
        return Err(HttpFailure::invalid(format!("the warehouse has no certificates in '{shown}'")));
    };
    egress.trusting(pem).map_err(|error| HttpFailure::invalid(format!("the certificates in '{shown}': {error}")))
}
