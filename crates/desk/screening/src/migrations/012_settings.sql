-- Facts about the desk itself: which key it works with, when its clock was last known to be right.
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- What flags can name of a deposit (its transaction, its output, who sent it), to find past deposits by it.
CREATE TABLE event_keys (
  key TEXT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (key, seq)
);
