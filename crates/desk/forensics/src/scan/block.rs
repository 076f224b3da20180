//! What a block of bytes holds: findings in its runs of text, and the places of what is to be opened.

use super::*;

/// A hit with where it is.
pub(super) struct Raw {
    pub(super) hit: Hit,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) encoding: &'static str,
    pub(super) context: String,
}

pub(super) fn in_text(
    text: &str,
    place: impl Fn(usize, usize) -> (u64, u64),
    encoding: &'static str,
    out: &mut Vec<Raw>,
) {
    let mut hits = Vec::new();
    addresses::find(text, &mut hits);
    mnemonic::find(text, &mut hits);
    files::find(text, &mut hits);
    escaped(text, &place, out);
    if hits.is_empty() {
        return;
    }
    hits.sort_by_key(|h| (h.start, h.end));
    let secrets: Vec<(usize, usize, String)> = hits.iter().filter(|h| h.kind.is_secret()).map(shown).collect();
    for hit in hits {
        let context = around(text, hit.start, hit.end, &secrets);
        let (offset, length) = place(hit.start, hit.end);
        out.push(Raw { hit, offset, length, encoding, context });
    }
}

/// Phrases whose letters beyond ASCII are written as JSON's escapes.
pub(super) fn escaped(text: &str, place: &impl Fn(usize, usize) -> (u64, u64), out: &mut Vec<Raw>) {
    let Some(plain) = document_text::without_escapes(text) else { return };
    let mut hits = Vec::new();
    mnemonic::find(&plain, &mut hits);
    hits.retain(|h| !plain[h.start..h.end].is_ascii() && !text.contains(&plain[h.start..h.end]));
    let secrets: Vec<(usize, usize, String)> = hits.iter().map(shown).collect();
    for hit in hits {
        // Its beginning is found by what stands before it.
        let before = plain[..hit.start].chars().filter(|c| *c >= '\u{a0}').map(|c| 6 - c.len_utf8()).sum::<usize>();
        let start = (hit.start + before).min(text.len());
        let length = plain[hit.start..hit.end].chars().map(|c| if c >= '\u{a0}' { 6 } else { 1 }).sum::<usize>();
        let context = around(&plain, hit.start, hit.end, &secrets);
        let (offset, length) = place(start, (start + length).min(text.len()));
        out.push(Raw { hit, offset, length, encoding: "json", context });
    }
}

/// What stands around a hit, on one line, without any secret: not of this one, nor of neighbours.
pub(super) fn around(text: &str, start: usize, end: usize, secrets: &[(usize, usize, String)]) -> String {
    let (mut low, mut high) = (start.saturating_sub(CONTEXT), (end + CONTEXT).min(text.len()));
    // A window that begins or ends in a secret takes it whole, so that no part of one stays.
    for (from, to, _) in secrets {
        if (*from..*to).contains(&low) {
            low = *from;
        }
        if *from < high && high < *to {
            high = *to;
        }
    }
    while !text.is_char_boundary(low) {
        low -= 1;
    }
    while !text.is_char_boundary(high) {
        high += 1;
    }
    let (mut out, mut at) = (String::new(), low);
    for (from, to, shown) in secrets.iter().filter(|s| s.0 < high && s.1 > low) {
        if *from < at {
            at = at.max(*to);
            continue;
        }
        out.push_str(&text[at..*from]);
        out.push_str(shown);
        at = *to;
    }
    out.push_str(&text[at.min(high)..high]);
    out.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(400).collect()
}

/// Everything in a slice; offsets are those of the slice.
pub(super) fn in_slice(data: &[u8], out: &mut Vec<Raw>) {
    text::runs(data, |run| {
        let bytes = &data[run.start..run.end];
        let before = out.len();
        let mine = |r: &Raw| (run.from..run.until).contains(&to_index(r.offset));
        if let Some(script) = run.script {
            return in_other(bytes, run.start, script, out);
        }
        if run.wide {
            let text: String = bytes.iter().step_by(2).map(|b| *b as char).collect();
            let place = |s: usize, e: usize| ((run.start + 2 * s) as u64, 2 * (e - s) as u64);
            in_text(&text, place, "utf16", out);
            return retain_from(out, before, mine);
        }
        // Surrogates and cut characters are no UTF-8: the text goes on after them.
        let mut from = 0;
        while from < bytes.len() {
            let (valid, bad) = match std::str::from_utf8(&bytes[from..]) {
                Ok(text) => (text, 0),
                Err(e) => (
                    std::str::from_utf8(&bytes[from..from + e.valid_up_to()]).unwrap_or_default(),
                    e.error_len().unwrap_or(bytes.len()),
                ),
            };
            if valid.len() >= text::MIN_RUN {
                let base = run.start + from;
                in_text(valid, |s, e| ((base + s) as u64, (e - s) as u64), "utf8", out);
            }
            from += valid.len() + bad;
            if bad == 0 {
                break;
            }
        }
        retain_from(out, before, mine);
    });
}

