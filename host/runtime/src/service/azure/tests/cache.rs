//! What is kept, and what is not.

use std::sync::atomic::{AtomicU32, Ordering};

use pangolin_core::clock::ManualClock;

use super::super::cache::{CacheKey, Ends, Kept};
use super::*;

#[derive(Debug)]
struct Thing(UnixMillis);

impl Ends for Thing {
    fn expires_at(&self) -> UnixMillis {
        self.0
    }
}

fn kept() -> (Kept<Thing>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(UnixMillis(0)));
    (Kept::new(clock.clone()), clock)
}

fn failure(retry_after_ms: Option<u32>) -> StrategyError {
    StrategyError { retry_after_ms, ..StrategyError::new(Kind::Throttled, "throttled", "later") }
}

#[test]
fn keys_differ_where_their_parts_do() {
    let one = CacheKey::new(&[b"ab", b"c"]);
    assert_eq!(one, CacheKey::new(&[b"ab", b"c"]));
    assert_ne!(one, CacheKey::new(&[b"a", b"bc"]));
    assert_ne!(one, CacheKey::new(&[b"ab", b"c", b""]));
    assert_ne!(one.of("x"), one.of("y"));
}

#[tokio::test]
async fn a_value_serves_until_half_of_its_life_and_never_shorter_than_needed() {
    let (kept, clock) = kept();
    let key = CacheKey::new(&[b"k"]);
    let made = AtomicU32::new(0);
    let get = async |until: i64| {
        let make = async || {
            made.fetch_add(1, Ordering::SeqCst);
            Ok(Thing(clock.now().plus_seconds(100)))
        };
        kept.get(key, UnixMillis(until), make).await.unwrap().0.0
    };
    assert_eq!((get(1_000).await, get(100_000).await, made.load(Ordering::SeqCst)), (100_000, 100_000, 1));
    clock.advance_seconds(10);
    assert_eq!((get(105_000).await, made.load(Ordering::SeqCst)), (110_000, 2));
    clock.advance_seconds(51);
    assert_eq!((get(70_000).await, made.load(Ordering::SeqCst)), (161_000, 3));
    kept.forget(key);
    get(70_000).await;
    assert_eq!(made.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn after_a_failure_there_is_a_pause_as_long_as_the_upstream_asks() {
    let (kept, clock) = kept();
    let key = CacheKey::new(&[b"k"]);
    let tries = AtomicU32::new(0);
    let fail = async || {
        let failing = async || {
            tries.fetch_add(1, Ordering::SeqCst);
            Err(failure(Some(7_000)))
        };
        assert_eq!(kept.get(key, UnixMillis(0), failing).await.unwrap_err().code, "throttled");
    };
    fail().await;
    clock.advance_seconds(6);
    fail().await;
    assert_eq!(tries.load(Ordering::SeqCst), 1);
    clock.advance_seconds(1);
    fail().await;
    assert_eq!(tries.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn who_goes_away_leaves_it_to_the_next() {
    let (kept, _clock) = kept();
    let key = CacheKey::new(&[b"k"]);
    let never = kept.get(key, UnixMillis(0), async || std::future::pending().await);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(10), never).await.is_err());
    let value = kept.get(key, UnixMillis(0), async || Ok(Thing(UnixMillis(100_000)))).await;
    assert!(value.is_ok());
}

#[tokio::test]
async fn there_are_never_more_than_a_bound() {
    let (kept, clock) = kept();
    for n in 0..3_000_u32 {
        let make = async || Ok(Thing(clock.now().plus_seconds(100)));
        kept.get(CacheKey::new(&[&n.to_be_bytes()]), UnixMillis(0), make).await.unwrap();
        assert!(kept.len() <= 1_024);
    }
}
