//! Hostile: a strategy that misbehaves in the way that its warehouse names. For tests only.
//!
//! `mode` is a misdeed of its own, or `script`: then the field `script` says step by step what to
//! call, and what to answer. Whatever the guest learns is told to the server in the field
//! `collector`, in a form that the host cannot read, together with all of the guest's memory.

use pangolin_plugin_sdk::presign::{Presign, PresignRequest, Presigned};
use pangolin_plugin_sdk::{
    Config, Credential, Description, ErrorKind, Problem, Strategy, VendError, VendRequest, clock, export,
};

mod compute;
mod fields;
mod json;
mod memory;
mod presign;
mod script;
mod steps;

/// The strategy.
#[derive(Debug)]
pub struct Hostile;

impl Strategy for Hostile {
    fn describe() -> Description {
        fields::DESCRIPTION
    }

    fn check_config(config: &Config) -> Result<(), Vec<Problem>> {
        match config.text("at_check") {
            None | Some("script") => Ok(()),
            Some("problems") => {
                Err((0..10_000).map(|_| Problem::new("\u{1b}[31mmode", "\u{1b}[2J\r\nforged".repeat(500))).collect())
            }
            Some(mode) => Err(vec![Problem::new("at_check", format!("{:?}", compute::run(mode)))]),
        }
    }

    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError> {
        let mode = request.config.required("mode")?;
        if mode == "script" {
            return script::run(&request);
        }
        compute::run(mode)?;
        let root = request.scopes.first().map(|scope| scope.location.clone()).unwrap_or_default();
        let end = clock::now_ms() + u64::from(request.ttl_seconds) * 1000;
        Ok(vec![honest(root, end)])
    }
}

fn honest(prefix: String, end: u64) -> Credential {
    Credential::new(prefix)
        .plain("s3.access-key-id", "PLAIN")
        .plain("s3.secret-access-key", "PLAIN-SECRET")
        .expires_at_ms(end)
}

fn unknown(what: &str) -> VendError {
    VendError::new(ErrorKind::InvalidConfig, "no-such-misdeed", what)
}

impl Presign for Hostile {
    fn presign(request: PresignRequest) -> Result<Presigned, VendError> {
        presign::run(&request)
    }
}

export!(Hostile, presign);
