//! `wasi:io`: standard input at its end, standard output and error as lines, and waiting for time to
//! pass. Nothing else can be read, written or waited for.

use std::time::Duration;

use tokio::time::Instant;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::io::{error, poll, streams};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, StreamError, StreamResult};

use super::no_such_handle;
use super::output::Stream;
use crate::guest::Guest;
use crate::stop::Stop;

/// Bytes that a guest may write at once. What is written is counted in bytes of log.
const PERMIT: usize = 4_096;

/// Things that one guest may wait for at a time.
const MAX_WAKES: usize = 64;

/// What ends a wait.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wake {
    Now,
    At(Instant),
    /// Beyond the end of time; the end of the call comes before it.
    Never,
}

impl Wake {
    pub(super) fn after(duration: Duration) -> Self {
        if duration.is_zero() { Self::Now } else { Instant::now().checked_add(duration).map_or(Self::Never, Self::At) }
    }

    fn is_due(self) -> bool {
        match self {
            Self::Now => true,
            Self::At(instant) => instant <= Instant::now(),
            Self::Never => false,
        }
    }

    async fn wait(self) {
        match self {
            // Others get their turn, also when the guest asks in a loop.
            Self::Now => tokio::task::yield_now().await,
            Self::At(instant) => tokio::time::sleep_until(instant).await,
            Self::Never => std::future::pending().await,
        }
    }
}

impl Guest {
    /// A handle to wait with.
    pub(super) fn wake(&mut self, wake: Wake) -> wasmtime::Result<Resource<DynPollable>> {
        self.wasi.table.set_max_capacity(MAX_WAKES);
        let wake = self.wasi.table.push(wake).map_err(|_full| Stop::Handles(MAX_WAKES))?;
        Ok(Resource::new_own(wake.rep()))
    }

    /// Waits, but not in `describe`: whoever loads a plugin would wait with it.
    async fn wait(&mut self, wake: Wake) -> wasmtime::Result<()> {
        if !wake.is_due() {
            self.not_in_describe("wasi:io/poll")?;
        }
        wake.wait().await;
        Ok(())
    }

    fn wake_of(&self, pollable: &Resource<DynPollable>) -> wasmtime::Result<Wake> {
        Ok(*self.wasi.table.get(&Resource::<Wake>::new_borrow(pollable.rep()))?)
    }
}

impl poll::Host for Guest {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        self.enter()?;
        // An empty list would wait for ever; a long one repeats its handles.
        if pollables.is_empty() || pollables.len() > MAX_WAKES {
            return Err(wasmtime::format_err!("poll takes 1 to {MAX_WAKES} handles, not {}", pollables.len()));
        }
        let wakes = pollables.iter().map(|pollable| self.wake_of(pollable)).collect::<wasmtime::Result<Vec<_>>>()?;
        let first = wakes.iter().fold(Wake::Never, |first, wake| match (first, *wake) {
            (Wake::Now, _) | (_, Wake::Now) => Wake::Now,
            (Wake::At(one), Wake::At(other)) => Wake::At(one.min(other)),
            (Wake::Never, other) => other,
            (at, Wake::Never) => at,
        });
        self.wait(first).await?;
        Ok((0_u32..).zip(wakes).filter(|(_, wake)| wake.is_due()).map(|(index, _)| index).collect())
    }
}

impl poll::HostPollable for Guest {
    async fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        self.enter()?;
        Ok(self.wake_of(&pollable)?.is_due())
    }

    async fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        self.enter()?;
        let wake = self.wake_of(&pollable)?;
        self.wait(wake).await
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        self.wasi.table.delete(Resource::<Wake>::new_own(pollable.rep()))?;
        Ok(())
    }
}

impl error::Host for Guest {}

impl error::HostError for Guest {
    fn to_debug_string(&mut self, _error: Resource<error::Error>) -> wasmtime::Result<String> {
        Err(no_such_handle())
    }

    fn drop(&mut self, _error: Resource<error::Error>) -> wasmtime::Result<()> {
        Err(no_such_handle())
    }
}

