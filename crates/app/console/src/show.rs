//! Printing that several programs share: decisions, exposures, verifications.

use crate::output::{self, thousands};
use anyhow::{Context, bail};
use holdfast_analysis::bundle;
use holdfast_analysis::report::coins;
use holdfast_api_investigation::verify;
use holdfast_decision::Decision;
use holdfast_workspace::{ExposureLine, ExposureView};
use std::path::{Path, PathBuf};

/// Prints a decision with its reasons; its value in `currency`, the rule book's reference currency.
pub fn print_decision(decision: &Decision, currency: &str) {
    let value = |minor| format!("value {}.{:02} {currency}", thousands(minor / 100), minor % 100);
    let value = decision.value.map_or("value unknown".into(), value);
    println!("{:<7} {} ({value})", decision.decision.name().to_uppercase(), decision.event);
    for reason in &decision.reasons {
        println!("        {} v{}: {}", reason.rule, reason.version, reason.title);
        for because in reason.because.iter().take(3) {
            println!("          {because}");
        }
        for tag in reason.tags.iter().take(2) {
            println!("          tag {} ({}) from {}", tag.label, tag.category, tag.source);
        }
    }
    if !decision.holds.is_empty() {
        let holds: Vec<String> = decision.holds.iter().map(u64::to_string).collect();
        println!("        hold {}", holds.join(", "));
    }
    if let Some(alert) = decision.alert {
        println!("        alert {alert}");
    }
}

/// Prints an exposure, both sides.
pub fn print_exposure(exposure: &ExposureView) {
    let asset = exposure.asset.as_str();
    let print = |title: &str, lines: &[ExposureLine]| {
        println!("  {title}");
        for line in lines {
            println!(
                "    {:>7.3} %  {:<16} direct {:>18} {asset}  indirect {:>18} {asset}",
                line.share_ppm as f64 / 10_000.0,
                line.category.name(),
                coins(line.direct),
                coins(line.indirect)
            );
        }
        if lines.is_empty() {
            println!("    unknown");
        }
    };
    let amount = match exposure.amount {
        0 if exposure.has_unknown() => "an unknown amount".to_owned(),
        amount => format!("{} {asset}", coins(amount)),
    };
    println!("Exposure of {amount} (risk score {}):", exposure.score_text());
    if let Some(height) = exposure.as_of_height {
        println!("  with tags and clusters up to block {height}; newer ones are being worked in");
    }
    if exposure.has_unknown() {
        println!("  not known: {}", exposure.unknown_text());
    }
    print("source of funds", &exposure.source);
    print("destination of funds", &exposure.destination);
}

/// Most blocks that are listed to be compared.
const MOST_COMPARED: usize = 20;

/// Largest file of a signature of a model, bytes.
const MAX_SIGNATURE: usize = 4_096;

/// Where the signature of a model's file lies: beside it.
#[must_use]
pub fn signature_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// Verifies a bundle, a production, a certificate or a model's file with its signature (FILE.sig), and prints the result. `public_key` is the signer to expect (hex), `identity` the file of
/// the age key that opens an encrypted production.
///
/// # Errors
/// When the file cannot be read or opened, or a check fails.
pub fn verify_file(
    path: &Path,
    public_key: Option<&str>,
    identity: Option<&Path>,
    as_json: bool,
) -> anyhow::Result<()> {
    let bytes = output::read_bounded(path, bundle::MAX_BUNDLE_BYTES)?;
    let bytes = match (holdfast_requests::production::is_encrypted(&bytes), identity) {
        (false, _) => bytes,
        (true, None) => bail!("{}: is encrypted with age; give the key file by --identity", path.display()),
        (true, Some(file)) => {
            let keys = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            holdfast_requests::production::decrypt(&bytes, &keys)
                .map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?
        }
    };
    let found = if verify::is_model(&bytes) {
        let beside = signature_path(path);
        let signature = beside.exists().then(|| output::read_bounded(&beside, MAX_SIGNATURE)).transpose()?;
        verify::verify_model(&bytes, signature.as_deref(), public_key)
    } else {
        verify::verify_any(&bytes, public_key)
    };
    if as_json {
        output::json(&found)?;
    } else {
        for line in &found.passed {
            println!("ok      {line}");
        }
        for line in &found.claims {
            println!("claim   {line}");
        }
        for block in found.headers.iter().take(MOST_COMPARED) {
            println!("compare block {} of {}: {}", block.height, block.chain, block.hash);
        }
        if let Some(more) = found.headers.len().checked_sub(MOST_COMPARED).filter(|more| *more > 0) {
            println!("compare {more} further blocks: --json lists all");
        }
        for line in &found.failures {
            println!("FAILED  {line}");
        }
    }
    if !found.is_valid() {
        bail!("{}: {} checks failed", path.display(), found.failures.len());
    }
    if !as_json && verify::is_model(&bytes) {
        println!("The model file is valid.");
    } else if !as_json {
        let what = match &bytes {
            b if holdfast_academy::certificate::is_certificate(b) => "certificate",
            b if b.starts_with(b"PK") => "production",
            _ => "bundle",
        };
        println!("The {what} is valid. Made {} by {}.", found.created, found.public_key);
    }
    Ok(())
}
