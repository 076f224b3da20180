-- Whatever changes what decisions rest on, in the order in which it was accepted.
CREATE TABLE inputs (
  position BIGINT PRIMARY KEY CHECK (position > 0),
  kind TEXT NOT NULL,
  version BIGINT NOT NULL CHECK (version > 0),
  time BIGINT NOT NULL,
  body TEXT NOT NULL
);

-- Up to which position results are stored, and the fold's counters there: the next free numbers and the latest time of any event.
CREATE TABLE fold_progress (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  position BIGINT NOT NULL CHECK (position >= 0),
  watermark BIGINT NOT NULL,
  event BIGINT NOT NULL CHECK (event > 0),
  hold BIGINT NOT NULL CHECK (hold > 0),
  posting BIGINT NOT NULL CHECK (posting > 0),
  alert BIGINT NOT NULL CHECK (alert > 0)
);
