//! Connections to PostgreSQL with TLS, by the URL's `sslmode` and `sslrootcert`, which mean what they mean to libpq.

use crate::DbError;
use postgres::config::SslMode;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres_rustls::MakeRustlsConnect;

/// What is verified of the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// Nothing: the connection is encrypted, and whoever stands in between can read it.
    Nothing,
    /// That a trusted authority issued it.
    Authority,
    /// That it is also for the server's name.
    Name,
}

/// The TLS mode of a URL.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    /// The URL without what is read here.
    url: String,
    mode: SslMode,
    check: Check,
    roots: Option<PathBuf>,
    /// The mode's name, as libpq has it.
    name: String,
}

/// Where systems keep the public authorities, for programs of libpq that have none of their own.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Names and values of the environment that make PostgreSQL's own programs connect as [`connect`] does, hosts and TLS included.
///
/// # Errors
/// [`DbError`] when the URL is none.
pub(crate) fn environment(url: &str) -> Result<Vec<(&'static str, String)>, DbError> {
    let wanted = Wanted::of(url)?;
    let config: postgres::Config = wanted.url.parse()?;
    let mut out = Vec::new();
    let hosts = config.get_hosts().iter().map(|host| match host {
        postgres::config::Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        postgres::config::Host::Unix(path) => path.display().to_string(),
    });
    let ports = config.get_ports().iter().map(u16::to_string);
    let lists = [("PGHOST", hosts.collect::<Vec<_>>()), ("PGPORT", ports.collect())];
    out.extend(lists.into_iter().filter(|(_, l)| !l.is_empty()).map(|(name, list)| (name, list.join(","))));
    out.extend(config.get_user().map(|u| ("PGUSER", u.to_owned())));
    out.extend(config.get_dbname().map(|d| ("PGDATABASE", d.to_owned())));
    out.extend(config.get_password().map(|p| ("PGPASSWORD", String::from_utf8_lossy(p).into_owned())));
    if config.get_target_session_attrs() == postgres::config::TargetSessionAttrs::ReadWrite {
        out.push(("PGTARGETSESSIONATTRS", "read-write".to_owned()));
    }
    out.push(("PGSSLMODE", wanted.name));
    match &wanted.roots {
        Some(path) => out.push(("PGSSLROOTCERT", path.display().to_string())),
        // Here public authorities; to libpq a file in the user's home.
        None if wanted.check != Check::Nothing => out.push(("PGSSLROOTCERT", SYSTEM_ROOTS.to_owned())),
        None => {}
    }
    Ok(out)
}

impl Wanted {
    fn of(url: &str) -> Result<Self, DbError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut roots) = ("prefer".to_owned(), None);
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = value.to_owned(),
                Some(("sslrootcert", value)) => roots = Some(PathBuf::from(unescaped(value))),
                _ => rest.push(pair),
            }
        }
        let name = mode;
        let (mode, mut check) = match name.as_str() {
            "disable" => (SslMode::Disable, Check::Nothing),
            "allow" | "prefer" => (SslMode::Prefer, Check::Nothing),
            "require" => (SslMode::Require, Check::Nothing),
            "verify-ca" => (SslMode::Require, Check::Authority),
            "verify-full" => (SslMode::Require, Check::Name),
            other => {
                let modes = "disable, allow, prefer, require, verify-ca, verify-full";
                return Err(DbError::Tls(format!("sslmode '{other}' is none of {modes}")));
            }
        };
        // As libpq does: whoever names authorities wants them verified.
        if roots.is_some() && check == Check::Nothing && mode == SslMode::Require {
            check = Check::Authority;
        }
        let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
        Ok(Wanted { url: format!("{base}{query}"), mode, check, roots, name })
    }

    fn config(&self) -> Result<ClientConfig, DbError> {
        let tls = |e: String| DbError::Tls(e);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match self.check {
            Check::Nothing => Arc::new(Verifier { inner: None, provider: provider.clone() }),
            check => {
                let roots = Arc::new(self.roots()?);
                let inner = WebPkiServerVerifier::builder_with_provider(roots, provider.clone());
                let inner = inner.build().map_err(|e| tls(e.to_string()))?;
                match check {
                    Check::Name => inner,
                    _ => Arc::new(Verifier { inner: Some(inner), provider: provider.clone() }),
                }
            }
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| tls(e.to_string()))?;
        Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
    }

    fn roots(&self) -> Result<RootCertStore, DbError> {
        let Some(path) = self.roots.as_ref().filter(|p| p.as_os_str() != "system") else {
            return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
        };
        let wrong = |e: String| DbError::Tls(format!("sslrootcert {}: {e}", path.display()));
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|e| wrong(e.to_string()))? {
            store.add(certificate.map_err(|e| wrong(e.to_string()))?).map_err(|e| wrong(e.to_string()))?;
        }
        match store.is_empty() {
            true => Err(wrong("holds no certificate (PEM)".into())),
            false => Ok(store),
        }
    }
}

