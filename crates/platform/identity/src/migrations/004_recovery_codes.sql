-- Codes that open in place of one of the app, once each. They are random numbers of 80 bits, of which the hash alone is stored.
CREATE TABLE recovery_codes (
  person BIGINT NOT NULL REFERENCES people (id),
  -- SHA-256 of person and code, hex.
  hash TEXT NOT NULL,
  created BIGINT NOT NULL,
  used BIGINT,
  PRIMARY KEY (person, hash)
);
