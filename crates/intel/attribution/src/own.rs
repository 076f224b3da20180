//! The desk's own tags: what its people state of addresses, one by one, each with its source. They are one pack, so that they are stored, shared,
//! counted and withdrawn as all others are.

use crate::tags::{Confidence, Tag, TagStore};
use crate::taxonomy::{Category, Risk};
use crate::tlp::Tlp;
use crate::{clean, nobody};
use holdfast_bitcoin::hash::sha256;
use holdfast_types::{ErrorKind, Invalid, asset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Title of their pack.
pub const OWN_PACK: &str = "Own tags";
/// Most own tags: a change of one stores all of them anew. Beyond that they are a pack to be imported.
pub const MAX_OWN: usize = 10_000;

/// An own tag, as a person states it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnTag {
    /// The address.
    pub address: String,
    /// Ticker or CAIP-19 id of the asset whose chain it is on, such as BTC.
    pub asset: String,
    /// Name given.
    pub label: String,
    /// Where it can be verified: a link or reference.
    pub source: String,
    /// Category or abuse of the taxonomy, such as exchange or ransomware.
    pub category: String,
    /// Reliability (GraphSense's scale): by default unknown.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub confidence: Option<Confidence>,
    /// Id of the actor.
    #[serde(default)]
    pub actor: Option<String>,
    /// Whether it holds for the whole cluster of the address.
    #[serde(default)]
    pub is_cluster_definer: bool,
    /// Who may read it; without a label it counts as TLP:AMBER.
    #[serde(default)]
    pub tlp: Option<Tlp>,
}

/// Why an own tag is not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnError {
    /// A field that cannot be used.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is none with this id.
    #[error("there is no own tag '{0}'; it may have been changed meanwhile")]
    NotFound(String),
    /// The same is stated already.
    #[error("the same tag of {0} stands already")]
    Stands(String),
    /// There are too many.
    #[error("there are {MAX_OWN} own tags, which are the most: remove some, or import further ones as a pack")]
    Full,
}

impl OwnError {
    /// Returns what kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            OwnError::Invalid(_) => ErrorKind::Invalid,
            OwnError::NotFound(_) => ErrorKind::NotFound,
            OwnError::Stands(_) | OwnError::Full => ErrorKind::State,
        }
    }
}

/// A change of the own tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnChange {
    /// Another tag.
    Add(Tag),
    /// A tag in place of another.
    Replace {
        /// Id of the other.
        id: String,
        /// The tag.
        with: Tag,
    },
    /// One tag less.
    Remove {
        /// Its id.
        id: String,
    },
}

/// What a change of the own tags did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnChanged {
    /// The tag that is not there any more.
    pub before: Option<Tag>,
    /// The tag that is there instead.
    pub after: Option<Tag>,
}

/// A text of a field, between its bounds in bytes.
fn text(field: &str, text: &str, most: usize) -> Result<String, Invalid> {
    let text = text.trim();
    match text.len() {
        0 => Err(Invalid::new(field, "missing")),
        n if n > most => Err(Invalid::new(field, format!("has {n} bytes; at most {most} are taken"))),
        _ if text.chars().any(char::is_control) => {
            Err(Invalid::new(field, "has a line break or another control character"))
        }
        _ => Ok(text.to_owned()),
    }
}

impl OwnTag {
    /// Returns the tag that a person states on a day (YYYY-MM-DD).
    ///
    /// # Errors
    /// [`Invalid`] names the field: an address that nobody controls or that can match nothing, a category that the taxonomy does not know.
    pub fn stated(&self, creator: &str, day: &str) -> Result<Tag, Invalid> {
        let asset = asset::canonical(&text("asset", &self.asset, 200)?);
        let cleaned = clean::clean(&self.address, &asset).map_err(|why| Invalid::new("address", why))?;
        if let Some(kind) = nobody::kind(&cleaned.address) {
            return Err(Invalid::new("address", format!("is a {kind}, which nobody controls")));
        }
        if !cleaned.matches {
            return Err(Invalid::new("address", cleaned.notes.join("; ")));
        }
        let name = text("category", &self.category, 100)?;
        let category = Category::from_name(&name).filter(|c| c.risk() != Risk::None);
        let category = category.ok_or_else(|| {
            let all: Vec<&str> = Category::all().filter(|c| c.risk() != Risk::None).map(Category::name).collect();
            Invalid::new("category", format!("'{name}' is none of {}", all.join(", ")))
        })?;
        let actor = self.actor.as_deref().map(str::trim).filter(|actor| !actor.is_empty());
        let concept = Some(category.name().to_owned());
        Ok(Tag {
            address: cleaned.address,
            asset,
            label: text("label", &self.label, 200)?,
            source: text("source", &self.source, 2_000)?,
            category: concept.clone().filter(|_| !category.is_abuse()),
            abuse: concept.filter(|_| category.is_abuse()),
            concepts: Vec::new(),
            confidence: self.confidence.unwrap_or_default(),
            is_cluster_definer: self.is_cluster_definer,
            actor: actor.map(|actor| text("actor", actor, 200)).transpose()?,
            lastmod: day.to_owned(),
            pack: OWN_PACK.to_owned(),
            file: String::new(),
            creator: creator.to_owned(),
            tlp: self.tlp,
        })
    }

