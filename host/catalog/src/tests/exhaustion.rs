//! What a store that a tenant names, and documents that a tenant makes, can take of what all share.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::world::{World, commit, path, plain, table};
use crate::storage::Files;
use crate::{CatalogError, CommittedTable, StorageError, TableChange};

/// A store of a tenant that means harm: it answers a write at length, and a listing with one more
/// page for ever. The answer is its endpoint.
async fn hostile(answer_to_put: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, answer_to_put));
        }
    });
    endpoint
}

async fn serve(stream: TcpStream, answer_to_put: usize) -> Option<()> {
    const PAGE: &str = "<ListBucketResult><IsTruncated>true</IsTruncated>\
        <NextContinuationToken>again</NextContinuationToken><Contents><Key>lake/x</Key>\
        <LastModified>2026-10-21T07:28:00.000Z</LastModified><ETag>e</ETag><Size>1</Size></Contents></ListBucketResult>";
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let mut length = 0;
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await.ok()?;
            let Some((name, value)) = header.trim().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            }
        }
        stream.read_exact(&mut vec![0; length]).await.ok()?;
        let body = match line.split(' ').next()? {
            "PUT" => "x".repeat(answer_to_put),
            "GET" => PAGE.to_owned(),
            _ => String::new(),
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\netag: \"e\"\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.ok()?;
    }
}

#[tokio::test]
async fn no_answer_to_a_write_fills_the_memory() {
    for (length, may) in [(64 * 1024, true), (2 * 1024 * 1024, false)] {
        let world = World::on("Exact", &hostile(length).await).sales().await;
        let admin = world.admin();
        let table = table("orders", json!({}));
        let made = world.catalogs.create_table(world.by(&admin), "lake", &path("sales"), table, plain()).await;
        assert_eq!(made.is_ok(), may, "{made:?}");
    }
}

#[tokio::test]
async fn a_store_that_names_files_for_ever_is_left() {
    let world = World::on("Exact", &hostile(0).await).sales().await;
    world.table("orders").await;
    let (stored, admin) = (world.shelf.tables().remove(0), world.admin());
    let files = world.catalogs.files(world.by(&admin), world.shelf.snapshot(), &stored).await.unwrap();
    let Files::Object(files) = files else { panic!("no bucket") };
    let begun = Instant::now();
    let left = files.purge_within(&stored.location, Duration::from_millis(300)).await;
    assert!(matches!(left, Err(StorageError::Failed { .. })), "{left:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
}

/// A property of so many bytes.
fn property(name: &str, bytes: usize) -> Value {
    json!([{"action": "set-properties", "updates": {name: "x".repeat(bytes)}}])
}

async fn commit_to(world: &World, name: &str, updates: Value) -> Result<CommittedTable, CatalogError> {
    let admin = world.admin();
    world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), name, commit(json!([]), updates)).await
}

fn is_too_large<T>(result: &Result<T, CatalogError>) -> bool {
    matches!(result, Err(CatalogError::Storage(StorageError::TooLarge(_))))
}

const HALF: usize = 34 * 1024 * 1024;

#[tokio::test]
async fn commits_make_no_document_without_end() {
    let world = World::local().sales().await;
    world.table("orders").await;
    commit_to(&world, "orders", property("a", HALF)).await.unwrap();
    let refused = commit_to(&world, "orders", property("b", HALF)).await;
    assert!(is_too_large(&refused), "it was taken in");
    let removed = json!([{"action": "remove-properties", "removals": ["a"]}]);
    commit_to(&world, "orders", removed).await.unwrap();
}

#[tokio::test]
async fn nor_do_those_of_one_transaction_together() {
    let world = World::local().sales().await;
    for name in ["one", "two"] {
        world.table(name).await;
    }
    let change = |name: &str| -> TableChange {
        let identifier = json!({"namespace": ["sales"], "name": name});
        let change = json!({"identifier": identifier, "requirements": [], "updates": property("a", HALF)});
        serde_json::from_value(change).unwrap()
    };
    let admin = world.admin();
    let refused = world.catalogs.commit_tables(world.by(&admin), "lake", vec![change("one"), change("two")]).await;
    assert!(is_too_large(&refused), "it was taken in");
    assert!(world.shelf.tables().iter().all(|table| table.version == 1), "nothing of it stays");
}
