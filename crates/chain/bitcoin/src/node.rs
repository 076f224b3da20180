//! Live nodes: blocks and the mempool by JSON-RPC (with user and password, or the cookie file) or by REST.

use crate::{BlockHash, Txid};
use holdfast_node::{Answer, Client, Limits};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

pub use holdfast_node::NodeError;

/// The tip of a node's best chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Height.
    pub height: u32,
    /// Block hash.
    pub hash: BlockHash,
}

/// Where blocks come from while following a chain.
pub trait BlockSource {
    /// Returns the best chain's tip.
    fn tip(&self) -> Result<Tip, NodeError>;
    /// Returns the hash of the best chain's block at a height; `None` above the tip.
    fn hash_at(&self, height: u32) -> Result<Option<BlockHash>, NodeError>;
    /// Returns a block's bytes.
    fn block(&self, hash: &BlockHash) -> Result<Vec<u8>, NodeError>;
    /// Txids waiting in the mempool.
    fn mempool(&self) -> Result<HashSet<Txid>, NodeError>;
    /// Returns a mempool transaction's bytes; `None` when it has left meanwhile.
    fn mempool_tx(&self, txid: &Txid) -> Result<Option<Vec<u8>>, NodeError>;
}

/// A block in hexadecimal digits; who follows a chain tries again by itself.
const LIMITS: Limits =
    Limits { time: Duration::from_secs(30), answer: 2 * crate::block::MAX_BLOCK_BYTES as u64 + 1024, tries: 1 };

/// A node's JSON-RPC interface.
pub struct Rpc {
    client: Client,
    authorization: Mutex<String>,
    /// The node writes a new cookie at every start: the file is read again when the node no longer takes the old one.
    cookie: Option<PathBuf>,
}

impl std::fmt::Debug for Rpc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rpc").field("url", &self.client.shown()).field("cookie", &self.cookie).finish_non_exhaustive()
    }
}

/// Returns the header's value for a user and password.
fn basic(user_and_password: &str) -> String {
    format!("Basic {}", base64(user_and_password.as_bytes()))
}

fn read_cookie(cookie: &Path) -> Result<String, NodeError> {
    let fail = |why: String| NodeError::Cookie(cookie.display().to_string(), why);
    let text = std::fs::read_to_string(cookie).map_err(|e| fail(e.to_string()))?;
    let text = text.trim();
    if !text.contains(':') {
        return Err(fail("no 'user:password' in it".into()));
    }
    Ok(basic(text))
}

impl Rpc {
    /// Connects lazily to `http://host:port` with a user and password.
    pub fn new(url: &str, user: &str, password: &str) -> Self {
        Rpc::with(url, basic(&format!("{user}:{password}")), None)
    }

    fn with(url: &str, authorization: String, cookie: Option<PathBuf>) -> Self {
        let authorization = Mutex::new(authorization);
        Rpc { client: Client::new(url, LIMITS), authorization, cookie }
    }

    /// Connects with the cookie that the node writes into its data folder.
    ///
    /// # Errors
    /// [`NodeError::Cookie`] when the file does not read or has no `user:password`.
    pub fn with_cookie(url: &str, cookie: &Path) -> Result<Self, NodeError> {
        Ok(Rpc::with(url, read_cookie(cookie)?, Some(cookie.to_owned())))
    }

    /// Sends a request; a cookie that the node does not take is read again once.
    fn send(&self, body: &Value) -> Result<Vec<u8>, NodeError> {
        let authorization = self.authorization.lock().unwrap_or_else(|e| e.into_inner()).clone();
        let post = |authorization: &str| self.client.post("", Some(("Authorization", authorization)), body);
        match (post(&authorization), &self.cookie) {
            (Err(NodeError::Credentials { status: 401, .. }), Some(cookie)) => {
                let renewed = read_cookie(cookie)?;
                self.authorization.lock().unwrap_or_else(|e| e.into_inner()).clone_from(&renewed);
                post(&renewed)
            }
            (answer, _) => answer,
        }
    }

    /// Calls a method.
    ///
    /// # Errors
    /// [`NodeError`] when the node cannot be reached, answers with an error, or with something else than JSON-RPC.
    pub fn call(&self, method: &str, params: Value) -> Result<Value, NodeError> {
        let body = json!({"jsonrpc": "1.0", "id": "holdfast", "method": method, "params": params});
        holdfast_node::result(method, &self.send(&body)?)
    }

    fn call_hash(&self, method: &str, params: Value) -> Result<BlockHash, NodeError> {
        let answer = self.call(method, params)?;
        answer
            .as_str()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| NodeError::Shape(method.into(), format!("a hash expected, got {answer}")))
    }

    fn call_bytes(&self, method: &str, params: Value) -> Result<Vec<u8>, NodeError> {
        let answer = self.call(method, params)?;
        let text = answer.as_str().ok_or_else(|| NodeError::Shape(method.into(), "hex expected".into()))?;
        hex::decode(text).map_err(|e| NodeError::Shape(method.into(), e.to_string()))
    }
}

/// Invalid parameter (height out of range), and invalid address or key (unknown transaction): `rpc/protocol.h`.
const OUT_OF_RANGE: i64 = -8;
const NOT_FOUND: i64 = -5;

