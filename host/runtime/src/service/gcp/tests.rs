mod downscope;
mod fake;
mod identity;
mod rehearsed;
mod sign;

use pangolin_core::access::Access;
use pangolin_core::clock::ManualClock;
use pangolin_core::egress::EgressPolicy;
use pangolin_core::strategy::{HostPattern, SecretUse};
use pangolin_core::warehouse::StorageKind;

use self::fake::{EMAIL, FakeGoogle, NOW_MS, PEM, json_key};
use super::*;
use crate::service::testing::{self, CallBuilder};

const JWT: [SecretUse; 1] = [SecretUse::JwtAssertion];

/// The service, and the clock that it reads.
fn service_with(settings: GcpSettings) -> (Gcp, Arc<ManualClock>) {
    let policy = EgressPolicy::new(EgressPolicy::parse_ranges("127.0.0.0/8").unwrap(), &[], false);
    let egress = EgressClient::new(Arc::new(policy)).unwrap();
    let clock = Arc::new(ManualClock::at(UnixMillis(NOW_MS)));
    (Gcp::new(egress, settings, clock.clone()), clock)
}

fn service() -> Gcp {
    service_with(GcpSettings::default()).0
}

/// A warehouse at the fake's servers, which the plugin may reach.
fn at(fake: &FakeGoogle) -> CallBuilder {
    testing::call()
        .destination("token_uri", fake.url("/token"))
        .destination("sts_endpoint", fake.url(""))
        .hosts(&[HostPattern::OfField("token_uri".into()), HostPattern::OfField("sts_endpoint".into())])
        .vend_at(StorageKind::Gcs, "gs://lake", Access::READ_WRITE)
}

/// A warehouse with a JSON key.
fn own(fake: &FakeGoogle) -> CallBuilder {
    at(fake).secret("service_account_key", &json_key("https://oauth2.googleapis.com/token"), &JWT)
}

/// A warehouse without a key.
fn hosts() -> CallBuilder {
    testing::call().host_identity().vend_at(StorageKind::Gcs, "gs://lake", Access::READ_WRITE)
}

fn boundary(role: &str, key: &str) -> String {
    serde_json::json!({"accessBoundary": {"accessBoundaryRules": [{
        "availableResource": "//storage.googleapis.com/projects/_/buckets/lake",
        "availablePermissions": [format!("inRole:roles/storage.{role}")],
        "availabilityCondition": {
            "expression": format!("resource.name.startsWith('projects/_/buckets/lake/objects/{key}')")
        },
    }]}})
    .to_string()
}

fn key() -> Principal {
    Principal::ServiceAccountKey("service_account_key".into())
}

fn ask(fake: &FakeGoogle) -> Downscope {
    Downscope {
        principal: key(),
        token_uri: Some(fake.url("/token")),
        sts: Some(fake.url("")),
        boundary: boundary("objectViewer", "sales/orders/"),
    }
}

fn ask_as_host() -> Downscope {
    Downscope {
        principal: Principal::Host,
        token_uri: None,
        sts: None,
        boundary: boundary("objectViewer", "sales/orders/"),
    }
}

#[expect(clippy::disallowed_methods, reason = "the test looks at what was minted")]
fn shown(token: &Secret<String>) -> String {
    token.expose().clone()
}

async fn refused(service: &Gcp, call: &mut Call, ask: Downscope) -> StrategyError {
    service.downscope(call, ask).await.unwrap_err()
}
