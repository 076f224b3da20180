-- Records of the customers' world, the latest that the sender stated.
CREATE TABLE records (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  customer TEXT,
  time BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, id)
);
CREATE INDEX records_customer ON records (customer);

-- Screening events with their decisions, in order of decision.
CREATE TABLE events (
  seq BIGINT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  time BIGINT NOT NULL,
  decided BIGINT NOT NULL,
  kind TEXT NOT NULL,
  customer TEXT NOT NULL,
  transfer TEXT,
  decision TEXT NOT NULL,
  body TEXT NOT NULL,
  facts TEXT NOT NULL,
  result TEXT NOT NULL
);
CREATE INDEX events_customer ON events (customer, seq);
CREATE INDEX events_decision ON events (decision, seq) WHERE decision <> 'allow';

-- What a transfer was last found exposed to, for screening it again; no row means nothing.
CREATE TABLE screened (
  seq BIGINT PRIMARY KEY,
  findings TEXT NOT NULL
);

-- Which rules an event met, live and shadow.
CREATE TABLE rule_hits (
  seq BIGINT NOT NULL,
  rule TEXT NOT NULL,
  version BIGINT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (seq, rule)
);
CREATE INDEX rule_hits_rule ON rule_hits (rule, version);

-- Holds and freezes.
CREATE TABLE holds (
  id BIGINT PRIMARY KEY,
  dedupe TEXT UNIQUE,
  scope TEXT NOT NULL,
  customer TEXT NOT NULL,
  account TEXT,
  asset TEXT,
  amount TEXT,
  held TEXT NOT NULL,
  transfer TEXT,
  event BIGINT,
  state TEXT NOT NULL,
  basis TEXT NOT NULL,
  reason TEXT NOT NULL,
  placed_by TEXT NOT NULL,
  placed BIGINT NOT NULL,
  expires BIGINT,
  review BIGINT,
  second_person BIGINT NOT NULL,
  asked_by TEXT,
  asked BIGINT,
  asked_amount TEXT,
  asked_reason TEXT,
  ended BIGINT,
  ended_by TEXT,
  ended_reason TEXT
);
CREATE INDEX holds_customer ON holds (customer);
CREATE INDEX holds_state ON holds (state, id);

-- Every movement of held amounts; the lines of one change add up to zero.
CREATE TABLE postings (
  id BIGINT PRIMARY KEY,
  hold BIGINT NOT NULL,
  change BIGINT NOT NULL,
  ledger_account TEXT NOT NULL,
  asset TEXT NOT NULL,
  amount TEXT NOT NULL
);
CREATE INDEX postings_hold ON postings (hold);

-- Alerts and what people did with them.
CREATE TABLE alerts (
  id BIGINT PRIMARY KEY,
  event BIGINT NOT NULL,
  customer TEXT NOT NULL,
  kind TEXT NOT NULL,
  decision TEXT NOT NULL,
  state TEXT NOT NULL,
  assignee TEXT,
  outcome TEXT,
  reason TEXT NOT NULL,
  rules TEXT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL
);
CREATE INDEX alerts_state ON alerts (state, id);
CREATE INDEX alerts_event ON alerts (event);
CREATE INDEX alerts_customer ON alerts (customer);

CREATE TABLE alert_notes (
  id BIGINT PRIMARY KEY,
  alert BIGINT NOT NULL,
  time BIGINT NOT NULL,
  author TEXT NOT NULL,
  action TEXT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX alert_notes_alert ON alert_notes (alert);

-- Rule books, all versions; the last is in force.
CREATE TABLE rule_books (
  version BIGINT PRIMARY KEY,
  time BIGINT NOT NULL,
  author TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  yaml TEXT NOT NULL
);

-- The hash-chained audit log.
CREATE TABLE audit (
  seq BIGINT PRIMARY KEY,
  time BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE INDEX audit_subject ON audit (subject);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  per_minute BIGINT NOT NULL,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  revoked BIGINT
);

CREATE TABLE webhooks (
  id BIGINT PRIMARY KEY,
  url TEXT NOT NULL,
  topics TEXT NOT NULL,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  removed BIGINT
);

-- What webhooks are still to be told.
CREATE TABLE outbox (
  id BIGINT PRIMARY KEY,
  webhook BIGINT NOT NULL,
  topic TEXT NOT NULL,
  body TEXT NOT NULL,
  created BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  next BIGINT NOT NULL,
  state TEXT NOT NULL,
  last_error TEXT
);
CREATE INDEX outbox_next ON outbox (state, next);

-- Minor units of the reference currency that a number of base units of an asset is worth.
CREATE TABLE prices (
  asset TEXT PRIMARY KEY,
  base_units TEXT NOT NULL,
  value BIGINT NOT NULL,
  time BIGINT NOT NULL
);
