-- Second factors of people: an authenticator app. The secret is derived from the desk's key and stored nowhere.
CREATE TABLE second_factors (
  person BIGINT PRIMARY KEY REFERENCES people (id),
  -- Number of the enrolment; each has another secret.
  number BIGINT NOT NULL CHECK (number > 0),
  -- When a code of it was given first, Unix seconds. Before that it opens nothing and is asked for by nobody.
  confirmed BIGINT,
  -- Step of the last code that was used; earlier ones open no more.
  last_step BIGINT NOT NULL,
  -- Wrong codes since the last right one, and until when none is taken.
  wrong_codes BIGINT NOT NULL CHECK (wrong_codes >= 0),
  blocked_until BIGINT NOT NULL
);
