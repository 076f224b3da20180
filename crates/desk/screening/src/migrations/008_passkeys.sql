-- Passkeys of officers, by credential id (hex). The key and its state are as the WebAuthn library encodes them, hex.
CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,
  officer BIGINT NOT NULL,
  name TEXT NOT NULL,
  transports BIGINT NOT NULL,
  public_key TEXT NOT NULL,
  state TEXT NOT NULL,
  created BIGINT NOT NULL,
  used BIGINT
);
CREATE INDEX passkeys_officer ON passkeys (officer, created, id);

-- The ceremony that an officer is in (register or enter): at most one, until it ends or is too old.
CREATE TABLE passkey_ceremonies (
  officer BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  until BIGINT NOT NULL
);
