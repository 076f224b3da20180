//! Traces, paths between entities, and evidence bundles.

use crate::error::WorkspaceError;
use crate::reports::{PathReport, PathStep, Subject, TraceRequest};
use crate::workspace::Workspace;
use ed25519_dalek::SigningKey;
use holdfast_analysis::bundle;
use holdfast_analysis::paths;
use holdfast_analysis::report::{Describe, NamedView, TraceReport};
use holdfast_analysis::trace::{Trace, TraceOptions, trace};
use holdfast_analysis::view::{LedgerView, View};
use holdfast_attribution::Tlp;
use holdfast_utxo_ledger::Source;
use std::collections::HashSet;
use std::path::Path;

/// Most outputs that one trace starts from.
const MAX_STARTS: usize = 200_000;

impl Workspace {
    fn view(&self, clearance: Tlp) -> NamedView<'_> {
        NamedView {
            view: LedgerView { ledger: &self.ledger, entities: &self.entities },
            clusters: &self.clusters,
            tags: &self.tags,
            clearance,
        }
    }

    /// Outputs that a subject stands for, with their whole amounts. Forward these are what it received (and a transaction's outputs);
    /// backward the same, with where they came from.
    fn starts(&self, request: &TraceRequest) -> Result<Vec<(Source, u64)>, WorkspaceError> {
        let mut out = Vec::new();
        let mut add_address = |address: u32| {
            self.ledger.for_each_output_of(address, |place| {
                if let Source::Output(o) = place
                    && self.ledger.value(o) > 0
                {
                    out.push((place, self.ledger.value(o)));
                }
            })
        };
        match self.subject(&request.subject)? {
            Subject::Address(a) if request.entity => {
                self.clusters.members(self.clusters.of(a)).into_iter().for_each(add_address)
            }
            Subject::Address(a) => add_address(a),
            Subject::Output(o) => out.push((Source::Output(o), self.ledger.value(o))),
            Subject::Tx(tx) => {
                out.extend(self.ledger.outputs(tx).map(|o| (Source::Output(o), self.ledger.value(o))));
            }
            Subject::Block(_) => {
                let why = "a trace starts at an address, transaction or output";
                return Err(WorkspaceError::Query(request.subject.clone(), self.ledger.network(), why.into()));
            }
        }
        if out.len() > MAX_STARTS {
            let text =
                format!("{} outputs to start from; the most is {MAX_STARTS}. Name a transaction or output", out.len());
            return Err(WorkspaceError::TooMany(text));
        }
        Ok(out)
    }

    /// Traces, for the organisation: tags of TLP:RED, which are for named people, do not count.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] and [`WorkspaceError::NotFound`] for the subject, [`WorkspaceError::Trace`] for bounds, [`WorkspaceError::TooMany`]
    /// for a subject of too many outputs.
    pub fn trace(&self, request: &TraceRequest) -> Result<(Trace, TraceReport), WorkspaceError> {
        self.trace_for(request, Tlp::AmberStrict)
    }

    /// Traces, for a reader of labels up to `clearance`.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] and [`WorkspaceError::NotFound`] for the subject, [`WorkspaceError::Trace`] for bounds, [`WorkspaceError::TooMany`]
    /// for a subject of too many outputs.
    pub fn trace_for(&self, request: &TraceRequest, clearance: Tlp) -> Result<(Trace, TraceReport), WorkspaceError> {
        let view = self.view(clearance);
        let result = trace(&view, &self.starts(request)?, &request.options)?;
        let report = TraceReport::new(&view, &result, &request.options);
        Ok((result, report))
    }

    /// Traces, and packs the evidence. `created` is the time to state. The bundle is for others, so that only tags up to TLP:AMBER count in it.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] and [`WorkspaceError::NotFound`] for the subject, [`WorkspaceError::Trace`] for bounds, [`WorkspaceError::TooMany`]
    /// for a subject of too many outputs, [`WorkspaceError::Bundle`] when raw blocks can no longer be read or the trace is too large.
    pub fn bundle(
        &self,
        request: &TraceRequest,
        key: &SigningKey,
        created: &str,
    ) -> Result<(TraceReport, Vec<u8>), WorkspaceError> {
        self.bundle_for(request, key, created, Tlp::Amber)
    }

    /// As [`Workspace::bundle`], for readers of labels up to `clearance`.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] and [`WorkspaceError::NotFound`] for the subject, [`WorkspaceError::Trace`] for bounds, [`WorkspaceError::TooMany`]
    /// for a subject of too many outputs, [`WorkspaceError::Bundle`] when raw blocks can no longer be read or the trace is too large.
    pub fn bundle_for(
        &self,
        request: &TraceRequest,
        key: &SigningKey,
        created: &str,
        clearance: Tlp,
    ) -> Result<(TraceReport, Vec<u8>), WorkspaceError> {
        let (result, report) = self.trace_for(request, clearance)?;
        let bytes = bundle::make(&self.view(clearance), &result, &request.options, key, created)?;
        Ok((report, bytes))
    }

    /// Returns the paths between the entities of two addresses, largest amount first.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] and [`WorkspaceError::NotFound`] for the subject, [`WorkspaceError::Trace`] for bounds, [`WorkspaceError::TooMany`]
    /// for a subject of too many outputs.
    pub fn paths(
        &self,
        from: &str,
        to: &str,
        options: &TraceOptions,
        most: usize,
    ) -> Result<Vec<PathReport>, WorkspaceError> {
        self.paths_for(from, to, options, most, Tlp::AmberStrict)
    }

    /// As [`Workspace::paths`], for a reader of labels up to `clearance`.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] and [`WorkspaceError::NotFound`] for the subject, [`WorkspaceError::Trace`] for bounds, [`WorkspaceError::TooMany`]
    /// for a subject of too many outputs.
    pub fn paths_for(
        &self,
        from: &str,
        to: &str,
        options: &TraceOptions,
        most: usize,
        clearance: Tlp,
    ) -> Result<Vec<PathReport>, WorkspaceError> {
        let request = TraceRequest { subject: from.to_owned(), entity: true, options: *options };
        let starts = self.starts(&request)?;
        let to = self.address_of(to)?;
        let targets: HashSet<u32> = self.clusters.members(self.clusters.of(to)).into_iter().collect();
        let view = self.view(clearance);
        let found = paths::paths(&view, &starts, &targets, options, most)?;
        Ok(found
            .into_iter()
            .map(|path| PathReport {
                asset: self.asset().to_owned(),
                amount: path.amount,
                steps: path
                    .steps
                    .iter()
                    .map(|step| {
                        let (tx, vout) = self.ledger.outpoint(step.output);
                        let address = view.address(step.output);
                        PathStep {
                            txid: self.ledger.txid_text(tx),
                            vout,
                            address: self.ledger.address_text(address),
                            label: view.label(address).map(|l| l.0),
                            amount: step.amount,
                        }
                    })
                    .collect(),
            })
            .collect())
    }

    /// Returns the workspace's signing key; made with `entropy` when there is none yet.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`] when the key file does not read or write.
    pub fn signing_key(
        &self,
        entropy: impl FnOnce() -> std::io::Result<[u8; 32]>,
    ) -> Result<SigningKey, WorkspaceError> {
        Self::signing_key_of(self.dir(), entropy)
    }

    /// Returns the signing key of a store, whatever its chains are; made with `entropy` when there is none yet.
    ///
    /// # Errors
    /// As [`Workspace::signing_key`].
    pub fn signing_key_of(
        store: &Path,
        entropy: impl FnOnce() -> std::io::Result<[u8; 32]>,
    ) -> Result<SigningKey, WorkspaceError> {
        let path = store.join("signing.key");
        let io = |e| WorkspaceError::Io(path.clone(), e);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let bytes: Option<[u8; 32]> = hex::decode(text.trim()).ok().and_then(|b| b.try_into().ok());
                let invalid = || io(std::io::Error::new(std::io::ErrorKind::InvalidData, "not 64 hex digits"));
                Ok(SigningKey::from_bytes(&bytes.ok_or_else(invalid)?))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                use std::io::Write;
                use std::os::unix::fs::OpenOptionsExt;
                let key = SigningKey::from_bytes(&entropy().map_err(io)?);
                let mut file =
                    std::fs::File::options().write(true).create_new(true).mode(0o600).open(&path).map_err(io)?;
                file.write_all(hex::encode(key.to_bytes()).as_bytes()).map_err(io)?;
                Ok(key)
            }
            Err(e) => Err(io(e)),
        }
    }
}
