//! The field guide: what seeds and wallets look like at a scene, what to do and what not. One page, made to be printed.

use crate::frame::Frame;
use maud::{Markup, html};

/// A thing that may be found: what it looks like, why it matters, what to do.
struct Thing {
    name: &'static str,
    looks: &'static str,
    means: &'static str,
    handle: &'static str,
}

const THINGS: [Thing; 10] = [
    Thing {
        name: "Seed phrase on paper",
        looks: "12, 15, 18, 21 or 24 common words, often numbered, in a notebook, on a card of a wallet's maker, on the back of a photograph, in a recipe or a poem. SLIP-39 shares have 20 or 33 words and come in several sheets. Words may be in Chinese, Czech, French, Italian, Japanese, Korean, Portuguese or Spanish.",
        means: "Whoever reads the words can move everything, from anywhere, without any device. There may be a further passphrase (\"25th word\") elsewhere.",
        handle: "Cover the words at once. Photograph only with a device that is not connected to a cloud, as evidence rules ask; seal in an opaque bag. Note who saw it. Numbers beside words matter: keep their order.",
    },
    Thing {
        name: "Metal plate or capsule",
        looks: "Steel or titanium plates, cards, washers on a bolt, or a capsule with sliding letter tiles; punched, stamped or engraved. Often only the first four letters of each word. Sold as fireproof.",
        means: "The same as paper. Four letters are enough for an English word of the list.",
        handle: "Do not rearrange tiles or unscrew washers: their order is the secret. Bag it as it is.",
    },
    Thing {
        name: "Paper wallet",
        looks: "A printed sheet or card with two QR codes, one for the address, one for the private key (\"private\", \"secret\", \"spend\"), the latter often folded, taped or under a hologram. A private key begins with 5, K or L (Bitcoin, 51 or 52 characters) or 6P (protected by a passphrase).",
        means: "The private QR code moves the funds. Nothing else is needed, unless it begins with 6P.",
        handle: "Do not scan it with a telephone. Fold it shut, bag it opaquely.",
    },
    Thing {
        name: "Hardware wallet",
        looks: "Like a USB stick, a small remote control or a thick card, with a small display and one to three buttons, or a touch screen: Ledger, Trezor, BitBox, Coldcard, KeepKey, Keystone, Tangem (a card without display), and others. With it a USB cable, a card for 24 words, a box with a broken seal.",
        means: "Keys inside; opened by a PIN. Most erase themselves after a few wrong PINs (3 to 16). The words somewhere else restore it all: whoever has them needs no device.",
        handle: "Do not try PINs. Do not update or reset it. Bag it with its cable and everything in its box; shield cards with radio (NFC) and devices with Bluetooth in a Faraday bag. Look for the words.",
    },
    Thing {
        name: "Telephone or computer with a wallet",
        looks: "Apps such as MetaMask, Trust Wallet, Exodus, Electrum, Ledger Live, Trezor Suite, Phantom, Wasabi, Monero GUI; browser extensions; exchange apps; authenticator apps.",
        means: "Keys in files, protected by the device's lock or a password. Memory may hold keys while it runs.",
        handle: "If it is on and unlocked: keep it on, prevent the lock, isolate it from networks, and have a specialist take memory before power is cut. If it is off, leave it off.",
    },
    Thing {
        name: "USB stick, memory card, disk",
        looks: "Files named wallet.dat, UTC--…, keystore, *.aes, backup, seed; photographs of words; text files with words or long strings; encrypted containers.",
        means: "Wallet files, keys, pictures of phrases; deleted files count.",
        handle: "Never open them on an ordinary machine. Write-block, image, and scan the image (holdfast evidence scan).",
    },
    Thing {
        name: "Codes and addresses on their own",
        looks: "Strings such as bc1q…, 1…, 3…, 0x…, T…, r…, 4…; QR codes on cards, stickers, shop counters; xpub…, zpub….",
        means: "Addresses and public keys move nothing; they show where money is and was.",
        handle: "Photograph them. They may be looked up at once.",
    },
    Thing {
        name: "Shares and co-signers",
        looks: "Sheets marked \"share 1 of 3\", \"2 of 3\", \"multisig\", several devices of one kind, letters to lawyers or relatives, safe-deposit keys.",
        means: "Several pieces together move the funds; one alone does not. Others may hold the rest and move it.",
        handle: "Ask early, with the prosecutor, who the others are. Time matters.",
    },
    Thing {
        name: "Exchange accounts",
        looks: "Cards of exchanges, mails, statements, authenticator entries, API keys (two long strings).",
        means: "Funds at a company that can freeze them.",
        handle: "Send a freeze request through the officers' portal now; preservation first, if the order takes time.",
    },
    Thing {
        name: "Mining and nodes",
        looks: "Racks of loud machines, graphics cards, invoices for electricity, a small computer named \"node\".",
        means: "Payout addresses and wallets; the node's disk may hold a wallet.",
        handle: "Do not pull the plug on a node before its wallet's state is known.",
    },
];

/// What is never done, and what always.
const NEVER: [&str; 7] = [
    "Never type found words into a telephone, a web page or a wallet: the words are then known to it, and the move cannot be undone.",
    "Never photograph words or private QR codes with a personal device, or send them by chat or mail.",
    "Never try PINs or passwords on a device.",
    "Never let the suspect touch, or speak into, a device; one tap or one message to a friend moves everything.",
    "Never switch off what is on and unlocked without a specialist, or switch on what is off.",
    "Never open seized files on an ordinary machine.",
    "Never be alone with open secrets: two people, and a note of who saw what, when.",
];

const ALWAYS: [&str; 7] = [
    "Isolate: networks off, Faraday bag for what has radio.",
    "Look for words wherever there is paper or metal: books, frames, kitchens, safes, cars, garden sheds.",
    "Cover, bag opaquely, seal, number; custody record from the first minute.",
    "Ask for the lawful move of funds to the authority's own wallet as soon as the order allows: others may hold the same words. Two people do it; the address is checked by both, on the device's own display.",
    "Have the addresses watched: a desk is told when they move.",
    "Write down what is connected to what, and what stood on displays.",
    "Call the desk: a freeze at an exchange takes minutes.",
];

/// The guide.
pub(crate) async fn field_guide(frame: Frame) -> Markup {
    frame.page(
        "Field guide",
        "",
        html! {
            h1 { "Field guide: wallets at a scene" }
            p { "For officers who search. Print it; it fits a folder. Seeds and keys are the money itself: treat them as you would treat cash that anybody who sees it can take from afar." }
            section { h2 { "Never" } ul { @for line in NEVER { li { (line) } } } }
            section { h2 { "Always" } ul { @for line in ALWAYS { li { (line) } } } }
            h2 { "What it looks like, what it means, what to do" }
            @for thing in &THINGS { section.guide {
                h3 { (thing.name) }
                p { strong { "Looks like. " } (thing.looks) }
                p { strong { "Means. " } (thing.means) }
                p { strong { "Do. " } (thing.handle) }
            } }
            p.note { "Afterwards: image the media, scan the images, open a case. Secrets are sealed to the case's key as they are found; nobody needs to read them." }
        },
    )
}
