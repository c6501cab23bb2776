//! Whether an entry of a scenario is for a request.

use pangolin_egress::Request;
use url::Url;

use crate::planted::decoded;
use crate::scenario::Exchange;

/// Where the requests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// From a strategy that believes to speak with the servers themselves.
    Everywhere,
    /// From a server in their place: scheme, host and port do not count.
    PathOnly,
}

/// Method, URL, and texts of the body.
pub(super) fn matches(exchange: &Exchange, request: &Request, reach: Reach) -> bool {
    if exchange.method != request.method.as_str() || !is_for(exchange, &request.url, reach) {
        return false;
    }
    if exchange.body_contains.is_empty() {
        return true;
    }
    let texts = decoded(&request.body);
    exchange.body_contains.iter().all(|wanted| texts.iter().any(|text| text.contains(wanted.as_str())))
}

fn is_for(exchange: &Exchange, url: &Url, reach: Reach) -> bool {
    // In the form that requests have: `https://x.example` is `https://x.example/`.
    let Ok(wanted) = Url::parse(exchange.plain_url()) else { return false };
    let text = |url: &Url| match reach {
        Reach::Everywhere => url.as_str().to_owned(),
        Reach::PathOnly => url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())),
    };
    let given = text(url);
    if exchange.prefix().is_none() {
        return given == text(&wanted);
    }
    // Without a path the beginning may end within a name: `https://a*` is not `https://a/`.
    let wanted = match reach {
        Reach::Everywhere if wanted.path() == "/" && !exchange.plain_url().ends_with('/') => {
            exchange.plain_url().to_ascii_lowercase()
        }
        _ => text(&wanted),
    };
    given.starts_with(&wanted)
}
