-- Browsers that people signed in with. The cookie itself is stored nowhere.
CREATE TABLE sessions (
  -- SHA-256 of the cookie, hex.
  id TEXT PRIMARY KEY,
  key_id TEXT NOT NULL REFERENCES api_keys (id),
  -- Address that it was started from.
  client TEXT NOT NULL,
  started BIGINT NOT NULL,
  used BIGINT NOT NULL,
  ended BIGINT
);
CREATE INDEX sessions_open ON sessions (key_id) WHERE ended IS NULL;
