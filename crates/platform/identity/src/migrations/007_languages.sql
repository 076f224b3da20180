-- The language that a person of the desk chose for pages and mail (BCP 47); nobody has one before they choose.
CREATE TABLE person_languages (
  person BIGINT PRIMARY KEY REFERENCES people (id),
  language TEXT NOT NULL CHECK (language <> '')
);
