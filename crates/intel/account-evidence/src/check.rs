//! Checks what a bundle holds: everything is recomputed from its bytes alone.

use crate::claims::Claims;
use crate::contents::{self, Basis, Contents, Coverage, LinkedTransfer, Proof, Start};
use crate::report::{Describe, Report};
use crate::view::{AccountRow, ChainView, Held, Tx, small};
use crate::{acts, evm, names, tron};
use holdfast_account_ledger::{StoredTransfer, TransferNumber};
use holdfast_analysis::accounts::{AccountOptions, AccountStart, Transfers, trace_accounts};
use holdfast_analysis::bundle::{Compared, Files, Verification, file};
use holdfast_analysis::links::{Link, LinkTable, Links, Piece, TransferId};
use holdfast_analysis::{Direction, TraceOptions};
use holdfast_attribution::Category;
use holdfast_attribution::tags::weightiest;
use holdfast_links::{Contracts, Head, LedgerLinks, Placed, Records, TxView, find_in};
use holdfast_types::{Address, Amount, Hash32, Position, TransferKind};
use std::collections::{BTreeMap, BTreeSet};

/// A header of either family.
enum AnyHeader {
    Evm(Box<holdfast_evm::Header>),
    Tron(Box<holdfast_tron::Header>),
}

/// A header that was hashed again.
struct Block {
    header: AnyHeader,
    hash: Hash32,
    parent: Hash32,
    /// Unix seconds.
    time: u64,
    internal_known: bool,
}

/// A transaction whose proof holds.
struct Proved {
    transfers: holdfast_types::TransactionTransfers,
    logs: Vec<holdfast_evm::Log>,
    gas_price: Amount,
    has_fee: bool,
}

type Blocks = BTreeMap<(u16, u64), Block>;
type Transactions = BTreeMap<(u16, u64, u32), Proved>;

/// Returns the name of an account that an attribution gives, and who states it.
pub(crate) fn label_of(basis: &Basis) -> Option<(String, String)> {
    let tag = match basis {
        Basis::Tags(tags) => weightiest(tags)?,
        Basis::Cluster { tag, .. } => &**tag,
        Basis::Word => return None,
    };
    Some((tag.label.clone(), tag.source.clone()))
}

/// Checks the files of a bundle, whose hashes are checked. What fails without hiding what follows is added to `v`.
pub(crate) fn contents(files: &Files, v: &mut Verification) -> Result<(), String> {
    let contents = Contents::read(files)?;
    let coverage = &contents.parameters.chains;
    if coverage.is_empty() || coverage.len() > usize::from(u16::MAX) {
        return Err("parameters.json: it names no chain".to_owned());
    }
    let ids: BTreeSet<&str> = coverage.iter().map(|c| c.chain.as_str()).collect();
    if ids.len() != coverage.len() {
        return Err("parameters.json: it names a chain twice".to_owned());
    }
    let mut claims = Claims::default();
    let blocks = headers(&contents, v)?;
    let transactions = transactions(&contents, &blocks, &mut claims, v)?;
    let mut views = chains(&contents)?;
    attributions(&contents, &mut views, &mut claims)?;
    transfers(&contents, &blocks, &transactions, &mut views, &mut claims)?;
    v.passed.push(format!(
        "{} transfers are those of their transactions; {} lie outside transactions",
        contents.transfers.len() - claims.outside,
        claims.outside
    ));
    balances(&contents, &mut views, &mut claims)?;
    records(&contents, &blocks, &transactions, &mut views)?;
    issuers(&contents, &transactions, &mut claims, v)?;
    let links = links(&contents, &views, &mut claims, v)?;
    trace(&contents, &views, &links, file(files, "result.json")?, &mut claims, v)?;
    claims.of_coverage(&contents);
    v.claims.extend(claims.sentences(&contents));
    Ok(())
}

fn chain_of(contents: &Contents, n: u16) -> Result<&Coverage, String> {
    let chain = contents.parameters.chains.get(usize::from(n));
    chain.ok_or_else(|| format!("parameters.json: there is no chain {n}"))
}

