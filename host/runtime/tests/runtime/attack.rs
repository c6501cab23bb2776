//! Components that try what a strategy must not be able to do. Each costs its own request and nothing
//! else: its error says which bound or rule it met, and an honest vend beside it meets its deadline.
//! What was planted as a secret is then looked for in logs, errors, answers, and in every byte that a
//! server received.

mod addresses;
mod answers;
mod captures;
mod compute;
mod describing;
mod echoes;
mod exports;
mod loading;
mod logs;
mod memory;
mod network;
mod peer;
mod planted;
mod requests;
mod room;
mod scope;
mod slots;
mod soak;
mod stack;
