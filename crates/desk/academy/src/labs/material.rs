//! Labs on seized material: a disk image, and what was found at a scene. Nothing in them is anybody's: phrases and keys come from the seed.

use super::{Chain, Made, bytes, find, index, step};
use crate::grade::{Check, Form};
use holdfast_bitcoin::{AddressKey, Network, ScriptClass};
use holdfast_forensics::derive::addresses_of;
use holdfast_forensics::{Kind, mnemonic};
use holdfast_simulate::random::Random;

/// Most phrases drawn for a lab.
const MOST_DRAWS: usize = 64;

fn phrase(random: &mut Random) -> Result<bip39::Mnemonic, String> {
    bip39::Mnemonic::from_entropy(&bytes::<16>(random)).map_err(|e| e.to_string())
}

/// Returns a phrase that a scan finds in the text which `written` makes of it, and nothing else: of one in some hundred a scan takes words that
/// come again, or that are common in prose, for no phrase.
fn found_phrase(
    random: &mut Random,
    kind: Kind,
    mut written: impl FnMut(&bip39::Mnemonic, &mut Random) -> String,
) -> Result<bip39::Mnemonic, String> {
    for _ in 0..MOST_DRAWS {
        let phrase = phrase(random)?;
        let mut hits = Vec::new();
        mnemonic::find(&written(&phrase, random), &mut hits);
        if hits.len() == 1 && hits[0].kind == kind {
            return Ok(phrase);
        }
    }
    Err("no phrase that a scan finds".to_owned())
}

fn derived(phrase: &str, path: &str) -> Result<String, String> {
    let all = addresses_of(Kind::Bip39, phrase, "", 2);
    let found = all.iter().find(|d| d.path == path).ok_or_else(|| format!("no address at {path}"))?;
    Ok(found.address.clone())
}

/// Creates the lab "Find the seed on a disk image".
pub(super) fn seed_on_a_disk(seed: u64) -> Result<Made, String> {
    let mut random = Random::new(seed);
    let real = found_phrase(&mut random, Kind::Bip39, |p, _| format!("backup words, do not lose\n==========\n{p}\n"))?;
    // Twelve words of the list whose checksum does not hold.
    let decoy = loop {
        let mut words: Vec<&str> = phrase(&mut random)?.words().collect();
        words.rotate_left(1);
        let text = words.join(" ");
        if bip39::Mnemonic::parse(&text).is_err() {
            break text;
        }
    };
    let watched = AddressKey::new(ScriptClass::P2wpkh, &bytes::<20>(&mut random)).to_text(Network::Bitcoin);
    let size = 512usize << 10;
    let mut image = vec![0u8; size];
    // Blocks of noise, as of encrypted or compressed files, between empty ones.
    for block in image.chunks_mut(4_096) {
        if random.permille(600) {
            block.iter_mut().for_each(|b| *b = random.bits().to_le_bytes()[0]);
        }
    }
    let mut places: Vec<usize> = (1..12).map(|i| i * 40_960).collect();
    random.shuffle(&mut places);
    let mut put = |at: usize, text: &str| {
        // A file begins at a block and ends in zeros.
        let begin = at & !4_095;
        image[begin..begin + 4_096].fill(0);
        image[begin..begin + text.len()].copy_from_slice(text.as_bytes());
    };
    // A rule separates the words before from the phrase: with one of them its checksum may hold by chance.
    let lead = format!(
        "Notes {}\nwifi: guest{}\n\nbackup words, do not lose\n==========\n",
        random.between(1, 99),
        random.between(100, 999)
    );
    put(places[0], &format!("{lead}{real}\n"));
    put(places[1], &format!("old words from the web, did not work\n==========\n{decoy}\n"));
    put(places[2], &format!("paid to {watched} on monday\n"));
    put(places[3], "shopping list: apples, bread, coffee, milk\n");
    let offset = (places[0] & !4_095) + lead.len();
    let text = real.to_string();
    let (segwit, evm) = (derived(&text, "m/84'/0'/0'/0/0")?, derived(&text, "m/44'/60'/0'/0/0")?);
    let brief = "`disk.img` is the raw image of a memory stick (512 KiB). Find what controls money.\n\nScan it with `holdfast evidence scan disk.img \
        --out out --open-case LAB --store store`, and open what was sealed with `holdfast evidence secrets out --case 1 --store store`; or upload it on a case's page."
        .to_owned();
    let steps = vec![
        step(
            "offset",
            25,
            "At which byte of the image does the phrase begin that controls money?",
            Check::Number(offset as u64),
            &[
                "A finding's offset is its first byte.",
                "Of two phrases on the stick one has a checksum that does not hold.",
            ],
            "The offset goes into the exhibit's record, so that another expert finds the same.",
        ),
        step(
            "words",
            10,
            "Of how many words is it?",
            Check::Number(real.word_count() as u64),
            &[],
            "Twelve words are 128 bits and a checksum of four.",
        ),
        step(
            "valid",
            15,
            "How many valid BIP39 phrases are on the image?",
            Check::Number(1),
            &["The checksum is in the last word."],
            "Words of the list in the wrong order are no phrase: the checksum fails.",
        ),
        find(
            "segwit",
            20,
            "What is the phrase's first receiving address by BIP84?",
            Form::Address,
            &segwit,
            &["Its path is m/84'/0'/0'/0/0; scanning into a case derives it."],
            "Most wallets of today begin here.",
        ),
        find(
            "evm",
            15,
            "And its first address on Ethereum?",
            Form::Address,
            &evm,
            &["Its path is m/44'/60'/0'/0/0."],
            "The same phrase controls the same address on every EVM chain.",
        ),
        find(
            "noted",
            15,
            "Which bitcoin address is noted elsewhere on the stick?",
            Form::Address,
            &watched,
            &["Findings of kind address."],
            "An address controls nothing, but it shows whom the owner paid.",
        ),
    ];
    Ok(Made { brief, files: vec![("disk.img".to_owned(), image)], chain: Chain::None, steps })
}

