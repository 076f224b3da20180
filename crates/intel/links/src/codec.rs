//! Records as bytes: numbers in groups of seven bits, amounts and accounts with their length.

use crate::link::{BridgeSide, Certainty, Direction, End, Evidence, Link, LinkKind, MixerMove, Moved, Place};
use crate::link::{Protocol, Record, Rule};
use holdfast_types::{AccountId, Amount, Hash32, Position, TokenRef, TransferKind};

/// Most transfers of an end that are stored, and most logs of a link; the first ones are.
const MOST: usize = 1 << 12;
/// Most bytes of a destination's text that are stored.
pub(crate) const MOST_TEXT: usize = 255;

/// Writes records.
#[derive(Debug, Default)]
struct Output(Vec<u8>);

/// Returns a record's bytes. Its place is stored apart.
pub(crate) fn encode(record: &Record) -> Vec<u8> {
    let mut out = Output::default();
    match record {
        Record::Link(link) => {
            out.byte(0);
            out.link(link);
        }
        Record::Bridge(side) => {
            out.byte(1);
            out.bridge(side);
        }
        Record::Mixer(moved) => {
            out.byte(2);
            out.mixer(moved);
        }
    }
    out.0
}

/// Reads a record; `None` where the bytes are none.
pub(crate) fn decode(bytes: &[u8], place: Place) -> Option<Record> {
    let mut input = Input { rest: bytes, place };
    let record = match input.byte()? {
        0 => Record::Link(input.link()?),
        1 => Record::Bridge(input.bridge()?),
        2 => Record::Mixer(input.mixer()?),
        _ => return None,
    };
    input.rest.is_empty().then_some(record)
}

impl Output {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            let [low, ..] = n.to_le_bytes();
            self.byte(low | 0x80);
            n >>= 7;
        }
        let [low, ..] = n.to_le_bytes();
        self.byte(low);
    }

    fn length(&mut self, n: usize) {
        self.number(u64::try_from(n).unwrap_or(u64::MAX));
    }

    /// Bytes with their length, which is below 256.
    fn short(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn amount(&mut self, amount: Amount) {
        let bytes = amount.to_be_bytes();
        let zeros = bytes.iter().take_while(|b| **b == 0).count();
        self.short(&bytes[zeros..]);
    }

    fn account(&mut self, account: &AccountId) {
        self.short(account.as_bytes());
    }

    fn hash(&mut self, hash: Option<&Hash32>) {
        self.short(hash.map_or(&[], |h| h.as_slice()));
    }

    fn token(&mut self, token: &TokenRef) {
        match token {
            TokenRef::Native => self.byte(0),
            TokenRef::Fungible(contract) => {
                self.byte(1);
                self.account(contract);
            }
            TokenRef::NonFungible(contract, id) | TokenRef::Multi(contract, id) => {
                self.byte(if matches!(token, TokenRef::Multi(..)) { 3 } else { 2 });
                self.account(contract);
                self.amount(*id);
            }
            TokenRef::Trc10(number) => {
                self.byte(4);
                self.number(*number);
            }
        }
    }

    fn moved(&mut self, moved: &Moved) {
        self.byte(moved.kind as u8);
        let (tag, numbers) = match moved.position {
            Position::BlockStart(n) => (0, [Some(n), None]),
            Position::Transaction => (1, [None; 2]),
            Position::Log(n, part) => (2, [Some(n), Some(part)]),
            Position::Trace(n) => (3, [Some(n), None]),
            Position::BlockEnd(n) => (4, [Some(n), None]),
        };
        self.byte(tag);
        numbers.into_iter().flatten().for_each(|n| self.number(u64::from(n)));
    }

    fn end(&mut self, end: &End) {
        self.account(&end.account);
        self.token(&end.token);
        self.amount(end.amount);
        let stored = &end.transfers[..end.transfers.len().min(MOST)];
        self.length(stored.len());
        stored.iter().for_each(|moved| self.moved(moved));
    }

    fn link(&mut self, link: &Link) {
        self.byte(link.kind as u8);
        self.byte(link.certainty as u8);
        self.byte(link.evidence.rule as u8);
        self.hash(link.evidence.message.as_ref());
        let logs = &link.evidence.logs[..link.evidence.logs.len().min(MOST)];
        self.length(logs.len());
        logs.iter().for_each(|log| self.number(u64::from(*log)));
        self.end(&link.out);
        self.end(&link.into);
    }

    fn bridge(&mut self, side: &BridgeSide) {
        self.byte(side.protocol as u8);
        self.byte(side.direction as u8);
        self.hash(side.message.as_ref());
        self.number(side.time);
        self.end(&side.end);
        self.account(&side.beneficiary);
        self.hash(side.asset.as_ref().map(|(_, id)| id));
        self.number(side.asset.map_or(0, |(chain, _)| chain));
        self.number(side.remote.map_or(0, |remote| remote.saturating_add(1)));
        self.number(u64::from(side.log));
        if side.protocol.states() {
            self.byte(u8::from(side.stated.is_some()));
            self.amount(side.stated.unwrap_or_default());
            let text = side.destination.as_deref().unwrap_or_default();
            self.short(text.get(..text.len().min(MOST_TEXT)).unwrap_or_default().as_bytes());
        }
    }

    fn mixer(&mut self, moved: &MixerMove) {
        self.account(&moved.mixer);
        self.byte(moved.direction as u8);
        self.number(moved.time);
        self.end(&moved.end);
        self.account(&moved.payer);
        self.amount(moved.fee);
        self.amount(moved.gas_price);
        self.number(u64::from(moved.log));
    }
}