/// Decodes percent-encoded text.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut i) = (Vec::with_capacity(bytes.len()), 0);
    while i < bytes.len() {
        let hex = bytes.get(i + 1..i + 3).and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()).filter(|_| bytes[i] == b'%') {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Longest time to connect, where the URL gives none.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Time without traffic after which the other end is probed, between probes, and how many go unanswered.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(30), Duration::from_secs(10), 3);
/// Longest time that sent bytes wait for the other end, where the URL gives none: a host that is gone is noticed, so that the connection is made again.
const UNANSWERED_TIME: Duration = Duration::from_secs(60);
/// Longest statement, where the URL gives no `options` of its own: as long as the longest answer. Migrations have no bound.
const STATEMENT_TIME: Duration = Duration::from_secs(600);

/// Times after which the other end counts as gone.
struct Patience {
    connect: Duration,
    /// Time without traffic after which the other end is probed, between probes, and how many go unanswered.
    keepalive: (Duration, Duration, u32),
    /// Longest time that sent bytes wait for the other end.
    unanswered: Duration,
}

/// Where the URL names one server, there is nothing to do but wait for it.
const FOR_ONE: Patience = Patience { connect: CONNECT_TIME, keepalive: KEEPALIVE, unanswered: UNANSWERED_TIME };
/// Where it names several, another may have been promoted meanwhile.
const FOR_SEVERAL: Patience = Patience {
    connect: Duration::from_secs(2),
    keepalive: (Duration::from_secs(1), Duration::from_secs(1), 1),
    unanswered: Duration::from_secs(2),
};

/// Bounds what the URL leaves unbounded: a database that is away must cost a refusal, not a thread for hours.
fn bound(config: &mut postgres::Config, patience: &Patience) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(patience.connect);
    }
    if config.get_keepalives_retries().is_none() {
        let (idle, interval, retries) = patience.keepalive;
        config.keepalives_idle(idle).keepalives_interval(interval).keepalives_retries(retries);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(patience.unanswered);
    }
}

