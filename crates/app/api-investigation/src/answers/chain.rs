//! Answers about chains: addresses, transactions, blocks, exposures, paths, searches. A trace is answered in the format of evidence bundles.

use holdfast_attribution::{Category, Tlp};
use holdfast_state::answers::views;
use holdfast_workspace::lookup::HitKind;
use serde::Serialize;
use utoipa::ToSchema;

views! {
    /// What a workspace holds.
    Summary of holdfast_workspace::Summary {
        /// Network.
        network: String,
        /// Height of the tip.
        tip_height: Option<u32>,
        /// Hash of the tip.
        tip_hash: Option<String>,
        /// Blocks stored.
        blocks: u32,
        /// Transactions stored.
        txs: u32,
        /// Outputs stored.
        outputs: u64,
        /// Addresses seen.
        addresses: u32,
        /// Clusters, single addresses included.
        clusters: u64,
        /// Tags imported.
        tags: u64,
        /// Addresses of the ledger with tags of their own.
        tagged_addresses: u64,
        /// Height of the block up to which tags and clusters are in the exposures, while newer ones are being worked in; absent when all are.
        #[serde(skip_serializing_if = "Option::is_none")]
        exposures_as_of_height: Option<u32>,
    }

    /// What is known of an address.
    AddressReport of holdfast_workspace::AddressReport {
        /// The address.
        address: String,
        /// Its network; for an address of another chain the assets that its tags name.
        network: String,
        /// Whether a stored block mentions it.
        in_ledger: bool,
        /// Kind of script.
        script: String,
        /// Whether the script has no owner: anybody can spend it, or nobody can. Tags on it do not identify a user.
        ownerless: bool,
        /// Category that it counts under.
        #[schema(value_type = String)]
        category: Category,
        /// Its risk; `none` means that nothing is known.
        risk: String,
        /// Its own tags.
        tags: Vec<TagView> = each,
        /// Its entity.
        entity: Option<EntityView> = some,
        /// Outputs that paid it.
        receipt_count: u64,
        /// Base units received in stored blocks.
        received: u64,
        /// Base units of that not spent.
        balance: u64,
        /// Outputs among `receipt_count` that blocks paid which are not stored: `received` leaves them out and is then the least possible.
        outside: u64,
        /// Where it came from and went.
        exposure: Option<ExposureView> = some,
        /// Its receipts, oldest first, at most 200.
        receipts: Vec<Receipt> = each,
    }

    /// An entity: a cluster and who is behind it.
    EntityView of holdfast_workspace::EntityView {
        /// Its smallest address number in this ledger.
        cluster: u32,
        /// Addresses in it.
        addresses: u64,
        /// Its representative address.
        root_address: String,
        /// Category that its addresses count under.
        #[schema(value_type = String)]
        category: Category,
        /// The tag that defines it.
        tag: Option<TagView> = some,
    }

    /// A tag, as answers show it.
    TagView of holdfast_workspace::TagView {
        /// Name.
        label: String,
        /// Where it can be verified.
        source: String,
        /// Weightiest concept.
        #[schema(value_type = String)]
        category: Category,
        /// Its risk.
        risk: String,
        /// Reliability (GraphSense's scale).
        confidence: String,
        /// 0 to 100.
        confidence_level: u8,
        /// Actor id and name, where known.
        actor: Option<String>,
        /// Pack title.
        pack: String,
        /// Pack file.
        file: String,
        /// Creator of the pack.
        creator: String,
        /// Last modification.
        lastmod: String,
        /// Whether it holds for the whole cluster.
        is_cluster_definer: bool,
        /// Who may read it (TLP 2.0), where it is labelled.
        #[serde(skip_serializing_if = "Option::is_none")]
        tlp: Option<Tlp>,
    }

    /// One receipt of an address.
    Receipt of holdfast_workspace::Receipt {
        /// Transaction.
        txid: String,
        /// Output index.
        vout: u32,
        /// Height of its block; absent when its block is not stored.
        height: Option<u32>,
        /// Unix time of its block.
        time: Option<u32>,
        /// Base units, where known.
        value: Option<u64>,
        /// Transaction that spends it.
        spent_by: Option<String>,
        /// Height of the block whose transaction has the same id and replaced this output unspent (BIP 30): it is gone.
        replaced_at: Option<u32>,
    }

    /// A transaction.
    TxReport of holdfast_workspace::TxReport {
        /// Its id.
        txid: String,
        /// Ticker of the asset whose base units the amounts are.
        asset: String,
        /// Height of its block.
        height: u32,
        /// Hash of its block.
        block: String,
        /// Unix time of its block.
        time: u32,
        /// Whether it is a coinbase transaction.
        coinbase: bool,
        /// Weight units.
        weight: u32,
        /// Fee in base units, where all inputs are known.
        fee: Option<u64>,
        /// Kind of coinjoin that its shape matches.
        coinjoin: Option<String>,
        /// Inputs.
        inputs: Vec<TxSide> = each,
        /// Outputs.
        outputs: Vec<TxSide> = each,
        /// Where the money that it pays out came from, and whom it pays; absent for readers who may not see all tags behind it.
        #[serde(skip_serializing_if = "Option::is_none")]
        exposure: Option<ExposureView> = some,
    }

    /// One side of a transaction.
    TxSide of holdfast_workspace::TxSide {
        /// Address, where known.
        address: Option<String>,
        /// Base units, where known.
        value: Option<u64>,
        /// Label of the tag that the address counts under.
        label: Option<String>,
        /// Category.
        #[schema(value_type = String)]
        category: Category,
        /// Its risk; `none` means that nothing is known.
        risk: String,
        /// Inputs: where the money was (txid:index). Outputs: the transaction that spends it.
        other: Option<String>,
    }

    /// A block.
    BlockReport of holdfast_workspace::BlockReport {
        /// Height.
        height: u32,
        /// Hash.
        hash: String,
        /// Unix time.
        time: u32,
        /// Transactions.
        tx_count: u32,
        /// Bytes.
        size: u32,
        /// Its transactions' ids, at most 200.
        txids: Vec<String>,
    }

    /// Source and destination of funds by category.
    ExposureView of holdfast_workspace::ExposureView {
        /// Ticker of the asset whose base units the amounts are.
        asset: String,
        /// Base units of known amount that the shares are of.
        amount: u64,
        /// Where they came from.
        source: Vec<ExposureLine> = each,
        /// Where they went.
        destination: Vec<ExposureLine> = each,
        /// Outputs of unknown amount that the subject received in blocks that are not stored; `amount` and the shares leave them out.
        unknown_receipts: u64,
        /// Inputs of unknown amount of the transactions that paid the subject: their part of the source is assumed, not known.
        unknown_inputs: Vec<UnknownInputs> = each,
        /// 0 to 100: the riskiest of source, destination and the subject itself, weighted (severe 100, high 75, medium 25). With unknown
        /// amounts it is the least possible; null when it would be 0 but amounts are unknown, and when nothing is known at all.
        risk_score: Option<u32>,
        /// Height of the block up to which tags and clusters are in these figures, while newer ones are being worked in; absent when all are.
        #[serde(skip_serializing_if = "Option::is_none")]
        as_of_height: Option<u32>,
    }

    /// One category's part of an exposure.
    ExposureLine of holdfast_workspace::ExposureLine {
        /// Category.
        #[schema(value_type = String)]
        category: Category,
        /// Its risk.
        risk: String,
        /// Base units directly from or to it.
        direct: u64,
        /// Base units through unattributed addresses.
        indirect: u64,
        /// Both, in millionths of the whole.
        share_ppm: u64,
    }

    /// Inputs of unknown amount whose addresses count under one category.
    UnknownInputs of holdfast_workspace::UnknownInputs {
        /// Category.
        #[schema(value_type = String)]
        category: Category,
        /// Its risk.
        risk: String,
        /// How many.
        inputs: u64,
    }

    /// Why two addresses are, or are not, in one cluster.
    ExplainReport of holdfast_workspace::ExplainReport {
        /// First address.
        a: String,
        /// Second address.
        b: String,
        /// Whether they are in one cluster.
        joined: bool,
        /// Chain of merges from a to b.
        steps: Vec<ExplainStep> = each,
    }

    /// One step of an explanation.
    ExplainStep of holdfast_workspace::ExplainStep {
        /// An address.
        from: String,
        /// The next.
        to: String,
        /// Transaction that shows both under one control.
        txid: String,
        /// Height of its block.
        height: u32,
        /// Heuristic: `cospend`, or the change heuristics that agreed.
        heuristic: String,
    }

    /// A path between two entities.
    PathReport of holdfast_workspace::PathReport {
        /// Ticker of the asset whose base units the amounts are.
        asset: String,
        /// Base units that arrived.
        amount: u64,
        /// From first to last.
        steps: Vec<PathStep> = each,
    }

    /// One step of a path.
    PathStep of holdfast_workspace::PathStep {
        /// Transaction that created the output.
        txid: String,
        /// Output index.
        vout: u32,
        /// Address.
        address: String,
        /// Label, where tagged.
        label: Option<String>,
        /// Marked base units.
        amount: u64,
    }

    /// Answer to a search.
    #[schema(as = Lookup)]
    Lookup of holdfast_workspace::lookup::Lookup {
        /// Results, best first, at most 100.
        hits: Vec<Hit> = each,
        /// Results beyond those.
        more: u64,
        /// Identifiers of which nothing is known here.
        unknown: Vec<String>,
        /// What the search did not cover; empty when it covered all.
        notes: Vec<String>,
    }

    /// One result.
    #[schema(as = LookupHit)]
    Hit of holdfast_workspace::lookup::Hit {
        /// Kind of result.
        kind: HitKind,
        /// Its id: hash, height, address, actor id or label.
        id: String,
        /// Its name, where it has one.
        name: Option<String>,
        /// CAIP-2 id of the account chain that holds it; absent on chains of the Bitcoin family, and for what is known by tags alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        chain: Option<String>,
        /// Assets whose chains it is on.
        assets: Vec<String>,
        /// Weightiest category of its tags.
        #[schema(value_type = String)]
        category: Category,
        /// Its risk.
        risk: String,
        /// Whether the category is that of its cluster, or of its published kind, and not of a tag of its own.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        by_cluster: bool,
        /// Whether the ledger holds it.
        in_ledger: bool,
        /// Tagged addresses with this name; 1 for an address itself.
        addresses: u64,
        /// Some of them.
        examples: Vec<String>,
    }
}
