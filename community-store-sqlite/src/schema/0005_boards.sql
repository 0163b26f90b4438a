-- Format 5: places in ledgers, sums by day, and leaderboards.

ALTER TABLE memberships ADD COLUMN off_boards INTEGER NOT NULL DEFAULT 0;

ALTER TABLE ledger_entries ADD COLUMN channel BLOB REFERENCES channels;
ALTER TABLE ledger_entries ADD COLUMN labels TEXT; -- JSON; NULL for none

-- Logs up to here name channels and no labels.
UPDATE ledger_entries
SET channel = (SELECT e.channel FROM events e WHERE e.seq = ledger_entries.origin);

-- The sums of the entries of each member by day, without those that are zero.
CREATE TABLE member_days (
  ledger INTEGER NOT NULL REFERENCES ledgers,
  member BLOB NOT NULL REFERENCES members,
  day    INTEGER NOT NULL, -- counted from 1970-01-01
  points INTEGER NOT NULL,
  PRIMARY KEY (ledger, member, day)
) STRICT, WITHOUT ROWID;

-- Names each board once. Spans: 0 day, 1 week, 2 month, 3 quarter, 4 year, 5 all days. Scopes: 0 the
-- community, 1 a channel, 2 a label. `place` is the id of the channel or the key of the label, in
-- bytes; a `grp` without a name is all groups.
CREATE TABLE boards (
  id     INTEGER PRIMARY KEY,
  ledger INTEGER NOT NULL REFERENCES ledgers,
  span   INTEGER NOT NULL,
  first  INTEGER NOT NULL, -- the first day, counted from 1970-01-01
  scope  INTEGER NOT NULL,
  place  BLOB NOT NULL,
  grp    TEXT NOT NULL,
  UNIQUE (ledger, span, first, scope, place, grp)
) STRICT;

-- The sums of the entries of each member on each board, without those that are zero.
CREATE TABLE board_members (
  board  INTEGER NOT NULL REFERENCES boards,
  member BLOB NOT NULL REFERENCES members,
  points INTEGER NOT NULL,
  PRIMARY KEY (board, member)
) STRICT, WITHOUT ROWID;

CREATE INDEX boards_ranked ON board_members (board, points, member);

CREATE VIEW readable_boards AS
SELECT c.key AS community, l.rule_set || '@' || l.version AS rule_set,
       CASE b.span WHEN 0 THEN 'day' WHEN 1 THEN 'week' WHEN 2 THEN 'month' WHEN 3 THEN 'quarter'
                   WHEN 4 THEN 'year' ELSE 'all' END AS span,
       CASE b.span WHEN 5 THEN NULL ELSE date(b.first * 86400, 'unixepoch') END AS first_day,
       h.key AS channel, CASE b.scope WHEN 2 THEN CAST(b.place AS TEXT) END AS label,
       nullif(b.grp, '') AS grp, m.key AS member, p.points
FROM board_members p
JOIN boards b ON b.id = p.board
JOIN ledgers l ON l.id = b.ledger
JOIN communities c ON c.id = l.community
JOIN members m ON m.id = p.member
LEFT JOIN channels h ON b.scope = 1 AND h.id = b.place;
