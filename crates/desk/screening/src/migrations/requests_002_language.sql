-- The language in which an officer last used the portal (BCP 47), for mail.
ALTER TABLE officers ADD COLUMN language TEXT;
