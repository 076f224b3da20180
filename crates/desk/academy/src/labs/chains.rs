//! Labs on chains, simulated and real.

use super::world::{Tx, World};
use super::{Chain, Made, find, first, index, step};
use crate::grade::{Check, Form, coins};
use holdfast_simulate::random::Random;
use holdfast_simulate::{OwnerKind, TxKind};
use holdfast_types::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Returns the names of the services of a chain.
fn services(world: &World) -> Vec<String> {
    (0..world.economy.owner_count())
        .filter(|o| matches!(world.economy.owner_kind(*o), OwnerKind::Exchange | OwnerKind::Mixer))
        .map(|o| world.economy.owner_name(o))
        .collect()
}

const ON_CHAIN: &str = "The chain is simulated (regtest), with the attribution that a provider would have. Look at it on the lab's own \
    pages, or fetch the pack and read it in: `holdfast ingest blocks --ledger store/ledger --network regtest`, then `holdfast tags import \
    tags --store store`, `holdfast show ... --store store`, `holdfast trace ... --store store`.";

/// Creates the lab "Follow a ransom payment".
pub(super) fn follow_a_ransom(seed: u64) -> Result<Made, String> {
    let (world, ransom, vout, gather, chain) = first(seed, "ransom", |seed| {
        let world = World::new(seed);
        let mut found: Vec<(usize, u32, usize, Vec<usize>)> = Vec::new();
        for ransom in world.of_kind(TxKind::Ransom) {
            let gang = |v: &u32| world.owner_kind(ransom, *v) == Some(OwnerKind::Ransomware);
            let Some(vout) = (0u32..).take(world.txs[ransom].values.len()).find(gang) else { continue };
            let Some(gather) = world.txs[ransom].spent_by[vout as usize] else { continue };
            if world.txs[gather].kind != TxKind::RansomCollect {
                continue;
            }
            let chain = world.peel_chain(gather, 0);
            let all_here = world.txs[gather].inputs.iter().all(|(t, _)| world.txs[*t].kind == TxKind::Ransom);
            if chain.len() >= 3 && all_here {
                found.push((ransom, vout, gather, chain));
            }
        }
        let pick = index(&mut Random::new(seed), found.len());
        let (ransom, vout, gather, chain) = found.into_iter().nth(pick)?;
        Some((world, ransom, vout, gather, chain))
    })?;
    let note = world.address(ransom, vout);
    let (paid, value) = (&world.txs[ransom], world.txs[ransom].values[vout as usize]);
    let (slice, _) = world.slice_of(chain[0]);
    let service = world.name(chain[0], slice).unwrap_or_default();
    let account = world.address(chain[0], slice);
    let peeled = world.txs[chain[0]].values[slice as usize];
    let mixed = world.owner_kind(chain[0], slice) == Some(OwnerKind::Mixer);
    let brief = format!(
        "A hospital was extorted on {}. It paid, and kept the note: the money was to go to\n\n`{note}`\n\nThe police want to know where it went \
        and where it can still be stopped.\n\n{ON_CHAIN}",
        Timestamp::from(paid.time).rfc3339()
    );
    let steps = vec![
        find(
            "payment",
            10,
            "Which transaction paid the ransom?",
            Form::Transaction,
            &paid.txid,
            &["Open the address of the note: its receipts list the transactions that paid it."],
            "The note's address was made for this victim alone, so its one receipt is the payment.",
        ),
        step(
            "amount",
            10,
            "How much reached the extortioners?",
            Check::Amount(value),
            &["Of the payment's outputs only one pays the note's address; the other is the victim's change."],
            format!("Output {vout} pays the note's address {} coins.", coins(value)),
        ),
        find(
            "gathering",
            20,
            "In which transaction did the extortioners gather this ransom with others?",
            Form::Transaction,
            &world.txs[gather].txid,
            &["The receipt names the transaction that spends it."],
            "The output is spent together with others into one output: they gathered what their victims paid.",
        ),
        step(
            "victims",
            15,
            "How many payments were gathered in it, this one counted?",
            Check::Number(world.txs[gather].inputs.len() as u64),
            &["Count the inputs: each is what one payment left."],
            "Each input spends one ransom: so many victims can be warned and joined to the case.",
        ),
        step(
            "service",
            20,
            "The gathered coins are then spent slice by slice. Which service received the first slice?",
            Check::Choice { right: service.clone(), options: services(&world) },
            &[
                "Follow the gathered coin to the transaction that spends it: it has two outputs.",
                "One output goes on with nearly everything, the smaller one belongs to a service.",
            ],
            format!("The first slice, {} coins, went to {service}.", coins(peeled)),
        ),
        find(
            "account",
            25,
            if mixed {
                "Which address of that service received the slice?"
            } else {
                "Which deposit address must the freeze request to that exchange name?"
            },
            Form::Address,
            &account,
            &["It is the address of the smaller output of that transaction."],
            "The exchange knows which customer it gave this deposit address to.",
        ),
    ];
    Ok(Made { brief, files: Vec::new(), chain: Chain::Simulated(Arc::new(world)), steps })
}

