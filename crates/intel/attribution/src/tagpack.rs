//! GraphSense TagPacks and ActorPacks (github.com/graphsense/graphsense-tagpacks, wiki "GraphSense TagPacks").
//!
//! Header fields are inherited by every tag that does not have them. Tags are read as they are; what is missing or unknown is
//! reported with file, tag and field, and the tag is left out only when it cannot be a tag (no address, label, source or currency, a field of
//! the wrong type, an address that nobody controls). One bad tag never costs the others.

use crate::tags::{Actor, Confidence, Tag, is_source};
use crate::tlp::Tlp;
use crate::{clean, nobody};
use serde::Deserialize;
use serde_norway::Value;

/// Largest pack file taken, in bytes.
pub const MAX_PACK_BYTES: usize = 64 << 20;

/// Longest licence that is taken, in characters: a name or a link.
const MAX_LICENCE: usize = 500;

/// What reading a pack gave.
#[derive(Debug, Default)]
pub struct Pack {
    /// Its title.
    pub title: String,
    /// The licence that its file states, in the file's words.
    pub licence: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Actors.
    pub actors: Vec<Actor>,
    /// What was left out or assumed, in words with file and tag number.
    pub warnings: Vec<String>,
    /// Tags left out because nobody controls their address.
    pub without_owner: usize,
    /// Tags whose address can match nothing (a wrong checksum, another network's form).
    pub unmatchable: usize,
}

impl Pack {
    /// Takes a tag in whose address is as its source writes it; `place` names it in warnings.
    pub(crate) fn take(&mut self, place: &str, tag: Tag) {
        let cleaned = match clean::clean(&tag.address, &tag.asset) {
            Ok(cleaned) => cleaned,
            Err(why) => return self.warnings.push(format!("{place}: address: {why}; left out")),
        };
        if let Some(kind) = nobody::kind(&cleaned.address) {
            self.without_owner += 1;
            let text =
                format!("{place}: {} is a {kind}, which nobody controls; the tag has no effect", cleaned.address);
            return self.warnings.push(text);
        }
        self.unmatchable += usize::from(!cleaned.matches);
        self.warnings.extend(cleaned.notes.into_iter().map(|note| format!("{place}: address: {note}")));
        self.tags.push(Tag { address: cleaned.address, ..tag });
    }
}

/// Why a pack is refused whole.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Not YAML, or not of a pack's shape.
    #[error("{file}: {cause}")]
    Yaml {
        /// The file.
        file: String,
        /// The parser's words, with line and column.
        cause: String,
    },
    /// Over the size limit.
    #[error("{file}: {size} bytes is over the limit of {MAX_PACK_BYTES}; split the pack")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        size: usize,
    },
    /// Neither `tags` nor `actors`.
    #[error("{0}: has neither 'tags' nor 'actors'; is it a TagPack or ActorPack?")]
    NoBody(String),
    /// Not one tag or actor in it was understood.
    #[error("{file}: nothing in it was understood: {cause}")]
    Nothing {
        /// The file.
        file: String,
        /// The first cause.
        cause: String,
    },
}

impl Pack {
    /// Returns the pack, unless it has entries of which none was understood.
    pub(crate) fn or_nothing(mut self, file: &str, entries: usize) -> Result<Pack, PackError> {
        if !self.tags.is_empty() || !self.actors.is_empty() || self.without_owner > 0 {
            return Ok(self);
        }
        if entries == 0 {
            self.warnings.push(format!("{file}: has no entry"));
            return Ok(self);
        }
        let cause = self.warnings.into_iter().next().unwrap_or_else(|| "no entry is a tag or an actor".into());
        let cause = cause.strip_prefix(file).map_or(cause.as_str(), |c| c.trim_start_matches([':', ' '])).to_owned();
        Err(PackError::Nothing { file: file.to_owned(), cause })
    }
}

/// Fields of a header or a tag. Texts are taken as the file spells them: a label may look like a number.
#[derive(Deserialize, Default)]
struct Fields {
    address: Option<String>,
    currency: Option<String>,
    network: Option<String>,
    label: Option<String>,
    source: Option<String>,
    category: Option<String>,
    abuse: Option<String>,
    concepts: Option<Vec<String>>,
    confidence: Option<String>,
    is_cluster_definer: Option<bool>,
    actor: Option<String>,
    lastmod: Option<String>,
    tlp: Option<String>,
}

