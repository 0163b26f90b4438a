-- Format 7: erasure.

-- Since when nothing is left of somebody but an id, and of a post but its place.
ALTER TABLE members ADD COLUMN erased_at INTEGER;
ALTER TABLE posts ADD COLUMN erased_at INTEGER;

-- The grants to a member of which somebody wrote what they are for.
CREATE INDEX grants_with_notes ON grants (member) WHERE note <> '';
