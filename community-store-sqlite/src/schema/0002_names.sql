-- Format 2: synonyms of a community, and the names of its members by word.

ALTER TABLE communities ADD COLUMN synonyms TEXT NOT NULL DEFAULT '[]'; -- JSON

-- Listed members who have joined, at each word of their names and at their keys. Places: 0 the
-- name from its beginning, 1 the name from a later word on, 2 the key. With the community in
-- front, a page costs a page, however common the name is elsewhere.
CREATE TABLE member_names (
  community BLOB NOT NULL REFERENCES communities,
  place     INTEGER NOT NULL,
  folded    TEXT NOT NULL, -- without case and accents
  member    BLOB NOT NULL REFERENCES members,
  PRIMARY KEY (community, place, folded, member)
) STRICT, WITHOUT ROWID;
