-- By what a customer can be found: what records and withdrawals ever stated, in canonical form. Nothing is removed, so that a former email
-- address still finds its customer.
CREATE TABLE identifiers (
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  customer TEXT NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (kind, value, customer, source)
);

-- What reviewers said of the customers that a request's targets were matched to.
CREATE TABLE request_matches (
  request TEXT NOT NULL,
  customer TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  decided BIGINT NOT NULL,
  PRIMARY KEY (request, customer)
);
