-- Agencies and the mail domains that were verified to be theirs.
CREATE TABLE agencies (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  country TEXT NOT NULL,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL
);
CREATE TABLE agency_domains (
  domain TEXT PRIMARY KEY,
  agency BIGINT NOT NULL,
  -- How it was verified.
  evidence TEXT NOT NULL,
  verified BIGINT NOT NULL,
  verified_by TEXT NOT NULL
);

-- Requests from law enforcement. `targets` is a digest of the canonical targets, to find duplicates.
CREATE TABLE requests (
  seq BIGINT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  received BIGINT NOT NULL,
  due BIGINT NOT NULL,
  state TEXT NOT NULL,
  agency TEXT NOT NULL,
  email TEXT NOT NULL,
  reference TEXT NOT NULL,
  targets TEXT NOT NULL,
  body TEXT NOT NULL,
  call_back TEXT,
  outcome TEXT,
  reason TEXT,
  prepared_by TEXT,
  approved_by TEXT,
  answered BIGINT,
  -- Numbers of the holds that the answer placed, JSON.
  holds TEXT
);
CREATE INDEX requests_state ON requests (state, due);
CREATE INDEX requests_email ON requests (email, received);
CREATE INDEX requests_agency ON requests (agency, received);
CREATE INDEX requests_reference ON requests (reference);
CREATE INDEX requests_targets ON requests (targets);
