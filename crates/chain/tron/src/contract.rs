//! What a transaction orders: Tron's built-in contracts and calls of smart contracts, by the numbers of Tron's protocol.

use crate::proto::Message;
use holdfast_node::BlockError;
use holdfast_types::{AccountId, Resource};

/// Most votes of one transaction (java-tron's `MAX_VOTE_NUMBER`).
const MAX_VOTES: usize = 30;

/// A token as the built-in contracts name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Token {
    /// Tron's coin, which exchanges write as `_`.
    Coin,
    /// A TRC-10 token by its number.
    Number(u64),
    /// A TRC-10 token by its name, as before the proposal that allowed equal names.
    Name(Vec<u8>),
}

impl Token {
    /// Least number of a token. Digits of less are a name.
    const FIRST: u64 = 1_000_001;

    /// Reads a token's number or name.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let digits = !bytes.is_empty() && bytes[0] != b'0' && bytes.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(bytes).ok().filter(|_| digits).and_then(|text| text.parse().ok());
        match number.filter(|n| *n >= Token::FIRST) {
            _ if bytes == b"_" => Token::Coin,
            Some(number) => Token::Number(number),
            None => Token::Name(bytes.to_vec()),
        }
    }
}

/// A call of a smart contract, or the creation of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// The contract; `None` where it is created.
    pub to: Option<AccountId>,
    /// Coin sent along, in sun.
    pub value: u64,
    /// TRC-10 token sent along: its number and how much.
    pub token: Option<(u64, u64)>,
    /// Call data.
    pub data: Vec<u8>,
}

/// What a transaction orders. Its owner, who pays and gives, stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contract {
    /// A new account (`AccountCreateContract`).
    AccountCreate(AccountId),
    /// Coin (`TransferContract`).
    Transfer {
        /// Receiver.
        to: AccountId,
        /// Sun.
        amount: u64,
    },
    /// A TRC-10 token (`TransferAssetContract`).
    TransferAsset {
        /// Receiver.
        to: AccountId,
        /// Token.
        token: Token,
        /// Base units.
        amount: u64,
    },
    /// Votes for producers (`VoteWitnessContract`).
    Vote(Vec<(AccountId, u64)>),
    /// A new TRC-10 token, all of which its owner has (`AssetIssueContract`).
    AssetIssue {
        /// Its name.
        name: Vec<u8>,
        /// Base units of all.
        supply: u64,
        /// How many base units (second) are sold for how much sun (first).
        rate: (u64, u64),
    },
    /// Purchase of a TRC-10 token from its issuer for coin (`ParticipateAssetIssueContract`).
    Participate {
        /// Issuer.
        issuer: AccountId,
        /// Token.
        token: Token,
        /// Sun that are paid.
        amount: u64,
    },
    /// Staking by the first rules (`FreezeBalanceContract`).
    Freeze {
        /// Sun.
        amount: u64,
        /// What the stake gives.
        resource: Resource,
        /// Account that has the resource, if not the owner.
        receiver: Option<AccountId>,
    },
    /// End of a stake by the first rules (`UnfreezeBalanceContract`).
    Unfreeze {
        /// What the stake gave.
        resource: Resource,
        /// Account that had the resource, if not the owner.
        receiver: Option<AccountId>,
    },
    /// Rewards become part of the balance (`WithdrawBalanceContract`).
    WithdrawReward,
    /// A call (`TriggerSmartContract`) or creation (`CreateSmartContract`) of a smart contract.
    Call(Call),
    /// A new exchange of two tokens (`ExchangeCreateContract`).
    ExchangeCreate([(Token, u64); 2]),
    /// More tokens for an exchange (`ExchangeInjectContract`): one of its two; the other follows from its state.
    ExchangeInject {
        /// Exchange.
        exchange: u64,
        /// Token that is named.
        token: Token,
        /// Base units.
        amount: u64,
    },
    /// Tokens back from an exchange (`ExchangeWithdrawContract`), as above.
    ExchangeWithdraw {
        /// Exchange.
        exchange: u64,
        /// Token that is named.
        token: Token,
        /// Base units.
        amount: u64,
    },
    /// A trade with an exchange (`ExchangeTransactionContract`).
    ExchangeTrade {
        /// Exchange.
        exchange: u64,
        /// Token that is given.
        token: Token,
        /// Base units.
        amount: u64,
    },
    /// Staking by the second rules (`FreezeBalanceV2Contract`).
    FreezeV2 {
        /// Sun.
        amount: u64,
        /// What the stake gives.
        resource: Resource,
    },
    /// A stake by the second rules begins to end (`UnfreezeBalanceV2Contract`).
    UnfreezeV2 {
        /// Sun.
        amount: u64,
        /// What the stake gave.
        resource: Resource,
    },
    /// Ended stakes become part of the balance (`WithdrawExpireUnfreezeContract`).
    WithdrawStake,
    /// A stake's resource is lent (`DelegateResourceContract`).
    Delegate {
        /// Account that has the resource now.
        receiver: AccountId,
        /// Sun staked.
        amount: u64,
        /// Resource.
        resource: Resource,
    },
    /// A lent resource is taken back (`UnDelegateResourceContract`).
    Undelegate {
        /// Account that had the resource.
        receiver: AccountId,
        /// Sun staked.
        amount: u64,
        /// Resource.
        resource: Resource,
    },
    /// Stakes that began to end are stakes again (`CancelAllUnfreezeV2Contract`).
    CancelUnfreezes,
    /// An order of the market (`MarketSellAssetContract`), which mainnet never opened.
    MarketOrder,
    /// A shielded transfer (`ShieldedTransferContract`), which mainnet never opened.
    Shielded,
    /// A contract that moves nothing but its fee, by its number.
    Other(u32),
}

