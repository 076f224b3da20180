//! Scripts and styles of the pages. They are bundled from `web/` by the build script, under names with content hashes, and embedded with copies
//! compressed by gzip and brotli. Nothing is read at run time, except in debug builds with `HOLDFAST_WEB_DIST` (see [`folder`]).
//!
//! A page asks [`path`] for the address of an asset; the server answers what [`serve`] gives.

use std::borrow::Cow;
use std::path::PathBuf;

include!("names.rs");
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Below this path assets are served.
pub const PREFIX: &str = "/assets/";

/// An embedded file.
#[derive(Debug)]
pub struct Asset {
    /// Name by which Rust knows it; parts that scripts load themselves have none.
    name: Option<&'static str>,
    /// Name with a hash of its content.
    file: &'static str,
    /// SHA-256 in hexadecimal digits.
    digest: &'static str,
    plain: &'static [u8],
    /// Compressed copies; empty for a font, which is compressed in itself.
    gzip: &'static [u8],
    brotli: &'static [u8],
}

/// An answer: status, headers, body.
#[derive(Debug, PartialEq, Eq)]
pub struct Served {
    /// 200, 304 or 404.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Empty for 304 and 404.
    pub body: Cow<'static, [u8]>,
}

impl Served {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_ref())
    }

    fn missing() -> Self {
        Self { status: 404, headers: vec![("cache-control", Cow::Borrowed("no-store"))], body: Cow::Borrowed(&[]) }
    }
}

/// The address of an asset by its logical name, such as `explorer.js`; `None` for a name that is not in [`NAMES`].
#[must_use]
pub fn path(name: &str) -> Option<String> {
    match folder() {
        Some(folder) => of_manifest(&folder, name).map(|file| format!("{PREFIX}{file}")),
        None => embedded_path(name),
    }
}

fn embedded_path(name: &str) -> Option<String> {
    ASSETS.iter().find(|a| a.name == Some(name)).map(|a| format!("{PREFIX}{}", a.file))
}

/// All addresses with the bytes behind them, for tests of the server and for a listing.
pub fn all() -> impl Iterator<Item = (String, usize)> {
    ASSETS.iter().map(|a| (format!("{PREFIX}{}", a.file), a.plain.len()))
}

/// Answers a request for a path below [`PREFIX`]. `accept_encoding` and `if_none_match` are the request's headers.
#[must_use]
pub fn serve(path: &str, accept_encoding: Option<&str>, if_none_match: Option<&str>) -> Served {
    let Some(file) = path.strip_prefix(PREFIX) else { return Served::missing() };
    match folder() {
        Some(folder) => from_folder(&folder, file),
        None => embedded(file, accept_encoding, if_none_match),
    }
}

