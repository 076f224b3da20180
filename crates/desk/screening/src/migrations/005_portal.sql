-- Officers of agencies: registered, proved (their address), approved (by a person), suspended. No secret is stored: codes and TOTP secrets are
-- derived from the desk's master key and the numbers here.
CREATE TABLE officers (
  id BIGINT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  agency BIGINT NOT NULL,
  state TEXT NOT NULL,
  created BIGINT NOT NULL,
  proved BIGINT,
  decided BIGINT,
  decided_by TEXT,
  reason TEXT,
  -- Raised to end all sessions.
  generation BIGINT NOT NULL,
  -- The code mailed last: its number, until when it opens, failed tries, codes mailed since `code_hour`.
  code BIGINT NOT NULL,
  code_until BIGINT NOT NULL,
  code_tries BIGINT NOT NULL,
  code_hour BIGINT NOT NULL,
  code_count BIGINT NOT NULL,
  -- The TOTP secret's number, whether the officer confirmed it, the last time step used, failed tries.
  totp BIGINT NOT NULL,
  totp_confirmed BIGINT NOT NULL,
  totp_step BIGINT NOT NULL,
  totp_tries BIGINT NOT NULL,
  -- Public keys for productions (age recipients), JSON.
  recipients TEXT NOT NULL
);
CREATE INDEX officers_state ON officers (state, id);

-- Which officer sent a request through the portal.
CREATE TABLE request_officers (
  request TEXT PRIMARY KEY,
  officer BIGINT NOT NULL
);
CREATE INDEX request_officers_officer ON request_officers (officer);

-- Messages about a request, both ways.
CREATE TABLE request_messages (
  id BIGINT PRIMARY KEY,
  request TEXT NOT NULL,
  time BIGINT NOT NULL,
  -- officer or desk.
  side TEXT NOT NULL,
  author TEXT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX request_messages_request ON request_messages (request, id);

-- Files in the desk's vault, by SHA-256, and what they belong to (request:ID, exhibit:ID, production:ID).
CREATE TABLE files (
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  media_type TEXT NOT NULL,
  time BIGINT NOT NULL,
  added_by TEXT NOT NULL,
  PRIMARY KEY (owner, name)
);

-- Mail that waits to be sent, in order.
CREATE TABLE outbox (
  id BIGINT PRIMARY KEY,
  time BIGINT NOT NULL,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  -- What it is about, such as request:r1.
  about TEXT NOT NULL,
  sent BIGINT,
  failures BIGINT NOT NULL,
  next_try BIGINT NOT NULL,
  last_error TEXT
);
CREATE INDEX outbox_waiting ON outbox (next_try, id) WHERE sent IS NULL;

-- What the clocks did: each reminder, escalation, expiry and notice once.
CREATE TABLE clock_marks (
  mark TEXT PRIMARY KEY,
  time BIGINT NOT NULL
);

-- Data kept for a preservation: a snapshot per customer, in the vault.
CREATE TABLE preservations (
  request TEXT NOT NULL,
  customer TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  kept BIGINT NOT NULL,
  until BIGINT NOT NULL,
  extended BIGINT,
  -- kept or lapsed.
  state TEXT NOT NULL,
  PRIMARY KEY (request, customer)
);
CREATE INDEX preservations_state ON preservations (state, until);

-- Transfers of a seizure: what goes where. States: prepared, returned, approved (two people), moved.
CREATE TABLE seizures (
  id BIGINT PRIMARY KEY,
  request TEXT NOT NULL,
  customer TEXT NOT NULL,
  asset TEXT NOT NULL,
  amount TEXT NOT NULL,
  destination TEXT NOT NULL,
  state TEXT NOT NULL,
  hold BIGINT,
  reference TEXT,
  moved BIGINT,
  moved_by TEXT
);
CREATE INDEX seizures_request ON seizures (request, id);

-- Notices to users that a request was about them, once the gag is over.
CREATE TABLE notices (
  request TEXT NOT NULL,
  customer TEXT NOT NULL,
  due BIGINT NOT NULL,
  sent BIGINT,
  PRIMARY KEY (request, customer)
);
CREATE INDEX notices_waiting ON notices (due) WHERE sent IS NULL;

ALTER TABLE requests ADD COLUMN first_approval TEXT;
ALTER TABLE requests ADD COLUMN country TEXT;
ALTER TABLE requests ADD COLUMN kind TEXT;
-- Classes of data that the approved answer opens, JSON: a later policy does not widen it.
ALTER TABLE requests ADD COLUMN granted TEXT;
-- When a clock looks at it next: at a reminder, or when it is due.
ALTER TABLE requests ADD COLUMN next_look BIGINT;
UPDATE requests SET next_look = received;
CREATE INDEX requests_next_look ON requests (next_look) WHERE next_look IS NOT NULL;
CREATE INDEX requests_state_seq ON requests (state, seq);