impl BlockSource for Rpc {
    fn tip(&self) -> Result<Tip, NodeError> {
        let hash = self.call_hash("getbestblockhash", json!([]))?;
        let header = self.call("getblockheader", json!([hash.to_string()]))?;
        let height = header["height"].as_u64().and_then(|h| u32::try_from(h).ok());
        let height = height.ok_or_else(|| NodeError::Shape("getblockheader".into(), "no height".into()))?;
        Ok(Tip { height, hash })
    }

    fn hash_at(&self, height: u32) -> Result<Option<BlockHash>, NodeError> {
        match self.call_hash("getblockhash", json!([height])) {
            Ok(hash) => Ok(Some(hash)),
            Err(NodeError::Rpc { code: OUT_OF_RANGE, .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn block(&self, hash: &BlockHash) -> Result<Vec<u8>, NodeError> {
        self.call_bytes("getblock", json!([hash.to_string(), 0]))
    }

    fn mempool(&self) -> Result<HashSet<Txid>, NodeError> {
        let answer = self.call("getrawmempool", json!([]))?;
        hashes("getrawmempool", &answer)
    }

    fn mempool_tx(&self, txid: &Txid) -> Result<Option<Vec<u8>>, NodeError> {
        match self.call_bytes("getrawtransaction", json!([txid.to_string(), false])) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(NodeError::Rpc { code: NOT_FOUND, .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

fn hashes(method: &str, answer: &Value) -> Result<HashSet<Txid>, NodeError> {
    let list = answer.as_array().ok_or_else(|| NodeError::Shape(method.into(), "a list expected".into()))?;
    list.iter()
        .map(|v| {
            v.as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| NodeError::Shape(method.into(), format!("not a txid: {v}")))
        })
        .collect()
}

/// A node's REST interface (`-rest`), which needs no credentials.
#[derive(Debug)]
pub struct Rest {
    client: Client,
}

impl Rest {
    /// Connects lazily to `http://host:port`.
    pub fn new(url: &str) -> Self {
        Rest { client: Client::new(url, LIMITS) }
    }

    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, NodeError> {
        let Answer { status, body } = self.client.get(&format!("/rest/{path}"))?;
        match status {
            404 => Ok(None),
            200..=299 => Ok(Some(body)),
            _ => {
                let words = String::from_utf8_lossy(&body[..body.len().min(200)]).trim().to_owned();
                Err(self.client.failed(format_args!("{status} for /rest/{path}: {words} (is -rest set?)")))
            }
        }
    }

    fn get_json(&self, path: &str) -> Result<Value, NodeError> {
        let body = self.get(path)?.ok_or_else(|| NodeError::Shape(path.into(), "not found (is -rest set?)".into()))?;
        serde_json::from_slice(&body).map_err(|e| NodeError::Shape(path.into(), e.to_string()))
    }
}

impl BlockSource for Rest {
    fn tip(&self) -> Result<Tip, NodeError> {
        let info = self.get_json("chaininfo.json")?;
        let height = info["blocks"].as_u64().and_then(|h| u32::try_from(h).ok());
        let hash = info["bestblockhash"].as_str().and_then(|text| text.parse().ok());
        match (height, hash) {
            (Some(height), Some(hash)) => Ok(Tip { height, hash }),
            _ => Err(NodeError::Shape("chaininfo".into(), "no height or hash".into())),
        }
    }

    fn hash_at(&self, height: u32) -> Result<Option<BlockHash>, NodeError> {
        let Some(body) = self.get(&format!("blockhashbyheight/{height}.bin"))? else { return Ok(None) };
        let hash = body.as_slice().try_into().map(BlockHash::from_bytes);
        hash.map(Some).map_err(|_| NodeError::Shape("blockhashbyheight".into(), format!("{} bytes", body.len())))
    }

    fn block(&self, hash: &BlockHash) -> Result<Vec<u8>, NodeError> {
        let path = format!("block/{hash}.bin");
        self.get(&path)?.ok_or_else(|| NodeError::Shape(path, "no such block".into()))
    }

    fn mempool(&self) -> Result<HashSet<Txid>, NodeError> {
        let contents = self.get_json("mempool/contents.json")?;
        let map = contents.as_object().ok_or_else(|| NodeError::Shape("mempool".into(), "object expected".into()))?;
        map.keys()
            .map(|k| k.parse().map_err(|_| NodeError::Shape("mempool".into(), format!("not a txid: {k}"))))
            .collect()
    }

    fn mempool_tx(&self, txid: &Txid) -> Result<Option<Vec<u8>>, NodeError> {
        self.get(&format!("tx/{txid}.bin"))
    }
}

fn base64(data: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in data.chunks(3) {
        let n = u32::from(chunk[0]) << 16
            | u32::from(*chunk.get(1).unwrap_or(&0)) << 8
            | u32::from(*chunk.get(2).unwrap_or(&0));
        for i in 0..4 {
            let digit = DIGITS[(n >> (18 - 6 * i)) as usize & 63];
            out.push(if i > chunk.len() { '=' } else { digit as char });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_matches_rfc_4648() {
        for (plain, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
