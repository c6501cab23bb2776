//! The host's side of the WIT worlds, generated. Nothing outside this crate sees these types.
//!
//! One world with every export; [`Exports`] finds which of the optional ones a component has.

wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package pangolin:host;
        world everything {
            include pangolin:vending/plugin@1.0.0;
            export pangolin:vending/presign@1.0.0;
            export pangolin:vending/leases@1.0.0;
        }
    ",
    world: "pangolin:host/everything",
    imports: {
        "pangolin:vending/http": async | trappable,
        "pangolin:vending/sts": async | trappable,
        "pangolin:vending/azure": async | trappable,
        "pangolin:vending/gcp": async | trappable,
        default: trappable,
    },
    exports: { default: async },
});

use wasmtime::component::InstancePre;

pub(crate) use self::exports::pangolin::vending::{leases, presign, strategy};
pub(crate) use self::pangolin::vending::{azure, clock, crypto, gcp, http, log, signing, sts, types};
use crate::guest::Guest;

/// A component that is linked, and where its exports are.
#[derive(Clone)]
pub(crate) struct Exports {
    pub(crate) pre: InstancePre<Guest>,
    pub(crate) strategy: strategy::GuestIndices,
    pub(crate) presign: Option<presign::GuestIndices>,
    pub(crate) leases: Option<leases::GuestIndices>,
}

impl Exports {
    /// Checks the types of the exports that are there.
    pub(crate) fn new(pre: InstancePre<Guest>) -> wasmtime::Result<Self> {
        let has = |interface: &str| {
            let name = format!("pangolin:vending/{interface}@1.0.0");
            pre.component().get_export_index(None, &name).is_some()
        };
        Ok(Self {
            strategy: strategy::GuestIndices::new(&pre)?,
            presign: has("presign").then(|| presign::GuestIndices::new(&pre)).transpose()?,
            leases: has("leases").then(|| leases::GuestIndices::new(&pre)).transpose()?,
            pre,
        })
    }
}
