//! Live nodes by JSON-RPC: blocks, receipts and traces, in batches, with what each node lacks found out once.
//!
//! Receipts come from `eth_getBlockReceipts`, or one by one where a node lacks it; traces from `debug_traceBlockByNumber` (`callTracer`), else from
//! `trace_block`, else not at all. Everything but traces is verified, so a node can withhold but not invent.

use crate::proof::AccountProof;
use crate::scan::Scanner;
use crate::{
    Block, BlockError, Chain, Checks, Header, Ommers, Receipt, Trace, Transaction, VerifiedBlock, json, trace, verify,
};
use alloy_primitives::{Address, B256, U256};
use holdfast_node::{Client, Limits, equal, fault, parse};
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

pub use holdfast_node::NodeError;

/// Traces of a full block take a node seconds and reach some 100 MB.
const LIMITS: Limits = Limits { time: Duration::from_secs(120), answer: 512 << 20, tries: TRIES };
/// Tries of a request that the node is too busy for, and the first pause between them, which grows fourfold.
const TRIES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Most calls in one request; of traces, which are some 10 MB for a full block, and of everything else.
const TRACES_BATCH: usize = 5;
const BATCH: usize = 50;
/// Most blocks that are read at once.
const MAX_BLOCKS: usize = 1_000;
/// Most requests under way at once, and the fewest and the most blocks of one of them.
const CONNECTIONS: usize = 4;
const PART: (usize, usize) = (2, 5);

/// Which block counts as the tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The newest.
    Latest,
    /// The newest that cannot be reorganized without slashing (Ethereum since the merge; other chains by their own rules).
    Finalized,
}

/// A node's JSON-RPC interface.
pub struct Node {
    client: Client,
    authorization: Option<String>,
    chain: Chain,
    checks: Checks,
    /// Most calls in one request.
    batch: usize,
    /// How receipts come: 0 by block, 1 one by one.
    receipts: AtomicU8,
    /// How traces come: 0 by `debug_traceBlockByNumber`, 1 by `trace_block`, 2 not at all.
    traces: AtomicU8,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("url", &self.client.shown())
            .field("chain", &self.chain.id())
            .finish_non_exhaustive()
    }
}

/// Receipts, by block.
type Receipts = Vec<Vec<Receipt>>;

/// A call: method and parameters.
type Call<'a> = (&'a str, Value);

impl Node {
    /// Connects to a node and reads which chain it has. `authorization` is the header's value, such as `Bearer ...`.
    ///
    /// # Errors
    /// [`NodeError`] where it does not answer.
    pub fn connect(url: &str, authorization: Option<String>) -> Result<Self, NodeError> {
        let mut node = Node {
            client: Client::new(url, LIMITS),
            authorization,
            chain: Chain::of(0),
            checks: Checks::default(),
            batch: BATCH,
            receipts: AtomicU8::new(0),
            traces: AtomicU8::new(0),
        };
        let number: json::Quantity = node.call("eth_chainId", json!([]))?;
        node.chain = Chain::of(number.0);
        Ok(node)
    }

    /// Changes what is known of the chain, such as further wrappers.
    #[must_use]
    pub fn with_chain(self, change: impl FnOnce(Chain) -> Chain) -> Self {
        Node { chain: change(self.chain.clone()), ..self }
    }

    /// Changes what verification leaves out.
    #[must_use]
    pub fn with_checks(self, checks: Checks) -> Self {
        Node { checks, ..self }
    }

    /// Changes how many calls one request may have, for nodes that take few; 1 is no batches.
    #[must_use]
    pub fn with_batch(self, calls: usize) -> Self {
        Node { batch: calls.clamp(1, BATCH), ..self }
    }

    /// Reads no traces: moves inside transactions stay unknown.
    #[must_use]
    pub fn without_traces(self) -> Self {
        self.traces.store(2, Ordering::Relaxed);
        self
    }

