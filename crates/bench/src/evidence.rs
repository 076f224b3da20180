//! `holdfast-bench evidence`: how fast disk images are scanned, against ripgrep, and how often nothing is taken for something.

use anyhow::Context;
use clap::Args;
use holdfast_console::output::{self, thousands};
use holdfast_forensics::scan::{count, scan};
use holdfast_forensics::seal::Sealer;
use serde_json::json;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

#[derive(Args)]
pub struct EvidenceBench {
    /// Mebibytes of the image.
    #[arg(long, default_value_t = 4_096)]
    mebibytes: u64,
    /// Folder to work in: put it on the disk that counts.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// What ripgrep looks for: the same alphabets and lengths, without any checksum, and twelve words of 3 to 8 letters.
const PATTERNS: [&str; 5] = [
    r"(?-u:\b)[13LMT][1-9A-HJ-NP-Za-km-z]{24,34}(?-u:\b)",
    r"(?-u:\b)(bc1|ltc1)[02-9ac-hj-np-z]{11,71}(?-u:\b)",
    r"(?-u:\b)0x[0-9a-fA-F]{40}(?-u:\b)",
    r"(?-u:\b)([5KL][1-9A-HJ-NP-Za-km-z]{50,51}|[xyz](prv|pub)[1-9A-HJ-NP-Za-km-z]{107})(?-u:\b)",
    r"(?-u:\b)([a-z]{3,8}[ \t\r\n]+){11}[a-z]{3,8}(?-u:\b)",
];

/// Pseudo-random bytes (xorshift64*), the same at every run.
fn random(seed: &mut u64, out: &mut [u8]) {
    for chunk in out.chunks_mut(8) {
        *seed ^= *seed >> 12;
        *seed ^= *seed << 25;
        *seed ^= *seed >> 27;
        let bytes = seed.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes();
        chunk.copy_from_slice(&bytes[..chunk.len()]);
    }
}

/// A mebibyte of a disk: of sixteen, six are empty, seven compressed or encrypted, two programs and one text.
fn piece(i: u64, seed: &mut u64, program: &[u8], text: &[u8]) -> Vec<u8> {
    let mut data = vec![0; 1 << 20];
    match i % 16 {
        0..6 => {}
        6..13 => random(seed, &mut data),
        13..15 => {
            let from = (i as usize * 7_919_111) % program.len().saturating_sub(data.len()).max(1);
            let n = data.len().min(program.len() - from);
            data[..n].copy_from_slice(&program[from..from + n]);
        }
        _ => data.iter_mut().zip(text.iter().cycle().skip(i as usize % text.len())).for_each(|(d, t)| *d = *t),
    }
    data
}

/// Where the pseudo-random bytes begin.
pub(crate) const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// What lies on the disk: programs are this one, text is the bundled rule book and policy, in which no seed stands.
fn contents() -> anyhow::Result<(Vec<u8>, String)> {
    let text = format!("{}\n{}", holdfast_decision::rules::DEFAULT_BOOK, holdfast_requests::policy::DEFAULT_POLICY);
    Ok((std::fs::read(std::env::current_exe()?)?, text))
}

/// Writes a disk image in which every 512th mebibyte holds a seed phrase.
pub(crate) fn write_image(image: &Path, mebibytes: u64, seed: &mut u64) -> anyhow::Result<()> {
    let (program, text) = contents()?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(image)?);
    for i in 0..mebibytes {
        let mut data = piece(i, seed, &program, text.as_bytes());
        if i % 512 == 100 {
            let phrase = b"legal winner thank year wave sausage worth useful legal winner thank yellow";
            data[4_096..4_096 + phrase.len()].copy_from_slice(phrase);
        }
        file.write_all(&data)?;
    }
    Ok(file.into_inner().map_err(|e| e.into_error())?.sync_all()?)
}

