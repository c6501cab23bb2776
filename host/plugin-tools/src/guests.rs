//! Guests for tests, made of a few lines of WAT: those of the runtime's own tests.
#![expect(dead_code, reason = "the runtime's tests use more of it")]

#[path = "../../runtime/tests/runtime/ask.rs"]
pub(crate) mod ask;
#[path = "../../runtime/tests/runtime/guest.rs"]
pub(crate) mod guest;
#[path = "../../runtime/tests/runtime/image.rs"]
pub(crate) mod image;
