-- Changes that a second person puts in force: rule books, keys of administrators, sources of partners.
CREATE TABLE changes (
  id BIGINT PRIMARY KEY,
  -- rules, key or source.
  kind TEXT NOT NULL,
  -- What it is about, such as key:NAME.
  subject TEXT NOT NULL,
  -- What is put in force; holds no secret.
  body TEXT NOT NULL,
  -- proposed, approved or rejected.
  state TEXT NOT NULL,
  proposed_by TEXT NOT NULL,
  proposed BIGINT NOT NULL,
  decided_by TEXT,
  decided BIGINT,
  reason TEXT
);
CREATE INDEX changes_state ON changes (state, id);
