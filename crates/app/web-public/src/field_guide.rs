//! The field guide: what seeds and wallets look like at a scene, what to do and what not. One page, made to be printed.

use crate::pictures;
use holdfast_page::frame::Frame;
use holdfast_page::texts::t;
use maud::{Markup, html};

/// A thing that may be found, by the keys of its texts.
struct Thing {
    name: &'static str,
    looks: &'static str,
    means: &'static str,
    handle: &'static str,
}

const THINGS: [Thing; 10] = [
    Thing {
        name: "guide-phrase-name",
        looks: "guide-phrase-looks",
        means: "guide-phrase-means",
        handle: "guide-phrase-do",
    },
    Thing {
        name: "guide-metal-name",
        looks: "guide-metal-looks",
        means: "guide-metal-means",
        handle: "guide-metal-do",
    },
    Thing {
        name: "guide-paper-name",
        looks: "guide-paper-looks",
        means: "guide-paper-means",
        handle: "guide-paper-do",
    },
    Thing {
        name: "guide-hardware-name",
        looks: "guide-hardware-looks",
        means: "guide-hardware-means",
        handle: "guide-hardware-do",
    },
    Thing {
        name: "guide-computer-name",
        looks: "guide-computer-looks",
        means: "guide-computer-means",
        handle: "guide-computer-do",
    },
    Thing { name: "guide-disk-name", looks: "guide-disk-looks", means: "guide-disk-means", handle: "guide-disk-do" },
    Thing {
        name: "guide-codes-name",
        looks: "guide-codes-looks",
        means: "guide-codes-means",
        handle: "guide-codes-do",
    },
    Thing {
        name: "guide-shares-name",
        looks: "guide-shares-looks",
        means: "guide-shares-means",
        handle: "guide-shares-do",
    },
    Thing {
        name: "guide-accounts-name",
        looks: "guide-accounts-looks",
        means: "guide-accounts-means",
        handle: "guide-accounts-do",
    },
    Thing {
        name: "guide-mining-name",
        looks: "guide-mining-looks",
        means: "guide-mining-means",
        handle: "guide-mining-do",
    },
];

/// What is never done, and what always.
const NEVER: [&str; 7] = [
    "guide-never-type",
    "guide-never-photograph",
    "guide-never-pin",
    "guide-never-suspect",
    "guide-never-switch",
    "guide-never-open",
    "guide-never-alone",
];

const ALWAYS: [&str; 7] = [
    "guide-always-isolate",
    "guide-always-look",
    "guide-always-cover",
    "guide-always-move",
    "guide-always-watch",
    "guide-always-write",
    "guide-always-call",
];

/// Shows the guide.
pub(crate) async fn field_guide(frame: Frame) -> Markup {
    let body = html! {
        p { (t!("guide-intro")) }
        section { h2 { (t!("guide-never")) } ul { @for line in NEVER { li { (t!(line)) } } } }
        section { h2 { (t!("guide-always")) } ul { @for line in ALWAYS { li { (t!(line)) } } } }
        h2 { (t!("guide-things")) }
        @for thing in &THINGS { section.guide {
            h3 { (t!(thing.name)) }
            (pictures::of_thing(thing.name))
            p { strong { (t!("guide-looks")) } " " (t!(thing.looks)) }
            p { strong { (t!("guide-means")) } " " (t!(thing.means)) }
            p { strong { (t!("guide-do")) } " " (t!(thing.handle)) }
        } }
        p.note { (t!("guide-after")) }
    };
    frame.academy(&t!("guide-title"), body)
}