#[derive(Deserialize)]
struct File<T, A> {
    title: Option<String>,
    creator: Option<String>,
    license: Option<String>,
    licence: Option<String>,
    is_public: Option<bool>,
    tlp: Option<String>,
    tags: Option<Vec<T>>,
    actors: Option<Vec<A>>,
    currency: Option<String>,
    network: Option<String>,
    label: Option<String>,
    source: Option<String>,
    category: Option<String>,
    abuse: Option<String>,
    concepts: Option<Vec<String>>,
    confidence: Option<String>,
    is_cluster_definer: Option<bool>,
    actor: Option<String>,
    lastmod: Option<String>,
}

#[derive(Deserialize)]
struct ActorFields {
    id: Option<String>,
    label: Option<String>,
    categories: Option<Vec<String>>,
    jurisdictions: Option<Vec<String>>,
    uri: Option<String>,
}

fn text(value: &Option<String>) -> Option<String> {
    value.as_deref().map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned)
}

/// Reads a TagPack or an ActorPack. `file` names it in tags and messages.
///
/// # Errors
/// [`PackError`] when the file as a whole is no pack.
pub fn read(file: &str, bytes: &[u8]) -> Result<Pack, PackError> {
    if bytes.len() > MAX_PACK_BYTES {
        return Err(PackError::TooLarge { file: file.to_owned(), size: bytes.len() });
    }
    let yaml = |e: serde_norway::Error| PackError::Yaml { file: file.to_owned(), cause: e.to_string() };
    // Read strictly first, which is fast; a file in which something is of the wrong type is read again, entry by entry.
    match serde_norway::from_slice::<File<Fields, ActorFields>>(bytes) {
        Ok(parsed) => build(file, parsed, Ok, Ok),
        Err(_) => {
            let parsed: File<Value, Value> = serde_norway::from_slice(bytes).map_err(yaml)?;
            build(file, parsed, fields_of, fields_of)
        }
    }
}

/// Returns an entry of a pack, read by itself.
fn fields_of<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, String> {
    serde_norway::from_value(value).map_err(|e| e.to_string())
}

fn build<T, A>(
    file: &str,
    parsed: File<T, A>,
    tag_of: impl Fn(T) -> Result<Fields, String>,
    actor_of: impl Fn(A) -> Result<ActorFields, String>,
) -> Result<Pack, PackError> {
    let licence =
        text(&parsed.license).or_else(|| text(&parsed.licence)).map(|text| text.chars().take(MAX_LICENCE).collect());
    let mut pack = Pack { title: text(&parsed.title).unwrap_or_default(), licence, ..Pack::default() };
    if parsed.tags.is_none() && parsed.actors.is_none() {
        return Err(PackError::NoBody(file.to_owned()));
    }
    if pack.title.is_empty() {
        pack.title = file.to_owned();
        pack.warnings.push(format!("{file}: no title; its file name is used"));
    }
    if is_source(&pack.title) {
        pack.warnings
            .push(format!("{file}: the title '{}' is a sharing source's; 'file ' was put before it", pack.title));
        pack.title.insert_str(0, "file ");
    }
    let creator = text(&parsed.creator).unwrap_or_default();
    let public = (parsed.is_public == Some(true)).then(|| Tlp::Clear.name().to_owned());
    let header = &Fields {
        address: None,
        currency: parsed.currency,
        network: parsed.network,
        label: parsed.label,
        source: parsed.source,
        category: parsed.category,
        abuse: parsed.abuse,
        concepts: parsed.concepts,
        confidence: parsed.confidence,
        is_cluster_definer: parsed.is_cluster_definer,
        actor: parsed.actor,
        lastmod: parsed.lastmod,
        tlp: parsed.tlp.or(public),
    };
    let title = pack.title.clone();
    let entries = parsed.tags.as_ref().map_or(0, Vec::len) + parsed.actors.as_ref().map_or(0, Vec::len);
    for (i, entry) in parsed.tags.into_iter().flatten().enumerate() {
        let place = format!("{file}: tag {}", i + 1);
        match tag_of(entry).and_then(|fields| one_tag(file, &title, &creator, header, &fields)) {
            Ok((tag, warnings)) => {
                pack.warnings.extend(warnings.into_iter().map(|w| format!("{place}: {w}")));
                pack.take(&place, tag);
            }
            Err(why) => pack.warnings.push(format!("{place}: {why}; left out")),
        }
    }
    for (i, entry) in parsed.actors.into_iter().flatten().enumerate() {
        let fields = match actor_of(entry) {
            Ok(fields) => fields,
            Err(why) => {
                pack.warnings.push(format!("{file}: actor {}: {why}; left out", i + 1));
                continue;
            }
        };
        let Some(id) = text(&fields.id) else {
            pack.warnings.push(format!("{file}: actor {}: no id; left out", i + 1));
            continue;
        };
        pack.actors.push(Actor {
            label: text(&fields.label).unwrap_or_else(|| id.clone()),
            id,
            categories: fields.categories.unwrap_or_default(),
            jurisdictions: fields.jurisdictions.unwrap_or_default(),
            uri: text(&fields.uri),
        });
    }
    pack.or_nothing(file, entries)
}