    /// Returns the node's chain.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Returns height and hash of the tip.
    ///
    /// # Errors
    /// [`NodeError`].
    pub fn tip(&self, tag: Tag) -> Result<(u64, B256), NodeError> {
        let tag = if tag == Tag::Latest { "latest" } else { "finalized" };
        let header: TipHeader = self.call("eth_getBlockByNumber", json!([tag, false]))?;
        Ok((header.number.0, header.hash))
    }

    /// Returns the hash of the best chain's block at a height; `None` above the tip.
    ///
    /// # Errors
    /// [`NodeError`].
    pub fn hash_at(&self, height: u64) -> Result<Option<B256>, NodeError> {
        let header: Option<TipHeader> = self.call("eth_getBlockByNumber", json!([hex(height), false]))?;
        Ok(header.map(|h| h.hash))
    }

    /// Returns the verified blocks of a range of heights with their traces, as far as the chain goes (at most 1,000) and in one piece: each block is
    /// the parent of the next.
    ///
    /// # Errors
    /// [`NodeError`]; [`NodeError::Block`] where a block does not hold, or where the chain changed while it was read: read again.
    pub fn blocks(&self, heights: Range<u64>) -> Result<Vec<VerifiedBlock>, NodeError> {
        let heights: Vec<u64> = heights.take(MAX_BLOCKS).collect();
        let part = heights.len().div_ceil(CONNECTIONS).clamp(PART.0, PART.1);
        let parts: Vec<&[u64]> = heights.chunks(part).collect();
        if let [one] = parts.as_slice() {
            return self.part(one);
        }
        // A part is verified while the node answers for others. They are taken in order: what was not read is behind what failed.
        let (next, read): (_, Vec<OnceLock<_>>) =
            (AtomicUsize::new(0), parts.iter().map(|_| OnceLock::new()).collect());
        let take = || {
            while let Some((part, read)) = parts.iter().zip(&read).nth(next.fetch_add(1, Ordering::Relaxed)) {
                let result = self.part(part);
                if result.is_err() {
                    next.store(parts.len(), Ordering::Relaxed);
                }
                let _ = read.set(result);
            }
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..CONNECTIONS.min(parts.len())).map(|_| scope.spawn(take)).collect();
            take();
            others.into_iter().for_each(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        });
        let mut all = Vec::with_capacity(heights.len());
        for part in read.into_iter().filter_map(OnceLock::into_inner) {
            all.extend(part?);
        }
        in_one_piece(all.iter().map(VerifiedBlock::block))?;
        Ok(all)
    }

    /// Reads and verifies blocks one after another.
    fn part(&self, heights: &[u64]) -> Result<Vec<VerifiedBlock>, NodeError> {
        let (mut blocks, receipts) = self.blocks_with_receipts(heights)?;
        in_one_piece(blocks.iter())?;
        for block in &mut blocks {
            self.read_ommers(block)?;
        }
        let receipts = match receipts {
            Some(receipts) => receipts,
            None => self.receipts_one_by_one(&mut blocks)?,
        };
        let traces = self.traces(&blocks)?;
        let traces: Vec<Option<Vec<Trace>>> = match traces {
            Some(traces) => traces.into_iter().map(Some).collect(),
            None => vec![None; blocks.len()],
        };
        let verify_one = |((block, receipts), traces)| -> Result<VerifiedBlock, BlockError> {
            let block = verify(&self.chain, block, receipts, self.checks)?;
            match traces {
                Some(traces) => block.with_traces(traces),
                None => Ok(block),
            }
        };
        // All of them are verified, so that the error is always the first one's.
        let verified: Vec<_> = blocks.into_par_iter().zip(receipts).zip(traces).map(verify_one).collect();
        verified.into_iter().map(|block| block.map_err(NodeError::from)).collect()
    }

    /// Returns the balances in wei of accounts after a block, proved against its header (`eth_getProof`, EIP-1186). Nodes have the state of
    /// recent blocks only, unless they are archives.
    ///
    /// # Errors
    /// [`NodeError`]; [`NodeError::Block`] where a proof does not hold.
    pub fn balances(&self, accounts: &[Address], header: &Header) -> Result<Vec<U256>, NodeError> {
        let call = |account: &Address| ("eth_getProof", json!([account, [], hex(header.number)]));
        let calls: Vec<Call> = accounts.iter().map(call).collect();
        let mut balances = Vec::with_capacity(accounts.len());
        self.each(&calls, |i, answer| {
            let proof: AccountProof = parse(answer, "proof")?;
            equal("proof.address", &proof.address, &accounts[i])?;
            balances.push(proof.check(header.state_root).map_err(|e| e.of_block(header.number))?);
            Ok(())
        })?;
        Ok(balances)
    }

    /// Reads the headers of ommers, of which a block's JSON has hashes only.
    fn read_ommers(&self, block: &mut Block) -> Result<(), NodeError> {
        if block.ommers.count() == 0 {
            return Ok(());
        }
        let call = |i: usize| ("eth_getUncleByBlockHashAndIndex", json!([block.hash, format!("{i:#x}")]));
        let calls: Vec<Call> = (0..block.ommers.count()).map(call).collect();
        let mut headers: Vec<Header> = Vec::new();
        let read = self.each(&calls, |_, answer| {
            headers.push(json::ommer(answer)?);
            Ok(())
        });
        match read {
            Ok(()) => block.ommers = Ommers::Headers(headers),
            // Their rewards stay unknown; the block's own is then a claim.
            Err(e) if e.is_unknown_method() => {}
            Err(e) => return Err(e),
        }
        Ok(())
    }

    /// Reads blocks, as far as the chain goes, and in the same requests their receipts; no receipts where the node does not give them by block.
    fn blocks_with_receipts(&self, heights: &[u64]) -> Result<(Vec<Block>, Option<Receipts>), NodeError> {
        let block = |height: &u64| ("eth_getBlockByNumber", json!([hex(*height), true]));
        let receipts_of = |height: &u64| ("eth_getBlockReceipts", json!([hex(*height)]));
        let mut is_at_once = true;
        loop {
            let has_them = self.receipts.load(Ordering::Relaxed) == 0;
            let by_block = has_them && is_at_once;
            let (mut blocks, mut receipts) = (Vec::with_capacity(heights.len()), Vec::new());
            let calls: Vec<Call> = match by_block {
                true => heights.iter().flat_map(|height| [block(height), receipts_of(height)]).collect(),
                false => heights.iter().map(block).collect(),
            };
            let mut is_stored = false;
            let read = self.each(&calls, |i, answer| {
                let (number, is_receipts) = if by_block { (i / 2, i % 2 == 1) } else { (i, false) };
                match blocks.last_mut().filter(|_| is_receipts && is_stored) {
                    Some(block) => receipts.push(json::receipts(block, answer)?),
                    None if is_receipts => {}
                    None => {
                        is_stored = answer != b"null";
                        if is_stored {
                            blocks.push(self.block_at(heights[number], answer)?);
                        }
                    }
                }
                Ok(())
            });
            let read = match read {
                // Only of the blocks that the node has.
                Ok(()) if has_them && !by_block => {
                    let calls: Vec<Call> = blocks.iter().map(|block| receipts_of(&block.header.number)).collect();
                    self.each(&calls, |i, answer| {
                        receipts.push(json::receipts(&mut blocks[i], answer)?);
                        Ok(())
                    })
                }
                read => read,
            };
            match read {
                Ok(()) => return Ok((blocks, has_them.then_some(receipts))),
                Err(e) if has_them && e.is_unknown_method() => self.receipts.store(1, Ordering::Relaxed),
                // Some nodes refuse receipts of blocks that they do not have yet.
                Err(NodeError::Rpc { .. }) if by_block => is_at_once = false,
                Err(e) => return Err(e),
            }
        }
    }

    /// Reads a block, which has to be that at a height.
    fn block_at(&self, height: u64, answer: &[u8]) -> Result<Block, NodeError> {
        let block = json::block(&self.chain, answer)?;
        let number = block.header.number;
        equal("header.number", &number, &height).map_err(|e| e.of_block(number))?;
        Ok(block)
    }

    fn receipts_one_by_one(&self, blocks: &mut [Block]) -> Result<Receipts, NodeError> {
        let mut receipts = Vec::with_capacity(blocks.len());
        for block in blocks {
            let hashes =
                block.transactions.iter().map(Transaction::hash).chain(block.state_sync.as_ref().map(|s| s.hash));
            let calls: Vec<Call> = hashes.map(|hash| ("eth_getTransactionReceipt", json!([hash]))).collect();
            let mut listed = Vec::with_capacity(calls.len());
            self.each(&calls, |i, answer| {
                listed.push(parse(answer, &format!("receipts[{i}]"))?);
                Ok(())
            })?;
            receipts.push(json::from_receipts(block, listed)?);
        }
        Ok(receipts)
    }

    /// Returns the traces of blocks; `None` where the node has none.
    fn traces(&self, blocks: &[Block]) -> Result<Option<Vec<Vec<Trace>>>, NodeError> {
        loop {
            let way = self.traces.load(Ordering::Relaxed);
            let call = |block: &Block| match way {
                0 => {
                    let options = json!({"tracer": "callTracer", "tracerConfig": {"withLog": true}, "timeout": "100s"});
                    ("debug_traceBlockByNumber", json!([hex(block.header.number), options]))
                }
                _ => ("trace_block", json!([hex(block.header.number)])),
            };
            if way > 1 {
                return Ok(None);
            }
            let calls: Vec<Call> = blocks.iter().map(call).collect();
            let mut traces = Vec::with_capacity(blocks.len());
            let read = self.each(&calls, |i, answer| {
                let count = blocks[i].transactions.len();
                let mut read = if way == 0 { trace::nested(answer) } else { trace::flat(answer, count) };
                // Polygon's nodes trace the state sync too, behind the transactions.
                if let (Ok(traces), true) = (&mut read, blocks[i].state_sync.is_some()) {
                    traces.truncate(count);
                }
                traces.push(read.map_err(|e| e.of_block(blocks[i].header.number))?);
                Ok(())
            });
            match read {
                Ok(()) => return Ok(Some(traces)),
                Err(e) if e.is_unknown_method() => self.traces.store(way + 1, Ordering::Relaxed),
                Err(e) => return Err(e),
            }
        }
    }

    /// Calls a method.
    ///
    /// # Errors
    /// [`NodeError`] for transport faults and for the node's own.
    pub fn call<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, NodeError> {
        let mut result = None;
        self.each(&[(method, params)], |_, answer| {
            let read =
                serde_json::from_slice(answer).map_err(|e| NodeError::Shape(method.to_owned(), e.to_string()))?;
            result = Some(read);
            Ok(())
        })?;
        result.ok_or_else(|| NodeError::Shape(method.to_owned(), "no answer".to_owned()))
    }

    /// Makes calls, in batches, and hands each result as it is written to a function, in the order of the calls.
    fn each(
        &self,
        calls: &[Call],
        mut take: impl FnMut(usize, &[u8]) -> Result<(), NodeError>,
    ) -> Result<(), NodeError> {
        let has_traces = calls.first().is_some_and(|call| call.0.contains("trace"));
        let size = if has_traces { self.batch.min(TRACES_BATCH) } else { self.batch };
        for (group, first) in calls.chunks(size).zip((0..).step_by(size)) {
            let mut pause = FIRST_PAUSE;
            for tries in 1.. {
                match self.request(group, |i, result| take(first + i, result)) {
                    Err((0, e)) if e.is_busy() && tries < TRIES => {
                        std::thread::sleep(pause);
                        pause *= 4;
                    }
                    Err((_, e)) => return Err(e),
                    Ok(()) => break,
                }
            }
        }
        Ok(())
    }

    /// Makes calls in one request. An error comes with how many results were handed on before.
    fn request(
        &self,
        group: &[Call],
        mut take: impl FnMut(usize, &[u8]) -> Result<(), NodeError>,
    ) -> Result<(), (usize, NodeError)> {
        let request = |(i, (method, params)): (usize, &Call)| json!({"jsonrpc": "2.0", "id": i, "method": method, "params": params});
        let mut requests: Vec<Value> = group.iter().enumerate().map(request).collect();
        let body = if requests.len() == 1 { requests.remove(0) } else { Value::Array(requests) };
        let authorization = self.authorization.as_deref().map(|value| ("Authorization", value));
        let answer = self.client.post("", authorization, &body).map_err(|e| (0, e))?;
        let method = |i: usize| group.get(i).map_or("", |call| call.0);
        let shape = |i, problem: &dyn std::fmt::Display| NodeError::Shape(method(i).to_owned(), problem.to_string());
        let answers = answers(&answer).map_err(|e| (0, shape(0, &e)))?;
        let mut results: Vec<Option<&[u8]>> = vec![None; group.len()];
        for answer in &answers {
            // An error about the whole request has no id.
            let place = answer.id.filter(|id| *id < group.len());
            match (answer.error, place) {
                (Some(error), place) => return Err((0, fault(method(place.unwrap_or(0)), error))),
                (None, Some(place)) => results[place] = answer.result,
                (None, None) => return Err((0, shape(0, &"an answer to no call"))),
            }
        }
        for (i, result) in results.into_iter().enumerate() {
            let result = result.ok_or_else(|| (i, shape(i, &"no result")))?;
            take(i, result).map_err(|e| (i, e))?;
        }
        Ok(())
    }
}