/// Creates the lab "Undo a peel chain".
pub(super) fn peel_chain(seed: u64) -> Result<Made, String> {
    let (world, start, vout, chain) = first(seed, "peel chain", |seed| {
        let world = World::new(seed);
        let mut found = Vec::new();
        for hack in world.of_kind(TxKind::Hack) {
            for vout in (0u32..).take(world.txs[hack].values.len()) {
                let chain = world.peel_chain(hack, vout);
                if (4..=30).contains(&chain.len()) {
                    found.push((hack, vout, chain));
                }
            }
        }
        let pick = index(&mut Random::new(seed), found.len());
        let (hack, vout, chain) = found.into_iter().nth(pick)?;
        Some((world, hack, vout, chain))
    })?;
    let slices: Vec<(usize, u32)> = chain.iter().map(|t| (*t, world.slice_of(*t).0)).collect();
    let total: u64 = slices.iter().map(|(t, v)| world.txs[*t].values[*v as usize]).sum();
    let receivers: BTreeSet<String> = slices.iter().filter_map(|(t, v)| world.name(*t, *v)).collect();
    let last = chain[chain.len() - 1];
    let (_, change) = world.slice_of(last);
    let brief = format!(
        "An exchange was robbed by transaction\n\n`{}`\n\nIts outputs went to the thief. Follow output **{vout}** (`{}:{vout}`): it is spent in a \
        peel chain, one slice after the other, each time to a service, the rest to a new address of the thief.\n\n{ON_CHAIN}",
        world.txs[start].txid, world.txs[start].txid
    );
    let steps = vec![
        find(
            "first",
            10,
            "Which transaction is the first peel?",
            Form::Transaction,
            &world.txs[chain[0]].txid,
            &["It spends the output that the task names."],
            "A peel has one input and two outputs: a small slice and nearly everything else.",
        ),
        step(
            "length",
            20,
            "How many peels has the chain?",
            Check::Number(chain.len() as u64),
            &[
                "Follow the larger output from transaction to transaction until it is no longer spent so.",
                "A trace lists the peel chains that it found.",
            ],
            "Each transaction spends the larger output of the one before.",
        ),
        find(
            "last",
            15,
            "Which transaction is the last peel?",
            Form::Transaction,
            &world.txs[last].txid,
            &["Its larger output is unspent, or spent together with others."],
            "Here the thief stopped, or had not gone on when the chain was stored.",
        ),
        step(
            "peeled",
            20,
            "How much was peeled off in all?",
            Check::Amount(total),
            &["Add the smaller outputs of all peels; fees are not in it."],
            "The slices add up to what services received and may still hold.",
        ),
        step(
            "receivers",
            20,
            "Which services received slices?",
            Check::Choices { right: receivers, options: services(&world) },
            &["Look at the name beside the smaller output of each peel."],
            "Each of them gets a request of its own.",
        ),
        find(
            "rest",
            15,
            "At which address is the rest after the last peel?",
            Form::Address,
            &world.address(last, change),
            &["It is the larger output of the last peel."],
            "Watch this address: the next movement is the thief's.",
        ),
    ];
    Ok(Made { brief, files: Vec::new(), chain: Chain::Simulated(Arc::new(world)), steps })
}

fn coinjoin_name(kind: TxKind) -> &'static str {
    match kind {
        TxKind::CoinjoinWasabi1 => "wasabi1",
        TxKind::CoinjoinWasabi2 => "wasabi2",
        TxKind::CoinjoinWhirlpool => "whirlpool",
        _ => "joinmarket",
    }
}