/// Returns a label by its name. An unknown one counts as the strictest, so that a mistake reveals nothing.
pub(crate) fn label_of(name: Option<String>, warnings: &mut Vec<String>) -> Option<Tlp> {
    let name = name?;
    Some(Tlp::from_name(&name).unwrap_or_else(|| {
        warnings.push(format!("tlp '{name}' is no TLP 2.0 label; taken as TLP:RED"));
        Tlp::Red
    }))
}

fn one_tag(
    file: &str,
    title: &str,
    creator: &str,
    header: &Fields,
    own: &Fields,
) -> Result<(Tag, Vec<String>), String> {
    let inherit = |field: fn(&Fields) -> &Option<String>| text(field(own)).or_else(|| text(field(header)));
    let need = |name: &str, value: Option<String>| value.ok_or_else(|| format!("no {name}, here or in the header"));
    let address = need("address", inherit(|f| &f.address))?;
    let (currency, network) = (inherit(|f| &f.currency), inherit(|f| &f.network));
    let mut warnings = Vec::new();
    // A token is on many chains; the network names which. That of the currency itself is looked at when the address is.
    if let (Some(currency), Some(network)) = (&currency, &network)
        && currency != network
        && let Some(fault) = clean::fault(&address, network)
    {
        warnings.push(format!("network {network}: {fault}; taken as an address of the chain that it has the form of"));
    }
    let asset = currency.or(network);
    let confidence = match inherit(|f| &f.confidence) {
        None => Confidence::Unknown,
        Some(name) => Confidence::from_name(&name).unwrap_or_else(|| {
            warnings.push(format!("confidence '{name}' is not on GraphSense's list; taken as unknown"));
            Confidence::Unknown
        }),
    };
    let mut lastmod: String = inherit(|f| &f.lastmod).unwrap_or_default().chars().take(10).collect();
    if !lastmod.is_empty()
        && let Err(e) = holdfast_input::time::check_date(&lastmod)
    {
        let problem = format!("lastmod: {e}; taken as unknown");
        warnings.push(problem);
        lastmod.clear();
    }
    let concepts = own.concepts.as_ref().or(header.concepts.as_ref()).cloned().unwrap_or_default();
    let tag = Tag {
        address,
        asset: holdfast_types::asset::canonical(&need("currency", asset)?),
        label: need("label", inherit(|f| &f.label))?,
        source: need("source", inherit(|f| &f.source))?,
        category: inherit(|f| &f.category),
        abuse: inherit(|f| &f.abuse),
        concepts,
        confidence,
        is_cluster_definer: own.is_cluster_definer.or(header.is_cluster_definer).unwrap_or(false),
        actor: inherit(|f| &f.actor),
        lastmod,
        pack: title.to_owned(),
        file: file.to_owned(),
        creator: creator.to_owned(),
        tlp: label_of(inherit(|f| &f.tlp), &mut warnings),
    };
    Ok((tag, warnings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_inherited_and_overridden() {
        let pack = read(
            "x.yaml",
            b"title: T\ncreator: C\nlicense: ' CC BY 4.0 '\nlabel: L\nsource: S\ncurrency: BTC\nconfidence: forensic\nabuse: scam\nlastmod: 2021-11-14\n\
              is_cluster_definer: true\ntags:\n- address: 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa\n- address: 12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S\n  label: M\n  confidence: ownership\n  is_cluster_definer: false\n\
              - label: N\n- address: '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'\n  currency: eth\n  confidence: sure\n",
        )
        .unwrap();
        assert_eq!((pack.tags.len(), pack.licence.as_deref()), (3, Some("CC BY 4.0")));
        assert_eq!(pack.tags[0].label, "L");
        assert!(pack.tags[0].is_cluster_definer && !pack.tags[1].is_cluster_definer);
        assert_eq!(pack.tags[1].confidence, Confidence::Ownership);
        assert_eq!(
            (pack.tags[2].address.as_str(), pack.tags[2].asset.as_str()),
            ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "ETH")
        );
        assert_eq!(pack.tags[0].lastmod, "2021-11-14");
        assert_eq!(pack.warnings.len(), 2);
        assert!(pack.warnings[0].contains("tag 3: no address"), "{:?}", pack.warnings);
    }

    #[test]
    fn networks_of_account_chains_are_compared_with_their_addresses() {
        let pack = read(
            "x.yaml",
            b"title: T\nlabel: L\nsource: S\ncurrency: USDT\ntags:\n- address: TX5GV4DyfxNB3rPkzZJhmqZ1efVmL4rEqG\n  network: TRX\n\
              - address: '0x4f47bc496083c727c5fbe3ce9cdf2b0f6496270c'\n  network: TRX\n- address: '0x4f47bc496083c727c5fbe3ce9cdf2b0f6496270c'\n  network: ETH\n\
              - address: T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb\n  network: TRX\n",
        )
        .unwrap();
        assert_eq!((pack.tags.len(), pack.without_owner, pack.warnings.len()), (3, 1, 2), "{:?}", pack.warnings);
        assert!(pack.tags.iter().all(|t| t.asset == "USDT"));
        assert!(pack.warnings[0].contains("tag 2: network TRX:"), "{:?}", pack.warnings);
    }

    #[test]
    fn what_is_no_pack_is_refused_with_its_place() {
        assert!(matches!(read("x", b"title: T\n"), Err(PackError::NoBody(_))));
        let error = read("x.yaml", b"tags:\n  - a: [\n").unwrap_err().to_string();
        assert!(error.contains("x.yaml") && error.contains("line"), "{error}");
        let error = read("x.yaml", b"title: T\ntags:\n- label: L\n").unwrap_err().to_string();
        assert!(error.contains("nothing in it was understood: tag 1: no address"), "{error}");
    }

    #[test]
    fn one_bad_tag_costs_only_itself_and_is_listed() {
        let pack = read(
            "x.yaml",
            b"title: T\nlabel: L\nsource: S\ncurrency: BTC\nis_public: true\ntags:\n- address: 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa\n\
              - address: [1, 2]\n- 7\n- address: 12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S\n  is_cluster_definer: perhaps\n\
              - address: 1HLoD9E4SDFFPDiYfNYnkBLQ85Y51J3Zb1\n  tlp: red\n- address: '0x0000000000000000000000000000000000000000'\n  currency: ETH\n",
        )
        .unwrap();
        let tags: Vec<(&str, Option<Tlp>)> = pack.tags.iter().map(|t| (t.address.as_str(), t.tlp)).collect();
        let kept = [
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Some(Tlp::Clear)),
            ("1HLoD9E4SDFFPDiYfNYnkBLQ85Y51J3Zb1", Some(Tlp::Red)),
        ];
        assert_eq!(tags, kept);
        assert_eq!(pack.without_owner, 1);
        for place in ["tag 2", "tag 3", "tag 4", "tag 6: 0x0000000000000000000000000000000000000000 is a null address"]
        {
            assert!(pack.warnings.iter().any(|w| w.contains(place)), "{place}: {:?}", pack.warnings);
        }
        let actors = read("a.yaml", b"title: A\nactors:\n- id: x\n- id: y\n  categories: 7\n").unwrap();
        assert_eq!((actors.actors.len(), actors.warnings.len()), (1, 1), "{:?}", actors.warnings);
    }

    #[test]
    fn a_pack_cannot_take_the_title_of_a_source() {
        let pack = read("x.yaml", b"title: 'source 3: Partner'\nlabel: L\nsource: S\ntags:\n- address: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'\n  currency: BTC\n");
        assert!(!is_source(&pack.unwrap().tags[0].pack));
    }
}
