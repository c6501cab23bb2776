//! A test double of the host, for a plugin's unit tests outside of the sandbox.
//!
//! Install it with [`Host::run`]; every host call inside goes to it. A call that the test did
//! not prepare is refused, as the real host refuses what is not granted.
//!
//! ```
//! use pangolin_plugin_sdk::{clock, http, testing::Host};
//!
//! let host = Host::new().now_ms(1_000).on_send(|request| {
//!     assert_eq!(request.method, "GET");
//!     Ok(http::Response { status: 204, headers: Vec::new(), body: Vec::new() })
//! });
//! let status = host.run(|| http::Request::new("GET", "https://vms.example/").send().map(|answer| answer.status));
//! assert_eq!(status, Ok(204));
//! assert_eq!(host.sent().len(), 1);
//! ```

use std::cell::RefCell;
use std::rc::Rc;

use crate::config::Config;
use crate::error::VendError;
use crate::request::{Access, Scope, VendRequest};
use crate::{azure, gcp, http, log, signing, sts};

pub(crate) mod calls;

type Answer<Q, A, E> = Box<dyn Fn(&Q) -> Result<A, E>>;

#[derive(Default)]
struct State {
    now_ms: u64,
    random: RefCell<u8>,
    send: Option<Answer<http::Request, http::Response, http::Failure>>,
    assume_role: Option<Answer<sts::AssumeRole, sts::Session, VendError>>,
    presign: Option<Answer<signing::PresignS3, String, VendError>>,
    sign_sas: Option<Answer<azure::SasRequest, azure::Token, VendError>>,
    access_token: Option<Answer<azure::Principal, azure::Token, VendError>>,
    downscope: Option<Answer<gcp::Downscope, azure::Token, VendError>>,
    sign_url: Option<Answer<gcp::SignUrl, String, VendError>>,
    sent: RefCell<Vec<http::Request>>,
    assumed: RefCell<Vec<sts::AssumeRole>>,
    signed: RefCell<Vec<azure::SasRequest>>,
    downscoped: RefCell<Vec<gcp::Downscope>>,
    lines: RefCell<Vec<(log::Level, String)>>,
}

thread_local! {
    static INSTALLED: RefCell<Option<Rc<State>>> = const { RefCell::new(None) };
}

/// A host that answers as the test says and remembers what it was asked.
#[derive(Default)]
pub struct Host {
    state: Rc<State>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("now_ms", &self.state.now_ms).finish_non_exhaustive()
    }
}

impl Host {
    /// A host at the Unix epoch that refuses every call but clock, crypto and log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, change: impl FnOnce(&mut State)) -> Self {
        if let Some(state) = Rc::get_mut(&mut self.state) {
            change(state);
        }
        self
    }

    /// What the clock says.
    #[must_use]
    pub fn now_ms(self, now: u64) -> Self {
        self.with(|state| state.now_ms = now)
    }

    /// How HTTP requests are answered.
    #[must_use]
    pub fn on_send(self, answer: impl Fn(&http::Request) -> Result<http::Response, http::Failure> + 'static) -> Self {
        self.with(|state| state.send = Some(Box::new(answer)))
    }

    /// How `AssumeRole` is answered.
    #[must_use]
    pub fn on_assume_role(
        self,
        answer: impl Fn(&sts::AssumeRole) -> Result<sts::Session, VendError> + 'static,
    ) -> Self {
        self.with(|state| state.assume_role = Some(Box::new(answer)))
    }

    /// How presigning is answered.
    #[must_use]
    pub fn on_presign_s3(self, answer: impl Fn(&signing::PresignS3) -> Result<String, VendError> + 'static) -> Self {
        self.with(|state| state.presign = Some(Box::new(answer)))
    }

    /// How SAS are signed.
    #[must_use]
    pub fn on_sign_sas(self, answer: impl Fn(&azure::SasRequest) -> Result<azure::Token, VendError> + 'static) -> Self {
        self.with(|state| state.sign_sas = Some(Box::new(answer)))
    }

    /// How Azure access tokens are answered.
    #[must_use]
    pub fn on_access_token(
        self,
        answer: impl Fn(&azure::Principal) -> Result<azure::Token, VendError> + 'static,
    ) -> Self {
        self.with(|state| state.access_token = Some(Box::new(answer)))
    }

    /// How Google tokens are downscoped.
    #[must_use]
    pub fn on_downscope(self, answer: impl Fn(&gcp::Downscope) -> Result<azure::Token, VendError> + 'static) -> Self {
        self.with(|state| state.downscope = Some(Box::new(answer)))
    }

    /// How Google URLs are signed.
    #[must_use]
    pub fn on_sign_url(self, answer: impl Fn(&gcp::SignUrl) -> Result<String, VendError> + 'static) -> Self {
        self.with(|state| state.sign_url = Some(Box::new(answer)))
    }

    /// Runs the code with this host on the current thread.
    pub fn run<T>(&self, code: impl FnOnce() -> T) -> T {
        struct Restore(Option<Rc<State>>);
        impl Drop for Restore {
            fn drop(&mut self) {
                let before = self.0.take();
                INSTALLED.with(|installed| *installed.borrow_mut() = before);
            }
        }
        let before = INSTALLED.with(|installed| installed.borrow_mut().replace(Rc::clone(&self.state)));
        let _restore = Restore(before);
        code()
    }

    /// The HTTP requests so far.
    #[must_use]
    pub fn sent(&self) -> Vec<http::Request> {
        self.state.sent.borrow().clone()
    }

    /// The `AssumeRole` requests so far.
    #[must_use]
    pub fn assumed(&self) -> Vec<sts::AssumeRole> {
        self.state.assumed.borrow().clone()
    }

    /// The SAS requests so far.
    #[must_use]
    pub fn signed(&self) -> Vec<azure::SasRequest> {
        self.state.signed.borrow().clone()
    }

    /// The downscoping requests so far.
    #[must_use]
    pub fn downscoped(&self) -> Vec<gcp::Downscope> {
        self.state.downscoped.borrow().clone()
    }

    /// The log lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<(log::Level, String)> {
        self.state.lines.borrow().clone()
    }
}

/// A vend of an hour for one location, asked by `alice` of tenant `t1` for `lake.sales.orders`.
#[must_use]
pub fn request(config: Config, location: &str, access: Access) -> VendRequest {
    VendRequest {
        config,
        scopes: vec![Scope { location: location.to_owned(), access }],
        ttl_seconds: 3600,
        principal: "alice".to_owned(),
        tenant: "t1".to_owned(),
        table: "lake.sales.orders".to_owned(),
        request_id: "r1".to_owned(),
        extensions: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
