-- How long records of a kind are kept, and by which law.
CREATE TABLE retention_policies (
  kind TEXT PRIMARY KEY,
  days BIGINT NOT NULL CHECK (days >= 0),
  basis TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL
);

-- Legal holds: while one stands, nothing of the customer is erased.
CREATE TABLE legal_holds (
  id BIGINT PRIMARY KEY,
  customer TEXT NOT NULL,
  reason TEXT NOT NULL,
  placed_by TEXT NOT NULL,
  placed BIGINT NOT NULL,
  lifted_by TEXT,
  lifted BIGINT,
  lifted_reason TEXT
);
CREATE INDEX legal_holds_customer ON legal_holds (customer, id);

-- Erasures: proposed by one person, carried out by another. After that, `customer` is the pseudonym.
CREATE TABLE erasures (
  id BIGINT PRIMARY KEY,
  customer TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- proposed, done, rejected.
  state TEXT NOT NULL,
  proposed_by TEXT NOT NULL,
  proposed BIGINT NOT NULL,
  decided_by TEXT,
  decided BIGINT,
  -- What was done and what the scan found, JSON.
  report TEXT
);
