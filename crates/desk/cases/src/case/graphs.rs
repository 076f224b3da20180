//! Graphs of a case in versions. Each version is an item of the case; an earlier one is struck out by the next, and stays readable.

use super::*;

/// Most versions of one graph.
const MAX_VERSIONS: u64 = 1_000;
/// Most graphs that a list has.
const MAX_GRAPHS: usize = 1_000;

/// A graph to be saved for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCaseGraph)]
pub struct NewGraph {
    /// Title.
    #[serde(default)]
    pub title: String,
    /// What it began from: an address, transaction or name.
    #[serde(default)]
    pub subject: String,
    /// The graph, as the explorer writes it, at most 8 MiB of JSON; its `picture`, if it has one, is shown in the case and its report.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
}

/// The next version of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NextCaseGraph)]
pub struct NextGraph {
    /// The version that it was made from, which must be the newest.
    pub base_version: u64,
    /// Title; that of the version before by default.
    #[serde(default)]
    pub title: Option<String>,
    /// The graph, as the explorer writes it, at most 8 MiB of JSON.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
}

/// A version that was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CaseGraphSaved)]
pub struct GraphSaved {
    /// The graph.
    #[schema(value_type = u64)]
    pub graph: CaseItemId,
    /// Version, from 1.
    pub version: u64,
    /// Item of the case that holds it.
    #[schema(value_type = u64)]
    pub item: CaseItemId,
}

/// A version of a graph, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CaseGraphVersion)]
pub struct GraphVersion {
    /// The graph: the number of the item that holds its first version.
    #[schema(value_type = u64)]
    pub graph: CaseItemId,
    /// Version, from 1.
    pub version: u64,
    /// Item of the case that holds it.
    #[schema(value_type = u64)]
    pub item: CaseItemId,
    /// Title.
    pub title: String,
    /// What it began from.
    pub subject: String,
    /// When it was saved, Unix seconds.
    #[schema(value_type = i64)]
    pub created: Timestamp,
    /// Who saved it.
    pub created_by: String,
    /// Size of its content, characters of JSON.
    pub size: u64,
    /// Why it was withdrawn, where a person or a later version did so.
    pub withdrawn: Option<String>,
}

/// All versions of a graph, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CaseGraphVersions)]
pub struct GraphVersions {
    /// The graph.
    #[schema(value_type = u64)]
    pub graph: CaseItemId,
    /// Title of the newest.
    pub title: String,
    /// What it began from.
    pub subject: String,
    /// Its versions.
    pub versions: Vec<GraphVersion>,
}

/// A version of a graph with its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CaseGraph)]
pub struct Graph {
    /// The version.
    #[serde(flatten)]
    pub version: GraphVersion,
    /// The newest version, on which the next one must rest.
    pub newest: u64,
    /// The graph, as the explorer wrote it.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
}

/// Versions of graphs of a case, also of graphs that were saved before there were versions: each of these is a first one.
const VERSIONS: &str = "SELECT COALESCE(g.graph, i.id), COALESCE(g.version, 1), i.id, i.title, i.key, i.created, i.created_by, CAST(LENGTH(i.body) AS BIGINT), i.withdrawn
    FROM case_items i LEFT JOIN case_graphs g ON g.item = i.id WHERE i.case_id = $1 AND i.kind = 'graph'";

fn version(row: &Row) -> Result<GraphVersion, DbError> {
    Ok(GraphVersion {
        graph: row.number(0)?,
        version: row.number(1)?,
        item: row.number(2)?,
        title: row.text(3)?.to_owned(),
        subject: row.text(4)?.to_owned(),
        created: row.time(5)?,
        created_by: row.text(6)?.to_owned(),
        size: row.number(7)?,
        withdrawn: row.text_or_null(8).map(str::to_owned),
    })
}

/// The versions of a graph, which any of their items names, the newest first.
fn versions(db: &mut Database, case: CaseId, graph: CaseItemId) -> Result<Vec<GraphVersion>, DbError> {
    let sql = format!(
        "{VERSIONS} AND COALESCE(g.graph, i.id) = COALESCE((SELECT graph FROM case_graphs WHERE item = $2), $2) ORDER BY 2 DESC LIMIT {MAX_VERSIONS}"
    );
    db.query(&sql, &[number(case), number(graph)])?.iter().map(version).collect()
}

fn not_found(case: CaseId, graph: CaseItemId) -> CaseError {
    CaseError::NotFound(format!("graph {graph} of case {case}"))
}

fn item(title: String, subject: String, body: serde_json::Value) -> Result<NewItem, Invalid> {
    if !body.is_object() {
        return Err(Invalid::new("body", "must be a JSON object: the graph as the explorer writes it"));
    }
    SavedPicture::read(&body)?;
    let (happened, assignee, due) = (None, None, None);
    NewItem { kind: ItemKind::Graph, key: subject, title, body, happened, assignee, due }.checked()
}

fn store_version(
    tx: &mut Transaction<'_>,
    case: CaseId,
    graph: Option<CaseItemId>,
    version: u64,
    item: NewItem,
) -> Result<GraphSaved, CaseError> {
    let item = item.store(tx, case)?;
    let graph = graph.unwrap_or(item);
    let row = [number(graph), number(version), number(item), number(case)];
    tx.db().execute("INSERT INTO case_graphs (graph, version, item, case_id) VALUES ($1, $2, $3, $4)", &row)?;
    let saved = GraphSaved { graph, version, item };
    tx.audit("case.graph_saved", &format!("case:{case}"), &json!(saved).to_string());
    Ok(saved)
}

