//! What a server leaves in its store's folder while it runs, so that commands of this machine reach it: a socket, and its address.

use crate::running::ANNOUNCED;
use anyhow::Context;
use holdfast_server::socket::{LocalSocket, SOCKET};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Listens on the socket of a store's folder; a system or path that has none is no reason not to serve.
pub fn listen(store: &Path) -> Option<LocalSocket> {
    match LocalSocket::bind(store) {
        Ok(socket) => Some(socket),
        Err(e) => {
            let path = store.join(SOCKET);
            tracing::warn!(path = %path.display(), bytes = path.as_os_str().len(), reason = %e, "no socket for commands; they use the address in serve.json");
            None
        }
    }
}

/// File with the address at which the server of a store is reached from this machine; removed with the server.
#[derive(Debug)]
pub struct Announced(PathBuf);

impl Announced {
    /// Writes the file for a server that listens on an address; none when this machine does not reach it by loopback.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn new(store: &Path, listen: SocketAddr) -> anyhow::Result<Option<Self>> {
        let ip = listen.ip();
        if !ip.is_loopback() && !ip.is_unspecified() {
            return Ok(None);
        }
        let host = match (ip.is_ipv6() && ip.is_loopback(), ip.is_unspecified()) {
            (true, false) => "[::1]".to_owned(),
            (_, true) => "127.0.0.1".to_owned(),
            _ => ip.to_string(),
        };
        let path = store.join(ANNOUNCED);
        let text = json!({ "url": format!("http://{host}:{}", listen.port()), "pid": std::process::id() }).to_string();
        let _ = std::fs::remove_file(&path);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).with_context(|| path.display().to_string())?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        Ok(Some(Announced(path)))
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
