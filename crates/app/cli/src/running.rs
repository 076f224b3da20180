//! The running server of a store: commands send it what they cannot do beside it, because it is the only writer.

use crate::desk_key::existing;
use crate::screening::DeskArgs;
use anyhow::{Context, bail};
use holdfast_api::gate::Gate;
use holdfast_identity::Master;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{DbError, StoreError};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Says where the server of a store is reached from this machine; ends with the server.
pub struct Announced(PathBuf);

impl Announced {
    /// Writes it for a server that listens on an address; nothing when this machine does not reach it by loopback.
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
        let path = store.join("serve.json");
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

/// A running server, and who sends it something.
pub struct Running {
    url: String,
    master: Master,
    actor: String,
}

/// Where a desk's work is done.
pub enum Reach {
    /// In this process.
    Here(Screening),
    /// By the server that has the database.
    There(Running),
}

impl DeskArgs {
    /// Opens the desk, or finds the server that has it.
    pub fn reach(&self) -> anyhow::Result<Reach> {
        let error = match self.open() {
            Ok(screening) => return Ok(Reach::Here(screening)),
            Err(e) => e,
        };
        let busy = matches!(
            error.downcast_ref::<ScreeningError>(),
            Some(ScreeningError::Store(StoreError::Db(DbError::Busy(_))))
        );
        match busy {
            true => self.running().map(Reach::There).map_err(|why| error.context(why)),
            false => Err(error),
        }
    }

    /// The server that has the database.
    pub fn running(&self) -> anyhow::Result<Running> {
        let store = &self.store.store;
        let path = store.join("serve.json");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{}: no server says where it is", path.display()))?;
        let value: Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        let url = value["url"].as_str().with_context(|| format!("{}: names no url", path.display()))?.to_owned();
        Ok(Running { url, master: existing(store)?, actor: self.actor.clone() })
    }
}

impl Running {
    /// Sends a request; returns the answer's status and bytes.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> anyhow::Result<(u16, Vec<u8>)> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
            request = request.header(
                "authorization",
                Gate::command_header(&self.master, &self.actor, &method.to_uppercase(), path, now),
            );
        }
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(600)))
            .build()
            .into();
        let mut answer = agent.run(request.body(body)?).with_context(|| format!("the server at {}", self.url))?;
        let bytes = answer.body_mut().with_config().limit(1 << 30).read_to_vec()?;
        Ok((answer.status().as_u16(), bytes))
    }

    /// Sends JSON; returns the answer's JSON, or its error in words.
    pub fn json(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let bytes = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        let (status, bytes) = self.send(method, path, &[("content-type", "application/json")], bytes)?;
        let value: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if !(200..300).contains(&status) {
            bail!(
                "{}",
                value["error"].as_str().map_or_else(|| String::from_utf8_lossy(&bytes).into_owned(), str::to_owned)
            );
        }
        Ok(value)
    }
}

/// A value for a query.
pub fn escaped(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}
