//! The Unix socket in a store's folder, on which commands of this machine reach the server that has the store.

use std::io;
use std::path::{Path, PathBuf};

/// Name of the socket in the store's folder.
pub const SOCKET: &str = "holdfast.sock";

/// A socket that only the server's own user can connect to; its file is removed with it.
#[derive(Debug)]
pub struct LocalSocket {
    #[cfg(unix)]
    listener: std::os::unix::net::UnixListener,
    path: PathBuf,
}

impl LocalSocket {
    /// Listens in a store's folder. The caller has the store open for writing, so that a socket found there is one that a killed server left;
    /// it is replaced.
    ///
    /// # Errors
    /// When the path is longer than the system takes (107 bytes on Linux), or the folder cannot be written to.
    #[cfg(unix)]
    pub fn bind(store: &Path) -> io::Result<Self> {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        let path = store.join(SOCKET);
        std::os::unix::net::SocketAddr::from_pathname(&path)?;
        // Bound in a private folder, and moved to its name once its permissions are set.
        let hidden = store.join(format!(".s{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&hidden)?;
        let bind = || {
            let made = hidden.join("s");
            let listener = std::os::unix::net::UnixListener::bind(&made)?;
            std::fs::set_permissions(&made, std::fs::Permissions::from_mode(0o600))?;
            listener.set_nonblocking(true)?;
            std::fs::rename(&made, &path)?;
            io::Result::Ok(listener)
        };
        let listener = bind();
        let _ = std::fs::remove_dir_all(&hidden);
        Ok(LocalSocket { listener: listener?, path })
    }

    /// This system has no Unix sockets.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(unix))]
    pub fn bind(store: &Path) -> io::Result<Self> {
        let _ = store.join(SOCKET);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[cfg(unix)]
    pub(crate) fn listener(&self) -> io::Result<tokio::net::UnixListener> {
        tokio::net::UnixListener::from_std(self.listener.try_clone()?)
    }
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_socket_is_closed_to_others_replaces_a_stale_one_and_goes_with_the_server() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(SOCKET);
        // What a killed server leaves: nobody listens on it.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(UnixStream::connect(&path).is_err());
        let socket = LocalSocket::bind(dir.path()).unwrap();
        assert_eq!(socket.path(), path);
        assert!(UnixStream::connect(&path).is_ok());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, [SOCKET], "nothing else is left");
        drop(socket);
        assert!(!path.exists());
    }

    #[test]
    fn a_path_that_is_too_long_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("x".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        assert_eq!(LocalSocket::bind(&deep).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(std::fs::read_dir(&deep).unwrap().count(), 0);
    }
}
