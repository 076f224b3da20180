//! Coinjoin detectors: transactions whose inputs belong to several people on purpose.
//!
//! Co-spending must not merge their inputs. Shapes follow Ficsór's and Stütz et al.'s detection rules ("Adoption and Actual Privacy of
//! Decentralized CoinJoin Implementations in Bitcoin", AFT 2022) and BlockSci's; each detector can be switched.

use holdfast_types::named;
use holdfast_utxo_ledger::Ledger;
use serde::{Deserialize, Serialize};

named! {
    "kebab-case";
    /// The kinds that are distinguished.
    #[repr(u8)]
    pub enum Coinjoin {
        /// Wasabi 1: at least ten equal outputs near 0.1 BTC, at least as many inputs.
        Wasabi1 = 1,
        /// Wasabi 2 (WabiSabi): many inputs, outputs sorted by amount, most of them standard denominations.
        Wasabi2 = 2,
        /// Whirlpool: five to eight inputs and as many equal outputs of a pool's size, inputs barely above it.
        Whirlpool = 3,
        /// JoinMarket: n equal outputs, n - 1 or n change outputs, at least n inputs of distinct addresses.
        Joinmarket = 4,
        /// Anything else with at least five equal outputs to distinct addresses and as many distinct input addresses.
        EqualOutput = 5,
    }
}

impl Coinjoin {
    /// All kinds.
    pub const ALL: &[Coinjoin] = <Coinjoin as strum::VariantArray>::VARIANTS;
}

/// A set of detectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoinjoinSet(u8);

impl CoinjoinSet {
    /// No detector.
    pub const NONE: CoinjoinSet = CoinjoinSet(0);
    /// All detectors.
    pub const ALL: CoinjoinSet = CoinjoinSet(0b111110);

    /// Returns the set with one more.
    pub fn with(self, kind: Coinjoin) -> Self {
        CoinjoinSet(self.0 | 1 << kind as u8)
    }

    /// Returns whether a detector is in the set.
    pub fn has(self, kind: Coinjoin) -> bool {
        self.0 >> kind as u8 & 1 == 1
    }

    /// Reads a comma-separated list of names, `all` or `none`.
    ///
    /// # Errors
    /// A message with the unknown word and the known ones.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "all" => return Ok(Self::ALL),
            "none" | "" => return Ok(Self::NONE),
            _ => {}
        }
        text.split(',').try_fold(Self::NONE, |set, word| {
            let word = word.trim();
            let names = || Coinjoin::ALL.iter().map(|k| k.name()).collect::<Vec<_>>().join(", ");
            let kind = word.parse::<Coinjoin>().map(|k| set.with(k));
            kind.map_err(|_| format!("unknown coinjoin detector '{word}'; use {}, all or none", names()))
        })
    }
}

impl Default for CoinjoinSet {
    fn default() -> Self {
        Self::ALL
    }
}

/// Pool sizes of Whirlpool, in base units.
const POOLS: [u64; 5] = [100_000, 1_000_000, 5_000_000, 25_000_000, 50_000_000];

/// A scratch space for detection, reused between transactions.
#[derive(Debug, Default)]
pub struct Detector {
    values: Vec<u64>,
    addresses: Vec<u32>,
    output_addresses: Vec<u32>,
}

