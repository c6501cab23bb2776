//! The host's side of the WIT world, generated. Nothing outside this crate sees these types.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: {
        "pangolin:vending/http": async | trappable,
        "pangolin:vending/sts": async | trappable,
        default: trappable,
    },
    exports: { default: async },
});

pub(crate) use self::exports::pangolin::vending::strategy;
pub(crate) use self::pangolin::vending::{clock, crypto, http, log, signing, sts, types};