/// Hashes the headers again.
fn headers(contents: &Contents, v: &mut Verification) -> Result<Blocks, String> {
    let mut blocks = Blocks::new();
    let mut last = None;
    for entry in &contents.headers {
        let coverage = chain_of(contents, entry.chain)?;
        let chain = &coverage.chain;
        let named = |why: &dyn std::fmt::Display| format!("headers.json: block {} of {chain}: {why}", entry.height);
        let bytes = hex::decode(&entry.header).map_err(|e| named(&e))?;
        let (height, hash, parent, time, header) = if chain.namespace() == "tron" {
            let header = holdfast_tron::Header::decode(&bytes).map_err(|e| named(&e))?;
            let of = (header.number, header.id(), header.parent, header.timestamp_ms / 1_000);
            (of.0, of.1, of.2, of.3, AnyHeader::Tron(Box::new(header)))
        } else {
            let header = holdfast_evm::Header::from_rlp(&bytes).map_err(|e| named(&e))?;
            if header.to_rlp() != bytes {
                return Err(named(&"it is not in its only form"));
            }
            let of = (header.number, header.hash().0, header.parent_hash.0, header.timestamp);
            (of.0, of.1, of.2, of.3, AnyHeader::Evm(Box::new(header)))
        };
        if height != entry.height {
            return Err(named(&format_args!("the header is of block {height}")));
        }
        let place = (entry.chain, height);
        if last.is_some_and(|last| last >= place) {
            return Err(named(&"headers are not in the order of their chains and heights"));
        }
        last = Some(place);
        let text = names::hash(&hash, chain);
        for point in [&coverage.first, &coverage.tip] {
            if point.height == height && (point.hash != text || point.time != time) {
                return Err(named(&"it is not the block that parameters.json states"));
            }
        }
        if !(coverage.first.height..=coverage.tip.height).contains(&height) {
            return Err(named(&"it is outside what parameters.json states that the ledger held"));
        }
        let before = height.checked_sub(1).and_then(|before| blocks.get(&(entry.chain, before)));
        if before.is_some_and(|before: &Block| before.hash != parent) {
            return Err(named(&"its parent is not the block before it"));
        }
        v.headers.push(Compared { chain: chain.to_string(), height, hash: text });
        blocks.insert(place, Block { header, hash, parent, time, internal_known: entry.internal_known });
    }
    v.passed.push(format!("{} headers hash to the blocks that are to be compared", blocks.len()));
    Ok(blocks)
}

fn evm_chain(coverage: &Coverage) -> Result<holdfast_evm::Chain, String> {
    let chain = holdfast_evm::Chain::from_id(&coverage.chain);
    let chain = chain.ok_or_else(|| format!("parameters.json: {} is no chain that is known here", coverage.chain))?;
    let mut with = chain;
    for wrapper in &coverage.wrappers {
        let account = names::read_address(wrapper, &coverage.chain);
        let bytes = account.and_then(|a| <[u8; 20]>::try_from(a.as_bytes()).ok());
        let bytes = bytes.ok_or_else(|| format!("parameters.json: wrapper '{wrapper}' is no account"))?;
        with = with.with_wrapper(bytes.into());
    }
    Ok(acts::issuers(coverage)?.into_iter().fold(with, holdfast_evm::Chain::with_issuer))
}

fn tron_chain(coverage: &Coverage) -> Result<holdfast_tron::Chain, String> {
    let mut chain = holdfast_tron::Chain::mainnet();
    if coverage.chain != *chain.id() {
        return Err(format!("parameters.json: {} is no chain that is known here", coverage.chain));
    }
    for wrapper in &coverage.wrappers {
        let account = names::read_address(wrapper, &coverage.chain);
        chain =
            chain.with_wrapper(account.ok_or_else(|| format!("parameters.json: wrapper '{wrapper}' is no account"))?);
    }
    Ok(acts::issuers(coverage)?.into_iter().fold(chain, holdfast_tron::Chain::with_issuer))
}

