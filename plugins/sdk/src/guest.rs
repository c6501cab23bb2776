//! The sandbox's side: generated bindings, and the way between them and the SDK's own types.
//! Public for the [`crate::export!`] macro, and not part of what an author uses.

use std::marker::PhantomData;

use crate::Strategy;
use crate::leases::{self, Leases};
use crate::presign::{self, Presign};
use bindings::exports::pangolin::vending::strategy as wit;
use bindings::pangolin::vending::types;
use lessor::exports::pangolin::vending::leases as wit_leases;
use presigner::exports::pangolin::vending::presign as wit_presign;

pub mod calls;
mod convert;

#[expect(missing_docs, reason = "generated from wit/")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "plugin",
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "pangolin_plugin_sdk::guest::bindings",
    });
}

#[expect(missing_docs, reason = "generated from wit/")]
pub mod presigner {
    wit_bindgen::generate!({
        path: "wit",
        world: "presigner",
        pub_export_macro: true,
        export_macro_name: "export_presign",
        default_bindings_module: "pangolin_plugin_sdk::guest::presigner",
        with: { "pangolin:vending/types@1.0.0": super::bindings::pangolin::vending::types },
    });
}

#[expect(missing_docs, reason = "generated from wit/")]
pub mod lessor {
    wit_bindgen::generate!({
        path: "wit",
        world: "lessor",
        pub_export_macro: true,
        export_macro_name: "export_leases",
        default_bindings_module: "pangolin_plugin_sdk::guest::lessor",
        with: { "pangolin:vending/types@1.0.0": super::bindings::pangolin::vending::types },
    });
}

/// Carries a [`Strategy`] to the component's export.
#[derive(Debug)]
pub struct Adapter<S>(PhantomData<S>);

impl<S: Strategy> wit::Guest for Adapter<S> {
    fn describe() -> wit::Description {
        convert::description(&S::describe())
    }

    fn check_config(configuration: types::Configuration) -> Result<(), Vec<wit::ConfigProblem>> {
        convert::config(configuration)
            .map_err(|problem| vec![problem])
            .and_then(|config| S::check_config(&config))
            .map_err(|problems| problems.into_iter().map(convert::problem).collect())
    }

    fn vend(request: types::VendRequest) -> Result<Vec<types::Credential>, types::VendError> {
        convert::request(request)
            .map_err(Into::into)
            .and_then(S::vend)
            .map(|credentials| credentials.into_iter().map(convert::credential).collect())
            .map_err(convert::error)
    }
}

impl<S: Presign> wit_presign::Guest for Adapter<S> {
    fn presign(request: wit_presign::PresignRequest) -> Result<wit_presign::Presigned, types::VendError> {
        convert::config(request.configuration)
            .map_err(Into::into)
            .and_then(|config| {
                S::presign(presign::PresignRequest {
                    config,
                    location: request.location,
                    method: request.method,
                    expires_in_seconds: request.expires_in_seconds,
                    principal: request.principal,
                    tenant: request.tenant,
                    table: request.table,
                    request_id: request.request_id,
                    extensions: request.extensions,
                })
            })
            .map(|presigned| wit_presign::Presigned {
                url: presigned.url,
                headers: presigned.headers,
                expires_at_ms: presigned.expires_at_ms,
            })
            .map_err(convert::error)
    }
}

impl<S: Leases> wit_leases::Guest for Adapter<S> {
    fn claim(request: types::VendRequest) -> Result<wit_leases::ResourceClaim, types::VendError> {
        convert::request(request)
            .map_err(Into::into)
            .and_then(|request| S::claim(&request))
            .map(|claim| wit_leases::ResourceClaim {
                resource: claim.resource,
                share: claim.share,
                capacity: claim.capacity,
            })
            .map_err(convert::error)
    }

    fn survey(request: types::VendRequest, known: Vec<String>) -> Result<String, types::VendError> {
        convert::request(request)
            .map_err(Into::into)
            .and_then(|request| S::survey(&request, &known))
            .map_err(convert::error)
    }

    fn revoke(request: wit_leases::RevokeRequest) -> Result<wit_leases::Revoked, types::VendError> {
        convert::config(request.configuration)
            .map_err(Into::into)
            .and_then(|config| {
                S::revoke(leases::RevokeRequest {
                    config,
                    handle: request.handle,
                    tenant: request.tenant,
                    request_id: request.request_id,
                })
            })
            .map(|revoked| match revoked {
                leases::Revoked::Revoked => wit_leases::Revoked::Revoked,
                leases::Revoked::Gone => wit_leases::Revoked::Gone,
            })
            .map_err(convert::error)
    }

    fn recover(request: wit_leases::RecoverRequest) -> Result<wit_leases::Recovery, types::VendError> {
        convert::request(request.interrupted)
            .map_err(Into::into)
            .and_then(|interrupted| {
                S::recover(leases::RecoverRequest {
                    interrupted,
                    survey: request.survey,
                    started_at_ms: request.started_at_ms,
                    ended_at_ms: request.ended_at_ms,
                    known: request.known,
                })
            })
            .map(|recovery| wit_leases::Recovery { found: recovery.found, undecided: recovery.undecided })
            .map_err(convert::error)
    }
}
