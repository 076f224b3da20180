//! Traces: the calls inside transactions, as the `callTracer` of `debug_traceBlockByNumber` nests them or `trace_block` lists them.
//!
//! No root commits to a trace: it is a claim of the node. Nothing below a failed frame happened, and the frame itself neither.

use crate::scan::Scanner;
use crate::{BlockError, Outcome, Transaction};
use alloy_primitives::{Address, B256, U256};
use holdfast_node::equal;
use serde::Deserialize;
use std::collections::HashMap;

/// Most frames that a block's traces may have.
pub const MAX_FRAMES: usize = 4_000_000;

/// Kind of a frame, as far as it decides whether value moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameKind {
    /// A call, which may carry value.
    Call,
    /// Code of another account run in one's own name: no value leaves.
    Borrowed,
    /// A call that cannot change anything.
    Static,
    /// A contract's creation.
    Create,
    /// A contract's end, which sends its whole balance.
    SelfDestruct,
}

/// A frame of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Kind.
    pub kind: FrameKind,
    /// Caller, creator or the contract that ends.
    pub from: Address,
    /// Who is called, the new contract or the heir; `None` where a creation failed.
    pub to: Option<Address>,
    /// Value in wei.
    pub value: U256,
    /// Whether it or a frame around it failed.
    pub failed: bool,
    /// Levels around it.
    pub depth: u32,
}

/// What happened next in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A frame began.
    Frame(u32),
    /// A log was written.
    Log,
}

/// The trace of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Hash of its transaction, where the trace names it.
    pub transaction: Option<B256>,
    /// Its frames in pre-order; the first is the transaction's own call.
    pub frames: Vec<Frame>,
    /// Frames and logs in order of execution; no logs where the trace does not carry them.
    pub steps: Vec<Step>,
}

impl Trace {
    fn push(&mut self, frame: Frame) -> Result<(), BlockError> {
        let number =
            u32::try_from(self.frames.len()).ok().filter(|n| usize::try_from(*n).is_ok_and(|n| n < MAX_FRAMES));
        let number = number.ok_or_else(|| BlockError::malformed("traces", format!("more than {MAX_FRAMES} frames")))?;
        self.frames.push(frame);
        self.steps.push(Step::Frame(number));
        Ok(())
    }

    /// Adds the logs behind a frame's last call.
    fn close(&mut self, frame: Running) {
        if !frame.failed {
            self.steps.extend(frame.logs.map(|_| Step::Log));
        }
    }

    /// Refuses a trace that is not that of a transaction.
    ///
    /// # Errors
    /// [`BlockError`] names what of the outermost call is not the transaction's.
    pub fn agrees_with(&self, transaction: &Transaction, from: Address, outcome: Outcome) -> Result<(), BlockError> {
        if let Some(stated) = &self.transaction {
            equal("txHash", stated, &transaction.hash())?;
        }
        let Some(outermost) = self.frames.first() else {
            // Arbitrum's system transactions may have none.
            let quiet = transaction.value.is_zero() || !transaction.is_signed();
            return if quiet { Ok(()) } else { Err(BlockError::malformed("frames", "there are none")) };
        };
        if !transaction.is_signed() {
            return Ok(());
        }
        equal("from", &outermost.from, &from)?;
        let receiver = transaction.to.or_else(|| transaction.created(from));
        if transaction.to.is_some() || outermost.to.is_some() {
            equal("to", &outermost.to, &receiver)?;
        }
        equal("value", &outermost.value, &transaction.value)?;
        match outcome {
            Outcome::Status(success) => equal("error.isNone", &!outermost.failed, &success),
            Outcome::Root(_) => Ok(()),
        }
    }
}

/// A frame of the `callTracer` while it is read: what nests in it may stand before its own fields.
#[derive(Default)]
struct Open {
    kind: Option<FrameKind>,
    from: Option<Address>,
    to: Option<Address>,
    value: U256,
    failed: bool,
    depth: u32,
    /// For each of its logs the number of its calls before.
    logs: Vec<u64>,
}

/// Reads the answer to `debug_traceBlockByNumber` with the `callTracer`, with or without logs: one entry for each transaction.
///
/// # Errors
/// [`BlockError`] names the field that does not read.
pub fn nested(json: &[u8]) -> Result<Vec<Trace>, BlockError> {
    let mut scanner = Scanner::new(json);
    let (mut traces, mut budget) = (Vec::new(), MAX_FRAMES);
    scanner.expect(b'[')?;
    while !scanner.next_if(b']') {
        if !traces.is_empty() {
            scanner.expect(b',')?;
        }
        let number = traces.len();
        let trace = read_entry(&mut scanner, &mut budget).map_err(|e| e.within(format_args!("traces[{number}]")))?;
        traces.push(trace);
    }
    scanner.end()?;
    Ok(traces)
}

