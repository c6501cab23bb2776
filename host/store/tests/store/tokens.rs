//! Tokens.

use pangolin_core::id::{TokenId, UserId};
use pangolin_core::ports::StoreError::AlreadyExists;
use pangolin_core::principal::UserRole;
use pangolin_core::record::TokenRecord;
use pangolin_store::{OffsetPage, UserChange};

use crate::make::{self, refused};
use crate::testdb::{NOW, TestDb};

pub(crate) async fn a_token_is_recorded_and_revoked(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let ann = make::user(acme, "ann");
    store.create_user(&ann).await.unwrap();
    let (one, two) = (make::token(&ann), make::token(&ann));
    let root = TokenRecord { user_id: UserId::ROOT, tenant_id: None, role: UserRole::Root, ..make::token(&ann) };
    for token in [&one, &two, &root] {
        store.insert_token(token).await.unwrap();
        assert_eq!(store.token(token.id).await.unwrap().as_deref(), Some(token));
    }
    refused!(store.insert_token(&one).await, AlreadyExists("token"));
    assert!(store.token(TokenId::generate()).await.unwrap().is_none());
    assert_eq!(store.list_tokens(ann.id, None, &OffsetPage::default()).await.unwrap().len(), 2);

    let before = store.statements();
    store.token(one.id).await.unwrap();
    assert_eq!(store.statements(), before, "warm");
    store.insert_token(&make::token(&ann)).await.unwrap();
    let before = store.statements();
    store.token(one.id).await.unwrap();
    assert_eq!(store.statements(), before, "a new token makes nothing stale");

    assert!(store.revoke_token(one.id, NOW).await.unwrap());
    assert_eq!(store.token(one.id).await.unwrap().unwrap().revoked_at, Some(NOW));
    assert!(!store.revoke_token(one.id, NOW.plus_seconds(1)).await.unwrap());
    assert!(!store.revoke_token(TokenId::generate(), NOW).await.unwrap());
    assert_eq!(store.token(one.id).await.unwrap().unwrap().revoked_at, Some(NOW), "the first time stands");
    assert_eq!(store.token(two.id).await.unwrap().unwrap().revoked_at, None);

    let standing = || async {
        store
            .list_tokens(ann.id, None, &OffsetPage::default())
            .await
            .unwrap()
            .iter()
            .filter(|token| !token.is_revoked(NOW))
            .count()
    };
    assert_eq!(standing().await, 2);
    let chain = store.list_tokens(ann.id, Some(two.family), &OffsetPage::default()).await.unwrap();
    assert_eq!(chain.iter().map(|token| token.id).collect::<Vec<_>>(), [two.id]);
    let second = store.list_tokens(ann.id, None, &OffsetPage { limit: 1, offset: 1 }).await.unwrap();
    assert_eq!(second.len(), 1);
    let anew = UserChange { password_hash: Some("new hash".to_owned()), ..UserChange::default() };
    store.update_user(acme, ann.id, &anew).await.unwrap();
    assert_eq!(standing().await, 0);
    assert_eq!(store.token(two.id).await.unwrap().unwrap().revoked_at, Some(NOW));
    assert_eq!(store.token(root.id).await.unwrap().unwrap().revoked_at, None);
}

pub(crate) async fn ended_tokens_are_forgotten(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let ann = make::user(acme, "ann");
    let token = make::token(&ann);
    store.insert_token(&token).await.unwrap();
    assert_eq!(store.delete_tokens_expired_before(token.expires_at, None).await.unwrap(), 0);
    let after = token.expires_at.plus_seconds(1);
    let other = make::stored_tenant(store, "other").await.id;
    assert_eq!(store.delete_tokens_expired_before(after, Some(other)).await.unwrap(), 0, "another tenant's");
    assert_eq!(store.delete_tokens_expired_before(after, Some(acme)).await.unwrap(), 1);
    assert_eq!(store.delete_tokens_expired_before(after, None).await.unwrap(), 0);
    assert!(store.token(token.id).await.unwrap().is_none());
}
