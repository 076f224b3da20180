-- What was given to an authority: an encrypted package in the vault, and who fetched it.
CREATE TABLE productions (
  id BIGINT PRIMARY KEY,
  request TEXT NOT NULL,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  -- Of the encrypted package.
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  -- Of the package before encryption.
  plain_sha256 TEXT NOT NULL,
  -- JSON.
  classes TEXT NOT NULL,
  customers TEXT NOT NULL,
  recipients TEXT NOT NULL,
  expires BIGINT NOT NULL
);
CREATE INDEX productions_request ON productions (request, id);
CREATE TABLE production_downloads (
  id BIGINT PRIMARY KEY,
  production BIGINT NOT NULL,
  time BIGINT NOT NULL,
  who TEXT NOT NULL
);
CREATE INDEX production_downloads_production ON production_downloads (production, id);
