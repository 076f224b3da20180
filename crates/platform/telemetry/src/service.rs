//! The service manager: systemd passes sockets that stay open over restarts, and is notified when the server is ready, stops, and lives. Without
//! `LISTEN_FDS` and `NOTIFY_SOCKET` nothing happens. Protocols: systemd's sd_listen_fds(3) and sd_notify(3).

use listenfd::ListenFd;
use sd_notify::NotifyState;
use std::net::TcpListener;
use std::time::Duration;

/// Name of the socket on which metrics are served without a key; whatever has another name is the server's (`FileDescriptorName=`).
pub const METRICS: &str = "metrics";

/// Listeners that the service manager opened for this process.
#[derive(Debug, Default)]
pub struct Sockets {
    /// The server's.
    pub http: Option<TcpListener>,
    /// That of metrics.
    pub metrics: Option<TcpListener>,
}

/// Sockets that were passed and cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Two for one purpose.
    #[error(
        "the service manager passed two sockets for {0}; pass one, and one named `metrics` (FileDescriptorName=metrics) if metrics have an address of their own"
    )]
    Twice(&'static str),
    /// No TCP socket.
    #[error("the service manager passed socket {0}, which is no TCP listener ({1}); use ListenStream=ADDRESS:PORT")]
    NotTcp(usize, std::io::Error),
}

/// Takes the sockets that the service manager passed, once; there are none when it passed none, or passed them to another process.
///
/// # Errors
/// [`SocketError`] when it passed others than one for the server and one for metrics.
pub fn sockets() -> Result<Sockets, SocketError> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut passed = ListenFd::from_env();
    let mut sockets = Sockets::default();
    for (index, is_metrics) in (0..passed.len()).zip(purposes(&names)) {
        let listener = passed.take_tcp_listener(index).map_err(|e| SocketError::NotTcp(index, e))?;
        let (place, name) = match is_metrics {
            true => (&mut sockets.metrics, "metrics"),
            false => (&mut sockets.http, "the server"),
        };
        if place.is_some() {
            return Err(SocketError::Twice(name));
        }
        *place = listener;
    }
    Ok(sockets)
}

/// Whether each of the sockets is for metrics, by their names, which stand between colons; those without a name are the server's.
fn purposes(names: &str) -> impl Iterator<Item = bool> {
    names.split(':').map(|name| name == METRICS).chain(std::iter::repeat(false))
}

fn notify(state: NotifyState<'_>) {
    if let Err(e) = sd_notify::notify(&[state]) {
        tracing::warn!(reason = %e, "the service manager is not notified");
    }
}

/// Notifies that the server answers requests.
pub fn ready() {
    notify(NotifyState::Ready);
}

/// Notifies that the server stops.
pub fn stopping() {
    notify(NotifyState::Stopping);
}

/// Notifies that the server lives; to be repeated within half of [`watchdog`].
pub fn alive() {
    notify(NotifyState::Watchdog);
}

/// Returns how long systemd waits for [`alive`] before it ends the process; `None` when it does not watch this process.
#[must_use]
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_told_apart_by_name_and_the_nameless_ones_are_the_servers() {
        let first = |names: &str| purposes(names).take(3).collect::<Vec<_>>();
        assert_eq!(first(""), [false, false, false]);
        assert_eq!(first("holdfast.socket:metrics"), [false, true, false]);
        assert_eq!(first("metrics"), [true, false, false]);
        assert_eq!(first("metrics2:unknown"), [false, false, false]);
    }

    #[test]
    fn without_a_service_manager_there_are_no_sockets() {
        let none = sockets().unwrap();
        assert!(none.http.is_none() && none.metrics.is_none());
    }
}
