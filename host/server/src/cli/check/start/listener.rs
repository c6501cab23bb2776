//! The address: whether it is this machine's, and its port free. Nobody is listened to.

use std::io::ErrorKind;
use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpSocket;

use super::{Judged, Level};
use crate::config::Config;
use crate::serve;

pub(super) fn judge(judged: &mut Judged, config: &Config) {
    let address = SocketAddr::new(config.listen.address, config.listen.port);
    match bound(address) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            judged.say(Level::Note, "PORT", format!("{address} is in use, by a running host or another program"));
        }
        Err(error) => {
            let failed = Err::<(), _>(error).with_context(|| serve::not_bound(address));
            judged.take("PANGOLIN_BIND_ADDRESS", failed);
        }
    }
}

/// A socket that does not listen is in nobody's way.
fn bound(address: SocketAddr) -> std::io::Result<()> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)
}
