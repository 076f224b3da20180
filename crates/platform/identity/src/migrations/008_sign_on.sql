-- People who sign in through the identity provider of the institution. Their key has a secret that nobody is given.
CREATE TABLE sign_on_people (
  issuer TEXT NOT NULL,
  -- The provider's `sub`, which never changes.
  subject TEXT NOT NULL CHECK (subject <> ''),
  person BIGINT NOT NULL REFERENCES people (id),
  -- None until the first sign-in of somebody whom an administrator linked.
  key_id TEXT REFERENCES api_keys (id),
  -- The provider's session (`sid`) of the last sign-on, where it names it.
  sid TEXT,
  linked BIGINT NOT NULL,
  linked_by TEXT NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX sign_on_people_person ON sign_on_people (issuer, person);
CREATE UNIQUE INDEX sign_on_people_key ON sign_on_people (key_id);

-- The provider's session (`sid`) in which a session was started, for logouts that the provider sends.
ALTER TABLE sessions ADD COLUMN provider_session TEXT;

-- People whom the institution's directory provisions (SCIM).
CREATE TABLE directory_users (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  person BIGINT NOT NULL UNIQUE REFERENCES people (id),
  user_name TEXT NOT NULL CHECK (user_name <> ''),
  -- The user name as it is compared.
  canonical TEXT NOT NULL UNIQUE,
  external_id TEXT,
  display_name TEXT,
  -- What the directory said last, if anything; the person may be suspended here all the same.
  active BIGINT CHECK (active IN (0, 1)),
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  -- Whose entry the directory deleted is suspended; the entry stays, so that the person can come back.
  deleted BIGINT
);
CREATE TABLE directory_groups (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  display_name TEXT NOT NULL CHECK (display_name <> ''),
  external_id TEXT,
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL
);
CREATE TABLE directory_members (
  group_id TEXT NOT NULL REFERENCES directory_groups (id),
  user_id TEXT NOT NULL REFERENCES directory_users (id),
  PRIMARY KEY (group_id, user_id)
);
CREATE INDEX directory_members_user ON directory_members (user_id);
