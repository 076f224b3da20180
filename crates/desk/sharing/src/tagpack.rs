//! TagPacks out: GraphSense's format (tagpack-tool's schema), which Holdfast also reads.

use crate::misp::{passable, publishable};
use crate::stix::Tlp;
use holdfast_attribution::Tag;
use holdfast_types::Invalid;

/// Tickers by which GraphSense's schema knows currencies and networks; other assets are left out.
const KNOWN: [&str; 14] =
    ["BTC", "BCH", "LTC", "ETH", "ZEC", "USDT", "USDC", "WETH", "USDP", "TRX", "BUSD", "XMR", "SOL", "XRP"];
/// Concepts of Holdfast's taxonomy that INTERPOL's and GraphSense's do not have.
const FALLBACK: [(&str, &str); 2] = [("black_list", "other_abuse"), ("other_abuse", "scam")];

/// Returns a text as YAML: JSON's double-quoted form, so that no reader of YAML 1.1 reads `0x...` or `no` as something else.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns tags as a TagPack (YAML) with the number of tags; tags of partners, and those labelled above the pack, are left out.
///
/// # Errors
/// [`Invalid`] when the label forbids publication.
pub fn pack(title: &str, creator: &str, tags: &[&Tag], tlp: Tlp, today: &str) -> Result<(String, usize), Invalid> {
    publishable(tlp)?;
    let known = |name: &str| {
        let fallback = FALLBACK.iter().find(|(from, _)| *from == name).map(|f| f.1);
        fallback.unwrap_or(name).to_owned()
    };
    let mut text = String::new();
    let mut count = 0;
    for tag in passable(tags, tlp).into_iter().filter(|t| KNOWN.contains(&t.asset.as_str())) {
        let concept = tag.concept();
        let is_date = holdfast_input::time::check_date(&tag.lastmod).is_ok();
        let lastmod = if is_date { tag.lastmod.as_str() } else { today };
        let kind = if concept.is_abuse() { "abuse" } else { "category" };
        text.push_str(&format!(
            "- address: {}\n  currency: {}\n  label: {}\n  source: {}\n  {kind}: {}\n  confidence: {}\n  is_cluster_definer: {}\n  lastmod: {lastmod}\n",
            quoted(&tag.address),
            quoted(&tag.asset),
            quoted(&tag.label),
            quoted(&tag.source),
            quoted(&known(concept.name())),
            tag.confidence.name(),
            tag.is_cluster_definer,
        ));
        count += 1;
    }
    let head = format!(
        "title: {}\ncreator: {}\ndescription: {}\nis_public: {}\ntags:\n",
        quoted(title),
        quoted(creator),
        quoted(&format!("Shared by {creator} as {}", tlp.name())),
        tlp == Tlp::Clear,
    );
    Ok((head + &text, count))
}
