//! PostgreSQL with TLS: `sslmode` is honoured, and no password is shown.

use holdfast_store::Database;
use holdfast_testing::TestDb;

const CERTIFICATES: &str = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.crt -subj /CN=ca \
    && openssl req -newkey rsa:2048 -nodes -keyout server.key -out s.csr -subj /CN=localhost \
    && printf \"subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\n\" > s.ext \
    && openssl x509 -req -in s.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile s.ext -out server.crt";

fn is_encrypted(url: &str) -> Result<bool, String> {
    let mut db = Database::connect(url).map_err(|e| e.to_string())?;
    let sql = "SELECT (CASE WHEN ssl THEN 1 ELSE 0 END)::BIGINT FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let rows = db.query(sql, &[]).map_err(|e| e.to_string())?;
    rows[0].int(0).map(|n| n == 1).map_err(|e| e.to_string())
}

#[test]
fn a_database_is_reached_as_securely_as_sslmode_asks() {
    let Some(place) = TestDb::own_postgres() else { return };
    if std::process::Command::new("openssl").arg("version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "openssl is not installed, and CI must have it");
        eprintln!("SKIPPED: openssl is not installed");
        return;
    }
    let with = |mode: &str| format!("{}?sslmode={mode}", place.url);
    // Before the server has TLS.
    assert_eq!(is_encrypted(&with("disable")), Ok(false));
    assert_eq!(is_encrypted(&with("prefer")), Ok(false));
    assert!(is_encrypted(&with("require")).is_err(), "nothing goes in clear where it was forbidden");
    let mut db = Database::connect(&place.url).unwrap();
    db.batch(&format!("COPY (SELECT 1) TO PROGRAM '{}'", CERTIFICATES.replace('\'', "''"))).unwrap();
    db.batch("ALTER SYSTEM SET ssl = on").unwrap();
    db.batch("SELECT pg_reload_conf()").unwrap();
    let dir = db.query("SELECT setting FROM pg_settings WHERE name = 'data_directory'", &[]).unwrap();
    let roots = format!("{}/ca.crt", dir[0].text(0).unwrap());
    let begun = std::time::Instant::now();
    while is_encrypted(&with("require")) != Ok(true) {
        assert!(begun.elapsed().as_secs() < 20, "{:?}", is_encrypted(&with("require")));
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(is_encrypted(&with("disable")), Ok(false));
    assert_eq!(is_encrypted(&place.url), Ok(true), "TLS is used where it is there");
    let named = place.url.replace("127.0.0.1", "localhost");
    let by = |url: &str, query: &str| is_encrypted(&format!("{url}?{query}"));
    assert!(by(&named, "sslmode=verify-full").is_err(), "no public authority issued it");
    assert_eq!(by(&named, &format!("sslmode=verify-full&sslrootcert={roots}")), Ok(true));
    assert_eq!(by(&place.url, &format!("sslmode=verify-ca&sslrootcert={roots}")), Ok(true));
    assert!(by(&place.url, &format!("sslmode=verify-full&sslrootcert={roots}")).is_err(), "of another name");
    let other = tempfile::NamedTempFile::new().unwrap();
    let refused = by(&named, &format!("sslmode=verify-ca&sslrootcert={}", other.path().display())).unwrap_err();
    assert!(refused.contains("certificate"), "{refused}");
}

#[test]
fn a_statement_ends_in_time_unless_the_url_says_otherwise() {
    let Some(place) = TestDb::postgres() else { return };
    let setting = |url: &str| {
        let mut db = Database::connect(url).unwrap();
        let rows = db.query("SELECT current_setting('statement_timeout')", &[]).unwrap();
        rows[0].text(0).unwrap().to_owned()
    };
    assert_eq!(setting(&place.url), "10min");
    let brief = format!("{}?options=-c%20statement_timeout%3D200", place.url);
    assert_eq!(setting(&brief), "200ms");
    let begun = std::time::Instant::now();
    assert!(Database::connect(&brief).unwrap().query("SELECT pg_sleep(20)::text", &[]).is_err());
    assert!(begun.elapsed().as_secs() < 10);
}