/// Checks the proofs of all transactions against the headers.
fn transactions(
    contents: &Contents,
    blocks: &Blocks,
    claims: &mut Claims,
    v: &mut Verification,
) -> Result<Transactions, String> {
    let mut proved = Transactions::new();
    let mut last = None;
    for entry in &contents.transactions {
        let coverage = chain_of(contents, entry.chain)?;
        let named = |why: &dyn std::fmt::Display| format!("transactions.json: {}: {why}", entry.hash);
        let block = blocks.get(&(entry.chain, entry.height)).ok_or_else(|| named(&"its block has no header"))?;
        let hash = names::read_hash(&entry.hash, &coverage.chain).ok_or_else(|| named(&"this is no hash"))?;
        let place = (entry.chain, entry.height, entry.index);
        if last.is_some_and(|last| last >= place) {
            return Err(named(&"transactions are not in the order of their chains, heights and places"));
        }
        last = Some(place);
        let name = (entry.index, hash, entry.logs_before);
        let found = match (&entry.proof, &block.header) {
            (Proof::Evm(proof), AnyHeader::Evm(header)) => {
                let found = evm::check(&evm_chain(coverage)?, header, name, proof, &contents.nodes);
                let found = found.map_err(|e| named(&e))?;
                if found.has_calls != block.internal_known {
                    return Err(named(&"its block's header states otherwise whether calls inside it are known"));
                }
                claims.receipts += usize::from(proof.claims.is_some());
                claims.senders += usize::from(proof.sender.is_some());
                let evm::Proved { transfers, logs, gas_price, has_fee, .. } = found;
                Proved { transfers, logs, gas_price, has_fee }
            }
            (Proof::Tron(proof), AnyHeader::Tron(header)) => {
                let found = tron::check(&tron_chain(coverage)?, header, block.internal_known, name, proof);
                let tron::Proved { transfers, logs } = found.map_err(|e| named(&e))?;
                Proved { transfers, logs, gas_price: Amount::ZERO, has_fee: true }
            }
            _ => return Err(named(&"its proof is of another family of chains than its block")),
        };
        claims.log_numbers += usize::from(entry.index > 0 && !found.logs.is_empty());
        proved.insert(place, found);
    }
    let (nodes, bytes) = contents.nodes.size();
    let evm = contents.transactions.iter().filter(|t| matches!(t.proof, Proof::Evm(_))).count();
    let tron = proved.len() - evm;
    if evm > 0 {
        v.passed.push(format!(
            "{evm} transactions and their receipts are proved to be in their blocks ({nodes} nodes of tries, {bytes} bytes)"
        ));
    }
    if tron > 0 {
        v.passed
            .push(format!("{tron} transactions of Tron, without what they logged, are proved to be in their blocks"));
    }
    Ok(proved)
}

/// Makes the chains, with their accounts and assets.
fn chains(contents: &Contents) -> Result<Vec<ChainView>, String> {
    let is_forward = contents.parameters.options.direction == Direction::Forward;
    let view = |coverage: &Coverage| ChainView {
        id: coverage.chain.clone(),
        is_forward,
        first: coverage.first.clone(),
        tip: coverage.tip.clone(),
        txs: Vec::new(),
        transfers: Vec::new(),
        accounts: Vec::new(),
        assets: Vec::new(),
        held: BTreeMap::new(),
        records: Vec::new(),
    };
    let mut views: Vec<ChainView> = contents.parameters.chains.iter().map(view).collect();
    let mut last = 0;
    let mut seen = BTreeSet::new();
    for account in &contents.accounts {
        let view = views.get_mut(usize::from(account.chain));
        let view = view.filter(|_| account.chain >= last).ok_or("accounts.json: not in the order of the chains")?;
        last = account.chain;
        names::read_address(&account.address, &view.id)
            .filter(|_| seen.insert((account.chain, account.address.clone())))
            .ok_or_else(|| format!("accounts.json: '{}' is no address of {}, or twice", account.address, view.id))?;
        let (category, stop, label) = (Category::UNATTRIBUTED, None, None);
        view.accounts.push(AccountRow { address: account.address.clone(), category, stop, label });
    }
    last = 0;
    let mut named = BTreeSet::new();
    for asset in &contents.assets {
        let view = views.get_mut(usize::from(asset.chain));
        let view = view.filter(|_| asset.chain >= last).ok_or("assets.json: not in the order of the chains")?;
        last = asset.chain;
        if *asset.asset.chain() != view.id || !named.insert(asset.asset.to_string()) {
            return Err(format!("assets.json: {} is not of {}, or twice", asset.asset, view.id));
        }
        view.assets.push((asset.asset.clone(), asset.backing, asset.internal_unknown));
    }
    Ok(views)
}

