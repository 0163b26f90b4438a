-- Format 3: reputation. What earns points, grants, ledgers with their standings, and visits.

ALTER TABLE communities ADD COLUMN reputation TEXT NOT NULL DEFAULT '{}'; -- JSON

-- Levels so far were set by hand.
ALTER TABLE memberships ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
UPDATE memberships SET pinned = level > 0;

-- Since when a post belongs to the community.
ALTER TABLE posts ADD COLUMN shared_at INTEGER;

-- A projection of one community reads what happened there, however much happened elsewhere.
CREATE INDEX events_of_community ON events (community) WHERE community IS NOT NULL;

CREATE TABLE grants (
  id        BLOB PRIMARY KEY,
  community BLOB NOT NULL REFERENCES communities,
  member    BLOB NOT NULL REFERENCES members,
  reason    TEXT NOT NULL,
  points    INTEGER NOT NULL,
  post      BLOB REFERENCES posts,
  granter   BLOB REFERENCES members,
  note      TEXT NOT NULL,
  at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_of_community ON grants (community, id);

-- Names each ledger once: what one version of a rule set makes of a community.
CREATE TABLE ledgers (
  id        INTEGER PRIMARY KEY,
  community BLOB NOT NULL REFERENCES communities,
  rule_set  TEXT NOT NULL,
  version   INTEGER NOT NULL,
  UNIQUE (community, rule_set, version)
) STRICT;

-- Appended to, never changed. Steps: 0 given, 1 withdrawn, 2 hidden, 3 restored, 4 shared. The rule
-- `-` stands in entries that only mark something.
CREATE TABLE ledger_entries (
  ledger INTEGER NOT NULL REFERENCES ledgers,
  cause  INTEGER NOT NULL, -- the position of the event
  number INTEGER NOT NULL,
  origin INTEGER NOT NULL,
  rule   TEXT NOT NULL,
  grp    TEXT NOT NULL,
  step   INTEGER NOT NULL,
  member BLOB NOT NULL REFERENCES members,
  giver  BLOB REFERENCES members,
  topic  BLOB REFERENCES topics,
  post   BLOB REFERENCES posts,
  points INTEGER NOT NULL,
  day    INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (ledger, cause, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX ledger_of_member ON ledger_entries (ledger, member, cause, number);
CREATE INDEX ledger_days ON ledger_entries (ledger, member, grp, day, points);
CREATE INDEX ledger_pairs ON ledger_entries (ledger, member, giver, grp, day, points)
  WHERE giver IS NOT NULL;
CREATE INDEX ledger_about ON ledger_entries (ledger, topic, post, rule) WHERE topic IS NOT NULL;

-- The sums of the entries of each member.
CREATE TABLE standings (
  ledger  INTEGER NOT NULL REFERENCES ledgers,
  member  BLOB NOT NULL REFERENCES members,
  points  INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  moved   INTEGER NOT NULL,
  PRIMARY KEY (ledger, member)
) STRICT, WITHOUT ROWID;

CREATE INDEX standings_ranked ON standings (ledger, points, member);

CREATE VIEW readable_standings AS
SELECT c.key AS community, l.rule_set || '@' || l.version AS rule_set, m.key AS member, s.points,
       s.entries, s.moved
FROM standings s
JOIN ledgers l ON l.id = s.ledger
JOIN communities c ON c.id = l.community
JOIN members m ON m.id = s.member;

-- Who was there on a day, counted from 1970-01-01.
CREATE TABLE visits (
  community BLOB NOT NULL REFERENCES communities,
  member    BLOB NOT NULL REFERENCES members,
  day       INTEGER NOT NULL,
  PRIMARY KEY (community, member, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX visits_by_day ON visits (community, day, member);