/// Returns the amount that occurs most among a transaction's outputs, and how often.
fn most_common(values: &[u64]) -> (u64, usize) {
    let count = |v: u64| values.iter().filter(|o| **o == v).count();
    values.iter().map(|v| (*v, count(*v))).max_by_key(|(v, n)| (*n, *v)).unwrap_or((0, 0))
}

/// Returns whether a transaction's shape shows its kind: a question needs one answer, so the odd ones that look like another kind are left out.
fn is_plain_to_see(world: &World, tx: usize) -> bool {
    let it = &world.txs[tx];
    let (common, equal) = most_common(&it.values);
    let senders: HashSet<String> = it.inputs.iter().map(|(t, v)| world.address(*t, *v)).collect();
    let tenth = (8_000_000..=12_000_000).contains(&common);
    match it.kind {
        TxKind::CoinjoinWhirlpool => equal == 5 && it.values.len() == 5 && senders.len() == 5,
        TxKind::CoinjoinWasabi1 => equal >= 5 && senders.len() >= equal && tenth && it.values.len() > equal,
        TxKind::CoinjoinWasabi2 => it.inputs.len() >= 8 && it.values.len() >= 8 && senders.len() * 2 > it.inputs.len(),
        TxKind::CoinjoinJoinmarket => {
            let shape = it.values.len() == 2 * equal || it.values.len() + 1 == 2 * equal;
            equal >= 3 && senders.len() >= equal && shape && !(equal >= 5 && tenth)
        }
        _ => equal < 3,
    }
}

/// Creates the lab "Recognize a coinjoin".
pub(super) fn recognize_a_coinjoin(seed: u64) -> Result<Made, String> {
    let (world, joins, others, subject) = first(seed, "choice of coinjoins", |seed| {
        let world = World::new(seed);
        let mut random = Random::new(seed);
        let mut by_kind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, tx) in world.txs.iter().enumerate().filter(|(i, t)| t.kind.is_coinjoin() && is_plain_to_see(&world, *i))
        {
            by_kind.entry(coinjoin_name(tx.kind)).or_default().push(i);
        }
        if by_kind.len() < 3 {
            return None;
        }
        let joins: Vec<usize> = by_kind.values().map(|v| *random.pick(v)).collect();
        // Decoys of one payer each: batches of a service and consolidations.
        let mut plain: Vec<usize> = (0..world.txs.len())
            .filter(|t| {
                let tx = &world.txs[*t];
                if !is_plain_to_see(&world, *t) {
                    return false;
                }
                match tx.kind {
                    TxKind::Withdrawal | TxKind::Payout => tx.values.len() >= 4,
                    TxKind::Consolidation | TxKind::Sweep => tx.inputs.len() >= 4,
                    _ => false,
                }
            })
            .collect();
        random.shuffle(&mut plain);
        plain.truncate(8 - joins.len().min(4));
        if plain.len() < 4 {
            return None;
        }
        // Equal outputs are what is counted, so the amount that occurs most must stand out.
        let subject = joins.iter().copied().find(|j| world.txs[*j].kind != TxKind::CoinjoinWasabi2)?;
        Some((world, joins, plain, subject))
    })?;
    let mut all: Vec<usize> = joins.iter().chain(&others).copied().collect();
    all.sort_unstable();
    let id = |t: &usize| world.txs[*t].txid.clone();
    let equal = most_common(&world.txs[subject].values).1 as u64;
    let kinds: Vec<String> = ["wasabi1", "wasabi2", "whirlpool", "joinmarket"].map(str::to_owned).to_vec();
    let batch = others.iter().copied().find(|t| world.txs[*t].values.len() >= 4 || world.txs[*t].inputs.len() >= 4);
    let brief = format!(
        "A colleague sends transactions that all look crowded, and asks which of them are coinjoins.\n\n{}\n\n{ON_CHAIN}",
        all.iter().map(|t| format!("- `{}`\n", id(t))).collect::<String>()
    );
    let yes_no = |right: &str| Check::Choice {
        right: right.into(),
        options: vec!["yes".into(), "no".into(), "only in part".into()],
    };
    let mut steps = vec![
        step(
            "coinjoins",
            40,
            "Which of them are coinjoins?",
            Check::Choices { right: joins.iter().map(id).collect(), options: all.iter().map(id).collect() },
            &[
                "A coinjoin has inputs of several owners and several outputs of exactly the same amount.",
                "Payouts have one payer: one input or few, amounts all different. Consolidations have one output.",
            ],
            "Equal outputs of many are what a coinjoin is for: their owners cannot be matched to the inputs.",
        ),
        step(
            "kind",
            20,
            format!("What kind is `{}`?", id(&subject)),
            Check::Choice { right: coinjoin_name(world.txs[subject].kind).into(), options: kinds },
            &[
                "Whirlpool: five inputs, five equal outputs, nothing else. Wasabi 1: equal outputs of about 0.1, change for each, a fee of the coordinator. \
                JoinMarket: few takers and makers, equal outputs and change for each, no coordinator.",
            ],
            "The shape identifies the software.",
        ),
        step(
            "anonymity",
            20,
            format!("How many equal outputs has `{}`?", id(&subject)),
            Check::Number(equal),
            &["Count the outputs of the amount that occurs most often."],
            "That is the anonymity set: a coin that went in may be any of them.",
        ),
        step(
            "merge",
            10,
            "May the input addresses of a coinjoin be taken for one owner's?",
            yes_no("no"),
            &[],
            "Co-spending proves one owner only where one person signs all inputs; in a coinjoin each signs their own.",
        ),
    ];
    if let Some(batch) = batch {
        steps.push(step(
            "batch",
            10,
            format!("And those of `{}`?", id(&batch)),
            yes_no("yes"),
            &["Is it a coinjoin?"],
            "One payer signed all inputs.",
        ));
    }
    Ok(Made { brief, files: Vec::new(), chain: Chain::Simulated(Arc::new(world)), steps })
}

