//! The life of a key, as the host drives it.

use pangolin_plugin_sdk::leases::{Claim, Leases, RecoverRequest, Recovery, RevokeRequest, Revoked};
use pangolin_plugin_sdk::{VendError, VendRequest};

mod recovery;
mod survey;

use crate::config::Settings;
use crate::handle::Handle;
use crate::keys::{self, Deleted, LIMIT, Owner, encoded};
use crate::target::{Level, Target};
use crate::vms::Vms;
use crate::{VastS3Keys, fault};
use recovery::Mint;
use survey::Survey;

impl Leases for VastS3Keys {
    /// A user of a VMS and tenant: VAST gives them two keys, whoever asks.
    fn claim(request: &VendRequest) -> Result<Claim, VendError> {
        let settings = Settings::read(&request.config)?;
        let target = Target::of(&settings, request)?;
        let (tenant, user) = (encoded(settings.tenant.unwrap_or_default()), encoded(&target.user.to_lowercase()));
        Ok(Claim {
            resource: format!("{}?tenant={tenant}&user={user}", settings.origin),
            share: target.level.as_str().to_owned(),
            capacity: u32::try_from(LIMIT).unwrap_or(u32::MAX),
        })
    }

    fn survey(request: &VendRequest, known: &[String]) -> Result<String, VendError> {
        let settings = Settings::read(&request.config)?;
        let target = Target::of(&settings, request)?;
        let present = keys::list(&mut Vms::new(&settings, target.login), &target)?;
        if present.len() >= LIMIT {
            let ours = access_keys(known);
            let others = present.iter().filter(|key| !ours.contains(&key.access_key)).count();
            return Err(fault::key_limit(&target.user, Some(others)));
        }
        Ok(Survey { keys: present }.to_text())
    }

    /// Deletes the key of the handle, and no other.
    fn revoke(request: RevokeRequest) -> Result<Revoked, VendError> {
        let settings = Settings::read(&request.config)?;
        let handle = Handle::parse(&request.handle)?;
        handle.require_here(&settings)?;
        let target = Target::known(&settings, &handle.level, &handle.user)?;
        let mut vms = Vms::new(&settings, target.login);
        Ok(match keys::delete(&mut vms, &target, &handle.owner, &handle.access_key)? {
            Deleted::Deleted => Revoked::Revoked,
            Deleted::Absent => Revoked::Gone,
        })
    }

    fn recover(request: RecoverRequest) -> Result<Recovery, VendError> {
        let settings = Settings::read(&request.interrupted.config)?;
        let target = Target::of(&settings, &request.interrupted)?;
        let mint = Mint {
            before: Survey::parse(&request.survey)?.keys.into_iter().map(|key| key.access_key).collect(),
            known: access_keys(&request.known),
            started_at_ms: request.started_at_ms,
            ended_at_ms: request.ended_at_ms,
            is_shared: matches!(target.level, Level::Caller(_)),
        };
        let mut vms = Vms::new(&settings, target.login);
        let (owner, present) = match target.level {
            Level::Read | Level::Write => (Owner::Oneself, keys::list(&mut vms, &target)?),
            Level::Caller(context) => keys::find(&mut vms, &target.user, context)?,
        };
        let left = recovery::judge(&mint, &present);
        let handle = |key: String| Handle::of(&settings, &target, owner.clone(), key).to_text();
        Ok(Recovery { found: left.found.into_iter().map(handle).collect(), undecided: left.undecided })
    }
}

/// Keys of the host's own leases. A handle of another form is none of this strategy's.
fn access_keys(handles: &[String]) -> Vec<String> {
    handles.iter().filter_map(|text| Handle::parse(text).ok()).map(|handle| handle.access_key).collect()
}