#[derive(serde::Deserialize)]
struct TipHeader {
    number: json::Quantity,
    hash: B256,
}

/// Refuses blocks of which one is not the parent of the next.
fn in_one_piece<'b>(blocks: impl Iterator<Item = &'b Block> + Clone) -> Result<(), BlockError> {
    let mut pairs = blocks.clone().zip(blocks.skip(1));
    match pairs.find(|(parent, block)| block.header.parent_hash != parent.hash) {
        Some((parent, block)) => {
            let (stated, hash) = (block.header.parent_hash, parent.hash);
            Err(BlockError::mismatch("header.parentHash", stated, hash).of_block(block.header.number))
        }
        None => Ok(()),
    }
}

fn hex(height: u64) -> String {
    format!("{height:#x}")
}

/// An answer of JSON-RPC, whose parts stay as they are written.
#[derive(Debug)]
struct Answer<'a> {
    id: Option<usize>,
    result: Option<&'a [u8]>,
    error: Option<&'a [u8]>,
}

fn answers(body: &[u8]) -> Result<Vec<Answer<'_>>, BlockError> {
    let mut scanner = Scanner::new(body);
    let mut answers = Vec::new();
    if !scanner.next_if(b'[') {
        answers.push(answer(&mut scanner)?);
    } else {
        while !scanner.next_if(b']') {
            if !answers.is_empty() {
                scanner.expect(b',')?;
            }
            answers.push(answer(&mut scanner)?);
        }
    }
    scanner.end()?;
    Ok(answers)
}

