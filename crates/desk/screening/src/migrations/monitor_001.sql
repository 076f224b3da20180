-- What is counted of events for the desk's statistics, up to the event with the number in `counted_events`. Days are since 1970, UTC.
CREATE TABLE counted_events (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  seq BIGINT NOT NULL
);
INSERT INTO counted_events (id, seq) VALUES (1, 0);
CREATE TABLE decisions_by_day (
  day BIGINT NOT NULL,
  decision TEXT NOT NULL,
  events BIGINT NOT NULL,
  PRIMARY KEY (day, decision)
);
CREATE TABLE hits_by_day (
  day BIGINT NOT NULL,
  rule TEXT NOT NULL,
  state TEXT NOT NULL,
  hits BIGINT NOT NULL,
  PRIMARY KEY (day, rule, state)
);

-- Windows of time over alerts, holds and traces in cases.
CREATE INDEX alerts_created ON alerts (created);
CREATE INDEX alert_notes_action ON alert_notes (action, time, alert);
CREATE INDEX holds_placed ON holds (placed);
CREATE INDEX holds_ended ON holds (ended) WHERE ended IS NOT NULL;
CREATE INDEX case_items_created ON case_items (kind, created);
CREATE INDEX requests_received ON requests (received);

-- Lists of what is watched, each of a person. Conditions are JSON; minutes of the quiet time are of the day, UTC.
CREATE TABLE watch_lists (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  conditions TEXT NOT NULL,
  quiet_from BIGINT,
  quiet_to BIGINT,
  mail TEXT,
  -- Notifications up to this one were mailed, and when.
  mailed BIGINT NOT NULL,
  mailed_at BIGINT NOT NULL,
  created BIGINT NOT NULL,
  removed BIGINT
);
CREATE INDEX watch_lists_owner ON watch_lists (owner, id) WHERE removed IS NULL;
CREATE TABLE watch_items (
  id BIGINT PRIMARY KEY,
  list BIGINT NOT NULL,
  -- address, entity, customer or name.
  kind TEXT NOT NULL,
  -- As it is compared.
  value TEXT NOT NULL,
  note TEXT NOT NULL,
  added BIGINT NOT NULL,
  -- What was known of it at the last check, JSON; null before the first.
  known TEXT,
  checked BIGINT,
  -- Why it could not be checked.
  problem TEXT,
  UNIQUE (list, kind, value)
);
CREATE INDEX watch_items_list ON watch_items (list, id);

-- What people are told, in order: a reader goes on after the number that it saw.
CREATE TABLE notifications (
  id BIGINT PRIMARY KEY,
  time BIGINT NOT NULL,
  -- Name of the person as it is compared.
  person TEXT NOT NULL,
  -- watch.moves, watch.receives, watch.touches, watch.tagged or watch.active.
  kind TEXT NOT NULL,
  -- What it is about, such as address:..., and its page.
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  link TEXT NOT NULL,
  list BIGINT
);
CREATE INDEX notifications_person ON notifications (person, id);
CREATE INDEX notifications_list ON notifications (list, id);
-- Up to which notification a person has seen them.
CREATE TABLE notifications_seen (
  person TEXT PRIMARY KEY,
  id BIGINT NOT NULL
);

-- Rule books that people write before they propose them, with their last back-test (JSON) and the text that it was of.
CREATE TABLE rule_drafts (
  id BIGINT PRIMARY KEY,
  title TEXT NOT NULL,
  author TEXT NOT NULL,
  yaml TEXT NOT NULL,
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  -- Version of the book that it began from.
  base BIGINT NOT NULL,
  -- draft, proposed or discarded; the change that proposed it.
  state TEXT NOT NULL,
  change_id BIGINT,
  test TEXT,
  tested_sha256 TEXT,
  tested BIGINT
);
CREATE INDEX rule_drafts_state ON rule_drafts (state, id);

-- The audit log by person and by action.
CREATE INDEX audit_actor ON audit (actor, seq);
CREATE INDEX audit_action ON audit (action, seq);
CREATE INDEX audit_time ON audit (time, seq);
