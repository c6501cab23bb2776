//! Service users, their keys, and the tokens that come of them.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{ApiKeyId, TokenId, UserId};
use pangolin_core::ports::StoreError::{AlreadyExists, NotFound};
use pangolin_core::principal::AccountKind;
use pangolin_core::record::{TokenRecord, User};
use pangolin_core::secret::Secret;
use pangolin_store::{Basis, Consistency, KeyHash, NewApiKey, OffsetPage, ServiceUser, ServiceUserChange, Store};

use crate::hosts::{second_host, until};
use crate::make::{self, PLANTED, refused};
use crate::testdb::{NOW, TestDb};

fn key(text: &str) -> NewApiKey {
    NewApiKey { id: ApiKeyId::generate(), hash: KeyHash::of(&Secret::from(text)) }
}

fn service(tenant: pangolin_core::id::TenantId, name: &str) -> ServiceUser {
    ServiceUser {
        user: User { kind: AccountKind::Service, password_hash: None, ..make::user(tenant, name) },
        description: Some("loads".to_owned()),
        created_by: UserId::ROOT,
        expires_at: None,
        last_used: None,
    }
}

/// A service user `etl` in a tenant `acme`, with its key.
async fn stored(store: &Store) -> (ServiceUser, NewApiKey) {
    let acme = make::stored_tenant(store, "acme").await.id;
    let (made, first) = (service(acme, "etl"), key(PLANTED));
    store.create_service_user(&made, &first).await.unwrap();
    (made, first)
}

pub(crate) async fn a_service_user_is_made_changed_and_listed(db: TestDb) {
    let store = &db.store;
    let (etl, first) = stored(store).await;
    let acme = etl.user.tenant_id;
    let other = make::stored_tenant(store, "other").await.id;
    let found = store.service_user(acme, etl.user.id).await.unwrap().unwrap();
    assert_eq!((found.user.username.as_str(), found.user.kind), ("etl", AccountKind::Service));
    assert_eq!((found.description, found.expires_at, found.last_used), (etl.description.clone(), None, None));
    assert!(store.service_user(other, etl.user.id).await.unwrap().is_none());
    refused!(store.create_service_user(&service(acme, "etl"), &key("2")).await, AlreadyExists("user"));
    refused!(store.create_user(&make::user(acme, "etl")).await, AlreadyExists("user"));
    refused!(store.create_service_user(&service(acme, "etl2"), &first).await, AlreadyExists("API key"));
    assert!(store.user_by_name(acme, "etl2").await.unwrap().is_none(), "all or nothing");

    let ann = make::user(acme, "ann");
    store.create_user(&ann).await.unwrap();
    let people = store.list_users(Some(acme), &OffsetPage::default()).await.unwrap();
    assert_eq!(people.iter().map(|user| user.id).collect::<Vec<_>>(), [ann.id]);
    assert!(store.service_user(acme, ann.id).await.unwrap().is_none());
    let listed = store.list_service_users(acme, &OffsetPage::default()).await.unwrap();
    assert_eq!(listed.iter().map(|found| found.user.id).collect::<Vec<_>>(), [etl.user.id]);
    assert!(store.list_service_users(other, &OffsetPage::default()).await.unwrap().is_empty());

    let token = TokenRecord { user_id: etl.user.id, ..make::token(&etl.user) };
    assert!(store.insert_token_of(Basis::Key(&first.hash), &token, NOW).await.unwrap());
    let end = Some(NOW.plus_seconds(60));
    let change = ServiceUserChange { name: Some("loader".to_owned()), expires_at: end, ..ServiceUserChange::default() };
    store.update_service_user(acme, etl.user.id, &change).await.unwrap();
    let principal = store.principal(etl.user.id).await.unwrap().unwrap();
    assert_eq!((principal.user.username.as_str(), principal.expires_at), ("loader", Some(NOW.plus_seconds(60))));
    assert!(!store.token(token.id).await.unwrap().unwrap().is_revoked(NOW));
    let goes = ServiceUserChange { active: Some(false), ..ServiceUserChange::default() };
    store.update_service_user(acme, etl.user.id, &goes).await.unwrap();
    let late = ServiceUserChange { description: Some("nightly".to_owned()), ..ServiceUserChange::default() };
    store.update_service_user(acme, etl.user.id, &late).await.unwrap();
    let now = store.service_user(acme, etl.user.id).await.unwrap().unwrap();
    assert_eq!(
        (now.user.active, now.user.username.as_str(), now.expires_at),
        (false, "loader", end),
        "each change is its own"
    );
    assert!(store.token(token.id).await.unwrap().unwrap().is_revoked(NOW), "its tokens end with it");
    for id in [UserId::generate(), ann.id] {
        refused!(store.update_service_user(acme, id, &late).await, NotFound("service user"));
    }
    refused!(store.update_service_user(other, etl.user.id, &late).await, NotFound("service user"));

    store.delete_user(etl.user.id).await.unwrap();
    assert!(store.api_key(&first.hash).await.unwrap().is_none());
    assert!(store.service_user(acme, etl.user.id).await.unwrap().is_none());
    assert!(db.raw("SELECT hash FROM api_keys").await.is_empty());
}

