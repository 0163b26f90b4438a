-- Format 8: moves.

-- Topics that have moved while their places in `listing_entries` were not written. A row holds what
-- the counters of a topic were before; one without counters says that all places of the topic have
-- been written, and one without a topic only counts. The number of a row is higher than all there
-- have ever been, and the table is never empty.
CREATE TABLE moves (
  id        INTEGER PRIMARY KEY,
  topic     BLOB REFERENCES topics,
  ups       INTEGER,
  downs     INTEGER,
  answers   INTEGER,
  accepted  INTEGER,
  views     INTEGER,
  active_at INTEGER
) STRICT;

INSERT INTO moves (id) VALUES (0);

-- The places in listings whose number modulo 64 is `shard` are written as of this move: a topic stands
-- there as it did before its first move behind it.
CREATE TABLE moves_written (
  shard INTEGER PRIMARY KEY,
  id    INTEGER NOT NULL
) STRICT;
