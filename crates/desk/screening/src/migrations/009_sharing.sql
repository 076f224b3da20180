-- Flags of stolen funds, one's own and partners'.
CREATE TABLE flags (
  id TEXT PRIMARY KEY,
  member TEXT NOT NULL,
  community TEXT NOT NULL,
  subject TEXT NOT NULL,
  asset TEXT NOT NULL,
  value TEXT NOT NULL,
  reason TEXT NOT NULL,
  raised BIGINT NOT NULL,
  until BIGINT NOT NULL,
  state TEXT NOT NULL,
  source BIGINT,
  tlp TEXT NOT NULL
);
CREATE INDEX flags_state ON flags (state, id);
CREATE INDEX flags_member ON flags (member, state);
CREATE INDEX flags_source ON flags (source);

-- The holds that stand for a flag.
CREATE TABLE flag_holds (
  hold BIGINT NOT NULL,
  flag TEXT NOT NULL,
  PRIMARY KEY (hold, flag)
);
CREATE INDEX flag_holds_flag ON flag_holds (flag);

-- Communities of partners that this desk hosts.
CREATE TABLE communities (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  -- The most restrictive TLP label that may be shared in it.
  max_tlp TEXT NOT NULL,
  created BIGINT NOT NULL
);

-- Their members. Keys are derived; a higher generation ends the old one.
CREATE TABLE members (
  id BIGINT PRIMARY KEY,
  community TEXT NOT NULL,
  name TEXT NOT NULL,
  identity TEXT NOT NULL,
  -- Whether it is this desk itself.
  own BIGINT NOT NULL,
  writes BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  state TEXT NOT NULL,
  joined BIGINT NOT NULL,
  UNIQUE (community, name)
);

-- Objects in the communities' collections, every version; `added` is microseconds and unique, so that it orders and pages.
CREATE TABLE shared_objects (
  added BIGINT PRIMARY KEY,
  community TEXT NOT NULL,
  collection TEXT NOT NULL,
  object TEXT NOT NULL,
  -- As sent, and in microseconds, which orders versions.
  version TEXT NOT NULL,
  version_us BIGINT NOT NULL,
  type TEXT NOT NULL,
  spec TEXT NOT NULL,
  member BIGINT NOT NULL,
  -- Names of the members that may read it (TLP:RED), JSON; NULL for all.
  readers TEXT,
  body TEXT NOT NULL,
  UNIQUE (collection, object, version_us)
);
CREATE INDEX shared_objects_collection ON shared_objects (collection, added);
CREATE INDEX shared_objects_object ON shared_objects (collection, object, version_us);

-- What came of objects that were sent in (TAXII status resources).
CREATE TABLE taxii_statuses (
  id TEXT PRIMARY KEY,
  member BIGINT NOT NULL,
  time BIGINT NOT NULL,
  body TEXT NOT NULL
);

-- Where knowledge comes from: other communities (taxii), feeds (misp), packs. Secrets are sealed to a key derived from the desk's own.
CREATE TABLE sources (
  id BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  username TEXT NOT NULL,
  secret TEXT NOT NULL,
  cursor TEXT NOT NULL,
  every BIGINT NOT NULL,
  state TEXT NOT NULL,
  created BIGINT NOT NULL,
  polled BIGINT,
  error TEXT
);

-- Every object that a source sent and what it became here.
CREATE TABLE imported (
  source BIGINT NOT NULL,
  object TEXT NOT NULL,
  version TEXT NOT NULL,
  -- tag, flag, kept (no effect here) or refused.
  effect TEXT NOT NULL,
  detail TEXT NOT NULL,
  body TEXT NOT NULL,
  time BIGINT NOT NULL,
  PRIMARY KEY (source, object)
);
CREATE INDEX imported_effect ON imported (source, effect, object);

-- Private matching: lists that this desk holds for one question each. The key is derived from the id, the list lies in a file.
CREATE TABLE matching_sessions (
  id TEXT PRIMARY KEY,
  partner TEXT NOT NULL,
  items BIGINT NOT NULL,
  created BIGINT NOT NULL,
  asked BIGINT,
  asked_items BIGINT
);
