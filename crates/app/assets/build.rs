//! Bundles `web/` with esbuild into OUT_DIR (or takes the folder that `HOLDFAST_WEB_DIST` names) and writes the table of embedded files.
//!
//! `npm ci` runs only when the lock file has changed, without scripts of packages and from npm's cache where that suffices.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

// What Rust names; shared with the library.
include!("src/names.rs");

fn main() {
    println!("cargo::rerun-if-env-changed=HOLDFAST_WEB_DIST");
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    // docs.rs has neither a network nor Node, and serves nothing.
    let table = if env::var_os("DOCS_RS").is_some() {
        String::from("&[]")
    } else {
        let dist = match env::var_os("HOLDFAST_WEB_DIST") {
            Some(folder) => {
                let folder = PathBuf::from(folder);
                println!("cargo::rerun-if-changed={}", folder.display());
                folder
            }
            // What the script itself writes is not named: it is newer than the script's start, so that every build would begin anew.
            None => bundle(&out).unwrap_or_else(|sentence| stop(&sentence)),
        };
        table(&dist).unwrap_or_else(|sentence| stop(&sentence))
    };
    fs::write(out.join("assets.rs"), format!("pub(crate) static ASSETS: &[Asset] = {table};\n"))
        .expect("OUT_DIR can be written");
}

/// Ends the build with a sentence, without a panic's place and backtrace.
fn stop(sentence: &str) -> ! {
    eprintln!("{sentence}");
    std::process::exit(1)
}

/// The `web` folder of this repository.
fn web() -> PathBuf {
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR")).join("../../../web")
}

/// Copies the sources to OUT_DIR, so that the checkout stays clean, installs esbuild and runs `build.mjs`. Gives the folder that it made.
fn bundle(out: &Path) -> Result<PathBuf, String> {
    let (from, to) = (web(), out.join("web"));
    fs::create_dir_all(&to).map_err(|e| format!("{}: {e}", to.display()))?;
    for name in ["package.json", "package-lock.json", ".npmrc", "build.mjs", "icons.mjs", "src", "css"] {
        println!("cargo::rerun-if-changed={}", from.join(name).display());
        copy(&from.join(name), &to.join(name))?;
    }
    let lock = fs::read(from.join("package-lock.json")).map_err(|e| format!("web/package-lock.json: {e}"))?;
    let installed = to.join("installed.lock");
    if fs::read(&installed).ok().as_deref() != Some(lock.as_slice()) {
        run(&to, npm(), &["ci", "--ignore-scripts", "--prefer-offline", "--omit=dev", "--no-audit", "--no-fund"])?;
        fs::write(&installed, &lock).map_err(|e| format!("{}: {e}", installed.display()))?;
    }
    let dist = out.join("dist");
    run(&to, "node", &["build.mjs", "--out", &dist.to_string_lossy()])?;
    Ok(dist)
}

/// The name of npm's program.
fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

/// Copies a file or folder; what is no longer there is removed.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let said = |e: std::io::Error| format!("copying {}: {e}", from.display());
    if from.is_file() {
        return fs::copy(from, to).map(|_| ()).map_err(said);
    }
    if to.exists() {
        fs::remove_dir_all(to).map_err(said)?;
    }
    fs::create_dir_all(to).map_err(said)?;
    for entry in fs::read_dir(from).map_err(said)? {
        let entry = entry.map_err(said)?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Runs a program of Node, which may be missing or fail; its own message then stands above this one.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    const ADVICE: &str =
        "Install Node 20.19 or later with npm, or set HOLDFAST_WEB_DIST to a folder made by `node build.mjs` in web/.";
    match Command::new(program).args(arguments).current_dir(folder).output() {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => {
            let (said, wrong) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            Err(format!("{said}{wrong}\n`{program} {}` failed. {ADVICE}", arguments.join(" ")))
        }
        Err(e) => Err(format!("The pages' scripts cannot be built: `{program}` does not start ({e}). {ADVICE}")),
    }
}

/// The table of a finished folder as Rust. Every name that Rust uses must be in its manifest, so that nothing is embedded silently without it.
fn table(dist: &Path) -> Result<String, String> {
    let manifest = dist.join("manifest.json");
    let text = fs::read_to_string(&manifest).map_err(|e| format!("{}: {e}", manifest.display()))?;
    let read: serde_json::Value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", manifest.display()))?;
    let version = &read["version"];
    if version != 1 {
        return Err(format!("{}: version {version} is not 1", manifest.display()));
    }
    let names = read["names"].as_object().ok_or("the manifest has no `names`")?;
    let missing: Vec<&str> = NAMES.iter().copied().filter(|n| !names.contains_key(*n)).collect();
    if !missing.is_empty() {
        return Err(format!("{} lacks {}, which src/names.rs names", manifest.display(), missing.join(", ")));
    }
    let extra: Vec<&String> = names.keys().filter(|n| !NAMES.contains(&n.as_str())).collect();
    if !extra.is_empty() {
        return Err(format!("{} has {extra:?}, which src/names.rs does not name", manifest.display()));
    }
    let mut rows = String::from("&[\n");
    let mut named = BTreeSet::new();
    for (name, entry) in names {
        let file = entry["file"].as_str().ok_or_else(|| format!("{name} has no file"))?;
        named.insert(file);
        row(&mut rows, dist, Some(name), file, &read["files"][file])?;
    }
    // Parts that entries share or load later.
    for (file, sizes) in read["files"].as_object().ok_or("the manifest has no `files`")? {
        if !named.contains(file.as_str()) {
            row(&mut rows, dist, None, file, sizes)?;
        }
    }
    rows.push(']');
    Ok(rows)
}

/// One file with its compressed copies.
fn row(
    rows: &mut String,
    dist: &Path,
    name: Option<&str>,
    file: &str,
    sizes: &serde_json::Value,
) -> Result<(), String> {
    if file.is_empty() || !file.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return Err(format!("{file:?} is no plain file name"));
    }
    let digest = sizes["sha256"].as_str().filter(|d| d.len() == 64).ok_or_else(|| format!("{file} has no sha256"))?;
    let mut paths = Vec::new();
    for end in ["", ".gz", ".br"] {
        // Fonts are compressed in themselves: they have one form.
        if !end.is_empty() && file.ends_with(".woff2") {
            paths.push("&[]".to_owned());
            continue;
        }
        let path = dist.join(format!("{file}{end}"));
        let path = path.canonicalize().map_err(|e| format!("{}: {e}", path.display()))?;
        paths.push(format!("include_bytes!({:?})", path.to_string_lossy()));
    }
    let [plain, gzip, brotli] = &paths[..] else { return Err(format!("{file}: three forms are expected")) };
    writeln!(rows, "Asset {{ name: {name:?}, file: {file:?}, digest: {digest:?}, plain: {plain}, gzip: {gzip}, brotli: {brotli} }},").map_err(|e| e.to_string())
}
