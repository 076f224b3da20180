-- Passkeys of people who act at the desk, by credential id (hex). The key and its state are as the WebAuthn library encodes them, hex.
CREATE TABLE staff_passkeys (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  person BIGINT NOT NULL REFERENCES people (id),
  name TEXT NOT NULL CHECK (name <> ''),
  transports BIGINT NOT NULL CHECK (transports >= 0),
  public_key TEXT NOT NULL,
  state TEXT NOT NULL,
  created BIGINT NOT NULL,
  used BIGINT
);
CREATE INDEX staff_passkeys_person ON staff_passkeys (person, created, id);

-- The ceremony that a person is in: at most one, until it ends or is too old.
CREATE TABLE staff_passkey_ceremonies (
  person BIGINT PRIMARY KEY REFERENCES people (id),
  kind TEXT NOT NULL CHECK (kind IN ('register', 'enter')),
  state TEXT NOT NULL,
  -- Until when it is good, Unix seconds.
  until BIGINT NOT NULL
);

-- Whether a second factor or a recovery code opened the session. Without it no factor is set up beside another.
ALTER TABLE sessions ADD COLUMN second_factor BIGINT NOT NULL DEFAULT 0 CHECK (second_factor IN (0, 1));