impl Detector {
    /// Returns which coinjoin a transaction looks like, among the detectors of `set`. Cheap for the many that cannot be one.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "numbers of outputs index a column that is mapped whole: 64 bits"
    )]
    pub fn detect(&mut self, ledger: &Ledger, tx: u32, set: CoinjoinSet) -> Option<Coinjoin> {
        let outputs = ledger.outputs(tx);
        let n_out = (outputs.end - outputs.start) as usize;
        let sources = ledger.sources(tx);
        let n_in = sources.len();
        if n_in < 2 || n_out < 3 || set == CoinjoinSet::NONE || ledger.flags(tx).coinbase() {
            return None;
        }
        let columns = ledger.columns();
        let unsorted = &columns.value.all()[outputs.start as usize..outputs.end as usize];
        self.values.clear();
        self.values.extend_from_slice(unsorted);
        self.values.sort_unstable();
        let (common, equal) = most_common(&self.values);
        if equal < 2 && !set.has(Coinjoin::Wasabi2) {
            return None;
        }
        self.addresses.clear();
        self.addresses.extend(sources.filter_map(|s| ledger.source_info(s).address));
        self.addresses.sort_unstable();
        self.addresses.dedup();
        let distinct_in = self.addresses.len();
        if set.has(Coinjoin::Whirlpool)
            && (5..=8).contains(&n_in)
            && n_out == n_in
            && equal == n_out
            && distinct_in == n_in
            && POOLS.contains(&common)
        {
            let near = |v: Option<u64>| v.is_none_or(|v| v >= common && v <= common + 110_000);
            if ledger.sources(tx).all(|s| near(ledger.source_info(s).value)) {
                return Some(Coinjoin::Whirlpool);
            }
        }
        if set.has(Coinjoin::Wasabi2) && n_in >= 8 && n_out >= 8 && distinct_in * 2 > n_in {
            let standard = self.values.iter().filter(|v| is_denomination(**v)).count();
            let falling = unsorted.windows(2).all(|w| w[0] >= w[1]);
            if standard * 10 >= n_out * 6 && falling {
                return Some(Coinjoin::Wasabi2);
            }
        }
        if set.has(Coinjoin::Wasabi1)
            && equal >= 5
            && distinct_in >= equal
            && (8_000_000..=12_000_000).contains(&common)
            && n_out > equal
        {
            return Some(Coinjoin::Wasabi1);
        }
        const DUST: [u64; 2] = [546, 2730];
        if DUST.contains(&common) {
            return None;
        }
        if set.has(Coinjoin::Joinmarket)
            && equal >= 3
            && distinct_in >= equal
            && (n_out == 2 * equal || n_out == 2 * equal - 1)
        {
            return Some(Coinjoin::Joinmarket);
        }
        if set.has(Coinjoin::EqualOutput) && equal >= 5 && distinct_in >= equal {
            self.output_addresses.clear();
            let of_common = outputs.clone().filter(|o| ledger.value(*o) == common);
            self.output_addresses.extend(of_common.map(|o| ledger.address_of(o)));
            self.output_addresses.sort_unstable();
            self.output_addresses.dedup();
            if self.output_addresses.len() == equal {
                return Some(Coinjoin::EqualOutput);
            }
        }
        None
    }
}

/// Returns the most common of sorted values, and how often it occurs; the larger of equally common ones.
fn most_common(sorted: &[u64]) -> (u64, usize) {
    sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).max_by_key(|(v, n)| (*n, *v)).unwrap_or((0, 0))
}

/// WabiSabi's standard denominations: 1, 2 and 5 times powers of ten, powers of 2, powers of 3 and twice those.
fn is_denomination(value: u64) -> bool {
    if value < 5_000 {
        return false;
    }
    let reduces = |mut v: u64, p: u64| {
        while v.is_multiple_of(p) {
            v /= p;
        }
        v
    };
    value.is_power_of_two() || reduces(value, 3) <= 2 || {
        let mut v = value;
        while v.is_multiple_of(10) {
            v /= 10;
        }
        matches!(v, 1 | 2 | 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denominations_and_counts() {
        for v in [16_384, 19_683, 39_366, 10_000, 50_000, 200_000, 1_000_000_000] {
            assert!(is_denomination(v), "{v}");
        }
        for v in [12_345, 30_000, 100, 59_049 * 5] {
            assert!(!is_denomination(v), "{v}");
        }
        assert_eq!(most_common(&[1, 2, 2, 3, 3]), (3, 2));
        assert_eq!(
            CoinjoinSet::parse("wasabi1, whirlpool").unwrap(),
            CoinjoinSet::NONE.with(Coinjoin::Wasabi1).with(Coinjoin::Whirlpool)
        );
        assert!(CoinjoinSet::parse("mixer").unwrap_err().contains("joinmarket"));
    }
}
