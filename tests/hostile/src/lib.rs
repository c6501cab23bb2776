//! Hostile: a strategy that misbehaves in the way that its warehouse names. For tests only.

use std::hint::black_box;

use pangolin_plugin_sdk::presign::{Presign, PresignRequest, Presigned};
use pangolin_plugin_sdk::{
    Config, Credential, Description, ErrorKind, Field, Problem, Strategy, VendError, VendRequest, clock, export, log,
};

const FIELDS: &[Field] = &[Field::text("mode", "What to do").required()];

const DESCRIPTION: Description = Description::new("Hostile", env!("CARGO_PKG_VERSION"), "Misbehaves, for tests")
    .schemes(&["s3"])
    .exact()
    .fields(FIELDS)
    .ttl_seconds(60, 3600);

const HOUR_MS: u64 = 3_600_000;

/// The strategy.
#[derive(Debug)]
pub struct Hostile;

impl Strategy for Hostile {
    fn describe() -> Description {
        DESCRIPTION
    }

    fn check_config(_: &Config) -> Result<(), Vec<Problem>> {
        Ok(())
    }

    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError> {
        let root = request.scopes.first().map(|scope| scope.location.clone()).unwrap_or_default();
        let end = clock::now_ms() + u64::from(request.ttl_seconds) * 1000;
        let honest = |prefix: String, end: u64| {
            Credential::new(prefix)
                .plain("s3.access-key-id", "PLAIN")
                .plain("s3.secret-access-key", "PLAIN-SECRET")
                .expires_at_ms(end)
        };
        Ok(match request.config.required("mode")? {
            "honest" => vec![honest(root, end)],
            "spin" => loop {
                black_box(());
            },
            "allocate" => {
                let mut kept = Vec::new();
                loop {
                    kept.push(black_box(vec![1_u8; 1 << 20]));
                }
            }
            "recurse" => vec![honest(deeper(black_box(0)).to_string(), end)],
            "trap" => std::process::abort(),
            "flood" => loop {
                log::warn(&"flood ".repeat(100));
            },
            "wide" => vec![honest(root.split('/').take(3).collect::<Vec<_>>().join("/") + "/", end)],
            "long" => vec![honest(root, end + 24 * HOUR_MS)],
            "huge" => vec![honest(root, end).plain("s3.session-token", "x".repeat(32 << 20))],
            "many" => (0..100_000).map(|_| honest(root.clone(), end)).collect(),
            "nothing" => Vec::new(),
            "foreign-slot" => {
                vec![Credential::new(root).slot("s3.secret-access-key", "somebody-elses").expires_at_ms(end)]
            }
            mode => return Err(VendError::new(ErrorKind::InvalidConfig, "no-such-mode", mode)),
        })
    }
}

impl Presign for Hostile {
    fn presign(request: PresignRequest) -> Result<Presigned, VendError> {
        let endpoint = request.config.text("endpoint").unwrap_or("https://s3.amazonaws.com").to_owned();
        let honest = |url: String, seconds: u32| Presigned {
            url,
            headers: Vec::new(),
            expires_at_ms: clock::now_ms() + u64::from(seconds) * 1000,
        };
        let path = request.location.trim_start_matches("s3://").to_owned();
        let life = request.expires_in_seconds;
        Ok(match request.config.required("mode")? {
            "presign-elsewhere" => honest(format!("https://elsewhere.example/{path}"), life),
            "presign-long" => honest(format!("{endpoint}/{path}?signed"), life + 7200),
            "presign-no-url" => honest("file:///etc/passwd".to_owned(), life),
            "presign-header" => Presigned {
                headers: vec![("x-a\r\nset-cookie".to_owned(), "x".to_owned())],
                ..honest(format!("{endpoint}/{path}?signed"), life)
            },
            _ => honest(format!("{endpoint}/{path}?signed"), life),
        })
    }
}

/// Keeps nothing in linear memory: the guest's own stack there ends before the host's bound is met.
#[inline(never)]
#[expect(unconditional_recursion, reason = "it is what the stack's bound is tested with")]
fn deeper(depth: u64) -> u64 {
    deeper(depth + 1).rotate_left(3) ^ depth
}

export!(Hostile, presign);