/// Connects to a PostgreSQL server, which may be one of several: it must take writes then, unless the URL says otherwise.
///
/// # Errors
/// [`DbError`]; none shows the password.
pub(crate) fn connect(url: &str, is_of_several: bool) -> Result<postgres::Client, DbError> {
    let wanted = Wanted::of(url)?;
    let mut config: postgres::Config = wanted.url.parse()?;
    config.ssl_mode(wanted.mode);
    bound(&mut config, if is_of_several { &FOR_SEVERAL } else { &FOR_ONE });
    if is_of_several && !wanted.url.contains("target_session_attrs=") {
        config.target_session_attrs(postgres::config::TargetSessionAttrs::ReadWrite);
    }
    // As libpq does, so that the URL, which others on the machine may see, need hold no password.
    if config.get_password().is_none()
        && let Ok(password) = std::env::var("PGPASSWORD")
    {
        config.password(password);
    }
    // Sockets of this machine have no TLS and need none.
    let is_socket = config.get_hosts().iter().all(|h| matches!(h, postgres::config::Host::Unix(_)));
    let mut client = match wanted.mode == SslMode::Disable || (is_socket && wanted.mode != SslMode::Require) {
        true => config.connect(postgres::NoTls)?,
        false => config.connect(MakeRustlsConnect::new(wanted.config()?))?,
    };
    // By statements, because poolers refuse options as a connection starts. A statement's plan is made for the table as it is: one that was made
    // while a table was empty reads all of it for as long as nobody analyzes it.
    client.batch_execute("SET plan_cache_mode = force_custom_plan")?;
    if config.get_options().is_none() {
        client.batch_execute(&format!("SET statement_timeout = {}", STATEMENT_TIME.as_millis()))?;
    }
    Ok(client)
}

/// Checks less than the name: only the authority, or nothing. Signatures of the handshake are always checked.
#[derive(Debug)]
struct Verifier {
    inner: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(inner) = &self.inner else { return Ok(ServerCertVerified::assertion()) };
        match inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is checked last, after the chain.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sslmode_is_read_as_libpq_reads_it() {
        let of = |query: &str| {
            let wanted = Wanted::of(&format!("postgres://u@h/d{query}")).unwrap();
            (wanted.mode, wanted.check, wanted.url)
        };
        let plain = "postgres://u@h/d".to_owned();
        assert_eq!(of(""), (SslMode::Prefer, Check::Nothing, plain.clone()));
        assert_eq!(of("?sslmode=disable"), (SslMode::Disable, Check::Nothing, plain.clone()));
        assert_eq!(of("?sslmode=require"), (SslMode::Require, Check::Nothing, plain.clone()));
        assert_eq!(of("?sslmode=require&sslrootcert=/x%20y.pem"), (SslMode::Require, Check::Authority, plain.clone()));
        assert_eq!(of("?sslmode=verify-ca").1, Check::Authority);
        assert_eq!(
            of("?application_name=a&sslmode=verify-full"),
            (SslMode::Require, Check::Name, format!("{plain}?application_name=a"))
        );
        assert!(Wanted::of("postgres://h/d?sslmode=sometimes").unwrap_err().to_string().contains("verify-full"));
        assert_eq!(unescaped("/a%20b%2"), "/a b%2");
    }

    /// `pg_dump` must not trust what the desk does not trust, nor fail at a URL that the desk takes.
    #[test]
    fn programs_of_postgresql_connect_as_the_desk_does() {
        let of = |url: &str| environment(url).unwrap();
        let url = "postgres://u:p%40w@db.example:5433/desk?sslmode=verify-full&sslrootcert=/etc/ca%20x.pem";
        let expected = [
            ("PGHOST", "db.example"),
            ("PGPORT", "5433"),
            ("PGUSER", "u"),
            ("PGDATABASE", "desk"),
            ("PGPASSWORD", "p@w"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/etc/ca x.pem"),
        ];
        assert_eq!(of(url), expected.map(|(name, value)| (name, value.to_owned())));
        let two = of("postgres://u@a,b:5433/desk?target_session_attrs=read-write");
        assert!(two.contains(&("PGHOST", "a,b".to_owned())), "{two:?}");
        assert!(two.contains(&("PGTARGETSESSIONATTRS", "read-write".to_owned())), "{two:?}");
        assert!(two.contains(&("PGSSLMODE", "prefer".to_owned())), "{two:?}");
        assert!(of("postgres://h/d?sslmode=verify-ca").contains(&("PGSSLROOTCERT", SYSTEM_ROOTS.to_owned())));
        assert!(environment("postgres://h/d?sslmode=sometimes").is_err());
    }
}
