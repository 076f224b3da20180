-- Cases and what belongs to them. Nothing is deleted: an item that is withdrawn says by whom and why.
CREATE TABLE cases (
  id BIGINT PRIMARY KEY,
  title TEXT NOT NULL,
  summary TEXT NOT NULL,
  -- open or closed.
  state TEXT NOT NULL,
  typology TEXT,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  closed BIGINT,
  closed_reason TEXT
);
CREATE INDEX cases_state ON cases (state, id);
CREATE TABLE case_members (
  case_id BIGINT NOT NULL,
  person TEXT NOT NULL,
  -- lead, member or viewer.
  role TEXT NOT NULL,
  PRIMARY KEY (case_id, person)
);
CREATE INDEX case_members_person ON case_members (person);
CREATE TABLE case_items (
  id BIGINT PRIMARY KEY,
  case_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  -- What it is, canonical: the same key in two cases links them.
  key TEXT NOT NULL,
  title TEXT NOT NULL,
  -- JSON.
  body TEXT NOT NULL,
  -- When it happened, where that is known.
  happened BIGINT,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  -- Tasks: whose, by when, when done.
  assignee TEXT,
  due BIGINT,
  done BIGINT,
  withdrawn TEXT
);
CREATE INDEX case_items_case ON case_items (case_id, id);
CREATE INDEX case_items_key ON case_items (kind, key);
CREATE TABLE custody (
  id BIGINT PRIMARY KEY,
  item BIGINT NOT NULL,
  time BIGINT NOT NULL,
  person TEXT NOT NULL,
  -- received, moved, examined, returned, destroyed.
  action TEXT NOT NULL,
  place TEXT NOT NULL,
  note TEXT NOT NULL,
  sha256 TEXT
);
CREATE INDEX custody_item ON custody (item, id);

-- Full text: words (UTF-8 as hex digits, which every collation orders alike) and where they are.
CREATE TABLE search_words (
  word TEXT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (word, doc)
);

-- Reports to authorities, by version.
CREATE TABLE reports (
  id BIGINT PRIMARY KEY,
  case_id BIGINT NOT NULL,
  -- goaml or fincen-sar.
  kind TEXT NOT NULL,
  version BIGINT NOT NULL,
  -- draft, approved, exported.
  state TEXT NOT NULL,
  body TEXT NOT NULL,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  approved_by TEXT,
  sha256 TEXT,
  exported BIGINT
);
CREATE INDEX reports_case ON reports (case_id, id);

-- Proposals to the AML, KYC and platform teams.
CREATE TABLE recommendations (
  id BIGINT PRIMARY KEY,
  team TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  -- proposed, accepted, declined, done.
  state TEXT NOT NULL,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  changed BIGINT NOT NULL,
  changed_by TEXT NOT NULL,
  note TEXT NOT NULL
);
CREATE INDEX recommendations_state ON recommendations (state, id);
