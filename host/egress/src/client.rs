//! The client: who may be called is asked for the URL here and for the address in the resolver.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use pangolin_core::egress::EgressPolicy;
use url::Url;

use crate::error::EgressError;
use crate::resolve::{GuardedResolver, OpenResolver, Resolve, SystemResolver};
use crate::response::{Limits, Response};
use crate::trust::{self, Kept, TrustError};

/// Longer than any healthy handshake, shorter than a caller's patience.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Idle connections are dropped soon, so that a changed DNS answer is seen.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// An HTTP client under an egress policy. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct EgressClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// None: the operator's own endpoints, no policy.
    policy: Option<Arc<EgressPolicy>>,
    /// Names resolve to allowed addresses only.
    guarded: reqwest::Client,
    /// Names resolve to whatever they resolve to; for origins that the operator set. Separate,
    /// because a resolver sees a name and not the port: another port of that host stays guarded.
    open: reqwest::Client,
    /// Of both clients, for those that trust other certificates.
    resolver: Arc<dyn Resolve>,
    /// Answers in the place of the network.
    upstream: Option<Arc<dyn Upstream>>,
    trusting: Kept,
}

/// A request with its whole body.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Absolute URL.
    pub url: Url,
    /// Headers; `host` and lengths are set by the client.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// What answers in the place of the network.
#[async_trait::async_trait]
pub trait Upstream: Send + Sync + std::fmt::Debug {
    /// The answer to a request that passed the policy.
    ///
    /// # Errors
    /// What the network would have failed with.
    async fn answer(&self, request: Request) -> Result<Response, EgressError>;
}

impl EgressClient {
    /// A client for everything that a tenant or a plugin can name.
    ///
    /// # Errors
    /// The TLS roots of the system cannot be loaded.
    pub fn new(policy: Arc<EgressPolicy>) -> Result<Self, EgressError> {
        Self::with_resolver(policy, Arc::new(SystemResolver::default()))
    }

    /// As [`EgressClient::new`], with the resolver of names given.
    ///
    /// # Errors
    /// As [`EgressClient::new`].
    pub fn with_resolver(policy: Arc<EgressPolicy>, resolver: Arc<dyn Resolve>) -> Result<Self, EgressError> {
        Self::build(Some(policy), resolver, None)
    }

    fn build(
        policy: Option<Arc<EgressPolicy>>,
        resolver: Arc<dyn Resolve>,
        trusted: Option<&[reqwest::Certificate]>,
    ) -> Result<Self, EgressError> {
        let open = build(OpenResolver::new(resolver.clone()), trusted)?;
        let guarded = match &policy {
            Some(policy) => build(GuardedResolver::new(policy.clone(), resolver.clone()), trusted)?,
            None => open.clone(),
        };
        Ok(Self {
            inner: Arc::new(Inner { policy, guarded, open, resolver, upstream: None, trusting: Kept::default() }),
        })
    }

    /// A client whose requests are judged as ever and then answered by `upstream`: plugins are tried
    /// without a cloud so. Addresses are not resolved.
    ///
    /// # Errors
    /// As [`EgressClient::new`].
    pub fn answered_by(policy: Arc<EgressPolicy>, upstream: Arc<dyn Upstream>) -> Result<Self, EgressError> {
        let Self { inner } = Self::new(policy)?;
        let Inner { policy, guarded, open, resolver, .. } = &*inner;
        let (policy, guarded, open, resolver) = (policy.clone(), guarded.clone(), open.clone(), resolver.clone());
        let upstream = Some(upstream);
        Ok(Self { inner: Arc::new(Inner { policy, guarded, open, resolver, upstream, trusting: Kept::default() }) })
    }

    /// The same client, but for its trust: servers show a certificate that one of these (PEM)
    /// signed, and the system's authorities count for nothing. Kept for the next call.
    ///
    /// # Errors
    /// The text has no certificate that can be read.
    pub fn trusting(&self, pem: &str) -> Result<Self, TrustError> {
        let Inner { policy, resolver, trusting, upstream, .. } = &*self.inner;
        if upstream.is_some() {
            return trust::certificates(pem).map(|_| self.clone());
        }
        trusting.get_or_build(pem, || {
            let trusted = trust::certificates(pem)?;
            // What is left to fail is a certificate whose content is no authority's.
            Self::build(policy.clone(), resolver.clone(), Some(&trusted)).map_err(|_| TrustError::Unreadable)
        })
    }

    /// A client for endpoints that nobody but the operator can name, such as the metadata service
    /// that gives the host its own cloud identity. It has no address policy.
    ///
    /// # Errors
    /// As [`EgressClient::new`].
    pub fn operator() -> Result<Self, EgressError> {
        Self::build(None, Arc::new(SystemResolver::default()), None)
    }

    /// Judges the URL and gives the client that may call it: the resolver behind it drops refused
    /// addresses. To be asked before every request, because an address literal never reaches the
    /// resolver.
    ///
    /// # Errors
    /// [`EgressError::Denied`].
    pub fn guard(&self, url: &Url) -> Result<&reqwest::Client, EgressError> {
        match &self.inner.policy {
            None => Ok(&self.inner.open),
            Some(policy) => {
                policy.guard(url)?;
                Ok(if policy.is_operator_origin(url) { &self.inner.open } else { &self.inner.guarded })
            }
        }
    }

    /// The client behind the address policy, for code that brings its own request type, such as
    /// object_store's connector. Call [`EgressClient::guard`] with each URL first; its answer is
    /// the better client, as it also reaches the operator's own endpoints.
    #[must_use]
    pub fn reqwest(&self) -> &reqwest::Client {
        &self.inner.guarded
    }

    /// The policy; none for the operator's own client.
    #[must_use]
    pub fn policy(&self) -> Option<&Arc<EgressPolicy>> {
        self.inner.policy.as_ref()
    }

    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        self.inner.trusting.len()
    }

    /// Sends one request and reads the whole answer, in bounds. Redirects are answers.
    ///
    /// # Errors
    /// See [`EgressError`]. No text holds the URL's path or query.
    pub async fn execute(&self, request: Request, limits: Limits) -> Result<Response, EgressError> {
        let client = self.guard(&request.url)?;
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let exchange = async {
            if let Some(upstream) = &self.inner.upstream {
                return upstream.answer(request).await?.within(limits.max_response_bytes, &host);
            }
            let call = client.request(request.method, request.url).headers(request.headers).body(request.body);
            let answer = call.send().await.map_err(|error| EgressError::from_reqwest(&host, &error))?;
            Response::read(answer, limits.max_response_bytes, &host).await
        };
        match tokio::time::timeout(limits.timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(EgressError::Timeout { host: host.clone() }),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that builds clients")]
fn build(
    resolver: impl reqwest::dns::Resolve + 'static,
    trusted: Option<&[reqwest::Certificate]>,
) -> Result<reqwest::Client, EgressError> {
    let builder = match trusted {
        Some(certificates) => reqwest::Client::builder().tls_certs_only(certificates.iter().cloned()),
        None => reqwest::Client::builder(),
    };
    builder
        .tls_backend_rustls()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .dns_resolver(Arc::new(resolver))
        .build()
        .map_err(|error| EgressError::Setup(error.to_string()))
}