/// Places in the bundle of a chain's first account, asset and transfer.
pub(crate) fn bases<T>(list: &[T], chain: impl Fn(&T) -> u16, chains: usize) -> Vec<u32> {
    (0..chains).map(|n| small(list.partition_point(|item| usize::from(chain(item)) < n))).collect()
}

/// Returns the chain of a place, and the place among the chain's own.
pub(crate) fn local(bases: &[u32], place: u32, count: usize) -> Option<(u16, u32)> {
    if place >= small(count) {
        return None;
    }
    let n = bases.partition_point(|base| *base <= place).checked_sub(1)?;
    Some((u16::try_from(n).ok()?, place - bases[n]))
}

/// Checks that attributions follow from their tags, and adds them.
fn attributions(contents: &Contents, views: &mut [ChainView], claims: &mut Claims) -> Result<(), String> {
    let of = bases(&contents.accounts, |a| a.chain, views.len());
    for attribution in &contents.attributions {
        let found = local(&of, attribution.account, contents.accounts.len());
        let (n, own) = found.ok_or("attributions.json: of an account that accounts.json does not have")?;
        let view = &mut views[usize::from(n)];
        let row = view.accounts.get_mut(usize::try_from(own).unwrap_or(usize::MAX));
        let row = row.ok_or("attributions.json: of an account that accounts.json does not have")?;
        let named = |why: &str| format!("attributions.json: {}: {why}", row.address);
        claims.attribution(attribution, &row.address).map_err(|why| named(&why))?;
        row.category = attribution.category;
        row.stop = attribution.stop;
        row.label = label_of(&attribution.basis);
    }
    Ok(())
}

/// Checks that a category follows from its tags. Returns whether it does, or is the maker's word.
pub(crate) fn follows(attribution: &contents::Attribution, address: &str) -> Result<bool, String> {
    let tag = match &attribution.basis {
        Basis::Word => return Ok(false),
        Basis::Tags(tags) => {
            if let Some(other) = tags.iter().find(|t| !Address::same(&t.address, address)) {
                return Err(format!("a tag is of {}", other.address));
            }
            weightiest(tags).ok_or("it has no tags")?
        }
        Basis::Cluster { tag, joins } => {
            let mut at = address;
            for join in joins {
                if !Address::same(&join.from, at) {
                    return Err("the chain of joins is broken".to_owned());
                }
                at = &join.to;
            }
            if !Address::same(&tag.address, at) {
                return Err(format!("the chain of joins ends at {at}, the tag is of {}", tag.address));
            }
            tag
        }
    };
    if tag.concept() != attribution.category {
        return Err(format!("it is stated as {} but its tag is of {}", attribution.category, tag.concept()));
    }
    Ok(true)
}

/// Where a transfer stands in its block: before, in or behind the transactions.
fn phase(transfer: &contents::Transfer, position: Position) -> Option<(u64, u32)> {
    match (transfer.index, position) {
        (Some(index), Position::Transaction | Position::Log(..) | Position::Trace(_)) => Some((1, index)),
        (None, Position::BlockStart(_)) => Some((0, 0)),
        (None, Position::BlockEnd(_)) => Some((2, 0)),
        _ => None,
    }
}

