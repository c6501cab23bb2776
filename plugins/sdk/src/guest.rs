//! The sandbox's side: generated bindings, and the way between them and the SDK's own types.
//! Public for the [`crate::export!`] macro, and not part of what an author uses.

use std::marker::PhantomData;

use crate::Strategy;
use bindings::exports::pangolin::vending::strategy as wit;

pub mod calls;
mod convert;

#[expect(missing_docs, reason = "generated from wit/")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "plugin",
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "pangolin_plugin_sdk::guest::bindings",
    });
}

/// Carries a [`Strategy`] to the component's export.
#[derive(Debug)]
pub struct Adapter<S>(PhantomData<S>);

impl<S: Strategy> wit::Guest for Adapter<S> {
    fn describe() -> wit::Description {
        convert::description(&S::describe())
    }

    fn check_config(configuration: wit::Configuration) -> Result<(), Vec<wit::ConfigProblem>> {
        convert::config(configuration)
            .map_err(|problem| vec![problem])
            .and_then(|config| S::check_config(&config))
            .map_err(|problems| problems.into_iter().map(convert::problem).collect())
    }

    fn vend(request: wit::VendRequest) -> Result<Vec<wit::Credential>, wit::VendError> {
        convert::request(request)
            .map_err(Into::into)
            .and_then(S::vend)
            .map(|credentials| credentials.into_iter().map(convert::credential).collect())
            .map_err(convert::error)
    }
}