/// Reads a transaction's entry `{"txHash": ..., "result": frame}`, or the frame alone.
fn read_entry(scanner: &mut Scanner, budget: &mut usize) -> Result<Trace, BlockError> {
    let mut opened: Vec<Open> = Vec::new();
    // Numbers of the frames around.
    let mut around: Vec<usize> = Vec::new();
    scanner.expect(b'{')?;
    opened.push(Open::default());
    around.push(0);
    let (mut in_result, mut transaction) = (false, None);
    while let Some(current) = around.last().copied() {
        if scanner.next_if(b'}') {
            around.pop();
            if around.is_empty() {
                break;
            }
            // Behind a call: another one, or the end of the list.
            if scanner.next_if(b',') {
                open(scanner, &mut opened, &mut around, budget)?;
            } else {
                scanner.expect(b']')?;
            }
            scanner.next_if(b',');
            continue;
        }
        let key = scanner.string()?;
        scanner.expect(b':')?;
        match key {
            "calls" if scanner.peek() == Some(b'[') => {
                scanner.expect(b'[')?;
                if !scanner.next_if(b']') {
                    open(scanner, &mut opened, &mut around, budget)?;
                    continue;
                }
            }
            "result" if current == 0 && !in_result && scanner.peek() == Some(b'{') => {
                scanner.expect(b'{')?;
                in_result = true;
                continue;
            }
            "txHash" if current == 0 => transaction = read_hash(scanner)?,
            _ => read_field(scanner, key, &mut opened[current])?,
        }
        scanner.next_if(b',');
    }
    // The entry around the frame.
    while in_result && !scanner.next_if(b'}') {
        scanner.expect(b',')?;
        let key = scanner.string()?;
        scanner.expect(b':')?;
        if key == "txHash" {
            transaction = read_hash(scanner)?;
        } else {
            scanner.skip()?;
        }
    }
    Ok(Trace { transaction, ..finish(opened)? })
}

fn read_hash(scanner: &mut Scanner) -> Result<Option<B256>, BlockError> {
    let text = scanner.optional_string()?;
    text.map(str::parse).transpose().map_err(|e| BlockError::malformed("txHash", e))
}

/// Begins a call inside the current frame.
fn open(
    scanner: &mut Scanner,
    opened: &mut Vec<Open>,
    around: &mut Vec<usize>,
    budget: &mut usize,
) -> Result<(), BlockError> {
    scanner.expect(b'{')?;
    *budget = budget.checked_sub(1).ok_or_else(|| BlockError::malformed("calls", format!("more than {MAX_FRAMES}")))?;
    around.push(opened.len());
    opened.push(Open { depth: u32::try_from(around.len() - 1).unwrap_or(u32::MAX), ..Open::default() });
    Ok(())
}

fn read_field(scanner: &mut Scanner, key: &str, frame: &mut Open) -> Result<(), BlockError> {
    let wrong = |e: &dyn std::fmt::Display| BlockError::malformed(key, e);
    match key {
        "type" => {
            let name = scanner.string()?;
            frame.kind = Some(kind_of(name).ok_or_else(|| wrong(&format_args!("{name} is not known")))?);
        }
        "from" => frame.from = Some(scanner.string()?.parse().map_err(|e| wrong(&e))?),
        "to" => frame.to = scanner.optional_string()?.map(str::parse).transpose().map_err(|e| wrong(&e))?,
        "value" => {
            let value = scanner.scalar()?.map(str::parse).transpose().map_err(|e| wrong(&e))?;
            frame.value = value.unwrap_or_default();
        }
        "error" => frame.failed = scanner.optional_string()?.is_some(),
        "logs" if scanner.peek() == Some(b'[') => {
            scanner.expect(b'[')?;
            while !scanner.next_if(b']') {
                let position = read_log(scanner)?;
                frame.logs.push(position);
                scanner.next_if(b',');
            }
        }
        _ => scanner.skip()?,
    }
    Ok(())
}

/// Reads a log of a frame: how many calls of the frame stand before it.
fn read_log(scanner: &mut Scanner) -> Result<u64, BlockError> {
    let mut position = u64::MAX;
    scanner.expect(b'{')?;
    while !scanner.next_if(b'}') {
        let key = scanner.string()?;
        scanner.expect(b':')?;
        if key == "position" {
            let number: Option<U256> =
                scanner.scalar()?.map(str::parse).transpose().map_err(|e| BlockError::malformed("logs.position", e))?;
            position = number.and_then(|n| u64::try_from(n).ok()).unwrap_or(u64::MAX);
        } else {
            scanner.skip()?;
        }
        scanner.next_if(b',');
    }
    Ok(position)
}

