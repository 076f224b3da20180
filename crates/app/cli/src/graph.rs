//! `holdfast graph`: neighbours with whole sums, lists of pasted items, transactions, entities, activity: what the explorer asks, as tables.

use crate::args::named;
use crate::chain_reader::server_of;
use crate::lookup::ChainArgs;
use crate::output::{self, counted, name_of, thousands};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use holdfast_attribution::Tlp;
use holdfast_chains::OpenChains;
use holdfast_client::{Client, Request, api_path};
use holdfast_explore::choose::choose;
use holdfast_explore::lookup::{LookupQuery, lookup};
use holdfast_explore::reports::{
    ActivityReport, AssetSum, By, EntityReport, FigureUnit, FiguresReport, Found, LookupReport, Movement, MovementKind,
    Neighbour, NeighboursReport, Period, Side, Sort, TransactionView, TransactionsReport, Who,
};
use holdfast_explore::transactions::{TransactionsQuery, Wanted, transactions};
use holdfast_explore::{Chain, ExploreError, NeighboursQuery};
use holdfast_types::{Amount, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// Largest file of pasted items.
const MAX_FILE: usize = 1 << 20;

/// Where a question is answered.
#[derive(Args)]
pub struct At {
    /// The chain that is meant: its network's name, a usual name, a ticker or CAIP-2 id. By default the one that stores what is named.
    #[arg(long = "chain")]
    name: Option<String>,
    #[command(flatten)]
    chain: ChainArgs,
}

#[derive(Subcommand)]
pub enum GraphCommand {
    /// Whom an address, an entity or a transaction was paid by (in) or paid (out), with what is not listed counted and summed.
    Neighbours(NeighboursArgs),
    /// Look up a list of addresses, transaction ids and names of any chain.
    Lookup {
        /// The items.
        items: Vec<String>,
        /// A file with one item a line.
        #[arg(long)]
        file: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
    /// Several transactions with what moved in them.
    Transactions {
        /// Their ids.
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        at: At,
    },
    /// All payments from one of several addresses to another.
    Between {
        /// The addresses, two or more.
        #[arg(required = true, num_args = 2..)]
        addresses: Vec<String>,
        #[command(flatten)]
        at: At,
    },
    /// The entity of an address, or an actor by its id: members, tags, sums, largest counterparties.
    Entity {
        /// Any address of the cluster, or the id of an actor.
        id: String,
        #[command(flatten)]
        at: At,
    },
    /// What came to an address and went from it by day, week or month.
    Activity {
        /// The address.
        address: String,
        /// day, week or month.
        #[arg(long, default_value = "day", value_parser = named::<Period>())]
        period: Period,
        /// Only this asset.
        #[arg(long)]
        asset: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Figures of an address that were computed over the whole chain (`holdfast-analytics`), as of their blocks.
    Figures {
        /// The address.
        address: String,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Args)]
pub struct NeighboursArgs {
    /// Address or transaction id; with --entity also an actor's id.
    subject: String,
    /// The whole entity of the address, or an actor.
    #[arg(long)]
    entity: bool,
    /// in or out.
    #[arg(long, default_value = "out", value_parser = named::<Side>())]
    direction: Side,
    /// What rows are: address, entity or transaction.
    #[arg(long, default_value = "address", value_parser = named::<By>())]
    by: By,
    /// amount, newest or oldest.
    #[arg(long, default_value = "amount", value_parser = named::<Sort>())]
    sort: Sort,
    /// Only this asset.
    #[arg(long)]
    asset: Option<String>,
    /// Only rows of this sum or more, base units.
    #[arg(long)]
    min_amount: Option<Amount>,
    /// Only movements from this time on, Unix seconds.
    #[arg(long)]
    from_time: Option<u64>,
    /// Only movements up to this time, Unix seconds.
    #[arg(long)]
    to_time: Option<u64>,
    /// Only neighbours of these categories, with commas.
    #[arg(long, value_delimiter = ',')]
    category: Vec<String>,
    /// Without fees.
    #[arg(long)]
    without_fees: bool,
    /// Rows at most, up to 1,000.
    #[arg(long, default_value_t = 20)]
    limit: u16,
    #[command(flatten)]
    at: At,
}

/// Who answers.
enum Reader {
    Files(OpenChains),
    Server(Client),
}

impl At {
    fn open(&self) -> anyhow::Result<Reader> {
        Ok(match server_of(&self.chain.store, &self.chain.server)? {
            Some(client) => Reader::Server(client),
            None => Reader::Files(OpenChains::open(&self.chain.store.store)?),
        })
    }

    /// Answers a question about a text on its chain.
    fn ask<T: DeserializeOwned>(
        &self,
        text: &str,
        files: impl FnOnce(&Chain) -> Result<T, ExploreError>,
        server: impl for<'c> FnOnce(&'c Client) -> Request<'c>,
    ) -> anyhow::Result<T> {
        match self.open()? {
            Reader::Files(chains) => Ok(files(&choose(&chains, text, self.name.as_deref())?)?),
            Reader::Server(client) => Ok(server(&client).fetch()?),
        }
    }
}

/// Shows an answer as JSON, or as text.
fn show<T: Serialize>(answer: &T, as_json: bool, text: impl FnOnce(&T)) -> anyhow::Result<()> {
    if as_json {
        return output::json(answer);
    }
    text(answer);
    Ok(())
}

pub fn run(command: GraphCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        GraphCommand::Neighbours(args) => neighbours(args, as_json),
        GraphCommand::Lookup { items, file, at } => look_up(items, file, &at, as_json),
        GraphCommand::Transactions { ids, at } => {
            let transactions = ids.into_iter().map(|id| Wanted { id, chain: None }).collect();
            movements(TransactionsQuery { transactions, between: Vec::new(), chain: at.name.clone() }, &at, as_json)
        }
        GraphCommand::Between { addresses, at } => {
            let query = TransactionsQuery { transactions: Vec::new(), between: addresses, chain: at.name.clone() };
            movements(query, &at, as_json)
        }
        GraphCommand::Entity { id, at } => entity(&id, &at, as_json),
        GraphCommand::Activity { address, period, asset, at } => {
            let files = |chain: &Chain| chain.activity(&address, asset.as_deref(), period, Tlp::Red);
            let report = at.ask(&address, files, |c| {
                let request = c.get(&api_path(&["addresses", &address, "activity"]));
                request
                    .query("period", name_of(&period))
                    .query_opt("asset", asset.as_ref())
                    .query_opt("chain", at.name.as_ref())
            })?;
            show(&report, as_json, print_activity)
        }
        GraphCommand::Figures { address, at } => {
            let files = |chain: &Chain| chain.figures(&address, Tlp::Red);
            let report = at.ask(&address, files, |c| {
                c.get(&api_path(&["addresses", &address, "figures"])).query_opt("chain", at.name.as_ref())
            })?;
            show(&report, as_json, print_figures)
        }
    }
}

fn neighbours(args: NeighboursArgs, as_json: bool) -> anyhow::Result<()> {
    let query = NeighboursQuery {
        subject: args.subject,
        entity: args.entity,
        direction: args.direction,
        by: args.by,
        sort: args.sort,
        asset: args.asset,
        min_amount: args.min_amount,
        from_time: args.from_time,
        to_time: args.to_time,
        categories: args.category,
        without_fees: args.without_fees,
        limit: Some(args.limit.into()),
    };
    let report = match args.at.open()? {
        Reader::Files(chains) => {
            choose(&chains, &query.subject, args.at.name.as_deref())?.neighbours(&query, Tlp::Red)?
        }
        Reader::Server(client) => asked(&client, &query).query_opt("chain", args.at.name.as_ref()).fetch()?,
    };
    show(&report, as_json, print_neighbours)
}

/// The question as a server is asked it.
fn asked<'c>(client: &'c Client, query: &NeighboursQuery) -> Request<'c> {
    let categories = Some(query.categories.join(",")).filter(|c| !c.is_empty());
    client
        .get("/api/v1/graph/neighbours")
        .query("subject", &query.subject)
        .query("entity", query.entity)
        .query("direction", name_of(&query.direction))
        .query("by", name_of(&query.by))
        .query("sort", name_of(&query.sort))
        .query("without_fees", query.without_fees)
        .query_opt("asset", query.asset.as_ref())
        .query_opt("min_amount", query.min_amount)
        .query_opt("from_time", query.from_time)
        .query_opt("to_time", query.to_time)
        .query_opt("category", categories)
        .query_opt("limit", query.limit)
}