/// Compares the transfers with what their transactions moved, and adds them.
fn transfers(
    contents: &Contents,
    blocks: &Blocks,
    transactions: &Transactions,
    views: &mut [ChainView],
    claims: &mut Claims,
) -> Result<(), String> {
    let of_accounts = bases(&contents.accounts, |a| a.chain, views.len());
    let of_assets = bases(&contents.assets, |a| a.chain, views.len());
    let mut last: Option<(u16, u64, (u64, u32), usize)> = None;
    for (place, row) in contents.transfers.iter().enumerate() {
        let named = |why: &dyn std::fmt::Display| format!("transfers.json: transfer {place}: {why}");
        let view = views.get_mut(usize::from(row.chain)).ok_or_else(|| named(&"there is no such chain"))?;
        let block = blocks.get(&(row.chain, row.height)).ok_or_else(|| named(&"its block has no header"))?;
        let position = names::read_position(&row.position);
        let kind: Option<TransferKind> = row.kind.parse().ok();
        let (position, kind) = position.zip(kind).ok_or_else(|| named(&"its position or kind is none"))?;
        let phase = phase(row, position).ok_or_else(|| named(&"its position is not one of where it stands"))?;
        let asset = local(&of_assets, row.asset, contents.assets.len()).filter(|a| a.0 == row.chain);
        let (_, asset) = asset.ok_or_else(|| named(&"its asset is not in assets.json"))?;
        let account = |account: Option<u32>| match account {
            None => Ok(None),
            Some(a) => local(&of_accounts, a, contents.accounts.len())
                .filter(|a| a.0 == row.chain)
                .map(|a| Some(a.1))
                .ok_or_else(|| named(&"its account is not in accounts.json")),
        };
        let (from, to) = (account(row.from)?, account(row.to)?);
        let number = TransferNumber::new(small(view.transfers.len()).into());
        let mut stored = StoredTransfer {
            number,
            tx: 0,
            asset,
            from,
            to,
            amount: row.amount,
            kind,
            position,
            commitment: holdfast_types::Commitment::Claim,
        };
        let order = match row.index {
            None => {
                claims.outside += 1;
                last.filter(|l| (l.0, l.1, l.2) == (row.chain, row.height, phase)).map_or(0, |l| l.3 + 1)
            }
            Some(index) => {
                let proved = transactions.get(&(row.chain, row.height, index));
                let proved = proved.ok_or_else(|| named(&"its transaction is not in transactions.json"))?;
                let (order, commitment) = compare(view, &stored, proved).map_err(|why| named(&why))?;
                stored.commitment = commitment;
                claims.moved(&view.id, &stored);
                order
            }
        };
        let at = (row.chain, row.height, phase, order);
        if last.is_some_and(|last| last >= at) {
            return Err(named(&"transfers are not in the order of execution, or one stands twice"));
        }
        let is_same = last.is_some_and(|l| (l.0, l.1, l.2) == (at.0, at.1, at.2));
        if !is_same {
            let proved = row.index.and_then(|index| transactions.get(&(row.chain, row.height, index)));
            let hash = proved.map(|p| names::hash(&p.transfers.hash, &view.id));
            view.txs.push(Tx { height: row.height, index: row.index, hash, time: block.time });
        }
        stored.tx = u64::from(small(view.txs.len())).saturating_sub(1);
        last = Some(at);
        view.transfers.push(stored);
    }
    Ok(())
}

/// Compares a transfer with its transaction's. Returns where it stands in the order of execution, fees last as ledgers have them, and what commits to it.
fn compare(
    view: &ChainView,
    stored: &StoredTransfer,
    proved: &Proved,
) -> Result<(usize, holdfast_types::Commitment), String> {
    if stored.kind.is_fee() && !proved.has_fee {
        return Err("it is a fee, and receipt_before, from which fees follow, is missing".to_owned());
    }
    let all = &proved.transfers.transfers;
    let found = all.iter().position(|t| (t.position, t.kind) == (stored.position, stored.kind));
    let found = found.ok_or("its transaction moves nothing of its kind there")?;
    let moved = &all[found];
    let account = |account: Option<u32>| account.map(|a| Describe::account(view, a)).transpose();
    let sides = (account(stored.from).map_err(|e| e.to_string())?, account(stored.to).map_err(|e| e.to_string())?);
    let named = |account: Option<holdfast_types::AccountId>| account.map(|a| names::address(&a, &view.id));
    let asset = Describe::asset(view, stored.asset).map_err(|e| e.to_string())?;
    if sides != (named(moved.from), named(moved.to))
        || stored.amount != moved.amount
        || asset != moved.token.asset_id(&view.id)
    {
        return Err(format!(
            "its transaction moves {} there, from and to others or another amount",
            moved.token.asset_id(&view.id)
        ));
    }
    // Ledgers hold a fee's burnt part and tip behind all else.
    let is_last = matches!(stored.kind, TransferKind::FeeBurn | TransferKind::FeeTip);
    Ok((if is_last { all.len() + found } else { found }, moved.commitment))
}