/// A frame whose calls are being gone through.
struct Running {
    depth: u32,
    failed: bool,
    calls: u64,
    logs: std::iter::Peekable<std::vec::IntoIter<u64>>,
}

/// Puts frames and logs into their order, and marks what stands below a failure.
fn finish(opened: Vec<Open>) -> Result<Trace, BlockError> {
    let mut trace = Trace::default();
    let mut running: Vec<Running> = Vec::new();
    for open in opened {
        while let Some(behind) = running.pop_if(|r| r.depth >= open.depth) {
            trace.close(behind);
        }
        let mut failed = open.failed;
        if let Some(parent) = running.last_mut() {
            while !parent.failed && parent.logs.next_if(|position| *position <= parent.calls).is_some() {
                trace.steps.push(Step::Log);
            }
            parent.calls += 1;
            failed |= parent.failed;
        }
        let missing = |field: &str| BlockError::malformed(field, "missing");
        let kind = open.kind.ok_or_else(|| missing("type"))?;
        let from = open.from.ok_or_else(|| missing("from"))?;
        trace.push(Frame { kind, from, to: open.to, value: open.value, failed, depth: open.depth })?;
        let mut logs = open.logs;
        logs.sort_unstable();
        running.push(Running { depth: open.depth, failed, calls: 0, logs: logs.into_iter().peekable() });
    }
    while let Some(behind) = running.pop() {
        trace.close(behind);
    }
    Ok(trace)
}

fn kind_of(name: &str) -> Option<FrameKind> {
    Some(match name {
        "CALL" | "call" => FrameKind::Call,
        "CALLCODE" | "DELEGATECALL" | "callcode" | "delegatecall" => FrameKind::Borrowed,
        "STATICCALL" | "staticcall" => FrameKind::Static,
        "CREATE" | "CREATE2" | "create" | "create2" => FrameKind::Create,
        "SELFDESTRUCT" | "SUICIDE" | "selfdestruct" | "suicide" => FrameKind::SelfDestruct,
        _ => return None,
    })
}

/// An entry of `trace_block`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FlatFrame {
    action: FlatAction,
    result: Option<FlatResult>,
    error: Option<String>,
    #[serde(default)]
    trace_address: Vec<u32>,
    transaction_position: Option<crate::json::Quantity>,
    transaction_hash: Option<B256>,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FlatAction {
    call_type: Option<String>,
    from: Option<Address>,
    to: Option<Address>,
    value: Option<U256>,
    address: Option<Address>,
    refund_address: Option<Address>,
    balance: Option<U256>,
}

#[derive(Deserialize)]
struct FlatResult {
    address: Option<Address>,
}

/// Reads the answer to `trace_block` of a block with a number of transactions. Rewards in it are left out: they follow from the header.
///
/// # Errors
/// [`BlockError`] names the field that does not read.
pub fn flat(json: &[u8], transactions: usize) -> Result<Vec<Trace>, BlockError> {
    let entries: Vec<FlatFrame> = holdfast_node::parse(json, "traces")?;
    let mut traces = vec![Trace::default(); transactions];
    // Addresses of failed frames in a transaction.
    let mut failures: HashMap<usize, Vec<Vec<u32>>> = HashMap::new();
    for (i, entry) in entries.into_iter().enumerate() {
        let named = |e: BlockError| e.within(format_args!("traces[{i}]"));
        if entry.kind == "reward" {
            continue;
        }
        let position = entry.transaction_position.and_then(|p| usize::try_from(p.0).ok()).filter(|p| *p < transactions);
        let position =
            position.ok_or_else(|| named(BlockError::malformed("transactionPosition", "none of the block's")))?;
        let failures = failures.entry(position).or_default();
        let below = failures.iter().any(|failed| entry.trace_address.starts_with(failed));
        let failed = below || entry.error.is_some();
        if failed && !below {
            failures.push(entry.trace_address.clone());
        }
        traces[position].transaction = entry.transaction_hash;
        traces[position].push(flat_frame(entry, failed).map_err(named)?).map_err(named)?;
    }
    Ok(traces)
}

