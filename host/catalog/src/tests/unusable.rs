//! A warehouse that is not used does not tell that there is a catalog.

use std::sync::atomic::Ordering;

use pangolin_core::access::Access;
use pangolin_core::audit::AuditResult;
use pangolin_core::emit::Client;
use pangolin_core::permission::Action;
use pangolin_core::ports::StoreError;
use pangolin_core::principal::Principal;

use super::world::{World, path};
use crate::{CatalogError, CredentialsAsk, RouteForm};

async fn opened(world: &World, caller: &Principal) -> [CatalogError; 2] {
    let (by, sales) = (world.by(caller), path("sales"));
    let ask =
        CredentialsAsk { access: Access::READ, ttl_seconds: None, form: RouteForm::Plain, client: Client::default() };
    [
        world.catalogs.table_exists(by, "lake", &sales, "orders").await.map(drop).unwrap_err(),
        world.catalogs.credentials(by, "lake", &sales, "orders", ask).await.map(drop).unwrap_err(),
    ]
}

#[tokio::test]
async fn to_those_who_may_not_see_the_catalog_it_never_was() {
    let world = World::local().sales().await;
    world.table("orders").await;
    world.shelf.altered.store(true, Ordering::SeqCst);
    world.trail.take();

    let stranger = world.user(Vec::new());
    for error in opened(&world, &stranger).await {
        assert!(matches!(error, CatalogError::NoSuchCatalog(_)), "{error:?}");
    }
    assert_eq!(world.trail.take(), [("vend_credentials".to_owned(), AuditResult::Failure)]);

    for caller in [world.admin(), world.on_namespace("sales", &[Action::Read])] {
        for error in opened(&world, &caller).await {
            assert!(matches!(error, CatalogError::Store(StoreError::WarehouseAltered { .. })), "{error:?}");
        }
        let failed = |action: &str| (action.to_owned(), AuditResult::Failure);
        assert_eq!(world.trail.take(), [failed("access_catalog"), failed("vend_credentials")]);
    }
}
