//! What of a bundle rests on somebody's word, counted by kind, and said in sentences.

use crate::check::follows;
use crate::contents::{Attribution, Basis, Contents};
use crate::report::Report;
use crate::view::Held;
use holdfast_account_attribution::Kind;
use holdfast_account_ledger::StoredTransfer;
use holdfast_analysis::accounts::{AccountEndKind, stop_of};
use holdfast_analysis::links::{Link, LinkKind};
use holdfast_links::Contracts;
use holdfast_types::{ChainId, Commitment, Position};

/// Claims by kind.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// Transfers outside transactions.
    pub outside: usize,
    /// Transactions whose receipts carry what the node added.
    pub receipts: usize,
    /// Transactions without a signature.
    pub senders: usize,
    /// Transactions whose logs are numbered by the node's word.
    pub log_numbers: usize,
    /// Moves that only a trace shows.
    calls: usize,
    /// Transfers of Tron that logs or the node's accounts of fees show.
    tron: usize,
    /// Other transfers that nothing commits to.
    others: usize,
    /// Ranges in which the transfers of accounts are all that there are, and those that begin with an unproved balance.
    histories: usize,
    first_balances: usize,
    openings: usize,
    /// Attributions without a tag that may be seen, through a cluster, or whose end of traces this build sees otherwise.
    words: usize,
    clusters: usize,
    other_stops: usize,
    /// Links by a rule, to chains that are not held, and candidates.
    by_rule: usize,
    elsewhere: usize,
    candidates: usize,
    /// Measured errors of links.
    errors: usize,
    wrappers: usize,
    bridges: usize,
    issuers: usize,
    resting: usize,
    /// Acts of issuers, and those that only logs of Tron show.
    acts: usize,
    acts_of_tron: usize,
}

impl Claims {
    /// Counts a transfer that nothing commits to.
    pub fn moved(&mut self, chain: &ChainId, transfer: &StoredTransfer) {
        if transfer.commitment == Commitment::Root {
            return;
        }
        match transfer.position {
            _ if chain.namespace() == "tron" => self.tron += 1,
            Position::Trace(_) => self.calls += 1,
            _ => self.others += 1,
        }
    }

    /// Counts what of a history is not proved.
    pub fn held(&mut self, held: &Held) {
        self.histories += held.spans.len();
        self.first_balances += held.spans.iter().filter(|s| !s.is_first).count();
        self.openings += usize::from(held.opening.is_none_or(|opening| !opening.is_zero()));
    }

    /// Checks an attribution, and counts what of it is a claim.
    pub fn attribution(&mut self, attribution: &Attribution, address: &str) -> Result<(), String> {
        if !follows(attribution, address)? {
            self.words += 1;
        }
        self.clusters += usize::from(matches!(attribution.basis, Basis::Cluster { .. }));
        let kind = attribution.contract.as_deref().map(str::parse::<Kind>).transpose();
        let kind = kind
            .map_err(|_| format!("'{}' is no kind of contract", attribution.contract.as_deref().unwrap_or_default()))?;
        self.other_stops += usize::from(stop_of(kind, attribution.category) != attribution.stop);
        Ok(())
    }

    /// Counts a link. Returns whether its transactions must show it.
    pub fn link(&mut self, link: &Link, is_elsewhere: bool) -> bool {
        self.errors += usize::from(link.error_ppm.is_some());
        if link.kind == LinkKind::Mixer {
            self.candidates += 1;
            return false;
        }
        if link.basis == holdfast_analysis::links::Basis::Heuristic {
            self.by_rule += 1;
            return false;
        }
        self.elsewhere += usize::from(is_elsewhere);
        true
    }

    /// Counts what issuers did, and how much of it only logs of Tron show.
    pub fn acts(&mut self, all: usize, of_tron: usize) {
        (self.acts, self.acts_of_tron) = (all, of_tron);
    }

    /// Counts what was taken of the chains.
    pub fn of_coverage(&mut self, contents: &Contents) {
        for chain in &contents.parameters.chains {
            self.wrappers += chain.wrappers.len();
            self.issuers += chain.issuers.len();
            let known = Contracts::of(&chain.chain);
            let is_known = |(contract, role): &&(String, String)| {
                let account = crate::names::read_address(contract, &chain.chain);
                account.zip(role.parse().ok()).is_some_and(|(a, role)| known.role(&a) == Some(role))
            };
            self.bridges += chain.bridges.iter().filter(|b| !is_known(b)).count();
        }
    }

    /// Counts what the result says of the tip.
    pub fn of_result(&mut self, report: &Report) {
        self.resting += report.ends.iter().filter(|e| e.kind == AccountEndKind::Rests).count();
    }

    /// Says all of it.
    pub fn sentences(&self, contents: &Contents) -> Vec<String> {
        let mut said = vec![
            "that the headers are of the canonical chain: compare heights and hashes with a node or an explorer"
                .to_owned(),
        ];
        let mut say = |n: usize, sentence: &str| {
            if n > 0 {
                said.push(sentence.replace("{}", &n.to_string()));
            }
        };
        say(
            self.histories,
            "{} histories of accounts are complete, as the ledger has them: no offline proof shows that nothing else moved in between",
        );
        say(self.first_balances, "{} histories begin with a balance that the ledger states");
        say(
            self.openings,
            "{} accounts held something before the ledger's first block: the least with which no balance is negative",
        );
        say(self.calls, "{} moves inside transactions: the node's trace, which is carried, to which no root commits");
        say(self.tron, "{} transfers of Tron that logs, calls or fees show: no header of Tron commits to these");
        say(self.others, "{} other transfers to which no root commits");
        say(self.outside, "{} transfers outside transactions (rewards, withdrawals, first balances)");
        say(
            self.log_numbers,
            "{} transactions number their logs by those before them in the block, which are not here",
        );
        say(self.receipts, "{} receipts have fees for data that the node added");
        say(self.senders, "{} transactions are not signed: the node states their senders");
        say(
            self.resting,
            "{} ends rest at the ledger's tip: nothing moved them there, and nobody can prove that offline",
        );
        say(self.clusters, "{} accounts are attributed through clusters: their joins are the ledger's");
        say(self.words, "{} accounts are attributed by the maker's word, without a tag that the reader may see");
        say(
            self.other_stops,
            "{} accounts end or pass the trace otherwise than this build would decide from their tags",
        );
        say(self.by_rule, "{} links rest on a rule about other transactions, which are not here");
        say(self.elsewhere, "{} links lead to or from chains that are not here");
        say(self.candidates, "{} withdrawals or deposits of mixers are listed as candidates, never as facts");
        say(self.errors, "the measured errors of {} links");
        say(self.wrappers, "{} contracts are taken as wrappers of the coin by the maker's word");
        say(self.bridges, "{} contracts are taken as bridges' by the maker's word");
        say(self.issuers, "{} contracts are taken as issuers' by the maker's word");
        say(self.acts_of_tron, "{} acts of issuers on Tron: no header of Tron commits to the logs that show them");
        say(
            self.acts.min(1),
            "that issuers did nothing else with the accounts of the trace: no offline proof shows that",
        );
        for chain in &contents.parameters.chains {
            let blind = match chain.blind_blocks {
                0 => String::new(),
                n => format!(", {n} blocks without the moves inside their transactions"),
            };
            said.push(format!(
                "the ledger of {}: {}, blocks {} to {} ({}), final after {} blocks{blind}",
                chain.chain, chain.assets, chain.first.height, chain.tip.height, chain.tip.hash, chain.finality_blocks
            ));
        }
        said
    }
}
