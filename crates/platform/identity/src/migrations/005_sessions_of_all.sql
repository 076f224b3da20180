-- Sessions of officers and learners too. The constraint on `key_id` cannot be lifted in place on SQLite, so that the table is made anew.
CREATE TABLE sessions_of_all (
  -- SHA-256 of the cookie or token, hex.
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('staff', 'officer', 'learner')),
  -- Whose it is: the key that a person of the desk signed in with, the number of an officer, the number of a learner and of their key.
  subject TEXT NOT NULL,
  -- The same key, where it is one.
  key_id TEXT REFERENCES api_keys (id),
  -- Address that it was started from; empty where it is not known.
  client TEXT NOT NULL,
  started BIGINT NOT NULL,
  used BIGINT NOT NULL,
  ended BIGINT,
  CHECK ((kind = 'staff') = (key_id IS NOT NULL))
);
INSERT INTO sessions_of_all (id, kind, subject, key_id, client, started, used, ended)
  SELECT id, 'staff', key_id, key_id, client, started, used, ended FROM sessions;
DROP TABLE sessions;
ALTER TABLE sessions_of_all RENAME TO sessions;
CREATE INDEX sessions_open ON sessions (kind, subject) WHERE ended IS NULL;
CREATE INDEX sessions_started ON sessions (started);