fn answer<'a>(scanner: &mut Scanner<'a>) -> Result<Answer<'a>, BlockError> {
    let mut answer = Answer { id: None, result: None, error: None };
    scanner.expect(b'{')?;
    while !scanner.next_if(b'}') {
        let key = scanner.string()?;
        scanner.expect(b':')?;
        let value = scanner.value()?;
        match key {
            "id" => answer.id = std::str::from_utf8(value).ok().and_then(|id| id.parse().ok()),
            "result" => answer.result = Some(value),
            "error" if value != b"null" => answer.error = Some(value),
            _ => {}
        }
        scanner.next_if(b',');
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_types::ErrorKind;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;

    /// A node that answers each request with the next of some texts.
    fn node(answers: Vec<(u16, String)>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://user:secret@{}/key", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for (status, answer) in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    let line = line.trim().to_lowercase();
                    if let Some(n) = line.strip_prefix("content-length:") {
                        length = n.trim().parse().unwrap();
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                reader.read_exact(&mut vec![0; length]).unwrap();
                let head =
                    format!("HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
                stream.write_all(head.as_bytes()).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        url
    }

    const CHAIN: &str = r#"{"jsonrpc":"2.0","id":0,"result":"0x1"}"#;

    #[test]
    fn passing_faults_are_tried_again_and_credentials_are_not_shown() {
        let url = node(vec![(503, "busy".into()), (429, "{}".into()), (200, CHAIN.into()), (401, "no".into())]);
        let node = Node::connect(&url, None).unwrap();
        assert_eq!(node.chain().number(), 1);
        let error = node.tip(Tag::Latest).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let message = format!("{error} {node:?}");
        assert!(
            matches!(error, NodeError::Credentials { status: 401, .. }) && !message.contains("secret"),
            "{message}"
        );
        assert!(!message.contains("key/") && !message.contains("/key"), "{message}");
    }

    #[test]
    fn receipts_that_are_refused_for_blocks_to_come_stop_no_reading() {
        let refused = r#"[{"id":0,"result":null},{"id":1,"error":{"code":-32000,"message":"block not found"}}]"#;
        let none = r#"{"id":0,"result":null}"#;
        let texts = [CHAIN, refused, none];
        let url = node(texts.iter().map(|text| (200, (*text).to_owned())).collect());
        let node = Node::connect(&url, None).unwrap();
        let (blocks, receipts) = node.blocks_with_receipts(&[7]).unwrap();
        assert!(blocks.is_empty() && receipts.is_some_and(|receipts| receipts.is_empty()));
        assert_eq!(node.receipts.load(Ordering::Relaxed), 0, "by block the next time too");
    }

    #[test]
    fn answers_in_any_order_reach_their_calls() {
        let both = r#"[{"id":1,"jsonrpc":"2.0","result":{"b":[1,"}"]}},{"id":0,"result":null}]"#;
        let error = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batches are not allowed"}}"#;
        let unknown = r#"{"id":0,"error":{"code":-32601,"message":"the method foo does not exist/is not available"}}"#;
        let busy = r#"[{"id":0,"result":null},{"id":1,"error":{"code":-32005,"message":"limit exceeded"}}]"#;
        let texts = [CHAIN, busy, both, error, unknown, r#"{"id":0}"#];
        let url = node(texts.iter().map(|text| (200, (*text).to_owned())).collect());
        let node = Node::connect(&url, None).unwrap();
        let calls = [("a", json!([])), ("b", json!([]))];
        let mut seen = Vec::new();
        let each = |seen: &mut Vec<(usize, String)>| {
            node.each(&calls, |i, answer| {
                seen.push((i, String::from_utf8(answer.to_vec()).unwrap()));
                Ok(())
            })
        };
        each(&mut seen).unwrap();
        assert_eq!(seen, [(0, "null".to_owned()), (1, r#"{"b":[1,"}"]}"#.to_owned())]);
        assert!(matches!(each(&mut seen).unwrap_err(), NodeError::Rpc { code: -32600, .. }));
        assert!(node.call::<Value>("foo", json!([])).unwrap_err().is_unknown_method());
        assert!(matches!(node.call::<Value>("foo", json!([])).unwrap_err(), NodeError::Shape(..)));
    }
}
