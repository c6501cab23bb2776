//! Log lines: JSON on standard error, filtered by `RUST_LOG`.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::SystemTime;

/// Libraries that write requests, headers or statements at finer levels: a presigned URL, a token or
/// a signature would be in the log. `RUST_LOG` cannot open them further.
const CAPPED: &[&str] = &[
    "aws_config=info",
    "aws_runtime=info",
    "aws_sigv4=info",
    "aws_smithy_http_client=info",
    "aws_smithy_runtime=info",
    "h2=info",
    "hyper=warn",
    "hyper_util=info",
    "object_store=info",
    "reqwest=info",
    "rustls=info",
    "sqlx=warn",
];

/// Starts logging; a second call changes nothing.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = CAPPED.iter().filter_map(|text| text.parse().ok()).fold(filter, EnvFilter::add_directive);
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_timer(SystemTime)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}

#[cfg(test)]
mod tests {
    use super::CAPPED;
    use tracing_subscriber::filter::Directive;

    #[test]
    fn every_cap_is_a_directive() {
        for text in CAPPED {
            assert!(text.parse::<Directive>().is_ok(), "{text}");
        }
    }
}
