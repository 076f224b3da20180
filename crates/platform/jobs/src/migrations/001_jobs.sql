-- Work that is done beside what asks for it, and goes on after a restart.
CREATE TABLE jobs (
  id BIGINT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind <> ''),
  -- Of the jobs of one kind and key, at most one waits.
  job_key TEXT NOT NULL,
  -- JSON, in a version of the kind's.
  version BIGINT NOT NULL CHECK (version > 0),
  payload TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
  -- Tries begun since the last success.
  tries BIGINT NOT NULL CHECK (tries >= 0),
  -- Unix seconds; it is not run before.
  next_try BIGINT NOT NULL,
  done_units BIGINT NOT NULL CHECK (done_units >= 0),
  all_units BIGINT CHECK (all_units >= 0),
  -- Where it goes on after a restart; empty for the beginning.
  resume_at TEXT NOT NULL,
  -- Why the last try failed.
  error TEXT,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  started BIGINT,
  ended BIGINT,
  CHECK ((ended IS NOT NULL) = (state IN ('done', 'failed')))
);
CREATE UNIQUE INDEX jobs_waiting ON jobs (kind, job_key) WHERE state = 'waiting';
CREATE INDEX jobs_due ON jobs (next_try, id) WHERE state = 'waiting';
CREATE INDEX jobs_ended ON jobs (kind, job_key, ended) WHERE ended IS NOT NULL;
