//! What stands for the network while a strategy is tried: answers by a scenario, and by what the
//! clouds of the host's own services would say; keeps what it was sent, and fails when told to.

pub(crate) mod canned;
mod fault;
mod forward;
mod matching;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use pangolin_core::clock::Clock;
use pangolin_egress::{EgressError, Request, Response, Upstream};

pub(crate) use self::fault::{ALL as ALL_FAULTS, Fault, RETRY_AFTER_SECONDS};
pub(crate) use self::forward::Forward;
pub(crate) use self::matching::Reach;
use crate::scenario::{Exchange, Failure, Instants, render};

/// Requests of one run that are kept.
const MOST_SEEN: usize = 1_000;

/// One request, and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) request: Request,
    pub(crate) by: By,
    pub(crate) answer: Result<Response, EgressError>,
    /// Whether the answer says when something ends.
    pub(crate) says_expiry: bool,
}

impl Seen {
    /// Whether the answer had a body.
    pub(crate) fn has_body(&self) -> bool {
        self.answer.as_ref().is_ok_and(|answer| !answer.body.is_empty())
    }

    /// `POST https://tokens.example.com/v1`: without the query, which may be long.
    pub(crate) fn title(&self) -> String {
        let mut url = self.request.url.clone();
        url.set_query(None);
        format!("{} {url}", self.request.method)
    }
}

/// What answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// This entry of the scenario.
    Scenario(usize),
    /// What this cloud would say.
    Cloud(&'static str),
    /// A fault that was ordered.
    Fault(Fault),
    /// Nothing: the scenario has no answer.
    Nobody,
    /// The server itself.
    Network,
}

/// What it does from now on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Orders {
    /// What placeholders stand for.
    pub(crate) ttl_seconds: u32,
    /// The request that fails, counted from 0, and all later ones to the same place.
    pub(crate) fault: Option<(usize, Fault)>,
    /// Everything that would change something is answered by 404.
    pub(crate) gone: bool,
}

/// An upstream that keeps what it was sent.
pub(crate) trait Witness: Upstream {
    /// Starts anew: nothing was seen, nothing was answered.
    fn begin(&self, orders: Orders);

    /// What was seen since.
    fn seen(&self) -> Vec<Seen>;
}

/// Answers by a scenario.
#[derive(Debug)]
pub(crate) struct Scripted {
    exchanges: Vec<Exchange>,
    clock: Arc<dyn Clock>,
    reach: Reach,
    /// Whether clouds answer what the scenario does not.
    clouds: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    orders: Orders,
    seen: Vec<Seen>,
    /// How often each entry answered.
    used: Vec<u32>,
    /// Method and URL that fail.
    failing: Option<String>,
}

impl Scripted {
    pub(crate) fn new(exchanges: Vec<Exchange>, clock: Arc<dyn Clock>, reach: Reach, ttl_seconds: u32) -> Self {
        let orders = Orders { ttl_seconds, fault: None, gone: false };
        let state = State { orders, seen: Vec::new(), used: vec![0; exchanges.len()], failing: None };
        Self { exchanges, clock, reach, clouds: true, state: Mutex::new(state) }
    }

    /// Nothing answers but the scenario.
    pub(crate) fn alone(self) -> Self {
        Self { clouds: false, ..self }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer, and by whom; what it says does not depend on orders to fail.
    fn honest(&self, request: &Request, state: &mut State) -> (By, Result<Reply, EgressError>) {
        let instants = Instants { now: self.clock.now(), ttl_seconds: state.orders.ttl_seconds };
        for (index, exchange) in self.exchanges.iter().enumerate() {
            let left = exchange.times.is_none_or(|times| state.used.get(index).is_some_and(|used| *used < times));
            if !left || !matching::matches(exchange, request, self.reach) {
                continue;
            }
            if let Some(used) = state.used.get_mut(index) {
                *used += 1;
            }
            let reply = match exchange.failure {
                Some(failure) => Err(fault::failed(failure, &host(request), "as the scenario says")),
                None => Ok(scripted(exchange, request, &instants)),
            };
            return (By::Scenario(index), reply);
        }
        if let Some((cloud, reply)) = self.clouds.then(|| canned::answer(request, &instants)).flatten() {
            return (By::Cloud(cloud), Ok(reply));
        }
        let asked = format!("the scenario has no answer for {} {}", request.method, request.url);
        (By::Nobody, Err(fault::failed(Failure::Connect, &host(request), &asked)))
    }

    /// The answer with what was ordered, and how late it comes.
    fn ordered(&self, request: &Request) -> (Result<Response, EgressError>, Option<Duration>) {
        let mut state = self.state();
        let number = state.seen.len();
        let place = format!("{} {}", request.method, request.url);
        let (mut by, mut reply) = self.honest(request, &mut state);
        let says_expiry = reply.as_ref().is_ok_and(|reply| reply.says_expiry);
        if state.orders.gone && !matches!(request.method.as_str(), "GET" | "HEAD") {
            reply = Ok(Reply::new(404, "not found"));
        }
        let wait = reply.as_ref().ok().and_then(|reply| reply.delay);
        if let Some((first, fault)) = state.orders.fault {
            if number == first {
                state.failing = Some(place.clone());
            }
            if state.failing.as_ref() == Some(&place) {
                by = By::Fault(fault);
                reply = fault.apply(request, reply);
            }
        }
        let answer = reply.map(Response::from);
        if number < MOST_SEEN {
            state.seen.push(Seen { request: request.clone(), by, answer: answer.clone(), says_expiry });
        }
        (answer, wait)
    }

    /// The answer to a request.
    pub(crate) async fn reply(&self, request: &Request) -> Result<Response, EgressError> {
        let (answer, wait) = self.ordered(request);
        if let Some(wait) = wait {
            tokio::time::sleep(wait).await;
        }
        answer
    }
}

#[async_trait::async_trait]
impl Upstream for Scripted {
    async fn answer(&self, request: Request) -> Result<Response, EgressError> {
        self.reply(&request).await
    }
}

impl Witness for Scripted {
    fn begin(&self, orders: Orders) {
        let mut state = self.state();
        *state = State { orders, seen: Vec::new(), used: vec![0; self.exchanges.len()], failing: None };
    }

    fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }
}

fn host(request: &Request) -> String {
    request.url.host_str().unwrap_or_default().to_owned()
}

/// An answer before it is one of HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) says_expiry: bool,
    pub(crate) delay: Option<Duration>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or_default(),
            headers: HeaderMap::new(),
            body: Bytes::from(body.into()),
            says_expiry: false,
            delay: None,
        }
    }

    pub(crate) fn typed(self, content_type: &'static str) -> Self {
        self.with(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type))
    }

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl From<Reply> for Response {
    fn from(reply: Reply) -> Self {
        Self { status: reply.status, headers: reply.headers, body: reply.body }
    }
}

/// The scenario's answer, unless the request lacks what it must have.
fn scripted(exchange: &Exchange, request: &Request, instants: &Instants) -> Reply {
    if let Some(missing) = exchange.requires.iter().find(|name| !request.headers.contains_key(name.as_str())) {
        return Reply::new(401, format!("the header '{missing}' is missing"));
    }
    let (body, mut says_expiry) = render(&exchange.body, instants);
    let mut reply = Reply::new(exchange.status, body);
    for (name, value) in &exchange.headers {
        let (value, says) = render(value, instants);
        says_expiry |= says;
        // Both were checked when the scenario was read.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            reply.headers.insert(name, value);
        }
    }
    Reply { says_expiry, delay: exchange.delay_ms.map(Duration::from_millis), ..reply }
}

#[cfg(test)]
mod tests;