/// Checks that balances agree with the transfers, and adds them.
fn balances(contents: &Contents, views: &mut [ChainView], claims: &mut Claims) -> Result<(), String> {
    let of_accounts = bases(&contents.accounts, |a| a.chain, views.len());
    let of_assets = bases(&contents.assets, |a| a.chain, views.len());
    let of_transfers = bases(&contents.transfers, |t| t.chain, views.len());
    let mut moved: BTreeMap<(usize, u32, u32), Vec<u32>> = BTreeMap::new();
    for (n, view) in views.iter().enumerate() {
        for (place, transfer) in (0u32..).zip(&view.transfers) {
            for account in [transfer.from, transfer.to].into_iter().flatten().collect::<BTreeSet<u32>>() {
                moved.entry((n, transfer.asset, account)).or_default().push(place);
            }
        }
    }
    for balance in &contents.balances {
        let account = local(&of_accounts, balance.account, contents.accounts.len());
        let asset = local(&of_assets, balance.asset, contents.assets.len());
        let (account, asset) = account.zip(asset).filter(|(a, b)| a.0 == b.0).ok_or("balances.json: of nothing")?;
        let n = usize::from(account.0);
        let view = &mut views[n];
        let address = Describe::account(&*view, account.1).map_err(|e| format!("balances.json: {e}"))?;
        let named = |why: &str| format!("balances.json: {address}: {why}");
        let (base, count) = (of_transfers[n], small(view.transfers.len()));
        let mut spans = Vec::with_capacity(balance.spans.len());
        let mut end = 0;
        for span in &balance.spans {
            let places = span.from.checked_sub(base).zip(span.to.checked_sub(base));
            let (from, to) = places.filter(|(f, t)| f <= t && *t <= count).ok_or_else(|| named("a span of others"))?;
            let is_misplaced = from < end || (span.is_first && from != 0) || (span.is_last && to != count);
            if is_misplaced {
                return Err(named("its spans overlap, or do not reach where they state"));
            }
            end = to;
            spans.push(contents::Span { from, to, ..span.clone() });
        }
        let transfers = moved.get(&(n, asset.1, account.1)).cloned().unwrap_or_default();
        let held = Held { opening: balance.opening, spans, transfers };
        agree(view, &held, account.1).map_err(|why| named(&why))?;
        claims.held(&held);
        if view.held.insert((asset.1, account.1), held).is_some() {
            return Err(named("it is there twice"));
        }
    }
    Ok(())
}

/// Checks that within its spans an account never has less than nothing, and that what it had at first is what is stated.
fn agree(view: &ChainView, held: &Held, account: u32) -> Result<(), String> {
    for span in &held.spans {
        let Some(before) = span.balance else { continue };
        if span.is_first && held.opening != Some(before) {
            return Err("its first balance is not its opening".to_owned());
        }
        let at = |place: u32| held.transfers.partition_point(|t| *t < place);
        let within = held.transfers.get(at(span.from)..at(span.to)).unwrap_or_default();
        let mut sum = holdfast_types::SignedAmount::from(before);
        let mut least = sum;
        for place in within.iter().copied() {
            let change = view.change(held, account, place, place + 1);
            sum = change.and_then(|c| sum.checked_add(c)).ok_or("its balance is beyond 256 bits")?;
            if sum.is_negative() {
                return Err(format!("its balance is less than nothing behind transfer {place}"));
            }
            if sum.magnitude() < least.magnitude() {
                least = sum;
            }
        }
        // Of a whole history the least opening is known: with it the balance is nothing once, unless it is nothing itself.
        if span.is_first && span.is_last && !before.is_zero() && !least.magnitude().is_zero() {
            return Err("less than its opening would do".to_owned());
        }
    }
    Ok(())
}

