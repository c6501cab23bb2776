//! A run that asks nobody. What the guest asks of a service is judged as ever; then it is noted
//! instead of being done, and the guest gets a stand-in that opens nothing. A request of `http`
//! ends the run: what would come back is only the server's to know.

use std::sync::{Arc, Mutex, PoisonError};

use pangolin_core::strategy::{DryStep, StrategyError, StrategyErrorKind};
use serde_json::{Map, Value};

use crate::call::Call;
use crate::service::Needles;

/// Stands where the value of a credential would.
pub(crate) const STAND_IN: &str = "dry-run-opens-nothing";

/// Steps of one run. A vend has one for each location of a table.
const MOST_STEPS: usize = 32;

/// What was noted of one run. It outlives the store of the guest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    steps: Vec<DryStep>,
    at_request: bool,
}

impl Notes {
    /// The steps, and whether a request ended the run.
    pub(crate) fn take(&self) -> (Vec<DryStep>, bool) {
        let mut noted = self.lock();
        (std::mem::take(&mut noted.steps), noted.at_request)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    /// In a dry run notes what the guest asks for, and says that it is one.
    ///
    /// # Errors
    /// There are too many steps.
    pub(crate) fn rehearses(&self, service: &'static str, ask: impl FnOnce() -> Value) -> Result<bool, StrategyError> {
        let Some(notes) = &self.dry_run else { return Ok(false) };
        let ask = match ask() {
            Value::Object(ask) if !holds_secret(self, &ask) => ask,
            // Nothing tells a guest, or who reads this, which of its guesses it was.
            _ => Map::from_iter([("withheld".to_owned(), Value::from("it holds a secret of the warehouse"))]),
        };
        let mut noted = notes.lock();
        if noted.steps.len() >= MOST_STEPS {
            return Err(StrategyError::new(
                StrategyErrorKind::Unsupported,
                "too-many-steps",
                format!("an explanation shows at most {MOST_STEPS} steps of a strategy"),
            ));
        }
        noted.steps.push(DryStep { service, ask });
        Ok(true)
    }

    /// As [`Call::rehearses`], for a request that ends the run.
    pub(crate) fn ends_rehearsal(
        &self,
        service: &'static str,
        ask: impl FnOnce() -> Value,
    ) -> Result<bool, StrategyError> {
        let rehearses = self.rehearses(service, ask)?;
        if let Some(notes) = &self.dry_run {
            notes.lock().at_request = true;
        }
        Ok(rehearses)
    }
}

/// Whether a value of the warehouse, or one that the host made in this call, is in what is shown.
/// The guest knows none of them; it may have guessed.
#[expect(clippy::disallowed_methods, reason = "values are looked for in what is shown")]
fn holds_secret(call: &Call, ask: &Map<String, Value>) -> bool {
    let mut needles = Needles::default();
    for value in call.slots.values().chain(&call.masked) {
        needles.add(value.expose());
    }
    // A name among the guest's words is no secret; a text as JSON writes it is read as well.
    serde_json::to_vec(ask).is_ok_and(|text| needles.are_in(&text))
}