/// Devices that logs name, by the ids of the vendors' own documents.
const DEVICES: [(&str, &str); 5] = [
    ("VID_534C&PID_0001", "Trezor One"),
    ("VID_1209&PID_53C1", "Trezor"),
    ("VID_2B24&PID_0002", "KeepKey"),
    ("VID_03EB&PID_2403", "BitBox02"),
    ("VID_D13E&PID_CC10", "Coldcard"),
];

/// Returns a phrase, a note of it with one word that cannot be read, and the number of that word from 0.
fn blotted_note(random: &mut Random) -> Result<(bip39::Mnemonic, String, usize), String> {
    let (mut note, mut blot) = (String::new(), 0);
    let whole = found_phrase(random, Kind::Bip39Partial, |phrase, random| {
        blot = index(random, 12);
        let word = |(i, word)| format!("{}. {}\n", i + 1, if i == blot { "?" } else { word });
        note = phrase.words().enumerate().map(word).collect();
        note.clone()
    })?;
    Ok((whole, note, blot))
}

/// Creates the lab "What was found at the scene".
pub(super) fn at_the_scene(seed: u64) -> Result<Made, String> {
    let mut random = Random::new(seed);
    let (ids, device) = *random.pick(&DEVICES);
    let serial = format!("{:016X}", random.bits());
    let log = format!(
        ">>>  [Device Install (Hardware initiated) - USB\\{ids}\\{serial}]\r\n>>>  Section start 2026/0{}/1{} 21:4{}:07.311\r\n     ump: Creating Install \
        Process: DrvInst.exe\r\n<<<  Section end\r\n<<<  [Exit status: SUCCESS]\r\n",
        random.between(1, 9),
        random.below(10),
        random.below(10)
    );
    let printed = AddressKey::new(ScriptClass::P2pkh, &bytes::<20>(&mut random)).to_text(Network::Bitcoin);
    let code = qrcode::QrCode::new(format!("bitcoin:{printed}")).map_err(|e| e.to_string())?;
    let picture = code.render::<image::Luma<u8>>().min_dimensions(240, 240).build();
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).map_err(|e| e.to_string())?;
    let (whole, note, blot) = blotted_note(&mut random)?;
    let shown = whole.words().nth(if blot == 0 { 1 } else { 0 }).unwrap_or_default().to_owned();
    let files = vec![
        ("laptop/setupapi.dev.log".to_owned(), log.into_bytes()),
        ("photos/card.png".to_owned(), png.into_inner()),
        ("photos/note.txt".to_owned(), note.into_bytes()),
    ];
    let brief = "Officers searched a flat. They bring a log from the suspect's laptop, the photograph of a printed card with a code, and the transcript of a \
        handwritten note of which one word cannot be read (it stands as `?`). `holdfast evidence scan laptop photos --out out --open-case LAB --store store` reads \
        them; the field guide (`/field-guide`) shows what things are and what to do."
        .to_owned();
    let mut devices: Vec<String> = DEVICES.map(|d| d.1.to_owned()).to_vec();
    devices.sort();
    let notes = ["a BIP39 phrase", "an Electrum seed", "a SLIP-39 share", "a private key (WIF)"];
    let acts = [
        "Unlock it with the suspect's usual passwords to see whether it works",
        "Photograph it as it lies, leave it unpowered, bag it with its cables and cards, and record custody",
        "Reset it so that nobody can move the funds",
        "Connect it to the laptop that it was used with",
    ];
    let mover = [
        "Nobody: the laptop is seized",
        "Anybody who holds a copy of the words",
        "Only who has the hardware wallet",
        "Only the exchange",
    ];
    let choice = |right: &str, options: &[&str]| Check::Choice {
        right: right.to_owned(),
        options: options.iter().map(|o| (*o).to_owned()).collect(),
    };
    let steps = vec![
        step(
            "device",
            20,
            "Which hardware wallet was connected to the laptop?",
            Check::Choice { right: device.into(), options: devices },
            &["The log names vendor and product: VID and PID."],
            format!("{ids} is {device}: look for the device, and for the card with its words."),
        ),
        find(
            "card",
            20,
            "Which address is on the printed card?",
            Form::Address,
            &printed,
            &["The code is a QR code; a scan reads it."],
            "A printed card with one code may be a paper wallet's public half: look for the other.",
        ),
        step(
            "note",
            15,
            "What is on the note?",
            choice(notes[0], &notes),
            &["Count the words, and look up which list they come from."],
            format!("Twelve words of BIP39's English list, such as '{shown}'."),
        ),
        step(
            "unreadable",
            15,
            "Which word of the note, counted from one, cannot be read?",
            Check::Number(blot as u64 + 1),
            &[],
            "With one word missing of twelve, 128 of the 2,048 words fit the checksum: each is tried on the chain.",
        ),
        step(
            "device-found",
            15,
            "The device is found, switched off. What is done at the scene?",
            choice(acts[1], &acts),
            &["Wrong codes wipe most devices."],
            "Devices wipe themselves after wrong codes, and power-on can lock them.",
        ),
        step(
            "mover",
            15,
            "Everything is seized. Who can still move the funds?",
            choice(mover[1], &mover),
            &[],
            "The words are the money. Move it to the agency's own wallet as soon as the law allows, by two people.",
        ),
    ];
    Ok(Made { brief, files, chain: Chain::None, steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases(made: &Made) -> Vec<Kind> {
        let found = crate::tools::scan_files(made).unwrap();
        let kinds = found.findings.iter().map(|f| f.kind);
        kinds.filter(|k| matches!(k, Kind::Bip39 | Kind::Bip39Partial | Kind::Electrum)).collect()
    }

    /// The first phrases drawn from 205, 306 and 622 are none to a scan, those of 191 and 330 are also seeds of Electrum.
    #[test]
    fn a_scan_finds_the_phrase_of_each_lab() {
        for seed in [1, 191, 205, 306, 330, 622] {
            assert_eq!(phrases(&seed_on_a_disk(seed).unwrap()), [Kind::Bip39], "{seed}");
            assert_eq!(phrases(&at_the_scene(seed).unwrap()), [Kind::Bip39Partial], "{seed}");
        }
    }
}