/// Finds again what the transactions link.
fn records(
    contents: &Contents,
    blocks: &Blocks,
    transactions: &Transactions,
    views: &mut [ChainView],
) -> Result<(), String> {
    for (n, (view, coverage)) in (0u16..).zip(views.iter_mut().zip(&contents.parameters.chains)) {
        let mut contracts = Contracts::of(&coverage.chain);
        for (contract, role) in &coverage.bridges {
            let account = names::read_address(contract, &coverage.chain);
            let role = role.parse().ok();
            let (account, role) = account.zip(role).ok_or_else(|| {
                format!(
                    "parameters.json: contract {contract} of a bridge: address or role '{role:?}' is not known here"
                )
            })?;
            contracts = contracts.with(account, role);
        }
        let logs_before: BTreeMap<(u64, u32), u32> = contents
            .transactions
            .iter()
            .filter(|t| t.chain == n)
            .map(|t| ((t.height, t.index), t.logs_before))
            .collect();
        for ((_, height, index), proved) in transactions.range((n, 0, 0)..=(n, u64::MAX, u32::MAX)) {
            let Some(block) = blocks.get(&(n, *height)) else { continue };
            let head = Head {
                height: *height,
                hash: block.hash,
                parent: block.parent,
                time: block.time,
                internal_known: block.internal_known,
            };
            let tx = TxView {
                transfers: &proved.transfers,
                logs: &proved.logs,
                first_log: logs_before.get(&(*height, *index)).copied().unwrap_or(0),
                gas_price: proved.gas_price,
            };
            view.records.extend(find_in(&contracts, &head, [tx]).records);
        }
    }
    Ok(())
}

/// Finds again what issuers did with accounts of the trace.
fn issuers(
    contents: &Contents,
    transactions: &Transactions,
    claims: &mut Claims,
    v: &mut Verification,
) -> Result<(), String> {
    let of = |chain, height, index| transactions.get(&(chain, height, index)).map(|proved| &proved.transfers);
    let (said, committed) = acts::check(contents, of)?;
    let all = contents.acts.len();
    claims.acts(all, all - committed);
    if all > 0 {
        v.passed.push(format!(
            "{all} acts of issuers about these accounts are found again in the logs of their transactions"
        ));
        v.passed.extend(said);
    }
    Ok(())
}

/// Finds the links again. Those that rest on a rule about other transactions, and how often links of a kind are wrong, are claims.
fn links(
    contents: &Contents,
    views: &[ChainView],
    claims: &mut Claims,
    v: &mut Verification,
) -> Result<Vec<Link>, String> {
    let of_transfers = bases(&contents.transfers, |t| t.chain, views.len());
    let id = |place: u32| {
        let (chain, number) = local(&of_transfers, place, contents.transfers.len())?;
        Some(TransferId { chain, number: TransferNumber::new(number.into()) })
    };
    let piece = |(offset, amount): (Amount, Amount)| Piece { offset, amount };
    let again = LedgerLinks::of(views.iter().map(|v| (v as &dyn Placed, v as &dyn Records)).collect());
    let elsewhere = u16::try_from(views.len()).unwrap_or(u16::MAX);
    let mut links = Vec::with_capacity(contents.links.len());
    let mut found = 0;
    for (place, entry) in contents.links.iter().enumerate() {
        let named = |why: &dyn std::fmt::Display| format!("links.json: link {place}: {why}");
        let end = |end: LinkedTransfer| match end {
            LinkedTransfer::Transfer(place) => id(place),
            LinkedTransfer::Elsewhere(number) => {
                Some(TransferId { chain: elsewhere, number: TransferNumber::new(number) })
            }
        };
        let from = end(entry.from).ok_or_else(|| named(&"it leaves by no transfer of the bundle"))?;
        let to = end(entry.to).ok_or_else(|| named(&"it comes out at no transfer of the bundle"))?;
        let is_away = |id: TransferId| id.chain == elsewhere;
        let link = Link {
            from,
            from_piece: piece(entry.from_piece),
            to,
            to_piece: piece(entry.to_piece),
            kind: entry.kind,
            basis: entry.basis,
            error_ppm: entry.error_ppm,
            pairs: 0,
            rank: entry.rank,
            evidence: entry.evidence.clone(),
        };
        if claims.link(&link, is_away(from) || is_away(to)) {
            let others = if is_away(from) { again.links_to(to) } else { again.links_from(from) };
            let others = others.map_err(|e| named(&e))?;
            let is_same = |a: TransferId, b: TransferId| if is_away(a) { is_away(b) } else { a == b };
            let is_it = |other: &Link| {
                let (a, b) = (&link, other);
                is_same(a.from, b.from)
                    && is_same(a.to, b.to)
                    && (a.from_piece, a.to_piece) == (b.from_piece, b.to_piece)
                    && (a.kind, a.basis, a.rank, &a.evidence) == (b.kind, b.basis, b.rank, &b.evidence)
            };
            if !others.iter().any(is_it) {
                return Err(named(&format_args!("its transactions do not show it ({}: {})", link.kind, link.evidence)));
            }
            found += 1;
        }
        links.push(link);
    }
    if found > 0 {
        v.passed.push(format!("{found} links are found again in the logs and transfers of their transactions"));
    }
    Ok(links)
}