impl Cases<'_> {
    /// Saves a graph in a case, as its first version.
    ///
    /// # Errors
    /// As [`Cases::change_case`].
    pub fn save_graph(&self, case: CaseId, new: NewGraph, person: &Person) -> Result<GraphSaved, CaseError> {
        let item = item(new.title, new.subject, new.body)?;
        let who = person.clone();
        self.transact(&person.name, move |tx| {
            may_change(tx.db(), case, &who, false)?;
            is_open(tx.db(), case)?;
            store_version(tx, case, None, 1, item)
        })
    }

    /// Saves the next version of a graph, which was made from the newest one; the version before is struck out.
    ///
    /// # Errors
    /// [`CaseError::State`] where another version is the newest: it says who saved it and when; else as [`Cases::change_case`].
    pub fn save_next_graph(
        &self,
        case: CaseId,
        graph: CaseItemId,
        next: NextGraph,
        person: &Person,
    ) -> Result<GraphSaved, CaseError> {
        let (who, base) = (person.clone(), next.base_version);
        // Title and subject are those of the version before: the rest is checked before the writer has it.
        let checked = item(next.title.clone().unwrap_or_default(), String::new(), next.body)?;
        self.transact(&person.name, move |tx| {
            may_change(tx.db(), case, &who, false)?;
            is_open(tx.db(), case)?;
            let all = versions(tx.db(), case, graph)?;
            let newest = all.first().ok_or_else(|| not_found(case, graph))?;
            if newest.version != base {
                return Err(CaseError::State(format!(
                    "graph {graph} of case {case}: {} saved version {} at {} first, and yours was made from version {base}; open version {}, and save again",
                    newest.created_by,
                    newest.version,
                    newest.created.rfc3339(),
                    newest.version
                )));
            }
            if newest.version >= MAX_VERSIONS {
                return Err(CaseError::State(format!(
                    "graph {graph} of case {case} has {MAX_VERSIONS} versions; save it as a new graph"
                )));
            }
            let (graph, before) = (newest.graph, newest.item);
            let new = NewItem {
                title: next.title.unwrap_or_else(|| newest.title.clone()),
                key: newest.subject.clone(),
                ..checked
            };
            if newest.version == 1 {
                // A graph from before there were versions.
                let row = [number(graph), number(before), number(case)];
                tx.db().execute(
                    "INSERT INTO case_graphs (graph, version, item, case_id) VALUES ($1, 1, $2, $3) ON CONFLICT DO NOTHING",
                    &row,
                )?;
            }
            let saved = store_version(tx, case, Some(graph), base + 1, new)?;
            let why = format!("version {} is item {}", saved.version, saved.item);
            tx.db().execute(
                "UPDATE case_items SET withdrawn = $1 WHERE id = $2 AND withdrawn IS NULL",
                &[why.into(), number(before)],
            )?;
            Ok(saved)
        })
    }

    /// Returns the newest version of each graph of a case, at most 1,000; the access is recorded in the audit log.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case that is unknown or not the person's.
    pub fn graphs(&self, case: CaseId, person: &Person) -> Result<Vec<GraphVersion>, CaseError> {
        self.look_at_case(case, person)?;
        self.read(|db| {
            let rows = db.query(&format!("{VERSIONS} ORDER BY 1, 2 LIMIT {MAX_ITEMS}"), &[number(case)])?;
            let mut newest: BTreeMap<CaseItemId, GraphVersion> = BTreeMap::new();
            for row in &rows {
                let version = version(row)?;
                newest.insert(version.graph, version);
            }
            Ok(newest.into_values().rev().take(MAX_GRAPHS).collect())
        })
    }

    /// Returns all versions of a graph, the newest first; the access is recorded in the audit log.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case or graph that is unknown or not the person's.
    pub fn graph_versions(&self, case: CaseId, graph: CaseItemId, person: &Person) -> Result<GraphVersions, CaseError> {
        self.look_at_case(case, person)?;
        let versions = self.read(|db| versions(db, case, graph))?;
        let newest = versions.first().ok_or_else(|| not_found(case, graph))?;
        let (graph, title, subject) = (newest.graph, newest.title.clone(), newest.subject.clone());
        Ok(GraphVersions { graph, title, subject, versions })
    }

    /// Returns a version of a graph, by default the newest; the access is recorded in the audit log.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case, graph or version that is unknown or not the person's.
    pub fn graph(
        &self,
        case: CaseId,
        graph: CaseItemId,
        wanted: Option<u64>,
        person: &Person,
    ) -> Result<Graph, CaseError> {
        let GraphVersions { versions, .. } = self.graph_versions(case, graph, person)?;
        let newest = versions.first().map_or(0, |v| v.version);
        let found = versions.into_iter().find(|v| wanted.is_none_or(|w| w == v.version));
        let version = found.ok_or_else(|| {
            CaseError::NotFound(format!("version {} of graph {graph} of case {case}", wanted.unwrap_or(newest)))
        })?;
        let body = self.read(|db| {
            let rows = db.query("SELECT body FROM case_items WHERE id = $1", &[number(version.item)])?;
            rows.first().map(|row| parse("item", row.text(0)?)).transpose()
        })?;
        let body = body.ok_or_else(|| not_found(case, graph))?;
        Ok(Graph { version, newest, body })
    }
}
