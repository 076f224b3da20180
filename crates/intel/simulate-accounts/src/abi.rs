//! Call data and logs as the contracts' interfaces encode them (the Contract ABI).

use alloy_primitives::{Address, B256, keccak256};
use std::sync::LazyLock;

/// A word of call data or of a log.
pub(crate) type Word = [u8; 32];

macro_rules! hashes {
    ($($name:ident = $text:literal;)*) => {
        $(pub(crate) static $name: LazyLock<B256> = LazyLock::new(|| keccak256($text));)*
    };
}

// Methods: the first four bytes are their selector.
hashes! {
    TRANSFER_METHOD = "transfer(address,uint256)";
    APPROVE = "approve(address,uint256)";
    ISSUE_METHOD = "issue(uint256)";
    ADD_BLACK_LIST = "addBlackList(address)";
    DESTROY_BLACK_FUNDS = "destroyBlackFunds(address)";
    SUBMIT = "submitTransaction(address,uint256,bytes)";
    CONFIRM = "confirmTransaction(uint256)";
    WRAP = "deposit()";
    UNWRAP = "withdraw(uint256)";
    REGISTER = "register(address,address,address)";
    ADD_LIQUIDITY = "mint(address)";
    SWAP_TOKENS = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)";
    SWAP_FROM_COIN = "swapExactETHForTokens(uint256,address[],address,uint256)";
    SWAP_TO_COIN = "swapExactTokensForETH(uint256,uint256,address[],address,uint256)";
    SEND_OVER = "send(address,uint256,uint32,bytes32,bool)";
    PROCESS_METHOD = "process(bytes)";
    MIX_IN = "deposit(bytes32)";
    MIX_OUT = "withdraw(bytes,bytes32,bytes32,address,address,uint256,uint256)";
    CREATE_FORWARDER = "createForwarder(bytes32)";
    FLUSH = "flush(address,address[])";
    PAY = "pay(address[],uint256)";
    POISON = "poison(address,address[],address[])";
    PRETEND = "pretend(address[],address[],uint256)";
}

// Events: their first topic.
hashes! {
    TRANSFER = "Transfer(address,address,uint256)";
    APPROVAL = "Approval(address,address,uint256)";
    ISSUE = "Issue(uint256)";
    ADDED_BLACK_LIST = "AddedBlackList(address)";
    DESTROYED_BLACK_FUNDS = "DestroyedBlackFunds(address,uint256)";
    SUBMISSION = "Submission(uint256)";
    CONFIRMATION = "Confirmation(address,uint256)";
    EXECUTION = "Execution(uint256)";
    DEPOSIT = "Deposit(address,uint256)";
    WITHDRAWAL = "Withdrawal(address,uint256)";
    LIQUIDITY = "Mint(address,uint256,uint256)";
    SWAP = "Swap(address,uint256,uint256,uint256,uint256,address)";
    SYNC = "Sync(uint112,uint112)";
    DISPATCH = "Dispatch(bytes32,uint256,uint64,bytes32,bytes)";
    SEND = "Send(address,address,uint32,bytes32,uint256,bool)";
    RECEIVE = "Receive(uint64,address,address,address,uint256)";
    PROCESS = "Process(bytes32,bool,bytes)";
    MIXED_IN = "Deposit(bytes32,uint32,uint256)";
    MIXED_OUT = "Withdrawal(address,bytes32,address,uint256)";
    FORWARDED = "ForwarderDeposited(address,uint256,bytes)";
    CREATED = "Created(address)";
}

/// Returns a number as a word.
pub(crate) fn number(n: u128) -> Word {
    let mut word = [0; 32];
    word[16..].copy_from_slice(&n.to_be_bytes());
    word
}

/// Returns a count as a word.
pub(crate) fn count(n: usize) -> Word {
    number(u128::try_from(n).unwrap_or(u128::MAX))
}

/// Returns an address as a word.
pub(crate) fn address(address: Address) -> Word {
    address.into_word().0
}

/// Returns the call data of a method.
pub(crate) fn call(method: &B256, words: &[Word]) -> Vec<u8> {
    let mut data = Vec::with_capacity(4 + 32 * words.len());
    data.extend_from_slice(&method[..4]);
    data.extend(words.iter().flatten());
    data
}

/// Returns bytes as their length and words, the last of which is filled with zeros.
pub(crate) fn bytes(content: &[u8]) -> Vec<Word> {
    let mut words = vec![count(content.len())];
    for chunk in content.chunks(32) {
        let mut word = [0; 32];
        word[..chunk.len()].copy_from_slice(chunk);
        words.push(word);
    }
    words
}

/// Returns addresses as their number and words.
pub(crate) fn addresses(list: &[Address]) -> Vec<Word> {
    std::iter::once(count(list.len())).chain(list.iter().map(|a| address(*a))).collect()
}
