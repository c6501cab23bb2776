//! Changing one's own password.

use pangolin_core::record::TokenRecord;
use pangolin_store::Basis;

use crate::make::{self, refused};
use crate::testdb::{NOW, TestDb};

pub(crate) async fn a_password_is_changed_once_and_ends_the_other_sessions(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let (ann, bob) = (make::user(acme, "ann"), make::user(acme, "bob"));
    store.create_user(&ann).await.unwrap();
    store.create_user(&bob).await.unwrap();
    let (first, other, of_bob) = (make::token(&ann), make::token(&ann), make::token(&bob));
    let exchanged = TokenRecord { family: first.family, ..make::token(&ann) };
    for token in [&first, &exchanged, &other, &of_bob] {
        store.insert_token(token).await.unwrap();
    }
    let stands = async |token: &TokenRecord| store.token(token.id).await.unwrap().unwrap().revoked_at.is_none();
    assert!(stands(&other).await);

    let ended = store.change_password(&ann, "new hash".to_owned(), Some(exchanged.id), NOW).await.unwrap();
    assert_eq!(ended, 2, "the chain of the one that asked as well");
    assert!(!stands(&first).await && stands(&exchanged).await && stands(&of_bob).await && !stands(&other).await);
    let stored = store.user(ann.id).await.unwrap().unwrap();
    assert_eq!(stored.password_hash.as_deref(), Some("new hash"));

    // Who proved the old one comes too late.
    refused!(
        store.change_password(&ann, "third hash".to_owned(), None, NOW).await,
        pangolin_core::ports::StoreError::Conflict("user")
    );
    assert!(stands(&exchanged).await);
    assert_eq!(store.change_password(&stored, "third hash".to_owned(), None, NOW).await.unwrap(), 1);
    assert!(!stands(&exchanged).await && stands(&of_bob).await);

    // A login that was judged by an old password records no token once that is changed.
    let of = async |hash: &str| {
        let token = make::token(&ann);
        let recorded = store.insert_token_of(Basis::Password(ann.id, hash), &token, NOW).await.unwrap();
        assert_eq!(recorded, store.token(token.id).await.unwrap().is_some());
        recorded
    };
    assert!(of("third hash").await && !of("new hash").await);
    store.delete_user(ann.id).await.unwrap();
    assert!(!of("third hash").await);
}
