-- People who act at the desk. Keys belong to them; what needs two people compares people.
CREATE TABLE people (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL CHECK (name <> ''),
  -- The name as it is compared.
  canonical TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL
);

-- Whose a key is.
CREATE TABLE key_people (
  key_id TEXT PRIMARY KEY REFERENCES api_keys (id),
  person BIGINT NOT NULL REFERENCES people (id)
);
CREATE INDEX key_people_person ON key_people (person);