fn flat_frame(entry: FlatFrame, failed: bool) -> Result<Frame, BlockError> {
    let name = entry.action.call_type.as_deref().unwrap_or(&entry.kind);
    let kind = kind_of(name).ok_or_else(|| BlockError::malformed("type", format!("{name} is not known")))?;
    let action = entry.action;
    let (from, to, value) = match kind {
        FrameKind::SelfDestruct => {
            (action.address.or(action.from), action.refund_address.or(action.to), action.balance)
        }
        FrameKind::Create => (action.from, entry.result.and_then(|r| r.address).or(action.to), action.value),
        _ => (action.from, action.to, action.value),
    };
    let from = from.ok_or_else(|| BlockError::malformed("action.from", "missing"))?;
    let depth = u32::try_from(entry.trace_address.len()).unwrap_or(u32::MAX);
    Ok(Frame { kind, from, to, value: value.unwrap_or_default(), failed, depth })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: &str = "0x00000000000000000000000000000000000000aa";
    const B: &str = "0x00000000000000000000000000000000000000bb";

    #[test]
    fn nothing_below_a_failed_frame_counts_in_either_form() {
        let nested_json = format!(
            r#"[{{"txHash":null,"result":{{"type":"CALL","from":"{A}","to":"{B}","value":"0x1","calls":[
                {{"type":"CALL","from":"{B}","to":"{A}","value":"0x2","error":"reverted","logs":[],"calls":[
                    {{"type":"SELFDESTRUCT","from":"{A}","to":"{B}","value":"0x3"}}]}},
                {{"type":"CREATE2","from":"{B}","to":"{A}","value":"0x4"}}],
                "logs":[{{"position":"0x1"}},{{"position":"0x2"}}]}}}}]"#
        );
        let flat_json = format!(
            r#"[{{"type":"call","action":{{"callType":"call","from":"{A}","to":"{B}","value":"0x1"}},"traceAddress":[],"transactionPosition":0}},
            {{"type":"call","action":{{"callType":"call","from":"{B}","to":"{A}","value":"0x2"}},"error":"Reverted","traceAddress":[0],"transactionPosition":0}},
            {{"type":"suicide","action":{{"address":"{A}","refundAddress":"{B}","balance":"0x3"}},"traceAddress":[0,0],"transactionPosition":0}},
            {{"type":"create","action":{{"from":"{B}","value":"0x4"}},"result":{{"address":"{A}"}},"traceAddress":[1],"transactionPosition":0}},
            {{"type":"reward","action":{{"author":"{A}","value":"0x5","rewardType":"block"}},"traceAddress":[]}}]"#
        );
        let nested = nested(nested_json.as_bytes()).unwrap();
        let flat = flat(flat_json.as_bytes(), 1).unwrap();
        assert_eq!(nested[0].frames, flat[0].frames);
        let failed: Vec<bool> = flat[0].frames.iter().map(|f| f.failed).collect();
        assert_eq!(failed, [false, true, true, false]);
        let f = Step::Frame;
        assert_eq!(nested[0].steps, [f(0), f(1), f(2), Step::Log, f(3), Step::Log]);
        assert_eq!(flat[0].steps, [f(0), f(1), f(2), f(3)]);
    }

    #[test]
    fn any_depth_is_read_and_damage_is_refused() {
        let deep = |levels: usize| {
            let open = format!(r#"{{"type":"CALL","from":"{A}","to":"{B}","value":"0x1","calls":["#).repeat(levels);
            format!("[{open}{}]", "]}".repeat(levels))
        };
        assert_eq!(nested(deep(1_024).as_bytes()).unwrap()[0].frames.len(), 1_024);
        let text = deep(100_000);
        assert_eq!(nested(text.as_bytes()).unwrap()[0].frames.last().unwrap().depth, 99_999);
        let text = deep(3);
        for cut in 0..text.len() {
            assert!(nested(&text.as_bytes()[..cut]).is_err(), "{cut} bytes");
        }
        let frame = format!(r#"{{"type":"CALL","from":"{A}","calls":[],"to":null,"value":"0x1","error":null}}"#);
        assert_eq!(nested(format!("[{frame}]").as_bytes()).unwrap()[0].frames[0].to, None);
        let entry = format!(r#"{{"result":{frame},"txHash":null}}"#);
        assert_eq!(nested(format!("[{entry}, {entry}]").as_bytes()).unwrap().len(), 2);
        assert_eq!(nested(b"[]").unwrap().len(), 0);
    }

    #[test]
    fn a_position_beyond_the_block_is_refused() {
        let entry = format!(
            r#"[{{"type":"call","action":{{"callType":"call","from":"{A}","to":"{B}","value":"0x1"}},"traceAddress":[],"transactionPosition":1}}]"#
        );
        assert_eq!(flat(entry.as_bytes(), 1).unwrap_err().field, "traces[0].transactionPosition");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[\\[\\]{}:,\"a-z0-9 ]{0,60}", place in 0usize..500, byte in any::<u8>()) {
            let _ = nested(text.as_bytes());
            let _ = flat(text.as_bytes(), 3);
            let frame = format!(r#"{{"type":"CALL","from":"{A}","to":"{B}","value":"0x1","calls":[{{"type":"CALL","from":"{B}","to":"{A}","logs":[{{"position":"0x0"}}]}}]}}"#);
            let mut entry = format!(r#"[{{"txHash":null,"result":{frame}}}]"#).into_bytes();
            let place = place % entry.len();
            entry[place] = byte;
            let _ = nested(&entry);
        }
    }
}