fn look_up(mut items: Vec<String>, file: Option<PathBuf>, at: &At, as_json: bool) -> anyhow::Result<()> {
    if let Some(path) = file {
        let text = String::from_utf8(output::read_bounded(&path, MAX_FILE)?);
        let text = text.with_context(|| format!("{}: no UTF-8", path.display()))?;
        items.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    if items.is_empty() {
        bail!("name items, or a file of them with --file");
    }
    let query = LookupQuery { items, chain: at.name.clone() };
    let report = match at.open()? {
        Reader::Files(chains) => lookup(&chains, &query, Tlp::Red)?,
        Reader::Server(client) => client.post("/api/v1/graph/lookup").json(&query).fetch()?,
    };
    show(&report, as_json, print_lookup)
}

fn movements(query: TransactionsQuery, at: &At, as_json: bool) -> anyhow::Result<()> {
    let report = match at.open()? {
        Reader::Files(chains) => transactions(&chains, &query, Tlp::Red)?,
        Reader::Server(client) => client.post("/api/v1/graph/transactions").json(&query).fetch()?,
    };
    show(&report, as_json, print_transactions)
}

fn entity(id: &str, at: &At, as_json: bool) -> anyhow::Result<()> {
    let report: EntityReport = match at.open()? {
        Reader::Files(chains) => choose(&chains, id, at.name.as_deref())?.entity(id, Tlp::Red)?,
        Reader::Server(client) => {
            let chain = at.name.as_deref().context("a server is told the chain of an entity: name it with --chain")?;
            client.get(&api_path(&["entities", chain, id])).fetch()?
        }
    };
    show(&report, as_json, print_entity)
}

fn when(time: Option<u64>) -> String {
    let stamp = time.and_then(|t| i64::try_from(t).ok()).map(Timestamp::from_unix);
    stamp.map_or_else(|| "time unknown".into(), Timestamp::rfc3339)
}

fn who(who: &Who) -> String {
    let label = who.label.as_ref().map(|label| format!("{label}, ")).unwrap_or_default();
    if who.category.is_attributed() {
        format!(" [{label}{}, {} risk]", who.category.name(), who.risk)
    } else {
        String::new()
    }
}

fn print_sums(title: &str, sums: &[AssetSum]) {
    for sum in sums {
        let unknown =
            if sum.unknown > 0 { format!(", {} of unknown amount", thousands(sum.unknown)) } else { String::new() };
        println!("  {title:<9} {}  in {}{unknown}", sum.asset.amount(sum.amount), counted(sum.count, "movement"));
    }
}

fn print_notes(notes: &[String]) {
    notes.iter().for_each(|note| println!("note: {note}"));
}

fn print_row(row: &Neighbour) {
    let name = row.id.clone().unwrap_or_else(|| name_of(&row.kind));
    let own = if row.is_subject { " (itself)" } else { "" };
    let share = if row.divided { ", a share" } else { "" };
    println!(
        "  {:>26}  {name}{own}{}  in {}{share}, last {}",
        row.asset.amount(row.amount),
        who(&row.who),
        counted(row.count, "movement"),
        when(row.last_time)
    );
}

fn print_neighbours(report: &NeighboursReport) {
    let side = if report.direction == Side::In { "paid" } else { "was paid by" };
    println!("who {side} {} {} on {}:", name_of(&report.subject_kind), report.subject, report.chain);
    report.rows.iter().for_each(print_row);
    if report.more_rows > 0 {
        println!("  ... {} more rows", thousands(report.more_rows));
    }
    print_sums("total", &report.total);
    print_sums("listed", &report.listed);
    print_sums("the rest", &report.rest);
    print_sums("filtered", &report.filtered);
    print_notes(&report.notes);
}

fn print_lookup(report: &LookupReport) {
    for item in &report.items {
        let reason = item.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        println!("{} {}{reason}", name_of(&item.state), item.item);
        for choice in item.choices.iter().filter(|_| item.state != Found::Unknown) {
            let (name, chain) =
                (choice.name.as_deref().unwrap_or_default(), choice.chain.as_deref().unwrap_or("no stored chain"));
            println!("    {} {} {name} on {chain} [{}]", name_of(&choice.kind), choice.id, choice.category.name());
        }
        if item.more > 0 {
            println!("    ... {} more", thousands(item.more));
        }
    }
    println!(
        "{} resolved, {} ambiguous, {} unknown, {} repeated",
        report.resolved, report.ambiguous, report.unknown, report.repeated
    );
}

fn print_movement(movement: &Movement) {
    let amount = movement.amount.map_or_else(|| "unknown amount".into(), |a| movement.asset.amount(a));
    let party = |party: &Option<holdfast_explore::reports::Party>, none: &str| {
        party.as_ref().map_or_else(|| none.to_owned(), |p| format!("{}{}", p.address, who(&p.who)))
    };
    match movement.kind {
        MovementKind::Input => println!("  in   {amount:>26}  {}", party(&movement.from, "unknown address")),
        MovementKind::Output => println!("  out  {amount:>26}  {}", party(&movement.to, "unknown address")),
        MovementKind::Transfer => {
            println!("  {amount:>26}  {} to {}", party(&movement.from, "created"), party(&movement.to, "destroyed"));
        }
    }
}

fn print_transaction(view: &TransactionView) {
    let kind = view.coinjoin.as_ref().map(|k| format!(", coinjoin ({k})")).unwrap_or_default();
    let failed = if view.success { "" } else { ", failed" };
    println!(
        "transaction {} on {}, block {}, {}{kind}{failed}",
        view.id,
        view.chain,
        view.height,
        when(Some(view.time))
    );
    view.movements.iter().for_each(print_movement);
    print_sums("more in", &view.rest_in);
    print_sums("more out", &view.rest_out);
}

fn print_transactions(report: &TransactionsReport) {
    report.transactions.iter().for_each(print_transaction);
    for payment in &report.between {
        let share = if payment.divided { ", a share" } else { "" };
        let least = if payment.unknown { "at least " } else { "" };
        println!(
            "{least}{}  {} to {}, {}, transaction {}{share}",
            payment.asset.amount(payment.amount),
            payment.from,
            payment.to,
            when(Some(payment.time)),
            payment.tx
        );
    }
    print_sums("more", &report.more_between);
    report.missing.iter().for_each(|m| println!("not found: {}: {}", m.item, m.reason));
    print_notes(&report.notes);
}

fn print_entity(report: &EntityReport) {
    println!("{} {} on {}{}", name_of(&report.kind), report.id, report.chain, who(&report.who));
    println!(
        "{}, first seen {}, last seen {}",
        counted(report.members, "member"),
        when(report.first_seen),
        when(report.last_seen)
    );
    for tag in &report.tags {
        println!(
            "  tag {}: {} [{}, {} risk], {} ({})",
            tag.address,
            tag.label,
            tag.category.name(),
            tag.risk,
            tag.source,
            tag.pack
        );
    }
    print_sums("received", &report.received);
    print_sums("sent", &report.sent);
    print_sums("within", &report.within);
    println!("largest payers:");
    report.payers.iter().for_each(print_row);
    println!("largest payees:");
    report.payees.iter().for_each(print_row);
    print_notes(&report.notes);
}

fn print_figures(report: &FiguresReport) {
    println!("{} on {}:", report.address, report.chain);
    for table in &report.tables {
        println!("{} as of block {} {}:", table.name, thousands(table.as_of_block.height), table.as_of_block.hash);
        for figure in &table.figures {
            let number: Option<u64> = figure.value.parse().ok();
            let value = match (figure.unit, number) {
                (FigureUnit::Amount, _) => match (&report.asset, figure.value.parse::<Amount>()) {
                    (Some(asset), Ok(amount)) => asset.amount(amount),
                    _ => format!("{} base units", figure.value),
                },
                (FigureUnit::Time, time) => when(time),
                (FigureUnit::Count | FigureUnit::Height, Some(number)) => thousands(number),
                _ => figure.value.clone(),
            };
            println!("  {:<20} {value}", figure.name.replace('_', " "));
        }
    }
    print_notes(&report.notes);
}

fn print_activity(report: &ActivityReport) {
    println!("{} on {}, by {}:", report.address, report.chain, name_of(&report.period));
    for of in &report.assets {
        let before = Some(&of.before).filter(|b| b.received_count + b.sent_count > 0);
        for point in before.into_iter().chain(&of.points) {
            let start = if std::ptr::eq(point, &of.before) { "before".into() } else { when(Some(point.start)) };
            println!(
                "  {start}  in {} ({})  out {} ({})",
                of.asset.amount(point.received),
                thousands(point.received_count),
                of.asset.amount(point.sent),
                thousands(point.sent_count)
            );
        }
    }
    print_notes(&report.notes);
}
