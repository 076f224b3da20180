//! Events of transfers and of user operations, read from logs. Those of tokens are the same on every chain whose machine descends from the EVM.

use crate::{Chain, Log, Stack};
use alloy_primitives::{Address, B256, U256, address, b256};

/// `Transfer(address,address,uint256)` of ERC-20 and ERC-721.
pub const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
/// `TransferSingle(address,address,address,uint256,uint256)` of ERC-1155.
const TRANSFER_SINGLE: B256 = b256!("c3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62");
/// `TransferBatch(address,address,address,uint256[],uint256[])` of ERC-1155.
const TRANSFER_BATCH: B256 = b256!("4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb");
/// `Deposit(address,uint256)` of WETH9.
const DEPOSIT: B256 = b256!("e1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c");
/// `Withdrawal(address,uint256)` of WETH9.
const WITHDRAWAL: B256 = b256!("7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65");
/// `UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)` of ERC-4337.
const USER_OPERATION: B256 = b256!("49628fd1471006c1482da88028e9ce4dbb080b815c9b0344d39e5a8e6ec1419f");
/// `LogTransfer(address,address,address,uint256,uint256,uint256,uint256,uint256)` of Polygon's coin.
const LOG_TRANSFER: B256 = b256!("e6497e3ee548a3372136af2fcb0696db31fc6cf20260707645068bd3fe97f3c4");
/// `LogFeeTransfer(address,address,address,uint256,uint256,uint256,uint256,uint256)` of Polygon's coin.
const LOG_FEE_TRANSFER: B256 = b256!("4dfe1bbbcf077ddc3e01291eea2d5c70c2b422b415d95645b9adcfd678cb1d63");

/// Polygon's coin as a contract; its logs repeat what the coin does.
const POLYGON_COIN: Address = address!("0000000000000000000000000000000000001010");
/// Entry points of ERC-4337: versions 0.6, 0.7, 0.8. Other contracts could write the event in anybody's name.
const ENTRY_POINTS: [Address; 3] = [
    address!("5ff137d4b0fdcd49dca30c7cf57e578a026d2789"),
    address!("0000000071727de22e5e9d8baf0edac6f37da032"),
    address!("4337084d9e255ff0702461cf8895ce9e3b5ff108"),
];
/// CryptoKitties, which has the transfers of ERC-721 from before the standard, without indexed fields.
const CRYPTO_KITTIES: Address = address!("06012c8cf97bead5deae237070f9587f8e7a266d");

/// Most items of a batch that are read; a log of more does not fit into a block.
const MAX_ITEMS: usize = 1 << 20;

/// Content of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An amount of a fungible token.
    Fungible {
        /// Sender.
        from: Address,
        /// Receiver.
        to: Address,
        /// Base units.
        amount: U256,
    },
    /// One thing.
    NonFungible {
        /// Sender.
        from: Address,
        /// Receiver.
        to: Address,
        /// Which thing.
        id: U256,
    },
    /// Amounts by id.
    Multi {
        /// Sender.
        from: Address,
        /// Receiver.
        to: Address,
        /// Ids with their amounts.
        items: Vec<(U256, U256)>,
    },
    /// Coin became the wrapper's token.
    Deposit {
        /// Who has the token.
        account: Address,
        /// Base units.
        amount: U256,
    },
    /// The wrapper's token became coin.
    Withdrawal {
        /// Who had the token.
        account: Address,
        /// Base units.
        amount: U256,
    },
    /// An account acted by a user operation.
    UserOperation {
        /// Account that acts.
        sender: Address,
        /// Who pays; zero for the account itself.
        paymaster: Address,
        /// Whether it succeeded.
        success: bool,
    },
    /// The chain's coin moved (Polygon).
    Coin {
        /// Sender.
        from: Address,
        /// Receiver.
        to: Address,
        /// Base units.
        amount: U256,
    },
    /// Who earned the fee (Polygon).
    FeeEarner(Address),
    /// The topic of an event whose data cannot be that event's.
    Malformed,
    /// Nothing that moves anything.
    Other,
}

/// Reads a log.
pub(crate) fn read(chain: &Chain, log: &Log) -> Event {
    let Some(topic) = log.topics.first() else { return Event::Other };
    if chain.stack() == Stack::Polygon && log.address == POLYGON_COIN {
        return read_polygon_coin(topic, log).unwrap_or(Event::Malformed);
    }
    match *topic {
        USER_OPERATION if ENTRY_POINTS.contains(&log.address) => read_user_operation(log).unwrap_or(Event::Malformed),
        _ => token(log, chain.is_wrapper(&log.address)),
    }
}

/// Reads a log's event of a token; deposits and withdrawals of canonical wrappers only.
#[must_use]
pub fn token(log: &Log, is_wrapper: bool) -> Event {
    let Some(topic) = log.topics.first() else { return Event::Other };
    let event = match *topic {
        TRANSFER => read_transfer(log),
        TRANSFER_SINGLE => read_single(log),
        TRANSFER_BATCH => read_batch(log),
        DEPOSIT | WITHDRAWAL if is_wrapper => read_wrap(topic, log),
        _ => return Event::Other,
    };
    event.unwrap_or(Event::Malformed)
}

