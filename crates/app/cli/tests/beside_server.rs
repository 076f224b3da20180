//! Every command beside a running server. A command that is in the program and not in the table fails the test, so that none is forgotten.

mod common;

use common::{Desk, Running, holdfast, path, run, serving, small_store, words};
use holdfast_testing::value_model;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How a command ends beside a running server.
enum Ends {
    /// It works.
    Well,
    /// It works, and a value of its JSON answer is kept under a name for the rows below.
    Gives(&'static str, &'static str),
    /// It is refused for what it was given, not because a server runs: the message has these words.
    Refused(&'static str),
    /// It cannot work beside a server, for this reason; the message has these words.
    Alone(&'static str, &'static str),
    /// It works on files of its own and has no `--server`.
    Offline,
    /// It is not run here.
    NotRun,
}

use Ends::{Alone, Gives, NotRun, Offline, Refused, Well};

/// A command, its arguments (`{name}` is a value kept above; `{dir}` a folder with the files below), and how it ends.
type RowOf = (&'static str, &'static [&'static str], Ends);

const ADDRESS: &str = "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48";

/// In this order, because commands build on what others did.
const TABLE: &[RowOf] = &[
    ("keys create", &["reader", "--scopes", "read"], Gives("key", "/key/id")),
    ("keys create", &["second", "--role", "administrator"], Gives("change", "/change")),
    ("keys list", &[], Well),
    ("keys change", &["{key}", "--scopes", "chain"], Well),
    ("keys list-desk-keys", &[], Gives("desk_key", "/0/id")),
    ("keys retire-desk-key", &["{desk_key}", "--reason", "test"], Refused("in use")),
    ("keys revoke", &["{key}"], Well),
    ("keys replace-desk-key", &["--reason", "test"], Alone("the server works with the key", "stop the server first")),
    ("keys rotate-desk-key", &[], Alone("the server works with the key", "stop the server first")),
    ("changes list", &[], Well),
    ("changes show", &["{change}"], Well),
    ("changes approve", &["{change}", "--as", "a second person"], Well),
    ("rules apply", &["{dir}/book.yaml"], Gives("change", "/change")),
    ("changes reject", &["{change}", "--reason", "no", "--as", "a second person"], Well),
    ("rules show", &[], Well),
    ("rules fields", &[], Offline),
    ("rules typologies", &[], Offline),
    ("records import", &["{dir}/records.jsonl"], Well),
    ("screen", &["{dir}/events.jsonl"], Well),
    ("screen", &["{dir}/events.jsonl", "--no-ledger"], Refused("the running server has its own")),
    ("rules test", &["{dir}/book.yaml"], Well),
    ("models features", &[], Offline),
    ("models import", &["{dir}/model.hfm"], Gives("model", "/model")),
    ("models import", &["{dir}/book.yaml"], Refused("does not begin with HFM1")),
    ("models list", &[], Well),
    ("models show", &["{model}"], Well),
    ("models card", &["{model}"], Well),
    ("models export", &["{model}", "{dir}/exported.hfm"], Well),
    ("verify", &["{dir}/exported.hfm"], Offline),
    (
        "models import",
        &["{dir}/exported.hfm", "--signature", "{dir}/exported.hfm.sig", "--signer", "00"],
        Refused("another key signed it"),
    ),
    ("models promote", &["{model}", "--to", "champion", "--reason", "good"], Refused("shadow first")),
    ("models promote", &["{model}", "--to", "shadow", "--reason", "trial"], Well),
    ("models drift", &["{model}", "--from", "2026-01-01"], Well),
    ("models compare", &["{model}", "{model}"], Well),
    ("models card", &["{model}", "--pdf", "{dir}/card.pdf"], Well),
    ("models precision", &["{model}", "--budget", "0.1"], Well),
    ("models audit-draw", &[], Well),
    ("models audit-sample", &[], Well),
    (
        "models audit-review",
        &["999999", "--outcome", "false_positive", "--note", "a salary"],
        Refused("in the audit sample"),
    ),
    ("models score", &["1"], Well),
    ("models shipped", &[], Well),
    (
        "models simulate",
        &["event-risk", "{dir}/simulated.hfm", "--seed", "3", "--customers", "120", "--days", "60", "--cases", "12"],
        Offline,
    ),
    ("models train", &["event-risk"], Well),
    ("models train-accounts", &["--positive", "{dir}/no", "--negative", "{dir}/no"], Refused("No such file")),
    ("models score-accounts", &["{dir}/book.yaml", "--positive", "{dir}/no"], Refused("does not begin with HFM1")),
    (
        "models train-accounts",
        &["--chain", "ethereum", "--labels", "{dir}/accounts.csv"],
        Refused("no account chain is stored here"),
    ),
    ("models suggest", &["ethereum"], Refused("no account chain is stored here")),
    ("models suggestions", &["--state", "open"], Well),
    ("models suggestion", &["1"], Refused("no suggestion 1")),
    ("models accept-suggestion", &["1", "--note", "test"], Refused("no suggestion 1")),
    ("models reject-suggestion", &["1", "--note", "test"], Refused("no suggestion 1")),
    ("models retire", &["{model}", "--reason", "test"], Well),
    ("rules statistics", &[], Well),
    ("rules versions", &[], Well),
    ("rules drafts begin", &["Stricter", "{dir}/book.yaml"], Gives("draft", "/draft/id")),
    ("rules drafts list", &["--state", "draft"], Well),
    ("rules drafts show", &["{draft}"], Well),
    ("rules drafts show", &["99"], Refused("draft 99")),
    (
        "rules drafts write",
        &["{draft}", "{dir}/book.yaml", "--title", "Stricter still"],
        Gives("draft_sha256", "/sha256"),
    ),
    ("rules drafts back-test", &["{draft}", "--wait"], Well),
    ("rules drafts submit", &["{draft}", "--seen", "00"], Refused("read it before")),
    ("rules drafts submit", &["{draft}", "--seen", "{draft_sha256}"], Gives("draft_change", "/change")),
    ("changes reject", &["{draft_change}", "--reason", "no", "--as", "a second person"], Well),
    ("rules diff", &["1"], Well),
    ("rules restore", &["1"], Refused("in force already")),
    ("rules drafts begin", &["Not needed"], Gives("other_draft", "/draft/id")),
    ("rules drafts discard", &["{other_draft}"], Well),
    ("tags add-own", &["{a}", "BTC", "A shop", "scam", "a report", "--reason", "seen"], Gives("own_tag", "/own")),
    (
        "tags change-own",
        &["{own_tag}", "{a}", "BTC", "A bank", "exchange", "a letter", "--reason", "it is none"],
        Gives("own_tag_2", "/own"),
    ),
    ("tags list", &["--text", "A bank"], Well),
    ("tags packs", &[], Well),
    ("tags remove-own", &["{own_tag_2}", "--reason", "withdrawn"], Well),
    ("tags remove-own", &["{own_tag_2}", "--reason", "again"], Refused("no own tag")),
    ("prices set", &["DOGE", "100000000", "35", "--reason", "the feed is down"], Well),
    ("prices set", &["DOGE", "0", "35"], Refused("price")),
    ("prices list", &[], Well),
    ("retention set", &["records", "--days", "1826", "--basis", "a law"], Well),
    ("retention set", &["records", "--days", "-1", "--basis", "a law"], Refused("days")),
    ("retention list", &[], Well),
    ("retention show", &["nobody-here"], Refused("there is no customer")),
    ("retention hold", &["a-customer", "--reason", "proceedings"], Gives("legal_hold", "/id")),
    ("retention holds", &["--customer", "a-customer"], Well),
    ("retention lift", &["{legal_hold}", "--reason", "they ended"], Well),
    ("retention propose", &["nobody-here", "--reason", "asked"], Refused("there is no customer")),
    ("retention erasures", &[], Well),
    ("retention erase", &["99"], Refused("erasure 99")),
    ("retention reject", &["99", "--reason", "no"], Refused("erasure 99")),
    ("providers state", &[], Well),
    ("statistics", &["decisions"], Well),
    ("watch make", &["Ransom", "--moves"], Gives("watch", "/list/id")),
    ("watch make", &["Nothing"], Refused("choose at least one")),
    ("watch add", &["{watch}", "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"], Well),
    ("watch show", &["{watch}"], Well),
    ("watch list", &[], Well),
    ("watch notifications", &[], Well),
    ("watch remove", &["{watch}"], Well),
    ("statistics", &["alerts", "--from", "2020-01-01"], Refused("at most 400 days")),
    ("events show", &["w-1"], Well),
    ("events list", &["--kind", "withdrawal"], Well),
    ("customers find", &["c-1"], Well),
    ("customers show", &["c-1"], Well),
    ("customers show", &["nobody"], Refused("customer 'nobody'")),
    ("events complete", &["{dir}/completions.jsonl"], Well),
    ("alerts list", &[], Gives("alert", "/0/id")),
    ("alerts show", &["{alert}"], Well),
    ("alerts assign", &["{alert}", "ana"], Well),
    ("alerts comment", &["{alert}", "looked at"], Well),
    ("alerts close", &["{alert}", "true-positive", "it is one"], Well),
    ("alerts reopen", &["{alert}", "more came"], Well),
    ("alerts queue", &["--sort", "oldest"], Well),
    ("alerts evidence", &["{alert}"], Well),
    ("alerts save-view", &["mine", "--assignee", "me"], Gives("view", "/id")),
    ("alerts views", &[], Well),
    ("alerts delete-view", &["{view}"], Well),
    ("alerts assign-many", &["boss", "{alert}"], Well),
    ("alerts to-case", &["{alert}"], Well),
    ("alerts close-many", &["true-positive", "it is one", "{alert}", "--hold", "keep"], Well),
    ("desk inbox", &[], Well),
    ("desk mark-read", &["1"], Well),
    ("customers overview", &["c-1"], Well),
    ("customers note", &["c-1", "looked at"], Well),
    ("holds list", &["--state", "active"], Gives("hold", "/0/id")),
    (
        "holds place",
        &["--id", "f-1", "--scope", "account", "--customer", "c-1", "--basis", "order", "--reason", "court"],
        Well,
    ),
    ("holds release", &["{hold}", "--reason", "cleared"], Well),
    ("holds show", &["{hold}"], Well),
    ("holds check", &[], Well),
    ("audit list", &["--after", "2"], Well),
    ("audit anchor", &[], Well),
    ("audit verify", &[], Well),
    ("audit verify", &["--anchors", "{store}/audit.anchors"], Well),
    ("audit verify", &["--head", "00"], Refused("does not verify")),
    ("audit files", &[], Well),
    ("audit replay", &[], Well),
    ("audit clock", &[], Well),
    ("people list", &[], Gives("person", "/0/id")),
    ("people link", &["{person}", "--subject", "x"], Refused("identity provider")),
    ("people suspend", &["999", "--reason", "left"], Refused("person 999")),
    ("people activate", &["{person}", "--reason", "is back"], Refused("active")),
    ("people reset-factor", &["{person}", "--reason", "lost"], Refused("second factor")),
    ("people set-up-factor", &["--as", "second"], Well),
    ("people confirm-factor", &["nothing", "--as", "second"], Refused("wrong or used")),
    ("people recovery-codes", &["nothing", "--as", "second"], Refused("no second factor")),
    ("people passkeys", &["--as", "second"], Well),
    ("people remove-passkey", &["00", "--as", "second"], Refused("passkey '00'")),
    ("people end-sessions", &["{person}"], Well),
    ("sessions list", &[], Well),
    ("sessions end", &["nothing"], Refused("nothing")),
    ("jobs list", &["--state", "failed"], Well),
    ("jobs retry", &["999"], Refused("999")),
    ("jobs cancel", &["999"], Refused("999")),
    ("webhooks add", &["http://127.0.0.1:9/hook"], Well),
    ("webhooks list", &[], Well),
    ("webhooks retry", &["1"], Well),
    ("outbox list", &["--state", "sent"], Well),
    ("outbox list", &["--state", "lost"], Refused("waiting, failing, sent")),
    ("outbox retry", &["999"], Refused("mail 999")),
    ("webhooks remove", &["1"], Well),
    ("warnings list", &[], Well),
    ("warnings show", &["w-1"], Refused("warning")),
    ("warnings answer", &["w-1", "--give-up"], Refused("warning")),
    ("campaigns preview", &["{dir}/campaign.json"], Well),
    ("campaigns draft", &["{dir}/campaign.json"], Gives("campaign", "/id")),
    ("campaigns list", &[], Well),
    ("campaigns start", &["{campaign}", "--as", "a second person"], Well),
    ("campaigns people", &["{campaign}"], Well),
    ("campaigns effect", &["{campaign}"], Well),
    ("campaigns end", &["{campaign}"], Well),
    ("campaigns template", &["investment", "en"], Well),
    ("campaigns template", &["investment", "en", "--subject", "Stop", "--body", "{dir}/message.txt"], Well),
    ("desk policy", &[], Offline),
    ("desk review", &["{dir}/inquiry.json"], Offline),
    ("desk agencies add", &["FBI", "--country", "US", "--domain", "fbi.gov", "--evidence", "listed on usa.gov"], Well),
    ("desk agencies list", &[], Well),
    ("desk requests submit", &["{dir}/request.json"], Well),
    ("desk requests list", &["--state", "open"], Well),
    ("desk requests show", &["r-1"], Well),
    ("desk requests matches", &["r-1"], Well),
    ("desk requests matches", &["r-1", "--no-ledger"], Well),
    ("desk requests match", &["r-1", "nobody", "--reason", "no"], Refused("nobody")),
    ("desk requests call-back", &["r-1", "--number-from", "fbi.gov"], Well),
    ("desk requests prepare", &["r-1", "--outcome", "granted", "--reason", "in order"], Well),
    ("desk requests return", &["r-1", "--reason", "once more", "--as", "bo"], Well),
    ("desk requests prepare", &["r-1", "--outcome", "granted", "--reason", "in order"], Well),
    ("desk requests approve", &["r-1"], Refused("another person")),
    ("desk requests approve", &["r-1", "--as", "bo"], Well),
    ("desk productions make", &["r-1"], Refused("recipient")),
    ("desk productions list", &["r-1"], Well),
    ("desk productions fetch", &["r-1", "1", "--out", "{dir}/production"], Refused("production")),
    ("desk officers list", &[], Well),
    ("desk officers judge", &["1", "approve", "--reason", "called"], Refused("officer")),
    ("desk cases open", &["A case", "--summary", "About it"], Gives("case", "/case/id")),
    ("desk cases list", &[], Well),
    ("desk cases step", &["{case}", r#"{"step":"add","kind":"note","title":"Called."}"#], Well),
    ("desk cases exhibit", &["{case}", "{dir}/message.txt", "--place", "safe", "--media-type", "text/plain"], Well),
    ("desk cases show", &["{case}"], Well),
    ("desk cases report", &["{case}", "--out", "{dir}/case.pdf"], Well),
    ("evidence scan", &["{dir}/message.txt", "--out", "{dir}/scanned", "--case", "{case}"], Well),
    ("evidence secrets", &["{dir}/results", "--case", "{case}"], Well),
    ("tags import", &["{dir}/mine.csv"], Well),
    ("tags import", &["{dir}/no-tags.csv"], Refused("refused")),
    ("tags conflicts", &[], Well),
    ("cluster", &[], Well),
    ("exposure", &["--rebuild"], Well),
    ("exposure", &["{tx}"], Well),
    ("exposure", &["{tx}", "--chain", "ethereum"], Refused("no account chain")),
    ("show", &[ADDRESS], Well),
    ("search", &["exchange of the test"], Well),
    ("explain", &["{a}", "{a}"], Well),
    ("trace", &["{tx}", "--bundle", "{dir}/bundle"], Well),
    ("trace", &["{tx}", "--chain", "ethereum", "--asset", "USDT"], Refused("no account chain")),
    ("paths", &["{a}", "{a}"], Well),
    ("paths", &["{a}", "{a}", "--chain", "ethereum"], Refused("no account chain")),
    ("graph neighbours", &["{a}", "--direction", "in"], Well),
    ("graph neighbours", &["{a}", "--limit", "0"], Refused("limit")),
    ("graph lookup", &["{a}", "{tx}"], Well),
    ("graph transactions", &["{tx}"], Well),
    ("graph between", &["{a}", "{a}"], Well),
    ("graph entity", &["{a}", "--chain", "bitcoin"], Well),
    ("graph activity", &["{a}", "--period", "month"], Well),
    ("graph figures", &["{a}"], Well),
    ("verify", &["{dir}/bundle"], Offline),
    ("sharing communities open", &["Exchanges", "--own-name", "Example Exchange"], Gives("community", "/id")),
    ("sharing communities add", &["{community}", "Other Exchange"], Well),
    ("sharing communities list", &[], Well),
    ("sharing communities suspend", &["{community}", "Other Exchange", "--reason", "left"], Well),
    ("sharing sources add", &["community", "Ours", "{community}/intelligence"], Gives("source", "/0/id")),
    ("sharing sources list", &[], Well),
    ("sharing sources show", &["{source}"], Well),
    ("sharing sources read", &["{source}"], Refused("proposed")),
    ("changes approve", &["4", "--as", "a second person"], Well),
    ("sharing sources read", &["{source}"], Well),
    ("sharing sources withdraw", &["{source}", "--reason", "test"], Well),
    ("sharing flags raise", &["address", "BTC", ADDRESS, "--reason", "stolen"], Gives("flag", "/flag/id")),
    ("sharing flags list", &[], Well),
    ("sharing flags confirm", &["{flag}", "--reason", "police"], Well),
    ("sharing flags withdraw", &["{flag}", "--reason", "wrong"], Well),
    ("sharing share", &["{dir}/share.json"], Refused("wallets: none")),
    ("sharing tagpack", &["{pack}", "--creator", "Us", "--tlp", "TLP:CLEAR", "--out", "{dir}/pack.yaml"], Well),
    ("sharing misp", &["{pack}", "--creator", "Us", "--out", "{dir}/feed"], Well),
    ("sharing matching offer", &["{dir}/message.txt", "--partner", "Other Exchange"], Well),
    ("sharing matching list", &[], Well),
    ("sharing matching query", &["{dir}/message.txt", "http://127.0.0.1:9/x", "--key", "k"], Refused("127.0.0.1:9")),
    ("sharing discover", &["http://127.0.0.1:9/taxii2/"], Refused("127.0.0.1:9")),
    ("tags remove", &["{pack}"], Well),
    ("academy labs list", &[], Offline),
    ("academy labs make", &["forged-requests", "--seed", "1", "--out", "{dir}/lab"], Offline),
    ("academy labs check", &["forged-requests", "--seed", "1", "next", "--solution"], Offline),
    ("academy courses list", &[], Well),
    ("academy courses add", &["{dir}/course.md"], Well),
    ("academy courses show", &["stablecoins"], Well),
    (
        "academy sessions plan",
        &[
            "stablecoins",
            "--country",
            "ES",
            "--starts",
            "2026-09-21",
            "--ends",
            "2026-09-22",
            "--trainer",
            "Mira",
            "--parts",
            "2",
            "--place",
            "Madrid",
        ],
        Gives("session", "/id"),
    ),
    ("academy sessions list", &[], Well),
    (
        "academy sessions enrol",
        &["{session}", "--name", "Ana", "--email", "ana@p.example", "--agency", "P", "--country", "ES"],
        Gives("learner", "/learner/id"),
    ),
    ("academy sessions show", &["{session}"], Well),
    ("academy sessions key", &["{learner}"], Well),
    ("academy sessions attendance", &["{session}", "--part", "1", "{learner}"], Well),
    ("academy sessions class", &["{session}"], Well),
    ("academy sessions scoreboard", &["{session}"], Well),
    ("academy sessions xapi", &["{session}"], Well),
    ("academy sessions feedback", &["{session}", "--learner", "{learner}", "5", "4", "5"], Well),
    ("academy attempts begin", &["{session}", "forged-requests", "--learner", "{learner}"], Gives("attempt", "/id")),
    ("academy attempts begin", &["{session}", "forged-requests", "--learner", "77"], Refused("learner 77")),
    ("academy attempts show", &["{attempt}", "--learner", "{learner}"], Well),
    ("academy attempts hint", &["{attempt}", "first", "--learner", "{learner}"], Well),
    ("academy attempts answer", &["{attempt}", "next", "nothing", "--learner", "{learner}"], Well),
    ("academy attempts files", &["{attempt}", "--learner", "{learner}", "--out", "{dir}/task"], Well),
    (
        "academy attempts begin",
        &["{session}", "follow-a-ransom", "--learner", "{learner}"],
        Gives("chain_attempt", "/id"),
    ),
    ("academy attempts files", &["{chain_attempt}", "--learner", "{learner}", "--out", "{dir}/task-of-server"], Well),
    ("academy certificates give", &["{session}", "{learner}"], Refused("lab")),
    ("academy certificates revoke", &["none", "--reason", "test"], Refused("certificate")),
    ("academy certificates revoked", &[], Well),
    ("academy programme", &[], Well),
    ("academy sessions end", &["{session}"], Well),
    ("call", &["GET", "/api/v1/summary"], Well),
    ("accounts chains", &[], Well),
    ("accounts address", &["0x11111111111111111111111111111111111111aa"], Refused("no account chain")),
    ("accounts transfers", &["0x11111111111111111111111111111111111111aa"], Refused("no account chain")),
    ("accounts transaction", &["00"], Refused("no account chain")),
    ("accounts block", &["1"], Refused("no account chain")),
    ("accounts assets", &[], Refused("no account chain")),
    ("accounts asset", &["USDT"], Refused("no account chain")),
    ("accounts freezes", &[], Refused("no account chain")),
    ("accounts links", &["0x11111111111111111111111111111111111111aa"], Refused("no account chain")),
    ("accounts cluster", &["0x11111111111111111111111111111111111111aa"], Refused("no account chain")),
    (
        "accounts explain",
        &["0x11111111111111111111111111111111111111aa", "0x11111111111111111111111111111111111111aa"],
        Refused("no account chain"),
    ),
    ("accounts accuracy", &["--truth", "{dir}"], Refused("no account chain")),
    ("ledger info", &[], Offline),
    ("ledger check", &[], Offline),
    ("ledger check", &["--write"], Alone("it writes the ledger's files", "another process is writing this ledger")),
    ("ledger index", &[], Alone("it writes the ledger's files", "another process is writing this ledger")),
    ("ledger truncate", &["1"], Refused("--chain")),
    ("ledger rebuild", &[], Refused("--chain")),
    ("ledger rebuild", &["--chain", "ethereum"], Refused("no account chain")),
    ("ingest", &["{dir}/300025.block"], Alone("it writes the ledger", "another process is writing this ledger")),
    (
        "follow",
        &["--rest", "http://127.0.0.1:9", "--once"],
        Alone("it writes the ledger, as a server that follows does", "another process is writing this ledger"),
    ),
    ("serve", &["--listen", "127.0.0.1:0"], Alone("one server has a store", "another process is writing this ledger")),
    ("backup", &["{dir}/backup"], Offline),
    ("restore", &["{dir}/backup"], Alone("it makes a store", "is not empty")),
    ("config check", &["{dir}/holdfast.toml"], Offline),
    ("config reference", &[], Offline),
    ("providers query", &["--providers", "{dir}/message.txt", ADDRESS], Refused("message.txt")),
    ("simulate chain", &["{dir}/chain", "--txs", "1000"], Offline),
    (
        "simulate accounts",
        &["--out", "{dir}/accounts", "--blocks", "20", "--users", "20", "--txs-per-block", "10"],
        Offline,
    ),
    ("simulate exchange", &["{dir}/exchange", "--customers", "100", "--days", "14", "--cases", "1"], Offline),
    ("simulate score", &["{dir}/exchange"], Offline),
    // It makes and serves a store of its own.
    ("demo", &[], NotRun),
];

/// What shows the same beside the server and on the store itself.
const SAME: &[(&str, &[&str])] = &[
    ("keys list", &[]),
    ("keys list-desk-keys", &[]),
    ("changes list", &["--state", "approved"]),
    ("rules show", &[]),
    ("rules test", &["{dir}/book.yaml"]),
    ("rules statistics", &[]),
    ("rules versions", &[]),
    ("rules drafts list", &[]),
    ("prices list", &[]),
    ("rules drafts show", &["{draft}"]),
    ("rules diff", &["1"]),
    ("tags list", &[]),
    ("rules show", &["--version", "1"]),
    ("events show", &["w-1"]),
    ("events list", &["--customer", "c-1"]),
    ("customers find", &["c-1"]),
    ("alerts list", &[]),
    ("alerts show", &["{alert}"]),
    ("holds list", &[]),
    ("holds show", &["{hold}"]),
    ("holds check", &[]),
    ("audit clock", &[]),
    ("webhooks list", &[]),
    ("warnings list", &[]),
    ("campaigns list", &[]),
    ("campaigns effect", &["{campaign}"]),
    ("campaigns template", &["investment", "en"]),
    ("desk agencies list", &[]),
    ("desk requests list", &[]),
    ("desk requests show", &["r-1"]),
    ("desk requests matches", &["r-1"]),
    ("desk officers list", &[]),
    ("desk cases list", &[]),
    ("desk cases show", &["{case}"]),
    ("desk productions list", &["r-1"]),
    ("sharing communities list", &[]),
    ("sharing sources list", &[]),
    ("sharing flags list", &[]),
    ("sharing matching list", &[]),
    ("academy courses list", &[]),
    ("academy courses show", &["stablecoins"]),
    ("academy sessions list", &[]),
    ("academy sessions show", &["{session}"]),
    ("academy sessions class", &["{session}"]),
    ("academy sessions scoreboard", &["{session}"]),
    ("academy attempts show", &["{attempt}", "--learner", "{learner}"]),
    ("academy certificates revoked", &[]),
    ("academy programme", &[]),
    ("tags conflicts", &[]),
    ("show", &[ADDRESS]),
    ("show", &["{tx}"]),
    ("show", &["{tx}:0"]),
    ("show", &["300025"]),
    ("show", &["{a}"]),
    ("search", &["{a}"]),
    ("explain", &["{a}", "{a}"]),
    ("trace", &["{tx}"]),
    ("trace", &["{tx}", "--direction", "backward", "--policy", "fifo", "--format", "mermaid"]),
    ("exposure", &["{tx}"]),
    ("exposure", &["{a}", "--entity"]),
    ("paths", &["{a}", "{a}"]),
    ("graph neighbours", &["{a}", "--direction", "in"]),
    ("graph entity", &["{a}", "--chain", "bitcoin"]),
    ("graph transactions", &["{tx}"]),
];

/// All commands of the program that have none below.
fn all_commands() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut wait = vec![Vec::<String>::new()];
    while let Some(of) = wait.pop() {
        let help = run(holdfast().args(&of).arg("--help"));
        let list = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
        let names: Vec<&str> = list
            .filter(|l| l.starts_with("  ") && !l.starts_with("   "))
            .filter_map(|l| l.split_whitespace().next())
            .filter(|n| *n != "help")
            .collect();
        if names.is_empty() {
            all.insert(of.join(" "));
        }
        wait.extend(names.into_iter().map(|n| [of.clone(), vec![n.to_owned()]].concat()));
    }
    all
}

fn write_files(dir: &Path) {
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).unwrap();
    write("book.yaml", "title: t\nrules: []\n");
    std::fs::write(dir.join("accounts.csv"), format!("address,label\n0x{:040x},positive\n", 7)).unwrap();
    std::fs::write(dir.join("model.hfm"), value_model("withdrawal-scam", 50_000).to_bytes()).unwrap();
    write("records.jsonl", "{\"kind\":\"customer\",\"id\":\"c-1\",\"time\":1600000000,\"country\":\"DE\"}\n");
    // The second withdrawal goes to an imitation of the first's destination: it is held.
    let withdrawal = |id: &str, middle: &str| {
        json!({"id": id, "kind": "withdrawal", "time": 1_780_000_000, "customer": "c-1", "asset": "ETH", "amount": "1000",
            "value": 5_000, "counterparty": format!("0x12345678{}87654321", middle.repeat(24))})
    };
    write("events.jsonl", &format!("{}\n{}\n", withdrawal("w-1", "a"), withdrawal("w-2", "b")));
    write("completions.jsonl", "{\"event\":\"w-1\",\"time\":1780000600,\"status\":\"confirmed\"}\n");
    let campaign = json!({"title": "Stop before you pay", "scam": "investment", "partner": "Policia", "rule": {"days": 90},
        "holdout_ppm": 100_000});
    write("campaign.json", &campaign.to_string());
    write("message.txt", "{partner} and we warn you.\n");
    let request = json!({"id": "r-1", "received": 1_795_000_000, "kind": "information", "process": "us.2703d",
        "reference": "24-mj-1234", "officer": {"name": "Ana Berg", "email": "ana.berg@fbi.gov", "agency": "FBI", "country": "US"},
        "states": ["judge"], "targets": [{"kind": "email", "value": "someone@example.org"}], "classes": ["subscriber"]});
    write("request.json", &request.to_string());
    write("inquiry.json", &json!({ "request": request }).to_string());
    std::fs::create_dir(dir.join("results")).unwrap();
    write("results/sealed.jsonl", "");
    let tags = "address,currency,label,source,abuse,confidence\n";
    write("mine.csv", &format!("{tags}{ADDRESS},BTC,exchange of the test,https://example.org,scam,forensic\n"));
    write("no-tags.csv", "\u{0}\u{1}");
    write("share.json", "{\"channel\": \"1\"}");
    write(
        "course.md",
        "---\ncourse: stablecoins\nlang: en\nversion: 1\ntitle: Stablecoins\nsummary: Tokens that issuers can freeze.\nhours: 2\n\
         labs: [forged-requests, follow-a-ransom]\n---\n## Who can freeze\n\nText.\n",
    );
    write("holdfast.toml", "version = 1\n");
}

/// A server of a store, and what commands are given.
struct Beside {
    store: std::path::PathBuf,
    values: BTreeMap<String, String>,
    takes_store: BTreeSet<String>,
}

impl Beside {
    /// An argument with the values that were kept.
    fn fill(&self, arg: &str) -> String {
        let fill = |text: String, (name, value): (&String, &String)| text.replace(&format!("{{{name}}}"), value);
        self.values.iter().fold(arg.to_owned(), fill)
    }

    fn command(&self, name: &str, args: &[&str], flags: &[&str]) -> std::process::Output {
        let filled = args.iter().map(|arg| self.fill(arg));
        let mut command = holdfast();
        command.args(flags).args(name.split(' ')).args(filled);
        if self.takes_store.contains(name) {
            command.args(["--store", path(&self.store)]);
        }
        command.env_remove("HOLDFAST_SERVER").output().unwrap()
    }

    fn check(&mut self, (name, args, ends): &RowOf) {
        let flags: &[&str] = if matches!(ends, Gives(..)) { &["--json"] } else { &[] };
        if matches!(ends, NotRun) {
            return;
        }
        let output = self.command(name, args, flags);
        let text = words(&output);
        let busy = text.contains("another Holdfast") || text.contains("another process");
        match ends {
            Well | Gives(..) | Offline => assert!(output.status.success() && !busy, "{name} {args:?}: {text}"),
            Refused(why) => {
                assert!(!output.status.success() && text.contains(why) && !busy, "{name} {args:?}: {text}")
            }
            Alone(reason, why) => {
                assert!(!output.status.success() && text.contains(why), "{name} ({reason}) {args:?}: {text}")
            }
            NotRun => {}
        }
        if let Gives(kept, pointer) = ends {
            let answer: Value =
                serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{name}: {e}: {text}"));
            let value = answer.pointer(pointer).unwrap_or_else(|| panic!("{name}: no {pointer}: {answer}"));
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.values.insert((*kept).to_owned(), value);
        }
    }

    /// A folder that has the socket and the key of the desk, and no ledger: what is shown there comes from the server.
    fn queries_go_to_the_server(&self, dir: &Path) {
        let elsewhere = dir.join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(self.store.join("holdfast.sock"), elsewhere.join("holdfast.sock")).unwrap();
        std::fs::copy(self.store.join("desk.key"), elsewhere.join("desk.key")).unwrap();
        for args in [
            ["show", &self.values["a"]],
            ["search", &self.values["a"]],
            ["exposure", &self.values["tx"]],
            ["trace", &self.values["tx"]],
        ] {
            run(holdfast().args(args).args(["--store", path(&elsewhere)]).env_remove("HOLDFAST_SERVER"));
        }
        // What a killed server left is passed over.
        std::fs::remove_file(elsewhere.join("holdfast.sock")).unwrap();
        drop(std::os::unix::net::UnixListener::bind(elsewhere.join("holdfast.sock")).unwrap());
        let output = holdfast().args(["show", ADDRESS, "--store", path(&elsewhere)]).output().unwrap();
        assert!(words(&output).contains("ledger"), "{}", words(&output));
    }

    /// Every command that a server does goes to the one that is named; the others name none.
    fn commands_go_where_they_are_sent(&self) {
        let mut wrong = Vec::new();
        for (name, args, ends) in TABLE {
            let of: Vec<&str> = name.split(' ').collect();
            let takes_server = run(holdfast().args(&of).arg("--help")).contains("--server <");
            let refused_for = match ends {
                Well | Gives(..) => None,
                Refused(why) if takes_server => Some(*why),
                Offline => {
                    if takes_server {
                        wrong.push(format!("{name} works on files, and has --server"));
                    }
                    continue;
                }
                Refused(_) | Alone(..) | NotRun => continue,
            };
            if !takes_server {
                wrong.push(format!("{name} has no --server"));
                continue;
            }
            let filled = args.iter().map(|arg| self.fill(arg));
            let mut command = holdfast();
            let output = command.args(&of).args(filled).args(["--server", "http://127.0.0.1:1"]).output().unwrap();
            let text = words(&output);
            // What is wrong with the arguments themselves is seen before the server is reached.
            let is_expected =
                text.contains("127.0.0.1:1 does not answer") || refused_for.is_some_and(|w| text.contains(w));
            if output.status.success() || !is_expected {
                wrong.push(format!("{name} {args:?}: {text}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    fn shown(&self) -> Vec<(String, String)> {
        let both = |(name, args): &(&str, &[&str])| {
            [&[] as &[&str], &["--json"]].map(|flags| {
                let output = self.command(name, args, flags);
                assert!(output.status.success(), "{name}: {}", words(&output));
                (format!("{name} {flags:?}"), String::from_utf8(output.stdout).unwrap())
            })
        };
        SAME.iter().flat_map(both).collect()
    }
}

#[test]
fn every_command_works_beside_a_server_or_says_why_not() {
    let commands = all_commands();
    let listed: BTreeSet<String> = TABLE.iter().map(|row| row.0.to_owned()).collect();
    assert_eq!(listed, commands, "a command of the program is not in the table, or the other way round");

    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    write_files(dir.path());
    let at = ["--store", path(&store)];
    run(holdfast().args(["keys", "create", "boss", "--scopes", "admin"]).args(at));
    let takes = |name: &&String| run(holdfast().args(name.split(' ')).arg("--help")).contains("--store <");
    let show = |what: &str| -> Value {
        serde_json::from_str(&run(holdfast().args(["--json", "show", what]).args(at))).unwrap()
    };
    let block = show("300025");
    let tx = block["txids"][1].as_str().unwrap();
    let shown = show(tx);
    let address = shown["outputs"].as_array().unwrap().iter().find_map(|o| o["address"].as_str()).unwrap();
    let mut beside = Beside {
        values: BTreeMap::from([
            ("dir".to_owned(), path(dir.path()).to_owned()),
            ("store".to_owned(), path(&store).to_owned()),
            ("tx".to_owned(), tx.to_owned()),
            ("a".to_owned(), address.to_owned()),
            ("pack".to_owned(), "mine.csv".to_owned()),
        ]),
        takes_store: commands.iter().filter(takes).cloned().collect(),
        store: store.clone(),
    };
    // The site of commands that name none, which is in what the academy signs.
    let site = ["--site", "http://localhost:8650"];
    let (process, url) = serving(holdfast().args(["serve", "--listen", "127.0.0.1:0"]).args(at).args(site));
    let desk = Desk { process, url, dir };
    TABLE.iter().for_each(|row| beside.check(row));

    beside.queries_go_to_the_server(desk.dir.path());
    beside.commands_go_where_they_are_sent();
    let at_server = beside.shown();
    let Desk { process, dir, .. } = desk;
    end(process);
    let mut at_store = beside.shown();
    for (shown, alone) in at_server.iter().zip(&mut at_store) {
        // Fields stand in the order of whoever wrote the answer.
        match (serde_json::from_str::<Value>(&shown.1), serde_json::from_str::<Value>(&alone.1)) {
            (Ok(by_server), Ok(by_store)) => assert_eq!(by_server, by_store, "{}", shown.0),
            _ => assert_eq!(shown.1, alone.1, "{}", shown.0),
        }
    }
    // A task is the same from the server and from the store, with the chain that belongs to it.
    let of_store = ["{chain_attempt}", "--learner", "{learner}", "--out", "{dir}/task-of-store"];
    assert!(beside.command("academy attempts files", &of_store, &[]).status.success());
    let (by_server, by_store) = (dir.path().join("task-of-server"), dir.path().join("task-of-store"));
    for name in ["TASK.md", "blocks/blk00000.dat"] {
        assert_eq!(std::fs::read(by_server.join(name)).unwrap(), std::fs::read(by_store.join(name)).unwrap(), "{name}");
    }
    let chain = |task: &Path| run(holdfast().args(["--json", "show", "1", "--store", path(&task.join("store"))]));
    assert_eq!(chain(&by_server), chain(&by_store));
    // What was copied beside the server is a whole store.
    let restored = dir.path().join("restored");
    run(holdfast().args(["restore", path(&dir.path().join("backup")), "--store", path(&restored)]));
    assert!(!restored.join("holdfast.sock").exists() && !restored.join("serve.json").exists());
    let holds = |store: &Path| run(holdfast().args(["holds", "list", "--store", path(store)]));
    assert_eq!(holds(&restored), holds(&store));
}

/// Ends a server as systemd does.
fn end(mut process: Running) {
    let pid = process.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(process.0.wait().unwrap().success());
}