fn embedded(file: &str, accept_encoding: Option<&str>, if_none_match: Option<&str>) -> Served {
    let Some(asset) = ASSETS.iter().find(|a| a.file == file) else { return Served::missing() };
    let wanted = if asset.gzip.is_empty() { Encoding::Plain } else { encoding(accept_encoding.unwrap_or_default()) };
    let (encoding, body) = match wanted {
        Encoding::Brotli => (Some("br"), asset.brotli),
        Encoding::Gzip => (Some("gzip"), asset.gzip),
        Encoding::Plain => (None, asset.plain),
    };
    // Each form is a representation of its own (RFC 9110, 8.8.3.3).
    let etag = format!("\"{}{}\"", &asset.digest[..32], encoding.map(|e| format!("-{e}")).unwrap_or_default());
    let same = if_none_match
        .is_some_and(|list| list.split(',').map(str::trim).any(|t| t == "*" || t.trim_start_matches("W/") == etag));
    let mut headers = vec![
        ("content-type", Cow::Borrowed(content_type(file))),
        ("cache-control", Cow::Borrowed("public, max-age=31536000, immutable")),
        ("vary", Cow::Borrowed("accept-encoding")),
        ("x-content-type-options", Cow::Borrowed("nosniff")),
        ("etag", Cow::Owned(etag)),
    ];
    if same {
        return Served { status: 304, headers, body: Cow::Borrowed(&[]) };
    }
    headers.extend(encoding.map(|e| ("content-encoding", Cow::Borrowed(e))));
    Served { status: 200, headers, body: Cow::Borrowed(body) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

/// The best form that a client takes (RFC 9110, 12.5.3): one whose weight is not zero; what is not named is taken only by `*`.
fn encoding(accept: &str) -> Encoding {
    let takes = |wanted: &str| {
        let weight = |name: &str| {
            accept.split(',').find_map(|part| {
                let mut parts = part.split(';').map(str::trim);
                let coding = parts.next()?;
                let weight = parts.find_map(|p| p.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok())?;
                coding.eq_ignore_ascii_case(name).then_some(weight)
            })
        };
        weight(wanted).or_else(|| weight("*")).is_some_and(|w| w > 0.0)
    };
    match (takes("br"), takes("gzip")) {
        (true, _) => Encoding::Brotli,
        (false, true) => Encoding::Gzip,
        (false, false) => Encoding::Plain,
    }
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

/// In debug builds, the folder named by `HOLDFAST_WEB_DIST` when the server started: `node build.mjs --watch` in `web/` then shows changes without a
/// build of the server. Release builds never read files.
fn folder() -> Option<PathBuf> {
    if cfg!(debug_assertions) { std::env::var_os("HOLDFAST_WEB_DIST").map(PathBuf::from) } else { None }
}

/// The file of a logical name, by a manifest of `build.mjs`, which writes `"name": {"file": "..."`.
fn of_manifest(folder: &std::path::Path, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("manifest.json")).ok()?;
    let after = text.split_once(&format!("\"{name}\": {{"))?.1;
    let value = after.split_once("\"file\": \"")?.1;
    value.split_once('"').map(|(file, _)| file.to_owned())
}

fn from_folder(folder: &std::path::Path, file: &str) -> Served {
    if file.is_empty()
        || file.starts_with('.')
        || !file.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    {
        return Served::missing();
    }
    match std::fs::read(folder.join(file)) {
        Ok(body) => Served {
            status: 200,
            headers: vec![
                ("content-type", Cow::Borrowed(content_type(file))),
                ("cache-control", Cow::Borrowed("no-store")),
                ("x-content-type-options", Cow::Borrowed("nosniff")),
            ],
            body: Cow::Owned(body),
        },
        Err(_) => Served::missing(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    // What is embedded, also where the environment names a folder.
    fn serve(path: &str, accept: Option<&str>, tag: Option<&str>) -> Served {
        path.strip_prefix(PREFIX).map_or_else(Served::missing, |file| embedded(file, accept, tag))
    }

    fn served(name: &str, accept: &str) -> Served {
        serve(&embedded_path(name).expect("a name of the list has a path"), Some(accept), None)
    }

    #[test]
    fn every_asset_is_served_in_three_forms_of_the_same_content() {
        assert!(!ASSETS.is_empty());
        for asset in ASSETS {
            let path = format!("{PREFIX}{}", asset.file);
            let plain = serve(&path, None, None);
            assert_eq!((plain.status, plain.body.as_ref(), plain.header("content-encoding")), (200, asset.plain, None));
            assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"));
            assert_eq!(plain.header("vary"), Some("accept-encoding"));
            assert_ne!(plain.header("content-type"), Some("application/octet-stream"), "{path}");
            let gzip = serve(&path, Some("gzip, deflate"), None);
            if asset.file.ends_with(".woff2") {
                assert_eq!((gzip.header("content-encoding"), gzip.body.as_ref()), (None, asset.plain), "one form");
                assert_eq!(gzip.header("content-type"), Some("font/woff2"));
                continue;
            }
            assert_eq!(gzip.header("content-encoding"), Some("gzip"));
            let mut inflated = Vec::new();
            flate2::read::GzDecoder::new(gzip.body.as_ref()).read_to_end(&mut inflated).unwrap();
            assert_eq!(inflated, asset.plain);
            let brotli = serve(&path, Some("gzip, deflate, br, zstd"), None);
            assert_eq!(brotli.header("content-encoding"), Some("br"));
            assert!(brotli.body.len() <= gzip.body.len());
            let tags: std::collections::BTreeSet<_> =
                [&plain, &gzip, &brotli].iter().filter_map(|s| s.header("etag")).collect();
            assert_eq!(tags.len(), 3, "forms have their own tags");
        }
    }

    #[test]
    fn every_name_has_a_path_with_its_hash() {
        for name in NAMES {
            let path = embedded_path(name).unwrap();
            let (stem, end) = name.rsplit_once('.').unwrap();
            assert!(path.starts_with(&format!("{PREFIX}{stem}-")) && path.ends_with(end), "{path}");
            assert_eq!(served(name, "").status, 200);
        }
        assert_eq!(embedded_path("nothing.js"), None);
    }

    #[test]
    fn the_explorer_loads_its_worker_by_its_hashed_name() {
        let script = served("explorer.js", "");
        let worker = embedded_path("explorer-worker.js").unwrap();
        let text = String::from_utf8(script.body.into_owned()).unwrap();
        assert!(text.contains(worker.trim_start_matches(PREFIX)));
    }

    #[test]
    fn fonts_are_loaded_from_here_by_their_hashed_names() {
        let text = String::from_utf8(served("fonts.css", "").body.into_owned()).unwrap();
        let fonts: Vec<&str> = text.split("url(\"").skip(1).filter_map(|part| part.split('"').next()).collect();
        assert_eq!(fonts.len(), 7, "{text}");
        for font in fonts {
            let path = format!("{PREFIX}{}", font.trim_start_matches("./"));
            assert!(serve(&path, None, None).body.starts_with(b"wOF2"), "{path}");
        }
        assert_eq!(text.matches("font-display:swap").count(), 7);
    }

    #[test]
    fn a_known_tag_is_answered_without_a_body() {
        let path = embedded_path("explorer.css").unwrap();
        let first = serve(&path, Some("br"), None);
        let tag = first.header("etag").unwrap();
        let again = serve(&path, Some("br"), Some(&format!("\"other\", W/{tag}")));
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag)));
        assert_eq!(serve(&path, Some("gzip"), Some(tag)).status, 200, "another form has another tag");
    }

    #[test]
    fn what_is_no_asset_is_not_found() {
        for path in ["/assets/", "/assets/../Cargo.toml", "/assets/explorer.js", "/style.css", ""] {
            assert_eq!(serve(path, None, None).status, 404, "{path}");
        }
    }

    #[test]
    fn encodings_are_taken_by_weight() {
        let cases = [
            ("", Encoding::Plain),
            ("br", Encoding::Brotli),
            ("gzip;q=1.0, br;q=0", Encoding::Gzip),
            ("*", Encoding::Brotli),
            ("*;q=0", Encoding::Plain),
            ("br;q=0, *", Encoding::Gzip),
            ("GZIP", Encoding::Gzip),
            ("identity", Encoding::Plain),
            ("gzip;q=nonsense", Encoding::Plain),
        ];
        for (accept, expected) in cases {
            assert_eq!(encoding(accept), expected, "{accept}");
        }
    }

    #[test]
    fn a_manifest_names_files() {
        let folder = std::env::temp_dir().join(format!("holdfast-assets-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            folder.join("manifest.json"),
            "{\n \"names\": {\n  \"a.js\": {\n   \"file\": \"a-1.js\"\n  }\n }\n}\n",
        )
        .unwrap();
        std::fs::write(folder.join("a-1.js"), "1").unwrap();
        assert_eq!(of_manifest(&folder, "a.js").as_deref(), Some("a-1.js"));
        assert_eq!(of_manifest(&folder, "b.js"), None);
        assert_eq!(from_folder(&folder, "a-1.js").body.as_ref(), b"1");
        assert_eq!(from_folder(&folder, "../a-1.js").status, 404);
        assert_eq!(from_folder(&folder, ".hidden").status, 404);
        std::fs::remove_dir_all(folder).unwrap();
    }

    /// The build script that made this crate's table, run by itself with an empty PATH.
    fn build(out: &std::path::Path, dist: Option<&std::path::Path>) -> std::process::Output {
        let builds =
            std::path::Path::new(env!("OUT_DIR")).ancestors().nth(2).expect("OUT_DIR lies in a folder of builds");
        let is_ours =
            |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("holdfast-assets-"));
        let folders = std::fs::read_dir(builds).unwrap().map(|entry| entry.unwrap().path()).filter(is_ours);
        let scripts = folders.map(|folder| folder.join(format!("build-script-build{}", std::env::consts::EXE_SUFFIX)));
        let newest = scripts.filter(|s| s.is_file()).max_by_key(|s| s.metadata().unwrap().modified().unwrap());
        let mut command = std::process::Command::new(newest.expect("cargo keeps the build script that it compiled"));
        command.env_clear().env("PATH", "").env("OUT_DIR", out).env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
        dist.map(|dist| command.env("HOLDFAST_WEB_DIST", dist));
        command.output().unwrap()
    }

    #[test]
    fn without_npm_the_build_says_one_sentence_and_takes_a_ready_folder() {
        let dir = tempfile::tempdir().unwrap();
        let said = |done: &std::process::Output| String::from_utf8(done.stderr.clone()).unwrap();
        let none = build(dir.path(), None);
        let sentence = said(&none);
        assert!(!none.status.success() && !dir.path().join("assets.rs").exists(), "{sentence}");
        assert_eq!(sentence.trim_end().lines().count(), 1, "{sentence}");
        for part in ["`npm` does not start", "Install Node 20", "HOLDFAST_WEB_DIST"] {
            assert!(sentence.contains(part), "{sentence}");
        }
        // A folder that was made elsewhere is enough.
        let made = std::env::var_os("HOLDFAST_WEB_DIST").map(PathBuf::from);
        let made = made.unwrap_or_else(|| std::path::Path::new(env!("OUT_DIR")).join("dist"));
        let ready = build(dir.path(), Some(&made));
        assert!(ready.status.success(), "{}", said(&ready));
        let table = std::fs::read_to_string(dir.path().join("assets.rs")).unwrap();
        for name in NAMES {
            assert!(table.contains(&format!("Some({name:?})")), "{name}");
        }
        // One that is none is named.
        let empty = tempfile::tempdir().unwrap();
        let wrong = build(dir.path(), Some(empty.path()));
        assert!(!wrong.status.success() && said(&wrong).contains("manifest.json"), "{}", said(&wrong));
        assert_eq!(said(&wrong).trim_end().lines().count(), 1, "{}", said(&wrong));
    }
}
