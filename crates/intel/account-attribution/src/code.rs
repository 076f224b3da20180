//! What a contract's code contains: the selectors and topics that it compares with or writes, and whose code it runs in its own name.

use holdfast_types::{AccountId, Hash32};

/// Longest code that is read, in bytes; what comes after is not looked at. Chains allow 24 KiB (EIP-170).
pub const MAX_CODE: usize = 1 << 20;

/// First bytes of the code of an account of a key that runs a contract's code (EIP-7702).
const DELEGATION: [u8; 3] = [0xef, 0x01, 0x00];

/// Minimal proxies, before and after the address whose code they run: EIP-1167, its form by Vyper, the form that saves gas, and EIP-7511.
const MINIMAL_PROXIES: [(&str, &str); 4] = [
    ("363d3d373d3d3d363d", "5af43d82803e903d91602b57fd5bf3"),
    ("366000600037611000600036600073", "5af4602c57600080fd5b6110006000f3"),
    ("3d3d3d3d363d3d37363d", "5af43d3d93803e602a57fd5bf3"),
    ("365f5f375f5f365f", "5af43d5f5f3e5f3d91602a57fd5bf3"),
];

/// Code of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// There is none: an account of a key, or one whose contract was not created yet.
    None,
    /// An account of a key that runs a contract's code until it takes that back (EIP-7702); the zero account is never stored.
    Delegation(AccountId),
    /// A contract that does nothing but run another one's code (EIP-1167 and its relatives).
    MinimalProxy(AccountId),
    /// Any other contract.
    Contract(Constants),
}

/// Constants of a contract's code, each once, rising.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constants {
    selectors: Vec<[u8; 4]>,
    words: Vec<Hash32>,
}

const PUSH1: u8 = 0x60;
const PUSH3: u8 = 0x62;
const PUSH4: u8 = 0x63;
const PUSH32: u8 = 0x7f;
const EQ: u8 = 0x14;

impl Code {
    /// Reads the code of an account, as it lies in the chain's state (not the code that creates it).
    #[must_use]
    pub fn read(code: &[u8]) -> Self {
        if code.is_empty() {
            return Code::None;
        }
        let account = |bytes: &[u8]| <[u8; 20]>::try_from(bytes).ok().map(AccountId::evm);
        if let Some(delegate) = code.strip_prefix(&DELEGATION).and_then(account) {
            return Code::Delegation(delegate);
        }
        match minimal_proxy(code) {
            Some(implementation) => Code::MinimalProxy(implementation),
            None => Code::Contract(Constants::read(code)),
        }
    }
}

/// Returns whose code a minimal proxy runs. Addresses that begin with zeros may be pushed without them.
fn minimal_proxy(code: &[u8]) -> Option<AccountId> {
    if code.len() > 64 {
        return None;
    }
    MINIMAL_PROXIES.iter().find_map(|(before, after)| {
        let (before, after) = (hex::decode(before).ok()?, hex::decode(after).ok()?);
        let rest = code.strip_prefix(before.as_slice())?;
        // Vyper's form has the push already.
        let rest = match before.last() {
            Some(0x73) => rest,
            _ => {
                let (push, rest) = rest.split_first()?;
                let pushed = usize::from(push.checked_sub(PUSH1 - 1)?);
                let (address, end) = rest.split_at_checked(pushed).filter(|(a, _)| (1..=20).contains(&a.len()))?;
                // What follows depends on the length only in a jump's target.
                let is_end = end.len() == after.len() && end.iter().zip(&after).filter(|(a, b)| a != b).count() <= 1;
                let mut bytes = [0; 20];
                bytes[20 - pushed..].copy_from_slice(address);
                return is_end.then(|| AccountId::evm(bytes));
            }
        };
        let (address, end) = rest.split_at_checked(20)?;
        (end == after).then(|| AccountId::from_bytes(address)).flatten()
    })
}