    /// Returns what a person would state to get a tag again.
    #[must_use]
    pub fn of(tag: &Tag) -> Self {
        OwnTag {
            address: tag.address.clone(),
            asset: tag.asset.clone(),
            label: tag.label.clone(),
            source: tag.source.clone(),
            category: tag.concept().name().to_owned(),
            confidence: Some(tag.confidence),
            actor: tag.actor.clone(),
            is_cluster_definer: tag.is_cluster_definer,
            tlp: tag.tlp,
        }
    }
}

/// Returns the id of an own tag: 16 hex digits of the SHA-256 of what it states. A tag that is changed has another.
#[must_use]
pub fn id_of(tag: &Tag) -> String {
    let fields =
        [tag.address.as_str(), &tag.asset, &tag.label, &tag.source, tag.concept().name(), tag.confidence.name()];
    let rest = [tag.actor.as_deref().unwrap_or_default(), tag.tlp.map_or("", Tlp::name), &tag.creator, &tag.lastmod];
    let definer = if tag.is_cluster_definer { "cluster" } else { "" };
    // Control characters stand in no field.
    let stated = fields.iter().chain(&rest).copied().chain([definer]).collect::<Vec<_>>().join("\n");
    sha256(stated.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl TagStore {
    /// Returns the own tag with an id, for a reader of labels up to `clearance`.
    ///
    /// # Errors
    /// [`OwnError::NotFound`].
    pub fn own_tag(&self, id: &str, clearance: Tlp) -> Result<&Tag, OwnError> {
        let found = self.of_pack(OWN_PACK).find(|tag| tag.is_for(clearance) && id_of(tag) == id);
        found.ok_or_else(|| OwnError::NotFound(id.to_owned()))
    }

    /// Changes the own tags.
    ///
    /// # Errors
    /// [`OwnError`]; nothing is changed then.
    pub fn change_own(&mut self, change: OwnChange) -> Result<OwnChanged, OwnError> {
        let own: Vec<Tag> = self.of_pack(OWN_PACK).cloned().collect();
        let place = |id: &str| own.iter().position(|t| id_of(t) == id).ok_or_else(|| OwnError::NotFound(id.to_owned()));
        // Who states it, when, how surely and for whom does not make it another.
        let content = |t: &Tag| OwnTag { confidence: None, tlp: None, ..OwnTag::of(t) };
        let is_same = |a: &Tag, b: &Tag| content(a) == content(b);
        match change {
            OwnChange::Add(tag) => {
                let tag = self.completed(tag);
                if own.len() >= MAX_OWN {
                    return Err(OwnError::Full);
                }
                if own.iter().any(|t| is_same(t, &tag)) {
                    return Err(OwnError::Stands(tag.address));
                }
                self.add_tags([tag.clone()]);
                Ok(OwnChanged { before: None, after: Some(tag) })
            }
            OwnChange::Replace { id, with } => {
                let (at, with) = (place(&id)?, self.completed(with));
                if own.iter().enumerate().any(|(i, t)| i != at && is_same(t, &with)) {
                    return Err(OwnError::Stands(with.address));
                }
                let before = own[at].clone();
                // The others are not touched: what rests on them is not screened again.
                self.take_tag(&before);
                self.add_tags([with.clone()]);
                Ok(OwnChanged { before: Some(before), after: Some(with) })
            }
            OwnChange::Remove { id } => {
                let at = place(&id)?;
                let removed = own[at].clone();
                self.take_tag(&removed);
                Ok(OwnChanged { before: Some(removed), after: None })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tags::TagFile;
    use holdfast_types::Address;
    use std::collections::BTreeSet;

    const A: &str = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";

    fn own(label: &str, category: &str) -> OwnTag {
        let text = |t: &str| t.to_owned();
        OwnTag {
            address: format!("bitcoin:{A}"),
            asset: text("btc"),
            label: text(label),
            source: text("https://example.org"),
            category: text(category),
            ..OwnTag::default()
        }
    }

    fn tag(label: &str, category: &str) -> Tag {
        own(label, category).stated("ana", "2026-01-02").unwrap()
    }

    #[test]
    fn what_a_person_states_is_checked_by_its_fields() {
        let made = tag(" Locky ", "Ransomware");
        assert_eq!((made.address.as_str(), made.asset.as_str(), made.label.as_str()), (A, "BTC", "Locky"));
        assert_eq!((made.abuse.as_deref(), made.category.as_deref()), (Some("ransomware"), None));
        assert_eq!(tag("x", "exchange").category.as_deref(), Some("exchange"));
        let field = |change: fn(&mut OwnTag)| {
            let mut stated = own("x", "scam");
            change(&mut stated);
            stated.stated("ana", "2026-01-02").unwrap_err().field
        };
        assert_eq!(field(|t| t.label.clear()), "label");
        assert_eq!(field(|t| t.label = "a\nb".into()), "label");
        assert_eq!(field(|t| t.source = "x".repeat(2_001)), "source");
        assert_eq!(field(|t| t.category = "weather".into()), "category");
        assert_eq!(field(|t| t.category = "unattributed".into()), "category");
        assert_eq!(field(|t| t.category = "fee".into()), "category", "a fee is nobody's kind");
        assert_eq!(field(|t| t.address = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb".into()), "address");
        assert_eq!(field(|t| t.asset.clear()), "asset");
        let burnt = OwnTag {
            address: "0x0000000000000000000000000000000000000000".into(),
            asset: "ETH".into(),
            ..own("x", "scam")
        };
        assert!(burnt.stated("ana", "2026-01-02").unwrap_err().problem.contains("nobody controls"));
    }

    #[test]
    fn own_tags_are_added_replaced_and_removed() {
        let mut store = TagStore::default();
        let (locky, acme) = (tag("Locky", "ransomware"), tag("Acme", "exchange"));
        store.change_own(OwnChange::Add(locky.clone())).unwrap();
        assert_eq!(store.change_own(OwnChange::Add(locky.clone())).unwrap_err(), OwnError::Stands(A.into()));
        store.change_own(OwnChange::Add(acme.clone())).unwrap();
        let id = id_of(&locky);
        assert_eq!(store.own_tag(&id, Tlp::Red).unwrap().label, "Locky");
        assert!(store.own_tag(&id, Tlp::Clear).is_err(), "without a label it is TLP:AMBER");
        let other = Tag { label: "Locky 2".into(), ..locky.clone() };
        let stands = OwnChange::Replace { id: id.clone(), with: acme.clone() };
        assert!(matches!(store.change_own(stands).unwrap_err(), OwnError::Stands(_)));
        assert_eq!(store.len(), 2, "nothing is changed by what is refused");
        let changed = store.change_own(OwnChange::Replace { id: id.clone(), with: other.clone() }).unwrap();
        assert_eq!((changed.before, changed.after.as_ref()), (Some(locky), Some(&other)));
        assert!(matches!(store.change_own(OwnChange::Remove { id }).unwrap_err(), OwnError::NotFound(_)));
        store.change_own(OwnChange::Remove { id: id_of(&other) }).unwrap();
        let labels: Vec<&str> = store.iter().map(|t| t.label.as_str()).collect();
        assert_eq!((labels, store.len()), (vec!["Acme"], 1));
        assert_eq!(OwnTag::of(&acme).stated("ana", "2026-01-02").unwrap(), acme);
    }

    #[test]
    fn a_change_of_one_own_tag_touches_its_address_alone_and_is_stored() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = TagFile::new(&dir.path().join("tags"));
        let mut store = TagStore::default();
        let elsewhere = Tag { address: "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S".into(), ..tag("Acme", "exchange") };
        let locky = tag("Locky", "ransomware");
        for tag in [&locky, &elsewhere] {
            store.change_own(OwnChange::Add(tag.clone())).unwrap();
        }
        file.save(&store).unwrap();
        let only = BTreeSet::from([Address::read(A)]);
        let touched = |store: &TagStore, since| BTreeSet::from_iter(store.touched_addresses_since(since).unwrap());
        let (before, named) = (store.version(), Tag { label: "Locky 2".into(), ..locky.clone() });
        store.change_own(OwnChange::Replace { id: id_of(&locky), with: named.clone() }).unwrap();
        assert_eq!(touched(&store, before), only);
        file.save(&store).unwrap();
        let before = store.version();
        store.change_own(OwnChange::Remove { id: id_of(&named) }).unwrap();
        assert_eq!(touched(&store, before), only);
        file.save(&store).unwrap();
        let labels = |store: &TagStore| store.iter().map(|t| t.label.clone()).collect::<Vec<_>>();
        assert_eq!((labels(&store), store.tags_of(A).count()), (vec!["Acme".to_owned()], 0));
        let read = TagFile::new(&dir.path().join("tags")).load().unwrap();
        assert_eq!((labels(&read), read.of_pack(OWN_PACK).count()), (vec!["Acme".to_owned()], 1));
    }
}
