-- What webhooks are told is read from the audit log, in its order, so nothing has to be queued beside it.
DROP TABLE outbox;
-- Everything up to this audit entry was delivered (or is not on the webhook's topics) ...
ALTER TABLE webhooks ADD COLUMN seen BIGINT NOT NULL DEFAULT 0;
-- ... and of the entry after it, so many messages.
ALTER TABLE webhooks ADD COLUMN part BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN delivered BIGINT NOT NULL DEFAULT 0;
-- Failed tries of the message that is next, and when it is tried again.
ALTER TABLE webhooks ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN next_try BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN last_error TEXT;