pub fn run(args: &EvidenceBench, as_json: bool) -> anyhow::Result<()> {
    let dir = crate::work_folder(args.dir.as_deref())?;
    let image = dir.path().join("disk.img");
    let mut seed = SEED;
    let (program, text) = contents()?;
    write_image(&image, args.mebibytes, &mut seed)?;
    let gib = args.mebibytes as f64 / 1_024.0;

    // One core, from memory, as ripgrep does below with one thread.
    let sample = std::fs::read(&image)?;
    let begun = Instant::now();
    let hits = count(&sample);
    let core = gib / begun.elapsed().as_secs_f64();
    let kinds: Vec<(&str, f64)> = [("zeros", 0u64), ("random", 8), ("programs", 14), ("text", 15)]
        .iter()
        .map(|(name, i)| {
            let data: Vec<u8> = (0..64).flat_map(|n| piece(i + 16 * n, &mut seed, &program, text.as_bytes())).collect();
            let begun = Instant::now();
            std::hint::black_box(count(&data));
            (*name, 64.0 / 1_024.0 / begun.elapsed().as_secs_f64())
        })
        .collect();
    drop(sample);
    // All of it: reading, all cores, hash, sealing, results on disk.
    let sealer = Sealer::new(&["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p".to_owned()])?;
    let begun = Instant::now();
    let report =
        scan(std::slice::from_ref(&image), &dir.path().join("out"), &sealer, &mut |_| ControlFlow::Continue(()))?;
    let whole = gib / begun.elapsed().as_secs_f64();
    let wanted = (args.mebibytes + 411) / 512;
    let phrases = report.findings.iter().filter(|f| f.kind == holdfast_forensics::Kind::Bip39).count() as u64;
    anyhow::ensure!(phrases >= wanted, "{phrases} phrases found of {wanted}");
    // Nothing taken for something: random bytes and running text.
    let mut noise = vec![0; 1 << 30];
    random(&mut seed, &mut noise);
    let in_random = count(&noise);
    drop(noise);
    let in_text = count(text.as_bytes());

    let mut command = Command::new("rg");
    command.args(["--text", "--count-matches", "--threads", "1", "--no-config", "--multiline", "--no-unicode"]);
    for pattern in PATTERNS {
        command.args(["-e", pattern]);
    }
    let begun = Instant::now();
    let peer = match command.arg(&image).output() {
        Ok(output) if output.status.success() || output.status.code() == Some(1) => {
            let matches = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            Some((gib / begun.elapsed().as_secs_f64(), matches))
        }
        Ok(output) => anyhow::bail!("rg: {}", String::from_utf8_lossy(&output.stderr)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(e).context("rg"),
    };
    if as_json {
        return output::json(
            &json!({ "gib": gib, "gib_per_second_one_core": core, "by_kind": kinds, "hits": hits, "whole_scan_gib_per_second": whole,
            "ripgrep_gib_per_second": peer.as_ref().map(|p| p.0), "findings_in_1_gib_random": in_random, "findings_in_text": in_text }),
        );
    }
    println!(
        "image of {gib:.1} GiB (6/16 empty, 7/16 random, 2/16 programs, 1/16 text), {} findings",
        thousands(hits as u64)
    );
    println!("    one core, from memory: {core:.2} GiB/s; goal 1");
    kinds.iter().for_each(|(name, speed)| println!("        {name}: {speed:.2} GiB/s"));
    println!("    whole scan with hash and results: {whole:.2} GiB/s");
    match peer {
        Some((speed, matches)) => {
            println!(
                "    ripgrep, one thread, patterns without checksums: {speed:.2} GiB/s, {matches} matches; holdfast {:.1} times as fast",
                core / speed
            );
        }
        None => println!("    ripgrep is not installed; no comparison"),
    }
    println!(
        "nothing taken for something: {in_random} findings in 1 GiB of random bytes, {in_text} in {} bytes of text",
        thousands(text.len() as u64)
    );
    Ok(())
}
