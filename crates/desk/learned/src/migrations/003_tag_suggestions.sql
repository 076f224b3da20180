-- Categories that a model suggests for addresses of a chain. They are no tags: who accepts one states a tag of the desk's own. What was rejected is not suggested
-- again, and is a label.
CREATE TABLE tag_suggestions (
  id BIGINT PRIMARY KEY,
  -- CAIP-2 id.
  chain TEXT NOT NULL,
  address TEXT NOT NULL,
  category TEXT NOT NULL,
  model TEXT NOT NULL REFERENCES models (hash),
  -- Log odds, all digits.
  score TEXT NOT NULL,
  probability_ppm BIGINT NOT NULL CHECK (probability_ppm BETWEEN 0 AND 1000000),
  -- Height and time (Unix seconds) of the last block that was looked at, and the first one that the ledger has.
  block BIGINT NOT NULL,
  block_time BIGINT NOT NULL,
  from_block BIGINT NOT NULL,
  payments BIGINT NOT NULL,
  first_payment BIGINT NOT NULL,
  -- The row of features (Base64).
  features TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'rejected')),
  suggested BIGINT NOT NULL,
  suggested_by TEXT NOT NULL,
  decided BIGINT CHECK ((decided IS NULL) = (state = 'open')),
  decided_by TEXT CHECK ((decided_by IS NULL) = (state = 'open')),
  note TEXT
);
CREATE UNIQUE INDEX tag_suggestions_address ON tag_suggestions (chain, address, category);
CREATE INDEX tag_suggestions_state ON tag_suggestions (state, probability_ppm);
