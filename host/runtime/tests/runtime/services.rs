//! Services that reach nobody: no address but those of the public net, and no one asks for those.

use std::sync::Arc;

use pangolin_core::clock::SystemClock;
use pangolin_core::egress::EgressPolicy;
use pangolin_egress::EgressClient;
use pangolin_runtime::{ServiceSettings, Services};

pub(crate) fn offline() -> Services {
    let egress = EgressClient::new(Arc::new(EgressPolicy::new(Vec::new(), &[], false))).unwrap();
    Services::new(egress, ServiceSettings::default(), Arc::new(SystemClock)).unwrap()
}
