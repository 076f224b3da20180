-- What became known of an event's movement after its decision, all that was ever sent; read together, the latest `time` wins field by field.
CREATE TABLE event_completions (
  seq BIGINT NOT NULL,
  customer TEXT NOT NULL,
  time BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (seq, time, body)
);
CREATE INDEX event_completions_customer ON event_completions (customer, seq);

-- What events name, one row an event, so that a period, an account or an asset can limit a search.
CREATE TABLE event_identifiers (
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  seq BIGINT NOT NULL,
  role TEXT NOT NULL,
  customer TEXT NOT NULL,
  time BIGINT NOT NULL,
  account TEXT,
  asset TEXT,
  PRIMARY KEY (kind, value, seq, role)
);

-- Which version of the rules the identifiers were last filled by.
CREATE TABLE identifier_fills (
  version BIGINT PRIMARY KEY,
  filled BIGINT NOT NULL
);
