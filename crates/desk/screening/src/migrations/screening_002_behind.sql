-- What deposits' money came through, as it was found when they were screened again: a bridge's other side can be read later than the deposit. JSON.
CREATE TABLE later_behind (
  seq BIGINT PRIMARY KEY,
  behind TEXT NOT NULL
);
