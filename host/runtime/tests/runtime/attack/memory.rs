//! Guests that take memory, in one piece and in many, and that look for what others left there.

use pangolin_core::id::TenantId;

use crate::guest::Guest;
use crate::host::Host;

async fn code(guest: Guest, limits: &str) -> String {
    Host::with_bad(guest, limits).await.bad().await.code
}

#[tokio::test]
async fn one_memory_is_bounded() {
    let guest = Guest::named("Bad").vending("(loop $l (drop (memory.grow (i32.const 16))) (br $l))");
    assert_eq!(code(guest, "memory_bytes = 4194304").await, "plugin-memory");
}

#[tokio::test]
async fn several_memories_add_up() {
    let guest = Guest {
        items: "(memory $second 1) (memory $third 1)".to_owned(),
        ..Guest::named("Bad")
            .vending("(drop (memory.grow $second (i32.const 40))) (drop (memory.grow $third (i32.const 40)))")
    };
    assert_eq!(code(guest, "memory_bytes = 4194304").await, "plugin-memory");
}

#[tokio::test]
async fn tables_count_as_memory() {
    let guest = Guest {
        items: "(table $table 1 funcref)".to_owned(),
        ..Guest::named("Bad").vending("(drop (table.grow $table (ref.null func) (i32.const 1000000)))")
    };
    assert_eq!(code(guest, "memory_bytes = 4194304").await, "plugin-memory");
}

#[tokio::test]
async fn the_error_names_the_bound_and_its_value() {
    let guest = Guest::named("Bad").vending("(drop (memory.grow (i32.const 2000)))");
    let error = Host::with_bad(guest, "memory_bytes = 4194304").await.bad().await;
    assert!(error.message.contains("4194304 bytes") && error.message.contains("memory_bytes"), "{error}");
}

#[tokio::test]
async fn growth_that_the_memory_itself_refuses_ends_as_well() {
    // The module's own maximum refuses it, for ever.
    let guest = Guest {
        items: "(memory $small 1 1) (table $few 1 1 funcref)".to_owned(),
        ..Guest::named("Bad").vending(
            "(loop $l (drop (memory.grow $small (i32.const 1))) (drop (table.grow $few (ref.null func) (i32.const 1)))
               (br $l))",
        )
    };
    let code = code(guest, "cpu_ms = 100").await;
    assert!(["plugin-memory", "plugin-cpu-exceeded"].contains(&code.as_str()), "{code}");
}

#[tokio::test]
async fn all_memories_and_tables_that_there_can_be_add_up() {
    let guest = Guest {
        items: "(memory $b 1) (memory $c 1) (memory $d 1) (table $t 1 funcref) (table $u 1 funcref)".to_owned(),
        ..Guest::named("Bad").vending(
            "(loop $l
               (drop (memory.grow (i32.const 8))) (drop (memory.grow $b (i32.const 8)))
               (drop (memory.grow $c (i32.const 8))) (drop (memory.grow $d (i32.const 8)))
               (drop (table.grow $t (ref.null func) (i32.const 100)))
               (drop (table.grow $u (ref.null func) (i32.const 100)))
               (br $l))",
        )
    };
    assert_eq!(code(guest, "").await, "plugin-memory");
}

#[tokio::test]
async fn what_the_host_writes_into_a_guest_counts_as_its_memory() {
    let guest = Guest { realloc: "(drop (memory.grow (i32.const 100)))".to_owned(), ..Guest::named("Bad") };
    assert_eq!(code(guest, "memory_bytes = 4194304").await, "plugin-memory");
    let outside = Guest { realloc: "(return (i32.const 0x7ffffff0))".to_owned(), ..Guest::named("Bad") };
    assert_eq!(code(outside, "").await, "plugin-bad-answer");
}

/// Grows all it may and traps if anything but zeros is there.
const LOOK_FOR_LEFTOVERS: &str = "
    (local.set $i (i32.shl (memory.grow (i32.const 900)) (i32.const 16)))
    (loop $l
      (if (i64.ne (i64.load (local.get $i)) (i64.const 0)) (then unreachable))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $l (i32.lt_u (local.get $i) (i32.shl (memory.size) (i32.const 16)))))
    (local.set $i (i32.const 8))
    (loop $l
      (if (i64.ne (i64.load $second (local.get $i)) (i64.const 0)) (then unreachable))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 65536))))
    (local.set $i (i32.const 0))
    (loop $l
      (if (i32.eqz (ref.is_null (table.get $table (local.get $i)))) (then unreachable))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 1000))))
    (if (global.get $seen) (then unreachable))";

/// Leaves marks in all that it has.
const LEAVE_MARKS: &str = "
    (global.set $seen (i32.const 1))
    (memory.fill (i32.const 131072) (i32.const 0xa5) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 131072)))
    (memory.fill $second (i32.const 0) (i32.const 0xa5) (i32.const 65536))
    (table.fill $table (i32.const 0) (ref.func $mark) (i32.const 1000))";

#[tokio::test]
async fn nothing_is_left_for_the_next_call_of_anybody() {
    let items = "(memory $second 1) (table $table 1000 funcref) (global $seen (mut i32) (i32.const 0))
        (func $mark) (elem declare func $mark)";
    let guest = |name: &str| Guest {
        items: items.to_owned(),
        ..Guest::named(name).vending(&format!("{LOOK_FOR_LEFTOVERS}{LEAVE_MARKS}"))
    };
    let host = Host::new(&[guest("One"), guest("Two")], "[plugins.One]\n[plugins.Two]").await;
    let (ours, theirs) = (TenantId::DEFAULT, TenantId::generate());
    for _ in 0..4 {
        for (tenant, strategy) in [(ours, "One"), (theirs, "One"), (ours, "Two"), (theirs, "Two")] {
            host.vend_for(tenant, strategy).await.unwrap();
        }
    }
}
