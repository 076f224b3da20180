-- From and until when an imported object is valid, Unix seconds; NULL for no bound.
ALTER TABLE imported ADD COLUMN valid_from BIGINT;
ALTER TABLE imported ADD COLUMN valid_until BIGINT;
CREATE INDEX imported_valid_from ON imported (source, valid_from);
CREATE INDEX imported_valid_until ON imported (source, valid_until);
-- Up to when the validity of a source's objects was applied.
ALTER TABLE sources ADD COLUMN applied BIGINT NOT NULL DEFAULT 0;
