-- Who last wrote the text of a draft; null where that is its author. That person does not approve it.
ALTER TABLE rule_drafts ADD COLUMN writer TEXT;