pub(crate) async fn keys_are_hashes_and_their_use_is_noted_now_and_then(db: TestDb) {
    let store = &db.store;
    let (etl, first) = stored(store).await;
    let rows = db.raw("SELECT hash || id || user_id AS all_of_it FROM api_keys").await;
    let all: String = sqlx::Row::get(&rows[0], "all_of_it");
    assert!(all.starts_with(&first.hash.to_string()) && !all.contains(PLANTED));
    assert!(store.api_key(&key("another").hash).await.unwrap().is_none());
    let found = store.api_key(&first.hash).await.unwrap().unwrap();
    assert_eq!((found.id, found.user_id, found.ends_at), (first.id, etl.user.id, None));
    let before = store.statements();
    store.api_key(&first.hash).await.unwrap();
    assert_eq!(store.statements(), before, "warm");

    let used = || async { store.service_user(etl.user.tenant_id, etl.user.id).await.unwrap().unwrap().last_used };
    store.note_key_use(&found, NOW);
    until("the use", || async { used().await == Some(NOW) }).await;
    let before = store.statements();
    store.note_key_use(&found, NOW.plus_seconds(59));
    assert_eq!(store.statements(), before, "once a minute");
    store.note_key_use(&found, NOW.plus_seconds(60));
    until("the next use", || async { used().await == Some(NOW.plus_seconds(60)) }).await;
}

pub(crate) async fn a_rotated_key_ends_with_what_came_of_it(db: TestDb) {
    let store = &db.store;
    let (etl, first) = stored(store).await;
    let id = etl.user.id;
    let of = |hash: KeyHash, at: UnixMillis| async move {
        let token = TokenRecord { user_id: id, ..make::token(&service(make::tenant("x").id, "etl").user) };
        store.insert_token_of(Basis::Key(&hash), &token, at).await.unwrap().then_some(token.id)
    };
    let revoked =
        |token: Option<TokenId>| async move { store.token(token.unwrap()).await.unwrap().unwrap().revoked_at };
    let old = of(first.hash, NOW).await;
    let (second, grace) = (key("2"), NOW.plus_seconds(600));
    store.rotate_api_key(id, &second, NOW, grace).await.unwrap();
    assert_eq!(store.api_key(&first.hash).await.unwrap().unwrap().ends_at, Some(grace));
    assert_eq!(store.api_key(&second.hash).await.unwrap().unwrap().ends_at, None);
    assert_eq!(revoked(old).await, Some(grace));
    let late = of(first.hash, NOW.plus_seconds(599)).await;
    assert_eq!(revoked(late).await, Some(grace), "ends with its key");
    assert_eq!(of(first.hash, grace).await, None, "the key has ended");
    let fresh = of(second.hash, NOW).await;
    assert_eq!(revoked(fresh).await, None);

    // A later time of grace gives an old key no more time; an emergency ends all at once.
    let third = key("3");
    store.rotate_api_key(id, &third, NOW, NOW.plus_seconds(900)).await.unwrap();
    assert_eq!(store.api_key(&first.hash).await.unwrap().unwrap().ends_at, Some(grace));
    assert_eq!(revoked(old).await, Some(grace));
    let fourth = key("4");
    store.rotate_api_key(id, &fourth, NOW, NOW).await.unwrap();
    for hash in [first.hash, second.hash, third.hash] {
        assert_eq!(store.api_key(&hash).await.unwrap().unwrap().ends_at, Some(NOW));
        assert_eq!(of(hash, NOW).await, None);
    }
    for token in [old, late, fresh] {
        assert_eq!(revoked(token).await, Some(NOW));
    }
    assert!(of(fourth.hash, NOW).await.is_some());
    refused!(store.rotate_api_key(UserId::generate(), &key("5"), NOW, NOW).await, NotFound("service user"));
    let month = UnixMillis(NOW.0 + 31 * 86_400_000);
    store.rotate_api_key(id, &key("6"), month, month).await.unwrap();
    assert!(store.api_key(&first.hash).await.unwrap().is_none(), "long-ended keys are forgotten");
    assert!(store.api_key(&fourth.hash).await.unwrap().is_some());
}