/// Clusters by address, named by one of their addresses.
type Roots = HashMap<String, String>;

/// Pairs of addresses, with the economy that they are of.
struct Pairs {
    world: World,
    /// Spent together.
    joined: Vec<(String, String)>,
    /// Of two owners.
    apart: Vec<(String, String)>,
    /// Transactions that spend both of the first pair.
    proofs: Vec<String>,
    /// An address, and how many its cluster has.
    sized: (String, u64),
}

fn spenders(world: &World, tx: &Tx) -> Vec<String> {
    tx.inputs.iter().map(|(t, v)| world.address(*t, *v)).collect()
}

/// Clusters of 3 to 12 addresses of one user each that no PayJoin touched: PayJoins deceive co-spending, so that a question would have no
/// one answer.
fn plain_clusters(world: &World, roots: &Roots) -> BTreeMap<String, u64> {
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (address, root) in roots {
        groups.entry(root).or_default().insert(address);
    }
    let doubtful: HashSet<String> = world
        .of_kind(TxKind::Payjoin)
        .flat_map(|t| spenders(world, &world.txs[t]))
        .map(|address| roots[&address].clone())
        .collect();
    let owner: HashMap<&str, OwnerKind> = world
        .txs
        .iter()
        .flat_map(|t| t.addresses.iter().zip(&t.owners))
        .filter_map(|(a, o)| Some((a.as_deref()?, world.economy.owner_kind((*o)?))))
        .collect();
    let is_plain = |root: &str, group: &BTreeSet<&str>| {
        (3..=12).contains(&group.len())
            && !doubtful.contains(root)
            && group.iter().all(|a| owner.get(a) == Some(&OwnerKind::User))
    };
    let plain = groups.iter().filter(|(root, group)| is_plain(root, group));
    plain.map(|(root, group)| ((*root).to_owned(), group.len() as u64)).collect()
}

/// Two addresses that only a coinjoin spends together, and a payer with who was paid.
fn apart(world: &World, roots: &Roots) -> Option<Vec<(String, String)>> {
    let in_coinjoin = world.txs.iter().filter(|t| t.kind.is_coinjoin()).find_map(|tx| {
        let from = spenders(world, tx);
        let other = from.iter().find(|b| roots[*b] != roots[&from[0]])?.clone();
        Some((from.into_iter().next()?, other))
    });
    let payer = |t: usize| world.address(world.txs[t].inputs[0].0, world.txs[t].inputs[0].1);
    let pay = world.of_kind(TxKind::Payment).find(|t| {
        let tx = &world.txs[*t];
        tx.values.len() == 2 && tx.change.is_some_and(|c| roots[&payer(*t)] != roots[&world.address(*t, 1 - c)])
    })?;
    let paid = world.address(pay, 1 - world.txs[pay].change?);
    Some(vec![in_coinjoin?, (payer(pay), paid)])
}

