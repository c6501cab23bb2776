//! Users whom another issuer vouches for.

use pangolin_core::id::TenantId;
use pangolin_core::permission::Action;
use pangolin_core::ports::StoreError;
use pangolin_core::principal::AccountKind;
use pangolin_core::record::{ExternalIdentity, User};
use pangolin_store::{Provisioned, Renamed};

use crate::make;
use crate::testdb::{NOW, TestDb};

fn external(tenant: TenantId, subject: &str, name: &str) -> User {
    let external = ExternalIdentity { issuer: "https://sso.example".to_owned(), subject: subject.to_owned() };
    User { kind: AccountKind::External, external: Some(external), password_hash: None, ..make::user(tenant, name) }
}

pub(crate) async fn an_external_user_is_made_once(db: TestDb) {
    let store = db.store.clone();
    let (acme, other) = (make::tenant("acme"), make::tenant("other"));
    store.create_tenant(&acme).await.unwrap();
    store.create_tenant(&other).await.unwrap();
    let asked: Vec<User> = (0..12).map(|_| external(acme.id, "s-1", "ada")).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for user in asked.clone() {
        let store = store.clone();
        tasks.spawn(async move { store.provision_external_user(&user, NOW).await.unwrap() });
    }
    let made = tasks.join_all().await;
    let winner = made.iter().find_map(|outcome| match outcome {
        Provisioned::Made(id) => Some(*id),
        _ => None,
    });
    let winner = winner.unwrap();
    assert_eq!(made.iter().filter(|outcome| **outcome == Provisioned::Found(winner)).count(), 11, "{made:?}");

    let identity = asked[0].external.clone().unwrap();
    assert_eq!(store.external_user(acme.id, &identity).await.unwrap(), Some(winner));
    let before = store.statements();
    assert_eq!(store.external_user(acme.id, &identity).await.unwrap(), Some(winner));
    assert_eq!(store.statements(), before, "warm");
    assert_eq!(store.external_user(other.id, &identity).await.unwrap(), None);
    let read = store.user(winner).await.unwrap().unwrap();
    assert_eq!((read.kind, read.external, read.password_hash), (AccountKind::External, Some(identity.clone()), None));

    // The same person is another account in another tenant; a deleted one would be made again.
    let there = store.provision_external_user(&external(other.id, "s-1", "ada"), NOW).await.unwrap();
    assert!(matches!(there, Provisioned::Made(id) if id != winner));
    store.delete_user(winner).await.unwrap();
    assert_eq!(store.external_user(acme.id, &identity).await.unwrap(), None);
    let again = store.provision_external_user(&external(acme.id, "s-1", "ada"), NOW).await.unwrap();
    assert!(matches!(again, Provisioned::Made(id) if id != winner));
    let nowhere = store.provision_external_user(&external(TenantId::generate(), "s-1", "ada"), NOW).await;
    assert!(matches!(nowhere, Err(StoreError::NotFound("tenant"))), "{nowhere:?}");
}

pub(crate) async fn a_name_belongs_to_one_account(db: TestDb) {
    let store = db.store.clone();
    let acme = make::tenant("acme");
    store.create_tenant(&acme).await.unwrap();
    let person = make::user(acme.id, "ada");
    store.create_user(&person).await.unwrap();
    let taken = store.provision_external_user(&external(acme.id, "s-1", "ada"), NOW).await.unwrap();
    assert_eq!(taken, Provisioned::NameTaken);
    let Provisioned::Made(id) = store.provision_external_user(&external(acme.id, "s-1", "eve"), NOW).await.unwrap()
    else {
        panic!("it is not made");
    };
    let later = NOW.plus_seconds(10);
    assert_eq!(store.rename_external_user(id, "ada", later).await.unwrap(), Renamed::NameTaken);
    assert_eq!(store.user(id).await.unwrap().unwrap().username, "eve");
    assert_eq!(store.rename_external_user(id, "eva", later).await.unwrap(), Renamed::Done);
    for (name, issued) in [("eve", NOW), ("evi", later)] {
        assert_eq!(store.rename_external_user(id, name, issued).await.unwrap(), Renamed::Older, "{name}");
    }
    assert_eq!(store.principal(id).await.unwrap().unwrap().user.username, "eva");
    // Nobody else is renamed.
    assert_eq!(store.rename_external_user(person.id, "adam", later).await.unwrap(), Renamed::Older);
    let not_external = store.provision_external_user(&make::user(acme.id, "bob"), NOW).await;
    assert!(not_external.is_err());
}

pub(crate) async fn claimed_roles_stand_beside_stored_ones(db: TestDb) {
    let store = db.store.clone();
    let (acme, other) = (make::tenant("acme"), make::tenant("other"));
    for tenant in [&acme, &other] {
        store.create_tenant(tenant).await.unwrap();
    }
    let (held, claimed) = (make::role(acme.id, "held", Action::Read), make::role(acme.id, "claimed", Action::Write));
    let foreign = make::role(other.id, "foreign", Action::Delete);
    for role in [&held, &claimed, &foreign] {
        store.create_role(role).await.unwrap();
    }
    let user = external(acme.id, "s-1", "ada");
    store.provision_external_user(&user, NOW).await.unwrap();
    store.assign_role(acme.id, user.id, held.id).await.unwrap();
    let names = ["held", "claimed", "foreign", "nowhere"].map(str::to_owned);
    let found = store.principal_with_roles(user.id, &names).await.unwrap().unwrap();
    assert_eq!(found.roles.to_vec(), [held.id, claimed.id]);
    assert_eq!(found.grants.to_vec(), [make::grant_of(Action::Read), make::grant_of(Action::Write)]);
    let before = store.statements();
    store.principal_with_roles(user.id, &names).await.unwrap();
    assert_eq!(store.statements(), before, "warm");

    // Without the claim nothing of it is left, and a change of the role counts at once.
    assert_eq!(store.principal_with_roles(user.id, &[]).await.unwrap().unwrap().roles.to_vec(), [held.id]);
    store.delete_role(acme.id, claimed.id).await.unwrap();
    assert_eq!(store.principal_with_roles(user.id, &names).await.unwrap().unwrap().roles.to_vec(), [held.id]);
    store.delete_user(user.id).await.unwrap();
    assert!(store.principal_with_roles(user.id, &names).await.unwrap().is_none());
}
