//! Compilation: in the background, with a net under it, once per digest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::{LoadError, NativeCache, weight};
use crate::text;

/// Compiles components, or takes their native code from the cache.
#[derive(Debug)]
pub(crate) struct Compiler {
    pub(crate) engine: Engine,
    pub(crate) cache: Option<NativeCache>,
}

/// Hashes and compiles on a blocking thread; the async ones keep serving.
pub(super) async fn in_background(compiler: &Arc<Compiler>, bytes: Vec<u8>) -> Result<(String, Component), LoadError> {
    let compiler = Arc::clone(compiler);
    tokio::task::spawn_blocking(move || {
        let digest = super::digest(&bytes);
        compiler.compile(&digest, &bytes).map(|component| (digest, component))
    })
    .await
    .map_err(|error| LoadError::Compiler(error.to_string()))?
}

impl Compiler {
    fn compile(&self, digest: &str, bytes: &[u8]) -> Result<Component, LoadError> {
        if let Some(component) = self.cache.as_ref().and_then(|cache| cache.load(&self.engine, digest)) {
            return Ok(component);
        }
        weight::check(bytes)?;
        let component = caught(|| Component::from_binary(&self.engine, bytes))?;
        if let Some(cache) = &self.cache {
            cache.store(&component, digest);
        }
        // The first instance of each would pay for this otherwise.
        caught(|| component.initialize_copy_on_write_image())?;
        Ok(component)
    }
}

/// Runs one step of the compiler. A panic of it is a refusal of this component.
fn caught<T>(step: impl FnOnce() -> wasmtime::Result<T>) -> Result<T, LoadError> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let message = format!("{error:#}");
            if message.contains("component model async feature") {
                return Err(LoadError::Asynchronous);
            }
            Err(LoadError::Invalid(text::printable(&message, 500)))
        }
        Err(panic) => {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panic");
            Err(LoadError::Compiler(text::printable(message, 500)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_compiler_is_a_refusal() {
        let message = caught::<()>(|| panic!("invalid adapter {}", "module")).unwrap_err().to_string();
        assert_eq!(message, "the compiler failed on this component: invalid adapter module");
    }
}
