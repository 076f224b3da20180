-- The requests that a customer is named in: by pages of customers.
CREATE INDEX request_matches_customer ON request_matches (customer, decided);