pub(crate) async fn a_chain_of_tokens_ends_as_a_whole(db: TestDb) {
    let store = &db.store;
    let etl = stored(store).await.0.user;
    let next = |of: &TokenRecord| TokenRecord { family: of.family, roles: Some(Vec::new()), ..make::token(&etl) };
    let (first, apart) = (make::token(&etl), make::token(&etl));
    for token in [&first, &apart] {
        store.insert_token(token).await.unwrap();
    }
    let second = next(&first);
    assert!(store.insert_token_of(Basis::Token(first.id), &second, NOW).await.unwrap());
    let third = next(&second);
    assert!(store.insert_token_of(Basis::Token(second.id), &third, NOW).await.unwrap());
    assert_eq!(store.token(third.id).await.unwrap().as_deref(), Some(&third));
    assert!(!store.insert_token_of(Basis::Token(TokenId::generate()), &next(&first), NOW).await.unwrap());

    assert!(store.revoke_token(second.id, NOW).await.unwrap());
    for token in [&first, &second, &third] {
        assert!(store.token(token.id).await.unwrap().unwrap().is_revoked(NOW));
        let late = next(token);
        assert!(!store.insert_token_of(Basis::Token(token.id), &late, NOW).await.unwrap());
        assert!(store.token(late.id).await.unwrap().is_none());
        assert!(!store.revoke_token(token.id, NOW).await.unwrap(), "it was revoked before");
    }
    assert!(!store.token(apart.id).await.unwrap().unwrap().is_revoked(NOW));

    let new = next(&apart);
    assert!(store.replace_token(apart.id, &new, NOW).await.unwrap());
    assert!(store.token(apart.id).await.unwrap().unwrap().is_revoked(NOW));
    assert!(!store.token(new.id).await.unwrap().unwrap().is_revoked(NOW));
    // Whoever knows of the token that was rotated away only reaches what came of it.
    let (stolen, kept) = (make::token(&etl), make::token(&etl));
    store.insert_token(&stolen).await.unwrap();
    store.insert_token(&kept).await.unwrap();
    let rotated = next(&stolen);
    assert!(store.replace_token(stolen.id, &rotated, NOW).await.unwrap());
    assert!(store.revoke_token(stolen.id, NOW).await.unwrap());
    assert!(store.token(rotated.id).await.unwrap().unwrap().is_revoked(NOW));
    assert!(store.revoke_token(kept.id, NOW).await.unwrap());
    let again = make::token(&etl);
    assert!(!store.replace_token(apart.id, &again, NOW).await.unwrap());
    assert!(store.token(again.id).await.unwrap().is_none());
    // What is to end with a key ends so after an exchange and after a rotation as well.
    let end = NOW.plus_seconds(60);
    store.rotate_api_key(etl.id, &key("2"), NOW, end).await.unwrap();
    let ending = store
        .list_tokens(etl.id, None, &OffsetPage::default())
        .await
        .unwrap()
        .into_iter()
        .filter(|token| token.revoked_at == Some(end));
    assert_eq!(ending.map(|token| token.id).collect::<Vec<_>>(), [new.id]);
    let pending = next(&new);
    assert!(store.insert_token_of(Basis::Token(new.id), &pending, NOW).await.unwrap());
    let replaced = make::token(&etl);
    assert!(store.replace_token(pending.id, &replaced, NOW).await.unwrap());
    let found = store.token(replaced.id).await.unwrap().unwrap();
    assert!(!found.is_revoked(NOW) && found.is_revoked(NOW.plus_seconds(60)));
}

/// Exchanges and a revocation at once: nothing of the chain stands after it.
pub(crate) async fn no_exchange_outruns_a_revocation(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let ann = make::user(acme, "ann");
    for _ in 0..8 {
        let first = make::token(&ann);
        store.insert_token(&first).await.unwrap();
        let exchanges: Vec<_> = (0..8)
            .map(|_| {
                let (store, next) = (store.clone(), TokenRecord { family: first.family, ..make::token(&ann) });
                let basis = first.id;
                tokio::spawn(async move {
                    store.insert_token_of(Basis::Token(basis), &next, NOW).await.unwrap();
                    next.id
                })
            })
            .collect();
        let revoke = tokio::spawn({
            let (store, id) = (store.clone(), first.id);
            async move { store.revoke_token(id, NOW).await.unwrap() }
        });
        assert!(revoke.await.unwrap());
        for exchange in exchanges {
            let found = store.token(exchange.await.unwrap()).await.unwrap();
            assert!(found.is_none_or(|token| token.is_revoked(NOW)));
        }
    }
}

pub(crate) async fn a_key_ends_on_every_host(db: TestDb) {
    let (a, b) = (&db.store, &second_host(&db, Consistency::Eventual).await);
    let (etl, first) = stored(a).await;
    assert!(b.api_key(&first.hash).await.unwrap().unwrap().ends_at.is_none());
    a.rotate_api_key(etl.user.id, &key("2"), NOW, NOW).await.unwrap();
    until("a rotation", || async { b.api_key(&first.hash).await.unwrap().unwrap().ends_at == Some(NOW) }).await;
    assert!(b.principal(etl.user.id).await.unwrap().unwrap().user.active);
    let goes = ServiceUserChange { active: Some(false), ..ServiceUserChange::default() };
    a.update_service_user(etl.user.tenant_id, etl.user.id, &goes).await.unwrap();
    until("a deactivation", || async { !b.principal(etl.user.id).await.unwrap().unwrap().user.active }).await;
}
