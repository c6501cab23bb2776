//! What the clouds say to the host's own services, so that a strategy which uses these needs no
//! scenario. Each refuses what the cloud would refuse: a request without its proof or its bounds.

mod aws;
mod azure;
mod google;

use pangolin_egress::Request;

use super::Reply;
use crate::scenario::Instants;

/// The answer of the cloud that the request is for.
pub(super) fn answer(request: &Request, instants: &Instants) -> Option<(&'static str, Reply)> {
    if request.method != http::Method::POST {
        return None;
    }
    let form = Form::of(request);
    aws::sts(request, &form, instants)
        .map(|reply| ("aws-sts", reply))
        .or_else(|| azure::token(request, &form).map(|reply| ("azure-token", reply)))
        .or_else(|| azure::delegation_key(request, instants).map(|reply| ("azure-delegation-key", reply)))
        .or_else(|| google::token(&form).map(|reply| ("google-token", reply)))
        .or_else(|| google::exchange(&form, instants).map(|reply| ("google-sts", reply)))
}

/// Whether the host keeps what this cloud answered, so that a later call does not ask again.
pub(crate) fn is_kept(cloud: &str) -> bool {
    matches!(cloud, "azure-token" | "azure-delegation-key" | "google-token")
}

/// Fields of a form body.
struct Form(Vec<(String, String)>);

impl Form {
    fn of(request: &Request) -> Self {
        Self(url::form_urlencoded::parse(&request.body).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

/// A header as text.
fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
