//! The service manager: systemd is notified when the server is ready, stops, and lives. Without `NOTIFY_SOCKET` nothing happens.

use sd_notify::NotifyState;
use std::time::Duration;

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

/// Notifies that the server lives; to be repeated within [`watchdog`].
pub fn alive() {
    notify(NotifyState::Watchdog);
}

/// Returns how often [`alive`] is to be called: half of what systemd waits for; `None` when it does not watch this process.
#[must_use]
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}
