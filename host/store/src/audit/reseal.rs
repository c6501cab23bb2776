//! Seals under the key that seals now, so that an older key can be taken out of the ring. Chains
//! whose host is gone would keep theirs for ever.

use pangolin_core::ports::StoreError;

use super::list::{self, HostList};
use super::{AuditClaim, AuditSeals};
use crate::db::sql;
use crate::error::backend;
use crate::store::Store;

impl Store {
    /// How many seals of the trail are under another key than the first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_seals_to_renew(&self) -> Result<u64, StoreError> {
        let seals = AuditSeals::of(&self.inner.keys);
        let reader = self.audit_reader();
        let list = self.db().optional(sql(list::READ)).await?.map(|found| HostList::of(&found)).transpose()?;
        let mut macs: Vec<String> = list.map(|list| list.mac).into_iter().collect();
        for host in reader.chains().await? {
            let head = reader.head(&host).await?;
            macs.extend([head.start, head.end].into_iter().flatten().filter_map(|sealed| sealed.mac));
        }
        Ok(u64::try_from(macs.iter().filter(|mac| !seals.is_of_first(mac)).count()).unwrap_or(u64::MAX))
    }

    /// Makes those seals anew under the first key, and says how many. One that is not the host's
    /// own stays as it is.
    ///
    /// # Errors
    /// The database failed; what was done until then stays done.
    pub async fn audit_reseal(&self) -> Result<u64, StoreError> {
        let seals = AuditSeals::of(&self.inner.keys);
        let reader = self.audit_reader();
        let mut renewed = 0;
        if let Some(found) = self.db().optional(sql(list::READ)).await? {
            let known = HostList::of(&found)?;
            if let (Ok(hosts), false) = (known.hosts(&seals), seals.is_of_first(&known.mac)) {
                let list = HostList::new(&hosts, &seals)?;
                renewed += self.db().execute(list.replace(&known)).await.map_err(backend)?;
            }
        }
        for host in reader.chains().await? {
            let head = reader.head(&host).await?;
            if head.ends(&seals).is_err() {
                continue;
            }
            for (sealed, is_end) in [(head.start, false), (head.end, true)] {
                let Some((sealed, mac)) = sealed.and_then(|sealed| sealed.mac.clone().map(|mac| (sealed, mac))) else {
                    continue;
                };
                let Some(tail) = sealed.tail().filter(|_| !seals.is_of_first(&mac)) else { continue };
                let (text, claim) = if is_end {
                    ("UPDATE audit_anchors SET mac = $1 WHERE host = $2 AND mac = $3", AuditClaim::End(&host, tail))
                } else {
                    (
                        "UPDATE audit_checkpoints SET mac = $1 WHERE host = $2 AND mac = $3",
                        AuditClaim::Start(&host, tail),
                    )
                };
                let update = sql(text).bind(seals.seal(claim)).bind(&*host).bind(mac);
                renewed += self.db().execute(update).await.map_err(backend)?;
            }
        }
        Ok(renewed)
    }
}
