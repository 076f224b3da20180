//! Looking through all tags, a page at a time, and through the packs that they come from.

use super::{Tag, TagStore};
use crate::taxonomy::Category;
use crate::tlp::Tlp;
use holdfast_types::Address;
use rayon::prelude::*;
use serde::Serialize;

/// Most tags of one page.
pub const MAX_FOUND: usize = 1_000;
/// Most packs of one page.
pub const MAX_PACKS: usize = 1_000;

/// Which tags are looked for; what is empty is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagFilter {
    /// An address in any of its forms, or else a part of the label, the actor or the source, in any case.
    pub text: String,
    /// The category that a tag counts under.
    pub category: Option<Category>,
    /// Title of its pack.
    pub pack: Option<String>,
    /// Id of its actor.
    pub actor: Option<String>,
}

/// Tags that were found.
#[derive(Clone, Debug, Default)]
pub struct FoundTags<'a> {
    /// Those imported last come first.
    pub tags: Vec<&'a Tag>,
    /// Where the next page begins; none behind the last one. Tags are numbered anew when many were removed: a page that begins at a number of
    /// before then may leave some out or repeat some.
    pub next: Option<u32>,
}

/// A pack or list, as far as a reader may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackSummary {
    /// Its title.
    pub title: String,
    /// Who made it, as its last tag says.
    pub creator: String,
    /// Its file, as it was named when it was imported.
    pub file: String,
    /// Its tags.
    pub tags: usize,
    /// Of them, tags of sanctioned addresses.
    pub sanctioned: usize,
    /// The most restrictive label of its tags; those without one count as TLP:AMBER.
    pub tlp: Tlp,
    /// Its tags without a label of their own.
    pub unlabelled: usize,
    /// The latest of its tags' dates of modification (YYYY-MM-DD); empty where none has one.
    pub lastmod: String,
}

/// Returns whether a text has a part, whose letters are small, in any case.
fn has(text: &str, part: &str) -> bool {
    match text.is_ascii() && part.is_ascii() {
        true => text.as_bytes().windows(part.len().max(1)).any(|w| w.eq_ignore_ascii_case(part.as_bytes())),
        false => text.to_lowercase().contains(part),
    }
}