/// Returns the n-th word of topics (without the event's) and data together: some tokens index nothing, some index other fields.
pub(crate) fn word(log: &Log, n: usize) -> Option<B256> {
    match log.topics.get(n + 1) {
        Some(topic) => Some(*topic),
        None => data_word(&log.data, n + 1 - log.topics.len()),
    }
}

pub(crate) fn data_word(data: &[u8], n: usize) -> Option<B256> {
    let start = n.checked_mul(32)?;
    data.get(start..start.checked_add(32)?).map(B256::from_slice)
}

pub(crate) fn words(log: &Log) -> usize {
    log.topics.len() - 1 + log.data.len().div_ceil(32)
}

pub(crate) fn account(word: B256) -> Option<Address> {
    word[..12].iter().all(|b| *b == 0).then(|| Address::from_word(word))
}

pub(crate) fn number(word: B256) -> U256 {
    U256::from_be_bytes(word.0)
}

fn read_transfer(log: &Log) -> Option<Event> {
    if words(log) != 3 || !log.data.len().is_multiple_of(32) {
        return None;
    }
    let (from, to, last) = (account(word(log, 0)?)?, account(word(log, 1)?)?, number(word(log, 2)?));
    // The number of topics distinguishes ERC-721 (all indexed) from ERC-20.
    let is_thing = log.topics.len() == 4 || log.address == CRYPTO_KITTIES;
    Some(if is_thing { Event::NonFungible { from, to, id: last } } else { Event::Fungible { from, to, amount: last } })
}

fn read_single(log: &Log) -> Option<Event> {
    if words(log) != 5 || !log.data.len().is_multiple_of(32) {
        return None;
    }
    let (from, to) = (account(word(log, 1)?)?, account(word(log, 2)?)?);
    Some(Event::Multi { from, to, items: vec![(number(word(log, 3)?), number(word(log, 4)?))] })
}

fn read_batch(log: &Log) -> Option<Event> {
    if log.topics.len() != 4 {
        return None;
    }
    let (from, to) = (account(log.topics[2])?, account(log.topics[3])?);
    let (ids, amounts) = (array(&log.data, 0)?, array(&log.data, 1)?);
    if ids.len() != amounts.len() {
        return None;
    }
    Some(Event::Multi { from, to, items: ids.into_iter().zip(amounts).collect() })
}

/// Reads an array of words whose offset is the n-th word (the ABI's dynamic types).
fn array(data: &[u8], n: usize) -> Option<Vec<U256>> {
    let offset = usize::try_from(number(data_word(data, n)?)).ok()?;
    let tail = data.get(offset..)?;
    let length = usize::try_from(number(data_word(tail, 0)?)).ok().filter(|length| *length <= MAX_ITEMS)?;
    // The length is bounded by what is there before anything is set aside for it.
    let items = tail.get(32..32 + length * 32)?;
    Some(items.chunks_exact(32).map(U256::from_be_slice).collect())
}

fn read_wrap(topic: &B256, log: &Log) -> Option<Event> {
    if words(log) != 2 || !log.data.len().is_multiple_of(32) {
        return None;
    }
    let (account, amount) = (account(word(log, 0)?)?, number(word(log, 1)?));
    Some(if *topic == DEPOSIT { Event::Deposit { account, amount } } else { Event::Withdrawal { account, amount } })
}

fn read_user_operation(log: &Log) -> Option<Event> {
    if log.topics.len() != 4 || log.data.len() != 128 {
        return None;
    }
    let success = !number(data_word(&log.data, 1)?).is_zero();
    Some(Event::UserOperation { sender: account(log.topics[2])?, paymaster: account(log.topics[3])?, success })
}

