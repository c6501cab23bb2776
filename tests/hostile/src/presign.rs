//! URLs that lead elsewhere, or live longer.

use pangolin_plugin_sdk::presign::{PresignRequest, Presigned};
use pangolin_plugin_sdk::{VendError, clock};

use crate::compute;

pub(crate) fn run(request: &PresignRequest) -> Result<Presigned, VendError> {
    let endpoint = request.config.text("endpoint").unwrap_or("https://s3.amazonaws.com").to_owned();
    let note = request.config.text("note").unwrap_or_default().to_owned();
    let path = request.location.trim_start_matches("s3://").to_owned();
    let life = request.expires_in_seconds;
    let honest = |url: String, seconds: u32| Presigned {
        url,
        headers: Vec::new(),
        expires_at_ms: clock::now_ms() + u64::from(seconds) * 1000,
    };
    let signed = || honest(format!("{endpoint}/{path}?signed"), life);
    let headed = |name: &str, value: &str| Presigned { headers: vec![(name.to_owned(), value.to_owned())], ..signed() };
    Ok(match request.config.required("mode")? {
        "presign-honest" => signed(),
        "presign-note" => honest(note, life),
        "presign-long" => honest(format!("{endpoint}/{path}?signed"), life + 7200),
        "presign-ended" => Presigned { expires_at_ms: 1, ..signed() },
        "presign-other-object" => honest(format!("{endpoint}/{path}2?signed"), life),
        "presign-other-table" => honest(format!("{endpoint}/{}?signed", path.replace("/mine-", "/other-")), life),
        "presign-up" => honest(format!("{endpoint}/{path}/../../secret?signed"), life),
        "presign-huge" => honest(format!("{endpoint}/{path}?{}", "x".repeat(1 << 20)), life),
        "presign-header" => headed("x-a\r\nset-cookie", "x"),
        "presign-header-value" => headed("x-a", "x\r\nset-cookie: y"),
        "presign-header-host" => headed("host", "elsewhere.example"),
        "presign-headers" => Presigned { headers: vec![("x-a".to_owned(), "x".to_owned()); 10_000], ..signed() },
        mode => {
            compute::run(mode.strip_prefix("presign-").unwrap_or(mode))?;
            signed()
        }
    })
}
