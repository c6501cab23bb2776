//! Where the host may connect to. Default-deny, asked twice: for the URL, and for every address
//! that its name resolves to. Pure; the crate `pangolin-egress` applies it.

mod address;
mod denied;
mod grant;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

pub use self::denied::{EgressDenied, InvalidRange};
pub use self::grant::{host_granted, wanted_host};

/// The operator's rules for outgoing connections. Guests, endpoints that a tenant sets, and the
/// host's own storage client all pass the same one.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    allowed: Vec<IpNet>,
    operator: Vec<Origin>,
    allow_http: bool,
}

/// Scheme, host and port of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    fn of(url: &Url) -> Option<Self> {
        Some(Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str()?.trim_end_matches('.').to_owned(),
            port: url.port_or_known_default(),
        })
    }
}

impl EgressPolicy {
    /// `allowed` are ranges that are refused by default (`PANGOLIN_EGRESS_ALLOW`). `operator` are
    /// endpoints that the operator set in the environment, such as `AWS_ENDPOINT_URL`: they are
    /// allowed whatever their address, by scheme, host and port. `allow_http` is `AWS_ALLOW_HTTP`.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>, operator: &[Url], allow_http: bool) -> Self {
        Self { allowed, operator: operator.iter().filter_map(Origin::of).collect(), allow_http }
    }

    /// Reads `PANGOLIN_EGRESS_ALLOW`: comma-separated ranges, or single addresses.
    ///
    /// # Errors
    /// A part is neither an address nor a range.
    pub fn parse_ranges(text: &str) -> Result<Vec<IpNet>, InvalidRange> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| {
                part.parse::<IpNet>()
                    .or_else(|_| part.parse::<IpAddr>().map(IpNet::from))
                    .map_err(|_| InvalidRange(part.escape_debug().to_string()))
            })
            .collect()
    }

    /// Parses a URL and judges it as [`EgressPolicy::guard`] does. The result is in normal form:
    /// lower-case host without a trailing dot, addresses in their usual spelling.
    ///
    /// # Errors
    /// See [`EgressDenied`].
    pub fn check_url(&self, text: &str) -> Result<Url, EgressDenied> {
        // The parser drops these silently; what a reader sees must be what is called.
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(EgressDenied::Malformed);
        }
        // Nor does it say that it dropped an empty user, or slashes that were too many or too few.
        let authority = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
        match authority {
            None | Some("") => return Err(EgressDenied::Malformed),
            Some(authority) if authority.contains('@') => return Err(EgressDenied::UserInformation),
            Some(_) => {}
        }
        let mut url = Url::parse(text).map_err(|_| EgressDenied::Malformed)?;
        if let Some(Host::Domain(name)) = url.host()
            && let Some(bare) = name.strip_suffix('.')
            && !bare.ends_with('.')
        {
            let bare = bare.to_owned();
            url.set_host(Some(&bare)).map_err(|_| EgressDenied::Malformed)?;
        }
        self.guard(&url)?;
        Ok(url)
    }

    /// Judges a URL: scheme, no user information, no fragment, a host, no refused address
    /// literal. A name is judged again, by [`EgressPolicy::check_address`], once it is resolved.
    ///
    /// # Errors
    /// See [`EgressDenied`].
    pub fn guard(&self, url: &Url) -> Result<(), EgressDenied> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(EgressDenied::Scheme(url.scheme().chars().take(20).collect()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EgressDenied::UserInformation);
        }
        if url.fragment().is_some() {
            return Err(EgressDenied::Fragment);
        }
        let host = url.host().ok_or(EgressDenied::NoHost)?;
        if let Host::Domain(name) = host
            && name.strip_suffix('.').unwrap_or(name).split('.').any(|label| label.is_empty() || label.len() > 63)
        {
            return Err(EgressDenied::NoHost);
        }
        if self.is_operator_origin(url) {
            return Ok(());
        }
        let literal = literal_address(&host);
        if let Some(address) = literal {
            self.check_address(address)?;
        }
        let chosen_by_operator = literal.is_some_and(|address| self.allows(address));
        if url.scheme() == "http" && !self.allow_http && !chosen_by_operator {
            return Err(EgressDenied::PlainHttp(host.to_string()));
        }
        Ok(())
    }

    /// Judges one address, as a literal or as the answer of a resolver.
    ///
    /// # Errors
    /// [`EgressDenied::Address`] names the range and the setting that allows it.
    pub fn check_address(&self, address: IpAddr) -> Result<(), EgressDenied> {
        match address::refused_range(address) {
            Some(range) if !self.allows(address) => {
                Err(EgressDenied::Address { address, kind: range.kind, range: range.text })
            }
            _ => Ok(()),
        }
    }

    /// Whether the URL's scheme, host and port are those of an endpoint that the operator set.
    #[must_use]
    pub fn is_operator_origin(&self, url: &Url) -> bool {
        !self.operator.is_empty() && Origin::of(url).is_some_and(|origin| self.operator.contains(&origin))
    }

    /// Whether the operator listed the address, in the form that a connection would reach.
    fn allows(&self, address: IpAddr) -> bool {
        let reached = address::reached(address);
        self.allowed.iter().any(|range| range.contains(&address) || range.contains(&reached))
    }
}

/// The address that a host names without DNS; `localhost` is one by RFC 6761.
fn literal_address(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            (name == "localhost" || name.ends_with(".localhost")).then_some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST))
        }
    }
}
