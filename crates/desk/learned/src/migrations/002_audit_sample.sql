-- The audit sample: quiet events, which raised no alert, of which a fixed share is drawn and reviewed. What is found measures what the rules miss.
CREATE TABLE audit_sample (
  event BIGINT PRIMARY KEY REFERENCES events (seq),
  drawn BIGINT NOT NULL,
  outcome TEXT CHECK (outcome IN ('true_positive', 'false_positive', 'inconclusive')),
  reviewed BIGINT CHECK ((reviewed IS NULL) = (outcome IS NULL)),
  reviewed_by TEXT,
  note TEXT
);
CREATE INDEX audit_sample_outcome ON audit_sample (outcome, event);

-- Up to which event was drawn, of how many quiet ones, and the secret (hexadecimal) by which a draw is decided: who knows it could keep out of the sample.
CREATE TABLE audit_draws (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  seed TEXT NOT NULL,
  upto BIGINT NOT NULL,
  quiet BIGINT NOT NULL
);