struct Input<'a> {
    rest: &'a [u8],
    place: Place,
}

impl Input<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            n |= part.checked_shl(shift).filter(|shifted| shifted >> shift == part)?;
            if byte & 0x80 == 0 {
                return Some(n);
            }
        }
        None
    }

    fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    /// A count of items, each of which takes a byte at least.
    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|n| *n <= MOST && *n <= self.rest.len())
    }

    fn short(&mut self) -> Option<&[u8]> {
        let length = self.length()?;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    fn amount(&mut self) -> Option<Amount> {
        let bytes = self.short()?;
        let mut all = [0; 32];
        all.get_mut(32usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
        Some(Amount::from_be_bytes(all))
    }

    fn account(&mut self) -> Option<AccountId> {
        AccountId::from_bytes(self.short()?)
    }

    fn hash(&mut self) -> Option<Option<Hash32>> {
        let bytes = self.short()?;
        if bytes.is_empty() { Some(None) } else { bytes.try_into().ok().map(Some) }
    }

    fn token(&mut self) -> Option<TokenRef> {
        Some(match self.byte()? {
            0 => TokenRef::Native,
            1 => TokenRef::Fungible(self.account()?),
            2 => TokenRef::NonFungible(self.account()?, self.amount()?),
            3 => TokenRef::Multi(self.account()?, self.amount()?),
            4 => TokenRef::Trc10(self.number()?),
            _ => return None,
        })
    }

    fn moved(&mut self) -> Option<Moved> {
        let kind = TransferKind::from_repr(self.byte()?)?;
        let position = match self.byte()? {
            0 => Position::BlockStart(self.small()?),
            1 => Position::Transaction,
            2 => Position::Log(self.small()?, self.small()?),
            3 => Position::Trace(self.small()?),
            4 => Position::BlockEnd(self.small()?),
            _ => return None,
        };
        Some(Moved { position, kind })
    }

    fn end(&mut self) -> Option<End> {
        let (account, token, amount) = (self.account()?, self.token()?, self.amount()?);
        let length = self.length()?;
        let transfers = (0..length).map(|_| self.moved()).collect::<Option<_>>()?;
        Some(End { place: self.place, account, token, amount, transfers })
    }

    fn link(&mut self) -> Option<Link> {
        let kind = LinkKind::from_repr(self.byte()?)?;
        let certainty = Certainty::from_repr(self.byte()?)?;
        let rule = Rule::from_repr(self.byte()?)?;
        let message = self.hash()?;
        let length = self.length()?;
        let logs = (0..length).map(|_| self.small()).collect::<Option<_>>()?;
        let evidence = Evidence { rule, message, logs };
        Some(Link { kind, out: self.end()?, into: self.end()?, evidence, certainty })
    }

    fn bridge(&mut self) -> Option<BridgeSide> {
        let protocol = Protocol::from_repr(self.byte()?)?;
        let direction = Direction::from_repr(self.byte()?)?;
        let (message, time) = (self.hash()?, self.number()?);
        let (end, beneficiary) = (self.end()?, self.account()?);
        let (id, chain) = (self.hash()?, self.number()?);
        let (asset, remote) = (id.map(|id| (chain, id)), self.number()?.checked_sub(1));
        let log = self.small()?;
        let (stated, destination) = if protocol.states() { self.statement()? } else { (None, None) };
        Some(BridgeSide {
            protocol,
            direction,
            message,
            time,
            end,
            beneficiary,
            asset,
            remote,
            log,
            stated,
            destination,
        })
    }

    fn statement(&mut self) -> Option<(Option<Amount>, Option<String>)> {
        let is_stated = match self.byte()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let amount = self.amount()?;
        let text = std::str::from_utf8(self.short()?).ok()?;
        Some((is_stated.then_some(amount), (!text.is_empty()).then(|| text.to_owned())))
    }

    fn mixer(&mut self) -> Option<MixerMove> {
        Some(MixerMove {
            mixer: self.account()?,
            direction: Direction::from_repr(self.byte()?)?,
            time: self.number()?,
            end: self.end()?,
            payer: self.account()?,
            fee: self.amount()?,
            gas_price: self.amount()?,
            log: self.small()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strum::VariantArray;

    fn account() -> impl Strategy<Value = AccountId> {
        prop_oneof![any::<[u8; 20]>().prop_map(AccountId::evm), any::<[u8; 32]>().prop_map(AccountId::solana),]
    }

    fn amount() -> impl Strategy<Value = Amount> {
        prop_oneof![any::<[u8; 32]>().prop_map(Amount::from_be_bytes), any::<u64>().prop_map(Amount::from)]
    }

    fn token() -> impl Strategy<Value = TokenRef> {
        prop_oneof![
            Just(TokenRef::Native),
            account().prop_map(TokenRef::Fungible),
            (account(), amount()).prop_map(|(c, id)| TokenRef::NonFungible(c, id)),
            (account(), amount()).prop_map(|(c, id)| TokenRef::Multi(c, id)),
            any::<u64>().prop_map(TokenRef::Trc10),
        ]
    }

    fn moved() -> impl Strategy<Value = Moved> {
        let position = prop_oneof![
            any::<u32>().prop_map(Position::BlockStart),
            Just(Position::Transaction),
            any::<(u32, u32)>().prop_map(|(n, part)| Position::Log(n, part)),
            any::<u32>().prop_map(Position::Trace),
            any::<u32>().prop_map(Position::BlockEnd),
        ];
        (position, 0u8..17)
            .prop_map(|(position, kind)| Moved { position, kind: TransferKind::from_repr(kind).unwrap() })
    }

    const PLACE: Place = Place { height: 7, tx: 3 };

    fn end() -> impl Strategy<Value = End> {
        (account(), token(), amount(), prop::collection::vec(moved(), 0..5))
            .prop_map(|(account, token, amount, transfers)| End { place: PLACE, account, token, amount, transfers })
    }

    fn record() -> impl Strategy<Value = Record> {
        let rules = u8::try_from(Rule::VARIANTS.len()).unwrap();
        let link = (0u8..3, 0u8..4, 0u8..rules, any::<Option<[u8; 32]>>(), any::<Vec<u32>>(), end(), end()).prop_map(
            |(kind, certainty, rule, message, logs, out, into)| {
                let evidence = Evidence { rule: Rule::from_repr(rule).unwrap(), message, logs };
                let (kind, certainty) = (LinkKind::from_repr(kind).unwrap(), Certainty::from_repr(certainty).unwrap());
                Record::Link(Link { kind, out, into, evidence, certainty })
            },
        );
        let side = (
            any::<bool>(),
            any::<Option<[u8; 32]>>(),
            end(),
            account(),
            any::<Option<(u64, [u8; 32])>>(),
            any::<(u64, Option<u32>, u32)>(),
            (0u8..8, prop::option::of(amount()), prop::option::of("[A-Z.:a-z0-9]{1,90}")),
        )
            .prop_map(
                |(is_in, message, end, beneficiary, asset, (time, remote, log), (protocol, stated, destination))| {
                    let protocol = Protocol::from_repr(protocol).unwrap();
                    Record::Bridge(BridgeSide {
                        protocol,
                        direction: if is_in { Direction::In } else { Direction::Out },
                        message,
                        time,
                        end,
                        beneficiary,
                        asset,
                        remote: remote.map(u64::from),
                        log,
                        stated: stated.filter(|_| protocol.states()),
                        destination: destination.filter(|_| protocol.states()),
                    })
                },
            );
        let mixer = (account(), any::<bool>(), end(), account(), amount(), amount(), any::<(u64, u32)>()).prop_map(
            |(mixer, is_in, end, payer, fee, gas_price, (time, log))| {
                let direction = if is_in { Direction::In } else { Direction::Out };
                Record::Mixer(MixerMove { mixer, direction, time, end, payer, fee, gas_price, log })
            },
        );
        prop_oneof![link, side, mixer]
    }

    proptest! {
        #[test]
        fn records_read_back(record in record()) {
            let bytes = encode(&record);
            prop_assert_eq!(decode(&bytes, PLACE), Some(record));
            for cut in 0..bytes.len() {
                prop_assert_eq!(decode(&bytes[..cut], PLACE), None);
            }
        }

        #[test]
        fn any_bytes_are_a_record_or_none(bytes in any::<Vec<u8>>()) {
            let _ = decode(&bytes, PLACE);
        }
    }
}