fn pairs(seed: u64) -> Option<Pairs> {
    let world = World::new(seed);
    let roots = world.cospend();
    let plain = plain_clusters(&world, &roots);
    if plain.len() < 3 {
        return None;
    }
    let mut joined: Vec<(String, String)> = Vec::new();
    for tx in world.txs.iter().filter(|t| !t.kind.is_coinjoin() && t.kind != TxKind::Payjoin) {
        let from: BTreeSet<String> = spenders(&world, tx).into_iter().collect();
        let mut from = from.into_iter();
        if let (Some(a), Some(b)) = (from.next(), from.next())
            && plain.contains_key(&roots[&a])
        {
            joined.push((a, b));
        }
    }
    Random::new(seed).shuffle(&mut joined);
    let one = joined.first().cloned()?;
    let two = joined.iter().find(|j| roots[&j.0] != roots[&one.0])?.clone();
    let apart = apart(&world, &roots)?;
    // Any transaction that spends both together proves the first pair.
    let spends_both = |t: &&Tx| {
        let from = spenders(&world, t);
        from.contains(&one.0) && from.contains(&one.1)
    };
    let proofs = world.txs.iter().filter(|t| !t.kind.is_coinjoin()).filter(spends_both);
    let proofs: Vec<String> = proofs.map(|t| t.txid.clone()).collect();
    let sized = (two.0.clone(), *plain.get(&roots[&two.0])?);
    Some(Pairs { world, joined: vec![one, two], apart, proofs, sized })
}

/// Creates the lab "One owner or two".
pub(super) fn one_owner(seed: u64) -> Result<Made, String> {
    let found = first(seed, "choice of owners", pairs)?;
    let Pairs { world, joined, apart, proofs, sized } = found;
    let mut pairs: Vec<(&(String, String), bool)> =
        joined.iter().map(|p| (p, true)).chain(apart.iter().map(|p| (p, false))).collect();
    Random::new(seed).shuffle(&mut pairs);
    let name = |i: usize| format!("pair {}", i + 1);
    let listed: String =
        pairs.iter().enumerate().map(|(i, (p, _))| format!("- {}: `{}` and `{}`\n", name(i), p.0, p.1)).collect();
    let right: BTreeSet<String> = pairs.iter().enumerate().filter(|(_, p)| p.1).map(|(i, _)| name(i)).collect();
    let brief = format!(
        "Four pairs of addresses. Which pairs does co-spending show to be under one control?\n\n{listed}\n\n{ON_CHAIN}"
    );
    let steps = vec![
        step(
            "pairs",
            45,
            "Which pairs are under one control?",
            Check::Choices { right, options: (0..pairs.len()).map(name).collect() },
            &[
                "Addresses are under one control when one transaction spends both, unless that transaction is a coinjoin.",
                "To pay somebody does not join payer and paid.",
            ],
            "Two pairs are spent together. Of the others one meets only in a coinjoin, and one is a payment from one to the other.",
        ),
        step(
            "proof",
            30,
            format!("Which transaction shows that `{}` and `{}` are under one control?", joined[0].0, joined[0].1),
            Check::One(Form::Transaction, proofs),
            &["Explain the two addresses: the steps name the transactions."],
            "It spends outputs of both, so one person signed for both.",
        ),
        step(
            "size",
            25,
            format!("How many addresses are in the cluster of `{}`?", sized.0),
            Check::Number(sized.1),
            &["The page of an address shows how many addresses its entity has."],
            "Co-spending joins step by step: addresses that were never spent together may still be one owner's.",
        ),
    ];
    Ok(Made { brief, files: Vec::new(), chain: Chain::Simulated(Arc::new(world)), steps })
}

/// A real block's outputs to tagged addresses (`data/academy/real-blocks.json`; a test holds it to the block and the packs).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct Named {
    /// Height of its block.
    pub block: u32,
    /// Transaction.
    pub txid: String,
    /// Output.
    pub vout: u32,
    /// Base units.
    pub value: u64,
    /// Address.
    pub address: String,
    /// Its one name.
    pub label: String,
    /// Category of INTERPOL's taxonomy.
    pub category: String,
    /// Where the tag comes from.
    pub source: String,
    /// Pack of the tag.
    pub pack: String,
}

const NAMED: &str = include_str!("../../../../../data/academy/real-blocks.json");

