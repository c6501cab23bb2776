use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::Algorithm;
use pangolin_core::clock::ManualClock;
use serde_json::{Value, json};

use super::super::cache::{KeyCache, Unavailable};
use super::super::source::Source;
use super::super::token::Unverified;
use super::issuer::{Answers, Key, p256};
use super::{NOW, settings};

struct World {
    answers: Arc<Answers>,
    clock: Arc<ManualClock>,
    cache: KeyCache,
    first: Key,
    second: Key,
}

fn world() -> World {
    let (first, second) = (p256(), p256());
    let answers = Answers::new(&[named(&first, "1")]);
    let clock = Arc::new(ManualClock::at(NOW));
    let cache = KeyCache::new(Source::new(answers.client(), &settings()), clock.clone());
    World { answers, clock, cache, first, second }
}

fn named(key: &Key, name: &str) -> Value {
    key.jwk(json!({"kid": name}))
}

impl World {
    async fn verify(&self, key: &Key, name: &str) -> Result<bool, Unavailable> {
        let token = key.signed("ES256", Some(name));
        self.cache.verify(&Unverified::parse(&token).unwrap(), Algorithm::ES256).await
    }
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_after_ten_minutes() {
    let world = world();
    for _ in 0..5 {
        assert_eq!(world.verify(&world.first, "1").await, Ok(true));
    }
    assert_eq!(world.verify(&world.second, "1").await, Ok(false));
    assert_eq!(world.answers.times(), 1);
    world.clock.advance_seconds(599);
    world.verify(&world.first, "1").await.unwrap();
    assert_eq!(world.answers.times(), 1);
    // A key that was withdrawn is not taken after that.
    world.answers.publish(&[named(&world.second, "2")]);
    world.clock.advance_seconds(1);
    assert_eq!(world.verify(&world.first, "1").await, Ok(false));
    assert_eq!(world.answers.times(), 2);
}

/// What the issuer says of its keys' age, and the seconds for which they are not asked for again.
#[tokio::test]
async fn the_issuer_says_when_its_keys_are_asked_for_again() {
    for (said, seconds) in [("max-age=1800", 1800), ("no-store", 60), ("max-age=0", 60), ("max-age=86400", 3600)] {
        let world = world();
        *world.answers.cache_control.lock().unwrap() = Some(said);
        assert_eq!(world.verify(&world.first, "1").await, Ok(true), "{said}");
        world.answers.publish(&[named(&world.second, "2")]);
        world.clock.advance_seconds(seconds - 1);
        assert_eq!(world.verify(&world.first, "1").await, Ok(true), "{said}");
        assert_eq!(world.answers.times(), 1, "{said}");
        // What holds from now on is what the newest answer says.
        *world.answers.cache_control.lock().unwrap() = None;
        world.clock.advance_seconds(1);
        assert_eq!(world.verify(&world.first, "1").await, Ok(false), "{said}");
        assert_eq!(world.answers.times(), 2, "{said}");
        world.clock.advance_seconds(599);
        assert_eq!(world.verify(&world.second, "2").await, Ok(true), "{said}");
        assert_eq!(world.answers.times(), 2, "{said}");
        world.clock.advance_seconds(1);
        assert_eq!(world.verify(&world.second, "2").await, Ok(true), "{said}");
        assert_eq!(world.answers.times(), 3, "{said}");
    }
}

#[tokio::test]
async fn keys_that_may_not_be_kept_bridge_an_outage_all_the_same() {
    let world = world();
    *world.answers.cache_control.lock().unwrap() = Some("no-store");
    assert_eq!(world.verify(&world.first, "1").await, Ok(true));
    world.answers.fail();
    world.clock.advance_seconds(23 * 3600);
    for _ in 0..5 {
        assert_eq!(world.verify(&world.first, "1").await, Ok(true));
    }
    assert_eq!(world.answers.times(), 2, "asked again after a pause only");
    world.clock.advance_seconds(3600);
    assert!(world.verify(&world.first, "1").await.is_err());
}

#[tokio::test]
async fn a_new_key_is_found_at_once_and_a_flood_of_names_costs_one_request() {
    let world = world();
    assert_eq!(world.verify(&world.first, "1").await, Ok(true));
    world.answers.publish(&[named(&world.first, "1"), named(&world.second, "2")]);
    assert_eq!(world.verify(&world.second, "2").await, Ok(true));
    assert_eq!(world.answers.times(), 2);
    for at in 0..50 {
        assert_eq!(world.verify(&world.second, &format!("unknown-{at}")).await, Ok(false));
    }
    assert_eq!(world.answers.times(), 2);
    world.clock.advance_seconds(30);
    for at in 0..50 {
        assert_eq!(world.verify(&world.second, &format!("unknown-{at}")).await, Ok(false));
    }
    assert_eq!(world.answers.times(), 3);
}

#[tokio::test]
async fn those_who_come_together_wait_for_one_request() {
    let world = Arc::new(world());
    world.answers.open.forget_permits(1_000);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let world = world.clone();
        callers.spawn(async move { world.verify(&world.first, "1").await });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(world.answers.times(), 1);
    world.answers.open.add_permits(1_000);
    assert_eq!(callers.join_all().await, vec![Ok(true); 20]);
    assert_eq!(world.answers.times(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_nothing() {
    let world = Arc::new(world());
    world.answers.open.forget_permits(1_000);
    let gone = {
        let world = world.clone();
        tokio::spawn(async move { world.verify(&world.first, "1").await })
    };
    tokio::time::sleep(Duration::from_millis(20)).await;
    gone.abort();
    world.answers.open.add_permits(1_000);
    assert_eq!(world.verify(&world.first, "1").await, Ok(true));
    assert_eq!(world.answers.times(), 1);
}

#[tokio::test]
async fn an_outage_is_bridged_for_a_day() {
    let world = world();
    assert_eq!(world.verify(&world.first, "1").await, Ok(true));
    world.answers.fail();
    world.clock.advance_seconds(600);
    for _ in 0..5 {
        assert_eq!(world.verify(&world.first, "1").await, Ok(true));
    }
    assert_eq!(world.answers.times(), 2, "asked again after a pause only");
    assert_eq!(world.verify(&world.second, "2").await, Ok(false), "no word of an outage where keys are known");
    world.clock.advance_seconds(23 * 3600);
    assert_eq!(world.verify(&world.first, "1").await, Ok(true));
    world.clock.advance_seconds(3600);
    assert!(world.verify(&world.first, "1").await.is_err());
    world.answers.publish(&[named(&world.first, "1")]);
    world.clock.advance_seconds(5);
    assert_eq!(world.verify(&world.first, "1").await, Ok(true));
}

#[tokio::test]
async fn without_any_key_a_caller_is_told_when_to_come_back() {
    let world = world();
    world.answers.fail();
    for _ in 0..5 {
        assert_eq!(world.verify(&world.first, "1").await, Err(Unavailable { retry_after_seconds: 5 }));
    }
    assert_eq!(world.answers.times(), 1);
    world.clock.advance_seconds(3);
    assert_eq!(world.verify(&world.first, "1").await, Err(Unavailable { retry_after_seconds: 2 }));
    world.answers.publish(&[named(&world.first, "1")]);
    world.clock.advance_seconds(2);
    assert_eq!(world.verify(&world.first, "1").await, Ok(true));
}

#[tokio::test]
async fn with_known_keys_nobody_waits_for_a_slow_issuer() {
    let world = Arc::new(world());
    assert_eq!(world.verify(&world.first, "1").await, Ok(true));
    world.clock.advance_seconds(600);
    world.answers.open.forget_permits(1_000);
    let slow = {
        let world = world.clone();
        tokio::spawn(async move { world.verify(&world.first, "1").await })
    };
    tokio::time::sleep(Duration::from_millis(20)).await;
    let quick = tokio::time::timeout(Duration::from_secs(1), world.verify(&world.first, "1")).await;
    assert_eq!(quick.unwrap(), Ok(true));
    world.answers.open.add_permits(1_000);
    assert_eq!(slow.await.unwrap(), Ok(true));
}

#[tokio::test]
async fn an_issuer_may_withdraw_every_key() {
    let world = world();
    assert_eq!(world.verify(&world.first, "1").await, Ok(true));
    world.answers.publish(&[]);
    world.clock.advance_seconds(600);
    assert_eq!(world.verify(&world.first, "1").await, Ok(false));
}

#[tokio::test]
async fn warmed_keys_bridge_an_outage_from_the_start() {
    let world = world();
    world.cache.warm().await;
    world.answers.fail();
    assert_eq!(world.verify(&world.first, "1").await, Ok(true));
    assert_eq!(world.answers.times(), 1);
}