impl Contract {
    /// Returns whether it runs in Tron's machine: only there a transaction of a block can fail.
    #[must_use]
    pub fn is_call(&self) -> bool {
        matches!(self, Contract::Call(_))
    }

    /// Reads the message of a contract type.
    pub(crate) fn read(kind: u32, bytes: &[u8]) -> Result<Self, BlockError> {
        let message = Message::read(bytes, "value")?;
        let amount = |field, name| message.number(field, name);
        let token = |field| Token::read(message.bytes(field));
        Ok(match kind {
            0 => Contract::AccountCreate(message.account(2, "account_address")?),
            1 => Contract::Transfer { to: message.account(2, "to_address")?, amount: amount(3, "amount")? },
            2 => Contract::TransferAsset {
                token: token(1),
                to: message.account(3, "to_address")?,
                amount: amount(4, "amount")?,
            },
            4 => Contract::Vote(read_votes(message)?),
            6 => Contract::AssetIssue {
                name: message.bytes(2).to_vec(),
                supply: amount(4, "total_supply")?,
                rate: (amount(6, "trx_num")?, amount(8, "num")?),
            },
            9 => Contract::Participate {
                issuer: message.account(2, "to_address")?,
                token: token(3),
                amount: amount(4, "amount")?,
            },
            11 => Contract::Freeze {
                amount: amount(2, "frozen_balance")?,
                resource: resource(message.bits(10))?,
                receiver: message.optional_account(15, "receiver_address")?,
            },
            12 => Contract::Unfreeze {
                resource: resource(message.bits(10))?,
                receiver: message.optional_account(15, "receiver_address")?,
            },
            13 => Contract::WithdrawReward,
            30 => Contract::Call(read_creation(message)?),
            31 => Contract::Call(Call {
                to: Some(message.account(2, "contract_address")?),
                value: amount(3, "call_value")?,
                token: sent_token(message, 6, 5)?,
                data: message.bytes(4).to_vec(),
            }),
            41 => Contract::ExchangeCreate([
                (token(2), amount(3, "first_token_balance")?),
                (token(4), amount(5, "second_token_balance")?),
            ]),
            42..=44 => read_exchange(kind, message)?,
            51 => Contract::Shielded,
            52 | 53 => Contract::MarketOrder,
            54 => Contract::FreezeV2 { amount: amount(2, "frozen_balance")?, resource: resource(message.bits(3))? },
            55 => Contract::UnfreezeV2 { amount: amount(2, "unfreeze_balance")?, resource: resource(message.bits(3))? },
            56 => Contract::WithdrawStake,
            57 | 58 => {
                let (resource, amount) = (resource(message.bits(2))?, amount(3, "balance")?);
                let receiver = message.account(4, "receiver_address")?;
                match kind {
                    57 => Contract::Delegate { receiver, amount, resource },
                    _ => Contract::Undelegate { receiver, amount, resource },
                }
            }
            59 => Contract::CancelUnfreezes,
            other => Contract::Other(other),
        })
    }
}

fn resource(number: u64) -> Result<Resource, BlockError> {
    match number {
        0 => Ok(Resource::Bandwidth),
        1 => Ok(Resource::Energy),
        2 => Ok(Resource::Votes),
        _ => Err(BlockError::malformed("resource", format!("{number} is none"))),
    }
}

/// Reads what a call sends along of a TRC-10 token. Without an amount the number is nothing, and may be anything.
fn sent_token(message: Message, id: u32, value: u32) -> Result<Option<(u64, u64)>, BlockError> {
    match message.number(value, "call_token_value")? {
        0 => Ok(None),
        value => Ok(Some((message.number(id, "token_id")?, value))),
    }
}

fn read_creation(message: Message) -> Result<Call, BlockError> {
    let contract = message.merged(2);
    let contract = Message::read(&contract, "new_contract")?;
    let value = contract.number(5, "new_contract.call_value")?;
    // Code is no call data: it names no method.
    Ok(Call { to: None, value, token: sent_token(message, 4, 3)?, data: Vec::new() })
}

fn read_exchange(kind: u32, message: Message) -> Result<Contract, BlockError> {
    let exchange = message.number(2, "exchange_id")?;
    let (token, amount) = (Token::read(message.bytes(3)), message.number(4, "quant")?);
    Ok(match kind {
        42 => Contract::ExchangeInject { exchange, token, amount },
        43 => Contract::ExchangeWithdraw { exchange, token, amount },
        _ => Contract::ExchangeTrade { exchange, token, amount },
    })
}

fn read_votes(message: Message) -> Result<Vec<(AccountId, u64)>, BlockError> {
    let mut votes = Vec::new();
    for (i, bytes) in message.all(2).enumerate() {
        if i == MAX_VOTES {
            return Err(BlockError::malformed("votes", format!("more than {MAX_VOTES}")));
        }
        let read = |bytes| -> Result<_, BlockError> {
            let vote = Message::read(bytes, "vote")?;
            Ok((vote.account(1, "vote_address")?, vote.number(2, "vote_count")?))
        };
        votes.push(read(bytes).map_err(|e| e.within(format_args!("votes[{i}]")))?);
    }
    Ok(votes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_are_the_coin_numbers_or_names() {
        assert_eq!(Token::read(b"_"), Token::Coin);
        assert_eq!(Token::read(b"1002000"), Token::Number(1_002_000));
        for name in ["", "BitTorrent", "1000000", "01002000", "1e7", "99999999999999999999", "+1002000"] {
            assert_eq!(Token::read(name.as_bytes()), Token::Name(name.as_bytes().to_vec()), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_of_any_type_are_answered(kind in 0u32..64, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Contract::read(kind, &bytes);
        }
    }
}