/// Phrases beyond ASCII in bytes of another encoding.
pub(super) fn in_other(bytes: &[u8], start: usize, script: Script, out: &mut Vec<Raw>) {
    let (text, places) = decode(bytes, script);
    let mut hits = Vec::new();
    mnemonic::find(&text, &mut hits);
    // Without spaces, random bytes would be phrases of Chinese too.
    let apart = |part: &str| part.chars().any(|c| !c.is_alphabetic());
    hits.retain(|h| !text[h.start..h.end].is_ascii() && apart(&text[h.start..h.end]));
    let secrets: Vec<(usize, usize, String)> = hits.iter().map(shown).collect();
    for hit in hits {
        let context = around(&text, hit.start, hit.end, &secrets);
        let at = |i: usize| u64::from(places.get(i).copied().unwrap_or_default());
        let (offset, length) = (start as u64 + at(hit.start), at(hit.end) - at(hit.start));
        out.push(Raw { hit, offset, length, encoding: script.name(), context });
    }
}

/// A secret's place and what is shown in its stead.
pub(super) fn shown(hit: &Hit) -> (usize, usize, String) {
    (hit.start, hit.end, format!("[{} {}]", hit.kind.name(), fingerprint(&hit.value)))
}

/// Drops those of the last findings that another piece answers for.
pub(super) fn retain_from(found: &mut Vec<Raw>, before: usize, mine: impl Fn(&Raw) -> bool) {
    let last: Vec<Raw> = found.drain(before..).filter(mine).collect();
    found.extend(last);
}

/// What is found in a block, and the places where pictures and archives begin.
pub(super) fn block(source: &(impl ReadAt + ?Sized), begin: u64) -> std::io::Result<(Vec<Raw>, Places)> {
    let end = (begin + BLOCK).min(source.size());
    let (low, high) = (begin.saturating_sub(BEHIND), (end + AHEAD).min(source.size()));
    let mut data = vec![0; to_index(high - low)];
    let n = source.read_at(low, &mut data)?;
    data.truncate(n);
    Ok(of_block(&data, low, begin, end))
}

/// Drops phrases that lie within a longer one: of 18 words some 12 have a checksum that holds by chance, one window in sixteen.
pub(super) fn whole_phrases(found: &mut Vec<Raw>) {
    let is_phrase = |r: &Raw| matches!(r.hit.kind, Kind::Bip39 | Kind::Bip39Partial | Kind::Electrum);
    let long: Vec<(u64, u64)> =
        found.iter().filter(|r| r.hit.kind == Kind::Bip39).map(|r| (r.offset, r.offset + r.length)).collect();
    let within = |r: &Raw| {
        let end = r.offset + r.length;
        long.iter().any(|(from, to)| *from <= r.offset && end <= *to && to - from > r.length)
    };
    found.retain(|r| !is_phrase(r) || !within(r));
}

pub(super) fn of_block(data: &[u8], low: u64, begin: u64, end: u64) -> (Vec<Raw>, Places) {
    let mut found = Vec::new();
    in_slice(data, &mut found);
    found.iter_mut().for_each(|r| r.offset += low);
    whole_phrases(&mut found);
    found.retain(|r| r.offset >= begin && r.offset < end);
    let (mut pictures, mut archives) = (Vec::new(), Vec::new());
    // Files begin at sectors.
    let mut sector = begin.div_ceil(512) * 512;
    while sector < end && to_index(sector - low) < data.len() {
        let head = &data[to_index(sector - low)..];
        if let Some(what) = files::binary(&head[..head.len().min(512)]) {
            let hit = Hit {
                kind: Kind::WalletFile,
                start: 0,
                end: 0,
                value: what.to_owned(),
                confidence: Confidence::High,
                detail: what.to_owned(),
            };
            found.push(Raw { hit, offset: sector, length: 512, encoding: "utf8", context: String::new() });
        }
        if head.starts_with(b"\x89PNG\r\n\x1a\n") || head.starts_with(&[0xff, 0xd8, 0xff]) {
            pictures.push(sector);
        } else if is_carved(head) {
            archives.push(sector);
        }
        sector += 512;
    }
    let inside = &data[to_index(begin - low).min(data.len())..to_index(end - low).min(data.len())];
    let ends = memchr::memmem::find_iter(inside, &leveldb::TABLE_MAGIC).map(|at| begin + at as u64 + 8).collect();
    (found, Places { pictures, archives, tables: ends })
}

/// Whether something begins at a sector that is looked into wherever it lies. (Of what begins with two bytes there is too much by chance.)
pub(super) fn is_carved(head: &[u8]) -> bool {
    let first = head.first().copied().unwrap_or_default();
    matches!(first, b'P' | 0x1f | b'%' | b'7' | 0xfd | b'B' | b'R')
        && (matches!(
            containers::kind(&head[..head.len().min(512)]),
            Some("zip" | "gzip" | "pdf" | "7z" | "xz" | "bzip2")
        ) || head.starts_with(b"Rar!\x1a\x07"))
}

/// Places in a source where files begin that are looked into.
#[derive(Default)]
pub(super) struct Places {
    pub(super) pictures: Vec<u64>,
    pub(super) archives: Vec<u64>,
    /// Where tables of browsers' databases end.
    pub(super) tables: Vec<u64>,
}

/// Scans bytes in memory; for benchmarks and tests. Returns the number of findings.
#[must_use]
pub fn count(data: &[u8]) -> usize {
    let mut found = Vec::new();
    in_slice(data, &mut found);
    found.len()
}

/// What is found in bytes, for measuring: kind, detail and context (secrets are replaced in it) of each finding.
#[must_use]
pub fn kinds(data: &[u8]) -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    in_slice(data, &mut found);
    found.into_iter().map(|r| (r.hit.kind.name(), r.hit.detail, r.context)).collect()
}
