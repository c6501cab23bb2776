//! Services that reach nobody: no address but those of the public net, and no one asks for those.

use std::sync::Arc;

use pangolin_core::clock::SystemClock;
use pangolin_core::egress::EgressPolicy;
use pangolin_egress::EgressClient;
use pangolin_runtime::{ServiceSettings, Services};

pub(crate) fn offline() -> Services {
    through(EgressClient::new(Arc::new(EgressPolicy::new(Vec::new(), &[], false))).unwrap())
}

/// Services whose requests pass this client.
pub(crate) fn through(egress: EgressClient) -> Services {
    Services::new(egress, ServiceSettings::default(), Arc::new(SystemClock)).unwrap()
}
