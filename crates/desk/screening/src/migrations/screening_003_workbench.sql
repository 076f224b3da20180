-- What the queue of alerts is filtered and sorted by, of each alert's event. Derived from events: filled beside the writer, never by a decision.
CREATE TABLE alert_facts (
  alert BIGINT PRIMARY KEY,
  risk BIGINT NOT NULL,
  kind TEXT NOT NULL,
  asset TEXT,
  amount TEXT,
  value BIGINT,
  counterparty TEXT,
  typologies TEXT NOT NULL
);
CREATE INDEX alert_facts_counterparty ON alert_facts (counterparty) WHERE counterparty IS NOT NULL;
CREATE INDEX alerts_assignee ON alerts (assignee, state) WHERE assignee IS NOT NULL;

-- Filters of the queue that people keep under a name.
CREATE TABLE saved_views (
  id BIGINT PRIMARY KEY,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  is_shared BIGINT NOT NULL,
  query TEXT NOT NULL,
  created BIGINT NOT NULL,
  UNIQUE (owner, name)
);

-- People named in comments (`@name`), until they have read it.
CREATE TABLE mentions (
  id BIGINT PRIMARY KEY,
  person TEXT NOT NULL,
  author TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  time BIGINT NOT NULL,
  seen BIGINT
);
CREATE INDEX mentions_person ON mentions (person, id);
