//! Why the host stops a guest. Raised as the error of a host function, a limiter or the epoch
//! callback, and found again in the trap.

/// One of the host's own reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    /// All memories and tables together grew beyond the bound.
    #[error("more than {0} bytes in all memories and tables together")]
    Memory(usize),
    /// The guest computed for longer than it may.
    #[error("more than {0} ms of CPU time")]
    Cpu(u64),
    /// The guest called the host too often.
    #[error("more than {0} calls of the host")]
    HostCalls(u32),
    /// The guest gave the host too much to hash.
    #[error("more than {0} bytes for the host to hash")]
    HashBytes(u64),
    /// The guest asked for more random bytes than one call gives.
    #[error("at most {0} random bytes a call")]
    RandomBytes(u32),
    /// The guest's runtime asked for more random bytes than one run gives.
    #[error("more than {0} random bytes of wasi:random")]
    WasiRandomBytes(u32),
    /// The guest waits for too many things at a time.
    #[error("more than {0} handles of wasi:io/poll at a time")]
    Handles(usize),
    /// The guest ended itself.
    #[error("it called exit with the code {0} instead of answering")]
    Exit(u8),
    /// What it sends, or was to get, holds a secret that it cannot know.
    #[error("its request, or the answer to it, holds the value of a secret; a plugin names the slot in `auth` instead")]
    Secret,
    /// A dry run came to a request, which nobody sends.
    #[error("a dry run ends at the first request")]
    DryRun,
    /// The import is not there in this phase.
    #[error("'{import}' cannot be called from '{phase}'")]
    Phase {
        /// The function that was called.
        import: &'static str,
        /// The export that runs.
        phase: &'static str,
    },
}
