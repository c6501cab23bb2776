//! Runs a script: its steps, the tale of what came of them, the answer.

use pangolin_plugin_sdk::{Credential, ErrorKind, VendError, VendRequest, clock};
use serde_json::{Value, json};

use crate::json::Words;
use crate::{honest, memory, steps, unknown};

/// Left in memory by each call, for the next one to find if it could.
const MARK: &str = "left-behind-by-";

pub(crate) fn run(request: &VendRequest) -> Result<Vec<Credential>, VendError> {
    let script = request.config.required("script")?;
    let script: Value = serde_json::from_str(script).map_err(|error| unknown(&error.to_string()))?;
    let script = written_plainly(script)?;
    let mut words = Words::of(request);
    let mark = std::hint::black_box(format!("{MARK}{}-{}", request.tenant, request.request_id));
    let mut seen: Vec<Value> = Vec::new();
    for step in script.get("steps").and_then(Value::as_array).into_iter().flatten() {
        seen.push(steps::run(step, &mut words));
    }
    if let Some(collector) = request.config.text("collector") {
        let given = format!("{request:?}");
        let tale = json!({ "request": request.request_id, "given": given, "seen": seen }).to_string();
        memory::tell(collector, "seen", tale.as_bytes())?;
        if script.get("dump").and_then(Value::as_bool).unwrap_or(false) {
            memory::tell_all(collector)?;
        }
    }
    std::hint::black_box(&mark);
    let Some(answer) = script.get("answer") else {
        let message = Value::from(seen).to_string();
        return Err(VendError::new(ErrorKind::Denied, "script-over", message));
    };
    Ok(answered(request, answer, &words))
}

/// A script with what the host takes from nobody, such as NUL or a URL with a password, comes as
/// `{"hex": …}`.
fn written_plainly(script: Value) -> Result<Value, VendError> {
    let Some(hex) = script.get("hex").and_then(Value::as_str) else { return Ok(script) };
    let digits: Option<Vec<u8>> =
        hex.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.ok_or_else(|| unknown("hex"))?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit)).collect();
    serde_json::from_slice(&bytes).map_err(|error| unknown(&error.to_string()))
}

/// The credentials that the script names.
fn answered(request: &VendRequest, answer: &Value, words: &Words) -> Vec<Credential> {
    let now = clock::now_ms();
    let root = words.fill("{root}");
    let mut out = Vec::new();
    for one in answer.as_array().into_iter().flatten() {
        let times = one.get("times").and_then(Value::as_u64).unwrap_or(1);
        let prefix = words.member(one, "prefix").unwrap_or_else(|| root.clone());
        let life = match one.get("life") {
            Some(Value::Null) => None,
            Some(life) => Some(life.as_i64().unwrap_or_default()),
            None => Some(i64::from(request.ttl_seconds)),
        };
        let end = life.map(|life| now.saturating_add_signed(life.saturating_mul(1000)));
        let mut credential = match one.get("entries").and_then(Value::as_object) {
            None => honest(prefix, 0),
            Some(entries) => entries.iter().fold(Credential::new(prefix), |credential, (key, value)| {
                match words.member(value, "slot") {
                    Some(slot) => credential.slot(key, slot),
                    None => credential.plain(key, words.text(value)),
                }
            }),
        };
        credential.expires_at_ms = end;
        credential.handle = words.member(one, "handle");
        credential.extensions = words.pairs(one, "extensions");
        for _ in 0..times {
            out.push(credential.clone());
        }
    }
    out
}