impl TagStore {
    /// Returns tags for a reader of labels up to `clearance`, the last imported first, below the number at which the page before ended; at most
    /// `limit` and [`MAX_FOUND`].
    #[must_use]
    pub fn find(&self, filter: &TagFilter, clearance: Tlp, below: Option<u32>, limit: usize) -> FoundTags<'_> {
        let (limit, below) = (limit.clamp(1, MAX_FOUND), below.unwrap_or(u32::MAX));
        let text = filter.text.trim();
        let of_address = self.of_address(&Address::read(text));
        let part = text.to_lowercase();
        let is_it = |tag: &Tag| {
            tag.is_for(clearance)
                && filter.pack.as_ref().is_none_or(|pack| tag.pack == *pack)
                && filter.actor.as_ref().is_none_or(|actor| tag.actor.as_ref() == Some(actor))
                && (part.is_empty()
                    || !of_address.is_empty()
                    || has(&tag.label, &part)
                    || tag.actor.as_ref().is_some_and(|actor| has(actor, &part))
                    || has(&tag.source, &part))
                && filter.category.is_none_or(|category| tag.concept() == category)
        };
        let of_pack = filter.pack.as_ref().map(|pack| self.by_pack.get(pack.as_str()));
        let numbers: Box<dyn Iterator<Item = u32>> = match (of_address, of_pack) {
            ([], Some(pack)) => Box::new(pack.iter().rev().copied()),
            ([], None) => Box::new(self.slots.numbers_down(below)),
            (address, _) => Box::new(address.iter().rev().copied()),
        };
        let mut found = numbers.filter(|i| *i < below).filter(|i| is_it(self.slots.tag(*i)));
        let page: Vec<u32> = found.by_ref().take(limit).collect();
        // Whether there is a page behind is known by looking for its first tag.
        let next = found.next().and(page.last().copied());
        FoundTags { tags: page.iter().map(|i| self.slots.tag(*i)).collect(), next }
    }

    /// Returns the packs of which a reader of labels up to `clearance` may know tags, by title, behind a title; at most `limit` and
    /// [`MAX_PACKS`].
    #[must_use]
    pub fn packs(&self, clearance: Tlp, after: Option<&str>, limit: usize) -> Vec<PackSummary> {
        let mut titles: Vec<(&String, &[u32])> =
            self.by_pack.iter().map(|(t, numbers)| (t, numbers.as_slice())).collect();
        titles.retain(|(title, numbers)| {
            after.is_none_or(|after| title.as_str() > after)
                && numbers.iter().any(|i| self.slots.tag(*i).is_for(clearance))
        });
        titles.sort_unstable();
        titles.truncate(limit.clamp(1, MAX_PACKS));
        titles.into_iter().map(|(title, numbers)| self.summary(title, numbers, clearance)).collect()
    }

    fn summary(&self, title: &str, numbers: &[u32], clearance: Tlp) -> PackSummary {
        let tags = || numbers.par_iter().with_min_len(256).map(|i| self.slots.tag(*i)).filter(|t| t.is_for(clearance));
        let last = numbers.iter().rev().map(|i| self.slots.tag(*i)).find(|t| t.is_for(clearance));
        PackSummary {
            title: title.to_owned(),
            creator: last.map_or(String::new(), |t| t.creator.clone()),
            file: last.map_or(String::new(), |t| t.file.clone()),
            tags: tags().count(),
            sanctioned: tags().filter(|t| t.concept() == Category::SANCTION).count(),
            tlp: tags().map(|t| t.tlp.unwrap_or(Tag::UNLABELLED)).max().unwrap_or(Tag::UNLABELLED),
            unlabelled: tags().filter(|t| t.tlp.is_none()).count(),
            lastmod: tags().map(|t| t.lastmod.as_str()).max().unwrap_or_default().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const A: &str = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
    const B: &str = "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S";

    fn store() -> TagStore {
        let tag = |address: &str, label: &str, pack: &str| Tag { pack: pack.into(), ..sample(address, label) };
        let mut store = TagStore::default();
        store.add_tags([
            Tag { abuse: Some("ransomware".into()), tlp: Some(Tlp::Clear), ..tag(A, "Locky", "One") },
            Tag { tlp: Some(Tlp::Red), lastmod: "2024-01-02".into(), ..tag(A, "Żółw", "Two") },
            Tag { actor: Some("acme".into()), lastmod: "2023-05-06".into(), ..tag(B, "Acme hot wallet", "Two") },
        ]);
        store
    }

    fn labels(found: &FoundTags<'_>) -> Vec<String> {
        found.tags.iter().map(|t| t.label.clone()).collect()
    }

    #[test]
    fn tags_are_found_by_what_they_say_and_nothing_above_the_label() {
        let store = store();
        let of = |filter: TagFilter, clearance| labels(&store.find(&filter, clearance, None, 10));
        let text = |text: &str| TagFilter { text: text.into(), ..TagFilter::default() };
        assert_eq!(of(TagFilter::default(), Tlp::Red), ["Acme hot wallet", "Żółw", "Locky"]);
        assert_eq!(of(TagFilter::default(), Tlp::Amber), ["Acme hot wallet", "Locky"]);
        assert_eq!(of(text("LOCK"), Tlp::Red), ["Locky"]);
        assert_eq!(of(text("żÓŁ"), Tlp::Red), ["Żółw"]);
        assert_eq!(of(text("acme"), Tlp::Red), ["Acme hot wallet"]);
        assert_eq!(of(text(&format!("bitcoin:{A}")), Tlp::Red), ["Żółw", "Locky"], "a payment link is its address");
        assert_eq!(of(text(&format!(" {A} ")), Tlp::Red), ["Żółw", "Locky"]);
        let category = TagFilter { category: Category::from_name("ransomware"), ..TagFilter::default() };
        assert_eq!(of(category, Tlp::Red), ["Locky"]);
        let two = TagFilter { pack: Some("Two".into()), ..text(A) };
        assert_eq!(of(two, Tlp::Red), ["Żółw"], "all conditions hold");
        let actor = TagFilter { actor: Some("acme".into()), ..TagFilter::default() };
        assert_eq!(of(actor, Tlp::Red), ["Acme hot wallet"]);
        assert_eq!(of(text("nobody"), Tlp::Red), Vec::<String>::new());
    }

    #[test]
    fn pages_meet_and_the_last_one_ends() {
        let mut store = store();
        let many = (0..25).map(|i| Tag { pack: "Many".into(), ..sample(B, &format!("tag {i}")) });
        store.add_tags(many);
        store.remove_pack("One");
        for filter in [TagFilter::default(), TagFilter { text: B.into(), ..TagFilter::default() }] {
            let all = labels(&store.find(&filter, Tlp::Red, None, 100));
            let (mut seen, mut below) = (Vec::new(), None);
            loop {
                let page = store.find(&filter, Tlp::Red, below, 9);
                seen.extend(labels(&page));
                below = page.next;
                if below.is_none() {
                    break;
                }
            }
            assert_eq!(seen, all);
            assert!(seen.contains(&"tag 0".to_owned()) && !seen.contains(&"Locky".to_owned()));
        }
    }

    #[test]
    fn packs_are_counted_as_their_reader_sees_them() {
        let store = store();
        let all = store.packs(Tlp::Red, None, 10);
        assert_eq!(all.iter().map(|p| (p.title.as_str(), p.tags)).collect::<Vec<_>>(), [("One", 1), ("Two", 2)]);
        assert_eq!((all[1].tlp, all[1].unlabelled, all[1].lastmod.as_str()), (Tlp::Red, 1, "2024-01-02"));
        let some = store.packs(Tlp::Amber, None, 10);
        assert_eq!((some[1].tags, some[1].tlp, some[1].lastmod.as_str()), (1, Tlp::Amber, "2023-05-06"));
        assert_eq!(store.packs(Tlp::Clear, None, 10).len(), 1, "of the other one nothing is known");
        assert_eq!(store.packs(Tlp::Red, Some("One"), 10).len(), 1);
        assert_eq!(store.packs(Tlp::Red, None, 1)[0].title, "One");
    }
}
