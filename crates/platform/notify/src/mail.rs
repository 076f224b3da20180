//! Mail by SMTP (RFC 5321), for codes, reminders and notices.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{SmtpTransport, Transport};
use std::time::Duration;

/// Sends mail through one server.
pub struct Mailer {
    transport: SmtpTransport,
    from: Mailbox,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Mailer {
    /// Returns a mailer over `smtps://USER:PASSWORD@HOST`, `smtp://HOST:PORT?tls=required` or, to this machine, `smtp://localhost:PORT`.
    ///
    /// # Errors
    /// A URL or address that is none; plain SMTP to another machine.
    pub fn new(url: &str, from: &str) -> Result<Self, String> {
        let host = url.split("://").nth(1).unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        let host = host.split(['/', '?']).next().unwrap_or_default();
        let name = if host.starts_with('[') { host.split_inclusive(']').next() } else { host.split(':').next() };
        let local = name.is_some_and(|n| ["localhost", "127.0.0.1", "[::1]"].contains(&n));
        if url.starts_with("smtp://") && !local && !url.contains("tls=required") {
            return Err("SMTP: mail carries codes; use smtps://HOST or smtp://HOST?tls=required".into());
        }
        let from = from.parse().map_err(|e| format!("--mail-from '{from}': {e}"))?;
        let transport = SmtpTransport::from_url(url).map_err(|e| format!("SMTP: {e}"))?;
        Ok(Mailer { transport: transport.timeout(Some(Duration::from_secs(20))).build(), from })
    }

    /// Sends plain text.
    ///
    /// # Errors
    /// What the server answered.
    pub fn send(&self, to: &str, subject: &str, body: &str) -> Result<(), String> {
        let to: Mailbox = to.parse().map_err(|e| format!("'{to}': {e}"))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(body.to_owned())
            .map_err(|e| e.to_string())?;
        self.transport.send(&message).map(|_| ()).map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_smtp_stays_on_this_machine() {
        assert!(Mailer::new("smtp://mail.example.com:25", "desk@example.com").unwrap_err().contains("smtps"));
        assert!(Mailer::new("smtp://localhost.example.com", "desk@example.com").is_err(), "not this machine");
        Mailer::new("smtp://127.0.0.1:2525", "Desk <desk@example.com>").unwrap();
        Mailer::new("smtps://u:p@mail.example.com", "desk@example.com").unwrap();
        assert!(Mailer::new("smtp://localhost", "no address").is_err());
    }
}
