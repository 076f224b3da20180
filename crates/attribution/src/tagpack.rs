//! GraphSense TagPacks and ActorPacks (github.com/graphsense/graphsense-tagpacks, wiki "GraphSense TagPacks").
//!
//! Header fields are inherited by every tag that does not have them. Tags are read as they are; what is missing or unknown is
//! reported with file, tag and field, and the tag is left out only when it cannot be a tag (no address, label, source or currency).

use crate::tags::{Actor, Confidence, Tag, normal};
use serde::Deserialize;

/// Largest pack file taken, in bytes.
pub const MAX_PACK_BYTES: usize = 64 << 20;

/// What reading a pack gave.
#[derive(Debug, Default)]
pub struct Pack {
    /// Its title.
    pub title: String,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Actors.
    pub actors: Vec<Actor>,
    /// What was left out or assumed, in words with file and tag number.
    pub warnings: Vec<String>,
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
}

#[derive(Deserialize)]
struct File {
    title: Option<String>,
    creator: Option<String>,
    tags: Option<Vec<Fields>>,
    actors: Option<Vec<ActorFields>>,
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
    let parsed: File =
        serde_norway::from_slice(bytes).map_err(|e| PackError::Yaml { file: file.to_owned(), cause: e.to_string() })?;
    let mut pack = Pack { title: text(&parsed.title).unwrap_or_default(), ..Pack::default() };
    if parsed.tags.is_none() && parsed.actors.is_none() {
        return Err(PackError::NoBody(file.to_owned()));
    }
    if pack.title.is_empty() {
        pack.title = file.to_owned();
        pack.warnings.push(format!("{file}: no title; its file name is used"));
    }
    let creator = text(&parsed.creator).unwrap_or_default();
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
    };
    for (i, fields) in parsed.tags.into_iter().flatten().enumerate() {
        match one_tag(file, &pack.title, &creator, header, &fields) {
            Ok((tag, warning)) => {
                pack.warnings.extend(warning.map(|w| format!("{file}: tag {}: {w}", i + 1)));
                pack.tags.push(tag);
            }
            Err(why) => pack.warnings.push(format!("{file}: tag {}: {why}; left out", i + 1)),
        }
    }
    for (i, fields) in parsed.actors.into_iter().flatten().enumerate() {
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
    Ok(pack)
}

fn one_tag(
    file: &str,
    title: &str,
    creator: &str,
    header: &Fields,
    own: &Fields,
) -> Result<(Tag, Option<String>), String> {
    let inherit = |field: fn(&Fields) -> &Option<String>| text(field(own)).or_else(|| text(field(header)));
    let need = |name: &str, value: Option<String>| value.ok_or_else(|| format!("no {name}, here or in the header"));
    let address = need("address", inherit(|f| &f.address))?;
    let asset = inherit(|f| &f.currency).or_else(|| inherit(|f| &f.network));
    let mut warning = None;
    let confidence = match inherit(|f| &f.confidence) {
        None => Confidence::Unknown,
        Some(name) => Confidence::from_name(&name).unwrap_or_else(|| {
            warning = Some(format!("confidence '{name}' is not on GraphSense's list; taken as unknown"));
            Confidence::Unknown
        }),
    };
    let mut lastmod: String = inherit(|f| &f.lastmod).unwrap_or_default().chars().take(10).collect();
    if !lastmod.is_empty()
        && let Err(e) = holdfast_input::time::check_date(&lastmod)
    {
        let problem = format!("lastmod: {e}; taken as unknown");
        warning = Some(warning.map_or_else(|| problem.clone(), |w| format!("{w}; {problem}")));
        lastmod.clear();
    }
    let concepts = own.concepts.as_ref().or(header.concepts.as_ref()).cloned().unwrap_or_default();
    let tag = Tag {
        address: normal(&address),
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
    };
    Ok((tag, warning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_inherited_and_overridden() {
        let pack = read(
            "x.yaml",
            b"title: T\ncreator: C\nlabel: L\nsource: S\ncurrency: BTC\nconfidence: forensic\nabuse: scam\nlastmod: 2021-11-14\n\
              is_cluster_definer: true\ntags:\n- address: a\n- address: b\n  label: M\n  confidence: ownership\n  is_cluster_definer: false\n\
              - label: N\n- address: 0xAB\n  currency: eth\n  confidence: sure\n",
        )
        .unwrap();
        assert_eq!(pack.tags.len(), 3);
        assert_eq!(pack.tags[0].label, "L");
        assert!(pack.tags[0].is_cluster_definer && !pack.tags[1].is_cluster_definer);
        assert_eq!(pack.tags[1].confidence, Confidence::Ownership);
        assert_eq!((pack.tags[2].address.as_str(), pack.tags[2].asset.as_str()), ("0xab", "ETH"));
        assert_eq!(pack.tags[0].lastmod, "2021-11-14");
        assert_eq!(pack.warnings.len(), 2);
        assert!(pack.warnings[0].contains("tag 3: no address"), "{:?}", pack.warnings);
    }

    #[test]
    fn what_is_no_pack_is_refused_with_its_place() {
        assert!(matches!(read("x", b"title: T\n"), Err(PackError::NoBody(_))));
        let error = read("x.yaml", b"tags:\n  - a: [\n").unwrap_err().to_string();
        assert!(error.contains("x.yaml") && error.contains("line"), "{error}");
    }
}