/// Creates the lab "Names in real blocks".
pub(super) fn real_blocks(seed: u64) -> Result<Made, String> {
    let named: Vec<Named> = serde_json::from_str(NAMED).map_err(|e| format!("real-blocks.json: {e}"))?;
    let blocks = super::blocks::all()?;
    let mut random = Random::new(seed);
    let is_abuse = |n: &&Named| ["ransomware", "ponzi_scheme"].contains(&n.category.as_str());
    let abuses: Vec<&Named> = named.iter().filter(is_abuse).collect();
    let abuse = *abuses.get(index(&mut random, abuses.len())).ok_or("no block pays a criminal")?;
    let mut rest: Vec<&Named> = named.iter().filter(|n| !is_abuse(n)).collect();
    random.shuffle(&mut rest);
    let mut picks: Vec<&Named> = Vec::new();
    for n in rest {
        if picks.len() < 3 && picks.iter().all(|p| p.txid != n.txid && p.label != n.label) {
            picks.push(n);
        }
    }
    let [a, b, c] = picks[..] else { return Err("the bundled blocks have too few named outputs".into()) };
    // One payment of thousands, for this learner alone.
    let at = index(&mut random, blocks.len());
    let block = holdfast_bitcoin::Block::parse(blocks[at].1.clone()).map_err(|e| e.to_string())?;
    let crowded: Vec<usize> = (1..block.txs.len()).filter(|i| (3..40).contains(&block.outputs_of(*i).len())).collect();
    let tx = *random.pick(&crowded);
    let (txid, paid) =
        (holdfast_bitcoin::display_hash(&block.txids[tx]), block.outputs_of(tx).iter().map(|o| o.value).sum());
    let list = |of: fn(&Named) -> &String| -> Vec<String> {
        named.iter().map(of).collect::<BTreeSet<_>>().into_iter().cloned().collect()
    };
    let (labels, categories) = (list(|n| &n.label), list(|n| &n.category));
    let mut csv = String::from("address,currency,label,source,category,confidence\n");
    let mut seen = BTreeSet::new();
    for n in named.iter().filter(|n| seen.insert(n.address.as_str())) {
        let quote = |t: &str| format!("\"{}\"", t.replace('"', "\"\""));
        csv += &format!("{},BTC,{},{},{},ownership\n", n.address, quote(&n.label), quote(&n.source), n.category);
    }
    let brief = "Five real blocks of bitcoin, 2014 to 2024, with the public attribution of the addresses that they pay (GraphSense TagPacks). Say \
        whom their transactions paid.\n\nLook at them on the lab's own pages, or fetch the pack and read it in: `holdfast ingest blocks/*.block \
        --ledger store/ledger`, then `holdfast tags import tags --store store`, `holdfast show ... --store store`."
        .to_owned();
    let steps = vec![
        step(
            "name",
            15,
            format!("Whom did output {} of `{}` pay?", a.vout, a.txid),
            Check::Choice { right: a.label.clone(), options: labels.clone() },
            &["The transaction's page has the name beside the output."],
            format!("{} is tagged {} ({}).", a.address, a.label, a.source),
        ),
        find(
            "address",
            15,
            format!("Which address received {} coins in `{}`?", coins(b.value), b.txid),
            Form::Address,
            &b.address,
            &["Look for the amount among the outputs."],
            format!("It is {}'s.", b.label),
        ),
        step(
            "category",
            15,
            format!("Of which category is `{}`?", c.address),
            Check::Choice { right: c.category.clone(), options: categories },
            &["The page of the address lists its tags with their category."],
            format!("The tag of {} states it ({}).", c.label, c.source),
        ),
        step(
            "paid",
            15,
            format!("How much do all outputs of `{txid}` pay together?"),
            Check::Amount(paid),
            &["Add the outputs; the fee is not among them."],
            format!("{} coins, in block {}.", coins(paid), blocks[at].0),
        ),
        step(
            "abuse",
            20,
            format!("`{}` was paid by output {} of `{}`. How much?", abuse.address, abuse.vout, abuse.txid),
            Check::Amount(abuse.value),
            &["The transaction's page lists its outputs in order."],
            format!("It is an address of {}: {} coins.", abuse.label, coins(abuse.value)),
        ),
        step(
            "who",
            20,
            "And who is behind that address?",
            Check::Choice { right: abuse.label.clone(), options: labels },
            &["Its page has a tag."],
            format!("{}, by {} ({}).", abuse.label, abuse.pack, abuse.source),
        ),
    ];
    Ok(Made { brief, files: Vec::new(), chain: Chain::Real(blocks, ("names.csv".into(), csv.into_bytes())), steps })
}
