-- What people at the desk noted of a customer.
CREATE TABLE customer_notes (
  id BIGINT PRIMARY KEY,
  customer TEXT NOT NULL,
  time BIGINT NOT NULL,
  author TEXT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX customer_notes_customer ON customer_notes (customer, id);
