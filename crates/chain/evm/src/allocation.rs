//! Balances that no transaction made: those of the first block, and those that the DAO fork moved (EIP-779).
//!
//! Both come from lists that the user provides. The first block's list is proved: its balances must give the state root of the first header.

use crate::found::amount;
use crate::{BlockError, Header};
use alloy_primitives::{Address, B256, U256, b256};
use alloy_trie::TrieAccount;
use alloy_trie::root::state_root_unhashed;
use holdfast_node::equal;
use holdfast_types::{AccountId, Commitment, Position, TokenRef, Transfer, TransferKind};

/// Height of mainnet's DAO fork.
pub const DAO_HEIGHT: u64 = 1_920_000;
/// Root of an account's empty storage, and hash of no code.
const NO_STORAGE: B256 = b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
const NO_CODE: B256 = b256!("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
/// Most lines of a list; mainnet's has 8,893.
const MAX_LINES: usize = 1_000_000;

/// Reads columns of a CSV with a header line. Numbers are decimal, addresses hexadecimal.
fn columns<const N: usize>(csv: &str, names: [&str; N]) -> Result<Vec<[String; N]>, BlockError> {
    let mut lines = csv.lines().filter(|line| !line.trim().is_empty());
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
    let mut places = [0; N];
    for (place, name) in places.iter_mut().zip(names) {
        let found = head.iter().position(|column| *column == name);
        *place = found.ok_or_else(|| BlockError::malformed("list", format!("no column '{name}' in its first line")))?;
    }
    let mut rows = Vec::new();
    for (i, line) in lines.enumerate() {
        if i == MAX_LINES {
            return Err(BlockError::malformed("list", format!("more than {MAX_LINES} lines")));
        }
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        rows.push(places.map(|place| cells.get(place).copied().unwrap_or_default().to_owned()));
    }
    Ok(rows)
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str, line: usize, name: &str) -> Result<T, BlockError> {
    text.parse().map_err(|e| BlockError::malformed(format!("list.line[{}].{name}", line + 2), e))
}

/// Reads the balances of the first block (columns `address` and `value` in wei), and proves them against the first header.
///
/// # Errors
/// [`BlockError`] names the line that does not read, or the state root where the list is not the header's.
pub fn genesis(csv: &str, header: &Header) -> Result<Vec<Transfer>, BlockError> {
    let mut balances: Vec<(Address, U256)> = Vec::new();
    for (i, [address, value]) in columns(csv, ["address", "value"])?.iter().enumerate() {
        balances.push((read(address, i, "address")?, read(value, i, "value")?));
    }
    balances.sort_unstable();
    if let Some(twice) = balances.windows(2).find(|w| w[0].0 == w[1].0) {
        return Err(BlockError::malformed("list", format!("{} stands twice", twice[0].0)));
    }
    let account =
        |(address, balance)| (address, TrieAccount { nonce: 0, balance, storage_root: NO_STORAGE, code_hash: NO_CODE });
    let root = state_root_unhashed(balances.iter().copied().map(account));
    equal("header.stateRoot", &header.state_root, &root).map_err(|e| e.of_block(header.number))?;
    let transfers = (0u32..).zip(balances).filter(|(_, (_, wei))| !wei.is_zero());
    Ok(transfers.map(|(i, (to, wei))| moved(None, to, wei, TransferKind::Genesis, i, Commitment::Root)).collect())
}

/// Returns what accounts held before a block, where it was proved ([`crate::node::Node::balances`]) against the state root of the block before it, as
/// transfers at the block's start. That somebody held nothing is stated too: it is not known otherwise.
#[must_use]
pub fn openings(balances: &[(Address, U256)]) -> Vec<Transfer> {
    let transfers = (0u32..).zip(balances);
    transfers.map(|(i, (to, wei))| moved(None, *to, *wei, TransferKind::Adjust, i, Commitment::Root)).collect()
}

/// Reads the balances that the DAO fork moved (columns `from_address`, `to_address` and `value` in wei). No root commits to them alone.
///
/// # Errors
/// [`BlockError`] names the line that does not read.
pub fn dao(csv: &str) -> Result<Vec<Transfer>, BlockError> {
    let mut transfers = Vec::new();
    for (i, [from, to, value]) in columns(csv, ["from_address", "to_address", "value"])?.iter().enumerate() {
        let (from, to): (Address, Address) = (read(from, i, "from_address")?, read(to, i, "to_address")?);
        let wei: U256 = read(value, i, "value")?;
        if !wei.is_zero() {
            let number = u32::try_from(i).unwrap_or(u32::MAX);
            transfers.push(moved(Some(from), to, wei, TransferKind::Fork, number, Commitment::Claim));
        }
    }
    Ok(transfers)
}

fn moved(
    from: Option<Address>,
    to: Address,
    wei: U256,
    kind: TransferKind,
    i: u32,
    commitment: Commitment,
) -> Transfer {
    let account = |address: Address| AccountId::evm(address.into_array());
    let (token, position) = (TokenRef::Native, Position::BlockStart(i));
    Transfer { token, from: from.map(account), to: Some(account(to)), amount: amount(wei), kind, position, commitment }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::tests::header;

    #[test]
    fn a_list_must_give_the_state_root() {
        let list = "id,address,value\n0,0x00000000000000000000000000000000000000aa,5\n1,0x00000000000000000000000000000000000000bb,0\n";
        let error = genesis(list, &header(0)).unwrap_err();
        assert_eq!(error.field, "header.stateRoot");
        let crate::Problem::Mismatch { computed, .. } = error.problem else { panic!("{error}") };
        let first = Header { state_root: computed.parse().unwrap(), ..header(0) };
        assert_eq!(genesis(list, &first).unwrap().len(), 1);
        assert!(genesis(&list.replace(",5", ",6"), &first).is_err());
        assert_eq!(genesis(&list.replace(",5", ",x"), &first).unwrap_err().field, "list.line[2].value");
        assert!(genesis("a,b\n", &first).unwrap_err().to_string().contains("'address'"));
        assert_eq!(alloy_primitives::KECCAK256_EMPTY, NO_CODE);
        assert_eq!(alloy_trie::EMPTY_ROOT_HASH, NO_STORAGE);
    }

    #[test]
    fn moves_of_nothing_are_none() {
        let to = "0xbf4ed7b27f1d666546e30d74d50d173d20bca754";
        let list = format!("from_address,to_address,value\n{to},{to},0\n{to},{to},559384955979606013894\n");
        let moves = dao(&list).unwrap();
        assert_eq!((moves.len(), moves[0].position), (1, Position::BlockStart(1)));
    }
}