impl Constants {
    /// Collects what the code pushes: four bytes as selectors, three before a comparison as a selector that begins with a zero, 32 as words.
    fn read(code: &[u8]) -> Self {
        let code = &code[..code.len().min(MAX_CODE)];
        let (mut selectors, mut words) = (Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(op) = code.get(at) {
            at += 1;
            if !(PUSH1..=PUSH32).contains(op) {
                continue;
            }
            let pushed = usize::from(op - PUSH1 + 1);
            // Data behind the code may look like a push that goes beyond the end.
            let Some(bytes) = code.get(at..at + pushed) else { break };
            at += pushed;
            match *op {
                PUSH4 => selectors.extend(<[u8; 4]>::try_from(bytes)),
                PUSH3 if code.iter().skip(at).take(2).any(|next| *next == EQ) => {
                    selectors.push([0, bytes[0], bytes[1], bytes[2]]);
                }
                PUSH32 => words.extend(<Hash32>::try_from(bytes)),
                _ => {}
            }
        }
        selectors.sort_unstable();
        selectors.dedup();
        words.sort_unstable();
        words.dedup();
        Constants { selectors, words }
    }

    /// Returns whether the code has a selector. Compilers also write what shall be sent elsewhere so, so that this alone proves no method.
    #[must_use]
    pub fn has_selector(&self, selector: [u8; 4]) -> bool {
        self.selectors.binary_search(&selector).is_ok()
    }

    /// Returns whether the code has a word of 32 bytes, such as an event's topic.
    #[must_use]
    pub fn has_word(&self, word: &Hash32) -> bool {
        self.words.binary_search(word).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        Code::read(&hex::decode(text).unwrap())
    }

    #[test]
    fn minimal_proxies_name_whose_code_they_run() {
        let target = AccountId::evm([0xbe; 20]);
        let address = "be".repeat(20);
        for form in [
            format!("363d3d373d3d3d363d73{address}5af43d82803e903d91602b57fd5bf3"),
            format!("366000600037611000600036600073{address}5af4602c57600080fd5b6110006000f3"),
            format!("3d3d3d3d363d3d37363d73{address}5af43d3d93803e602a57fd5bf3"),
            format!("365f5f375f5f365f73{address}5af43d5f5f3e5f3d91602a57fd5bf3"),
        ] {
            assert_eq!(code(&form), Code::MinimalProxy(target), "{form}");
        }
        // An address that begins with four zero bytes.
        let short = AccountId::evm(std::array::from_fn(|i| if i < 4 { 0 } else { 0xbe }));
        let form = format!("363d3d373d3d3d363d6f{}5af43d82803e903d91602757fd5bf3", "be".repeat(16));
        assert_eq!(code(&form), Code::MinimalProxy(short));
        for other in [
            format!("363d3d373d3d3d363d73{address}5af43d82803e903d91602b57fd5bf300"),
            format!("363d3d373d3d3d363d73{}", "be".repeat(10)),
            format!("363d3d373d3d3d363d73{address}5af43d82803e903d00002b57fd5bf3"),
        ] {
            assert!(matches!(code(&other), Code::Contract(_)), "{other}");
        }
    }

    #[test]
    fn accounts_of_keys_are_no_contracts() {
        assert_eq!(code(""), Code::None);
        assert_eq!(code(&format!("ef0100{}", "07".repeat(20))), Code::Delegation(AccountId::evm([7; 20])));
        assert!(matches!(code(&format!("ef0100{}", "07".repeat(19))), Code::Contract(_)));
    }

    #[test]
    fn constants_are_read_over_data() {
        // PUSH1 63, PUSH4 a9059cbb EQ, PUSH3 010203 EQ, PUSH3 040506 (no comparison), PUSH32, a push beyond the end.
        let text = format!("606363a9059cbb14620102031462040506507f{}63aa", "11".repeat(32));
        let Code::Contract(constants) = code(&text) else { panic!() };
        assert!(constants.has_selector([0xa9, 0x05, 0x9c, 0xbb]) && constants.has_selector([0, 1, 2, 3]));
        assert!(!constants.has_selector([0, 4, 5, 6]) && !constants.has_selector([0x63, 0xa9, 0x05, 0x9c]));
        assert!(constants.has_word(&[0x11; 32]));
    }
}
