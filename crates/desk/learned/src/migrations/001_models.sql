-- Learned models. A model's file (Base64) never changes and is never deleted: decisions name it by its SHA-256. What happens to it is its state.
CREATE TABLE models (
  hash TEXT PRIMARY KEY CHECK (length(hash) = 64),
  purpose TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('draft', 'shadow', 'champion', 'retired')),
  added BIGINT NOT NULL,
  added_by TEXT NOT NULL,
  -- When it came into its state.
  changed BIGINT NOT NULL,
  -- Who proposed it as champion, and when; another person approves it.
  proposed_by TEXT CHECK (proposed_by IS NULL OR state = 'shadow'),
  proposed BIGINT CHECK ((proposed IS NULL) = (proposed_by IS NULL)),
  file TEXT NOT NULL
);
CREATE UNIQUE INDEX models_champion ON models (purpose) WHERE state = 'champion';
CREATE INDEX models_state ON models (state, purpose);

-- Rows of features of the events that models scored (Base64); the decision states the row's SHA-256.
CREATE TABLE scored_events (
  seq BIGINT PRIMARY KEY REFERENCES events (seq),
  features TEXT NOT NULL
);

-- What a champion `alert-triage` said of an alert's event, and what is at stake: probability times value, minor units of the reference currency; null where the
-- value is not known. Derived from events beside the writer, for the order of the queue.
CREATE TABLE alert_triage (
  alert BIGINT PRIMARY KEY REFERENCES alerts (id),
  probability_ppm BIGINT NOT NULL CHECK (probability_ppm BETWEEN 0 AND 1000000),
  at_stake BIGINT CHECK (at_stake >= 0)
);