impl streams::Host for Guest {
    fn convert_stream_error(&mut self, error: StreamError) -> wasmtime::Result<streams::StreamError> {
        match error {
            StreamError::Closed => Ok(streams::StreamError::Closed),
            StreamError::LastOperationFailed(error) | StreamError::Trap(error) => Err(error),
        }
    }
}

impl Guest {
    fn enter_stream(&mut self) -> StreamResult<()> {
        self.enter().map_err(stopped)
    }

    /// The end of standard input, the only stream that can be read.
    fn end_of_input<T>(&mut self) -> StreamResult<T> {
        self.enter_stream()?;
        Err(StreamError::Closed)
    }

    fn write_stream(&mut self, stream: &Resource<DynOutputStream>, bytes: &[u8]) -> StreamResult<()> {
        self.enter_stream()?;
        if bytes.len() > PERMIT {
            return Err(StreamError::trap("more bytes were written than check-write allows"));
        }
        self.print(Stream::of(stream), bytes);
        Ok(())
    }

    fn write_zero_bytes(&mut self, stream: &Resource<DynOutputStream>, len: u64) -> StreamResult<()> {
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(PERMIT + 1);
        self.write_stream(stream, &vec![0; len])
    }
}

fn stopped(stop: Stop) -> StreamError {
    StreamError::Trap(stop.into())
}

impl streams::HostInputStream for Guest {
    fn read(&mut self, _stream: Resource<DynInputStream>, _len: u64) -> StreamResult<Vec<u8>> {
        self.end_of_input()
    }

    async fn blocking_read(&mut self, _stream: Resource<DynInputStream>, _len: u64) -> StreamResult<Vec<u8>> {
        self.end_of_input()
    }

    fn skip(&mut self, _stream: Resource<DynInputStream>, _len: u64) -> StreamResult<u64> {
        self.end_of_input()
    }

    async fn blocking_skip(&mut self, _stream: Resource<DynInputStream>, _len: u64) -> StreamResult<u64> {
        self.end_of_input()
    }

    fn subscribe(&mut self, _stream: Resource<DynInputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        self.enter()?;
        self.wake(Wake::Now)
    }

    async fn drop(&mut self, _stream: Resource<DynInputStream>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl streams::HostOutputStream for Guest {
    fn check_write(&mut self, _stream: Resource<DynOutputStream>) -> StreamResult<u64> {
        self.enter_stream()?;
        Ok(u64::try_from(PERMIT).unwrap_or(u64::MAX))
    }

    fn write(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        self.write_stream(&stream, &bytes)
    }

    async fn blocking_write_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        bytes: Vec<u8>,
    ) -> StreamResult<()> {
        self.write_stream(&stream, &bytes)
    }

    fn flush(&mut self, _stream: Resource<DynOutputStream>) -> StreamResult<()> {
        self.enter_stream()
    }

    async fn blocking_flush(&mut self, _stream: Resource<DynOutputStream>) -> StreamResult<()> {
        self.enter_stream()
    }

    fn subscribe(&mut self, _stream: Resource<DynOutputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        self.enter()?;
        self.wake(Wake::Now)
    }

    fn write_zeroes(&mut self, stream: Resource<DynOutputStream>, len: u64) -> StreamResult<()> {
        self.write_zero_bytes(&stream, len)
    }

    async fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        len: u64,
    ) -> StreamResult<()> {
        self.write_zero_bytes(&stream, len)
    }

    fn splice(
        &mut self,
        _to: Resource<DynOutputStream>,
        _from: Resource<DynInputStream>,
        _len: u64,
    ) -> StreamResult<u64> {
        self.end_of_input()
    }

    async fn blocking_splice(
        &mut self,
        _to: Resource<DynOutputStream>,
        _from: Resource<DynInputStream>,
        _len: u64,
    ) -> StreamResult<u64> {
        self.end_of_input()
    }

    async fn drop(&mut self, _stream: Resource<DynOutputStream>) -> wasmtime::Result<()> {
        Ok(())
    }
}