/// Traces again, and compares the result with the stated one, byte by byte.
fn trace(
    contents: &Contents,
    views: &[ChainView],
    links: &[Link],
    stated: &[u8],
    claims: &mut Claims,
    v: &mut Verification,
) -> Result<(), String> {
    let named = |e: &dyn std::fmt::Display| format!("parameters.json: {e}");
    let parameters = &contents.parameters;
    let of_transfers = bases(&contents.transfers, |t| t.chain, views.len());
    let of_accounts = bases(&contents.accounts, |a| a.chain, views.len());
    let of_assets = bases(&contents.assets, |a| a.chain, views.len());
    let mut starts = Vec::with_capacity(parameters.starts.len());
    for start in &parameters.starts {
        starts.push(match start {
            Start::Transfer { transfer, amount } => {
                let place = local(&of_transfers, *transfer, contents.transfers.len());
                let (chain, number) = place.ok_or_else(|| named(&"a start is not in transfers.json"))?;
                let number = TransferNumber::new(number.into());
                (AccountStart::Transfer(TransferId { chain, number }), *amount)
            }
            Start::Balance { account, asset, height, amount } => {
                let account = local(&of_accounts, *account, contents.accounts.len());
                let asset = local(&of_assets, *asset, contents.assets.len());
                let both = account.zip(asset).filter(|(a, b)| a.0 == b.0);
                let ((chain, account), (_, asset)) = both.ok_or_else(|| named(&"a start is of nothing"))?;
                (AccountStart::Balance { chain, account, asset, height: *height }, *amount)
            }
        });
    }
    let mut min_amounts = BTreeMap::new();
    for (asset, least) in &parameters.min_amounts {
        let place = local(&of_assets, *asset, contents.assets.len());
        min_amounts.insert(place.ok_or_else(|| named(&"min_amounts names no asset"))?, *least);
    }
    let trace: TraceOptions = parameters.options;
    let options = AccountOptions { trace, min_amounts, max_link_error_ppm: parameters.max_link_error_ppm };
    let chains: Vec<&dyn Transfers> = views.iter().map(|view| view as &dyn Transfers).collect();
    let table = LinkTable::new(links.to_vec());
    let told = parameters.has_links.then_some(&table as &dyn Links);
    let found = trace_accounts(&chains, told, &starts, &options).map_err(|e| format!("the trace again: {e}"))?;
    if !found.balances() {
        return Err("the recomputed trace does not balance".to_owned());
    }
    let described: Vec<&dyn Describe> = views.iter().map(|view| view as &dyn Describe).collect();
    let report = Report::new(&described, &found).map_err(|e| format!("the trace again: {e}"))?;
    let again = holdfast_analysis::bundle::canonical_json(&report).map_err(|e| e.to_string())?;
    if again != stated {
        return Err(format!("result.json: {}", difference(&again, stated)));
    }
    claims.of_result(&report);
    v.passed.push(format!(
        "the trace recomputes to the stated result: {} movements, {} ends, {} links crossed",
        report.movements.len(),
        report.ends.len(),
        report.crossings.len()
    ));
    Ok(())
}

/// Names the first line in which two results differ.
fn difference(again: &[u8], stated: &[u8]) -> String {
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
    let (again, stated) = (lines(again), lines(stated));
    let differ = again.iter().zip(&stated).enumerate().find(|(_, (a, b))| a != b);
    match differ {
        Some((line, (a, b))) => {
            format!("line {}: it is stated as {} but recomputes to {}", line + 1, b.trim(), a.trim())
        }
        None => format!("it has {} lines but recomputes to {}", stated.len(), again.len()),
    }
}
