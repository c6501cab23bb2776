//! `wasi:sockets`: no socket is made and no name is looked up. A runtime is told so, and raises its
//! own error for it.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddress, IpAddressFamily, Network};
use wasmtime_wasi::p2::bindings::sockets::tcp::TcpSocket;
use wasmtime_wasi::p2::bindings::sockets::udp::UdpSocket;
use wasmtime_wasi::p2::bindings::sockets::{instance_network, ip_name_lookup, tcp_create_socket, udp_create_socket};
use wasmtime_wasi::p2::{DynPollable, SocketError, SocketResult};

use super::no_such_handle;
use crate::guest::Guest;

impl Guest {
    fn no_network<T>(&mut self) -> SocketResult<T> {
        self.enter().map_err(SocketError::trap)?;
        Err(ErrorCode::AccessDenied.into())
    }
}

impl network::Host for Guest {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn network_error_code(&mut self, _error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        Err(no_such_handle())
    }
}

impl network::HostNetwork for Guest {
    fn drop(&mut self, _network: Resource<Network>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl instance_network::Host for Guest {
    /// A handle of no use: runtimes ask for it before they look a name up.
    fn instance_network(&mut self) -> wasmtime::Result<Resource<Network>> {
        self.enter()?;
        Ok(Resource::new_own(0))
    }
}

impl tcp_create_socket::Host for Guest {
    fn create_tcp_socket(&mut self, _family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        self.no_network()
    }
}

impl udp_create_socket::Host for Guest {
    async fn create_udp_socket(&mut self, _family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        self.no_network()
    }
}

impl ip_name_lookup::Host for Guest {
    fn resolve_addresses(
        &mut self,
        _network: Resource<Network>,
        _name: String,
    ) -> SocketResult<Resource<ip_name_lookup::ResolveAddressStream>> {
        self.no_network()
    }
}

impl ip_name_lookup::HostResolveAddressStream for Guest {
    fn resolve_next_address(
        &mut self,
        _stream: Resource<ip_name_lookup::ResolveAddressStream>,
    ) -> SocketResult<Option<IpAddress>> {
        Err(SocketError::trap(no_such_handle()))
    }

    fn subscribe(
        &mut self,
        _stream: Resource<ip_name_lookup::ResolveAddressStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        Err(no_such_handle())
    }

    fn drop(&mut self, _stream: Resource<ip_name_lookup::ResolveAddressStream>) -> wasmtime::Result<()> {
        Err(no_such_handle())
    }
}
