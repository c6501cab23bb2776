//! Calls of VMS: where they go, who asks, and a token that is renewed when it has ended.

use pangolin_plugin_sdk::VendError;
use pangolin_plugin_sdk::http::{Auth, Request};
use serde_json::{Value, json};

mod reply;

pub(crate) use reply::Reply;

use crate::config::{Login, Proof, SCHEME, Settings};
use crate::fault;

/// Slots of this run that hold the tokens of a login.
const ACCESS: &str = "vms_access";
const REFRESH: &str = "vms_refresh";

/// One run's session with VMS.
#[derive(Debug)]
pub(crate) struct Vms<'a> {
    settings: &'a Settings<'a>,
    login: Login<'a>,
    session: Session,
}

/// What is known of the tokens of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    None,
    Open { can_refresh: bool },
}

impl<'a> Vms<'a> {
    pub(crate) fn new(settings: &'a Settings<'a>, login: Login<'a>) -> Self {
        Self { settings, login, session: Session::None }
    }

    /// The user who asks.
    pub(crate) fn user(&self) -> &'a str {
        self.login.user
    }

    /// Sends one call. The answer has a status of success, or one of 4xx that means something to
    /// the call; what means the same to every call is an error.
    ///
    /// # Errors
    /// No answer, a fault of the server, or the user is not let in.
    pub(crate) fn call(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Reply, VendError> {
        let Proof::Jwt(slot) = self.login.proof else {
            let reply = self.send(method, path, body, self.auth())?;
            return if reply.status == 401 { Err(fault::not_let_in(&reply, &self.login)) } else { fault::pass(reply) };
        };
        if self.session == Session::None {
            self.log_in(slot)?;
        }
        let reply = self.send(method, path, body, self.auth())?;
        if !fault::is_token_over(&reply) {
            return fault::pass(reply);
        }
        // The call was not let in, so it did nothing, and can be sent again.
        self.renew(slot)?;
        let reply = self.send(method, path, body, self.auth())?;
        if fault::is_token_over(&reply) { Err(fault::not_let_in(&reply, &self.login)) } else { fault::pass(reply) }
    }

    fn auth(&self) -> Auth {
        match self.login.proof {
            Proof::Basic(slot) => Auth::Basic { user: self.login.user.to_owned(), slot: slot.to_owned() },
            Proof::ApiToken(slot) => Auth::Authorization { scheme: SCHEME.to_owned(), slot: slot.to_owned() },
            Proof::Jwt(_) => Auth::Bearer { slot: ACCESS.to_owned() },
        }
    }

    fn log_in(&mut self, slot: &str) -> Result<(), VendError> {
        let body = json!({ "username": self.login.user });
        let auth = Auth::JsonField { name: "password".to_owned(), slot: slot.to_owned() };
        let reply = self.tokens("token/", &body, auth)?;
        if matches!(reply.status, 400 | 401 | 403) {
            return Err(fault::not_let_in(&reply, &self.login));
        }
        self.open(&fault::pass(reply)?)
    }

    /// By the refresh token; where that has ended too, by the password.
    fn renew(&mut self, slot: &str) -> Result<(), VendError> {
        if self.session == (Session::Open { can_refresh: true }) {
            let auth = Auth::JsonField { name: "refresh".to_owned(), slot: REFRESH.to_owned() };
            let reply = self.tokens("token/refresh/", &json!({}), auth)?;
            if reply.is_success() {
                return self.open(&reply);
            }
            if !matches!(reply.status, 400 | 401 | 403) {
                return fault::pass(reply).and_then(|reply| self.open(&reply));
            }
        }
        self.log_in(slot)
    }

    fn tokens(&self, path: &str, body: &Value, auth: Auth) -> Result<Reply, VendError> {
        let request = self.request("POST", path, Some(body)).auth(auth);
        fault::sent(request.capture(ACCESS, "/access").capture(REFRESH, "/refresh").send())
    }

    /// The host keeps the tokens; here stands where they were.
    fn open(&mut self, reply: &Reply) -> Result<(), VendError> {
        let body = reply.json().filter(|_| reply.is_success());
        let has = |name: &str| body.as_ref().is_some_and(|body| body.get(name).is_some_and(Value::is_string));
        if !has("access") {
            return Err(fault::unreadable("its answer to the login has no token"));
        }
        // A refresh may leave the refresh token as it is.
        let had_one = self.session == (Session::Open { can_refresh: true });
        self.session = Session::Open { can_refresh: has("refresh") || had_one };
        Ok(())
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>, auth: Auth) -> Result<Reply, VendError> {
        fault::sent(self.request(method, path, body).auth(auth).send())
    }

    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Request {
        let request = Request::new(method, format!("{}{path}", self.settings.base))
            .header("Accept", "application/json")
            .trust(self.settings.trust);
        let request = match self.settings.tenant {
            Some(tenant) => request.header("X-Tenant-Name", tenant),
            None => request,
        };
        match body {
            Some(body) => request.header("Content-Type", "application/json").body(body.to_string()),
            None => request,
        }
    }
}
