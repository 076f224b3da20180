-- Mailed codes: the one before stays good until its time is over, so that a request by somebody else voids none.
ALTER TABLE officers ADD COLUMN code_before_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE officers ADD COLUMN code_mailed BIGINT NOT NULL DEFAULT 0;
-- Mail of the last hour is counted by what it is about.
CREATE INDEX outbox_about ON outbox (about, time);