fn read_polygon_coin(topic: &B256, log: &Log) -> Option<Event> {
    match *topic {
        LOG_TRANSFER => {
            let (from, to) = (account(*log.topics.get(2)?)?, account(*log.topics.get(3)?)?);
            Some(Event::Coin { from, to, amount: number(data_word(&log.data, 0)?) })
        }
        LOG_FEE_TRANSFER => Some(Event::FeeEarner(account(*log.topics.get(3)?)?)),
        // Its transfers as a token repeat the coin's own log.
        _ => Some(Event::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::keccak256;
    use proptest::prelude::*;

    #[test]
    fn topics_are_the_hashes_of_their_events() {
        for (topic, event) in [
            (TRANSFER, "Transfer(address,address,uint256)"),
            (TRANSFER_SINGLE, "TransferSingle(address,address,address,uint256,uint256)"),
            (TRANSFER_BATCH, "TransferBatch(address,address,address,uint256[],uint256[])"),
            (DEPOSIT, "Deposit(address,uint256)"),
            (WITHDRAWAL, "Withdrawal(address,uint256)"),
            (USER_OPERATION, "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)"),
            (LOG_TRANSFER, "LogTransfer(address,address,address,uint256,uint256,uint256,uint256,uint256)"),
            (LOG_FEE_TRANSFER, "LogFeeTransfer(address,address,address,uint256,uint256,uint256,uint256,uint256)"),
        ] {
            assert_eq!(topic, keccak256(event), "{event}");
        }
    }

    fn log(topics: &[B256], data: &[u8]) -> Log {
        Log { address: Address::repeat_byte(9), topics: topics.to_vec(), data: data.to_vec().into() }
    }

    #[test]
    fn the_number_of_topics_tells_things_from_amounts() {
        let chain = Chain::of(1);
        let (a, b) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let seven = B256::with_last_byte(7);
        let [wa, wb] = [a.into_word(), b.into_word()];
        let (amount, id) = (U256::from(7), U256::from(7));
        let read = |log: &Log| read(&chain, log);
        assert_eq!(read(&log(&[TRANSFER, wa, wb], &seven.0)), Event::Fungible { from: a, to: b, amount });
        assert_eq!(read(&log(&[TRANSFER, wa, wb, seven], &[])), Event::NonFungible { from: a, to: b, id });
        let unindexed = log(&[TRANSFER], &[wa.0, wb.0, seven.0].concat());
        assert_eq!(read(&unindexed), Event::Fungible { from: a, to: b, amount });
        let kitty = Log { address: CRYPTO_KITTIES, ..unindexed };
        assert_eq!(read(&kitty), Event::NonFungible { from: a, to: b, id });
        for wrong in [
            log(&[TRANSFER, wa, wb], &[]),
            log(&[TRANSFER, wa, wb], &[0; 31]),
            log(&[TRANSFER, wa, wb], &[0; 64]),
            log(&[TRANSFER, B256::repeat_byte(1), wb], &seven.0),
            log(&[TRANSFER_BATCH, wa, wa, wb], &[0xff; 64]),
        ] {
            assert_eq!(read(&wrong), Event::Malformed, "{wrong:?}");
        }
        // Deposits of contracts that are no canonical wrapper are nothing.
        assert_eq!(read(&log(&[DEPOSIT, wa], &seven.0)), Event::Other);
        assert_eq!(read(&log(&[], &[])), Event::Other);
        let wrapper = chain.clone().with_wrapper(Address::repeat_byte(9));
        assert_eq!(super::read(&wrapper, &log(&[DEPOSIT, wa], &seven.0)), Event::Deposit { account: a, amount });
    }

    #[test]
    fn user_operations_count_at_known_entry_points_only() {
        let (sender, paymaster) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let topics = [USER_OPERATION, B256::ZERO, sender.into_word(), paymaster.into_word()];
        let data: Vec<u8> = [5, 1, 6, 7].iter().flat_map(|n| B256::with_last_byte(*n).0).collect();
        let spoofed = log(&topics, &data);
        assert_eq!(read(&Chain::of(1), &spoofed), Event::Other);
        for entry_point in ENTRY_POINTS {
            let log = Log { address: entry_point, ..spoofed.clone() };
            assert_eq!(read(&Chain::of(1), &log), Event::UserOperation { sender, paymaster, success: true });
            let cut = Log { data: log.data.slice(1..), ..log };
            assert_eq!(read(&Chain::of(1), &cut), Event::Malformed);
        }
    }

    #[test]
    fn batches_are_read_by_the_abi() {
        let (a, b) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let data: Vec<u8> = [64u8, 160, 2, 5, 6, 2, 50, 60].iter().flat_map(|n| B256::with_last_byte(*n).0).collect();
        let batch = log(&[TRANSFER_BATCH, a.into_word(), a.into_word(), b.into_word()], &data);
        let pair = |id: u8, amount: u8| (U256::from(id), U256::from(amount));
        let expected = Event::Multi { from: a, to: b, items: vec![pair(5, 50), pair(6, 60)] };
        assert_eq!(read(&Chain::of(1), &batch), expected);
    }

    proptest! {
        #[test]
        fn any_log_is_answered(
            topic in 0usize..8, topics in prop::collection::vec(any::<[u8; 32]>(), 0..4), data in prop::collection::vec(any::<u8>(), 0..300), coin in any::<bool>(),
        ) {
            let known = [TRANSFER, TRANSFER_SINGLE, TRANSFER_BATCH, DEPOSIT, WITHDRAWAL, USER_OPERATION, LOG_TRANSFER, LOG_FEE_TRANSFER];
            let topics: Vec<B256> = [known[topic]].into_iter().chain(topics.into_iter().map(B256::from)).collect();
            let address = if coin { POLYGON_COIN } else { ENTRY_POINTS[0] };
            let log = Log { address, topics, data: data.into() };
            read(&Chain::of(137).with_wrapper(address), &log);
            read(&Chain::of(1).with_wrapper(address), &log);
        }
    }
}
