-- Format 6: badges, and what is counted by day and by time.

-- The tier of a badge that somebody decided on; 0 takes it away.
ALTER TABLE grants ADD COLUMN tier INTEGER;

-- What members have of badges, as one version of a badge set has it. What is held follows from the
-- other columns, by one function of the core.
CREATE TABLE awards (
  community  BLOB NOT NULL REFERENCES communities,
  badge_set  TEXT NOT NULL,
  version    INTEGER NOT NULL,
  badge      TEXT NOT NULL,
  member     BLOB NOT NULL REFERENCES members,
  earned     INTEGER NOT NULL,
  earned_at  INTEGER,
  decided    INTEGER,
  decided_at INTEGER,
  held       INTEGER NOT NULL,
  PRIMARY KEY (community, badge_set, version, badge, member)
) STRICT, WITHOUT ROWID;

CREATE INDEX awards_of_member ON awards (community, badge_set, version, member, badge);
CREATE INDEX awards_held ON awards (community, badge_set, version, badge, held) WHERE held > 0;

CREATE VIEW readable_awards AS
SELECT c.key AS community, a.badge_set || '@' || a.version AS badge_set, a.badge,
       m.key AS member, a.held AS tier, a.earned, a.decided
FROM awards a
JOIN communities c ON c.id = a.community
JOIN members m ON m.id = a.member;

-- Members by their latest visit that was new: what follows visits reads who has a higher number
-- than the last that it has seen.
CREATE TABLE visitors (
  community BLOB NOT NULL REFERENCES communities,
  member    BLOB NOT NULL REFERENCES members,
  number    INTEGER NOT NULL,
  PRIMARY KEY (community, member)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX visitors_by_number ON visitors (community, number);

INSERT INTO visitors (community, member, number)
SELECT community, member, row_number() OVER (PARTITION BY community ORDER BY member)
FROM (SELECT DISTINCT community, member FROM visits);

-- How much somebody wrote on a day.
CREATE INDEX posts_of_author ON posts (author, created_at);

-- What happened in a community in a stretch of time, whatever happened before it.
CREATE INDEX events_by_time ON events (community, at) WHERE community IS NOT NULL;
