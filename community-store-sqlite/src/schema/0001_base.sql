-- Format 1.
--
-- Ids are the 16 bytes of a UUID; `hex(id)` shows them. Times are whole microseconds since 1970 in
-- UTC, days whole days since 1970-01-01. States: 0 published, 1 withdrawn, 2 removed. The views at
-- the end show the same in words.
--
-- A table is WITHOUT ROWID where its key is what its rows are looked up by, so that a lookup is one
-- search. Only long texts stand in ordinary tables.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- How often the rights of the members in a slot were written; slot 0 is the directory.
CREATE TABLE access_revs (
  slot INTEGER PRIMARY KEY,
  rev  INTEGER NOT NULL
) STRICT;

---------------------------------------------------------------------------- the directory

CREATE TABLE communities (
  id          BLOB PRIMARY KEY,
  key         TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  policy      TEXT NOT NULL, -- JSON
  settings    TEXT NOT NULL, -- JSON
  reactions   TEXT NOT NULL, -- JSON
  kinds       TEXT NOT NULL, -- JSON
  hot_scale   INTEGER NOT NULL,
  capacity    INTEGER,
  archived    INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  rev         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE channels (
  id          BLOB PRIMARY KEY,
  community   BLOB NOT NULL REFERENCES communities,
  parent      BLOB REFERENCES channels,
  key         TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  position    INTEGER NOT NULL,
  policy      TEXT NOT NULL, -- JSON
  settings    TEXT NOT NULL, -- JSON
  archived    INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  rev         INTEGER NOT NULL,
  UNIQUE (community, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE labels (
  community   BLOB NOT NULL REFERENCES communities,
  key         TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  audience    TEXT NOT NULL,
  rev         INTEGER NOT NULL,
  PRIMARY KEY (community, key)
) STRICT, WITHOUT ROWID;

---------------------------------------------------------------------------- people

CREATE TABLE members (
  id         BLOB PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  listed     INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  rev        INTEGER NOT NULL,
  attributes TEXT NOT NULL, -- JSON
  lists      TEXT NOT NULL, -- JSON
  profile    TEXT NOT NULL  -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE memberships (
  member    BLOB NOT NULL REFERENCES members,
  community BLOB NOT NULL REFERENCES communities,
  joined_at INTEGER,
  level     INTEGER NOT NULL,
  rev       INTEGER NOT NULL,
  roles     TEXT NOT NULL, -- JSON
  sanctions TEXT NOT NULL, -- JSON
  PRIMARY KEY (member, community)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_by_joining ON memberships (community, joined_at, member)
  WHERE joined_at IS NOT NULL;

---------------------------------------------------------------------------- topics and posts

CREATE TABLE topics (
  id           BLOB PRIMARY KEY,
  community    BLOB NOT NULL REFERENCES communities,
  channel      BLOB NOT NULL REFERENCES channels,
  author       BLOB NOT NULL REFERENCES members,
  state        INTEGER NOT NULL,
  opening      BLOB NOT NULL, -- the first post; written behind its topic, so not REFERENCES
  key          TEXT,
  kind         TEXT NOT NULL,
  answerable   INTEGER NOT NULL,
  title        TEXT NOT NULL,
  labels       TEXT NOT NULL, -- JSON
  status       TEXT NOT NULL,
  locked       INTEGER NOT NULL,
  hot_scale    INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  bumped_at    INTEGER NOT NULL,
  rev          INTEGER NOT NULL,
  gate         INTEGER NOT NULL,
  ups          INTEGER NOT NULL,
  downs        INTEGER NOT NULL,
  posts        INTEGER NOT NULL,
  answers      INTEGER NOT NULL,
  accepted     INTEGER NOT NULL,
  participants INTEGER NOT NULL,
  views        INTEGER NOT NULL,
  active_at    INTEGER NOT NULL,
  corrections  INTEGER NOT NULL DEFAULT 0, -- those that stand beside the first post
  pin          TEXT, -- JSON
  payload      TEXT  -- JSON
) STRICT, WITHOUT ROWID;

CREATE INDEX topics_by_id ON topics (community, id);
CREATE INDEX topics_pinned ON topics (community, id) WHERE pin IS NOT NULL;

-- A post has no text: that is its latest revision's. So a vote never rewrites a long row.
CREATE TABLE posts (
  id              BLOB PRIMARY KEY,
  topic           BLOB NOT NULL REFERENCES topics,
  parent          BLOB REFERENCES posts,
  depth           INTEGER NOT NULL,
  kind            INTEGER NOT NULL, -- 0 opening, 1 answer, 2 reply
  author          BLOB NOT NULL REFERENCES members,
  state           INTEGER NOT NULL,
  bumps           INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  edited_at       INTEGER,
  revision        INTEGER NOT NULL,
  rev             INTEGER NOT NULL,
  ups             INTEGER NOT NULL,
  downs           INTEGER NOT NULL,
  children        INTEGER NOT NULL,
  corrections     INTEGER NOT NULL,
  best_key        INTEGER NOT NULL, -- the place among its siblings, best first
  shown           INTEGER NOT NULL, -- whether a thread shows it
  key             TEXT,
  accepted_at     INTEGER,
  accepted_by     BLOB REFERENCES members,
  accepted_reason TEXT,
  official_at     INTEGER,
  official_by     BLOB REFERENCES members,
  official_reason TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX posts_by_id ON posts (topic, id);
CREATE INDEX posts_by_best ON posts (parent, best_key, id) WHERE shown = 1;
CREATE INDEX posts_by_time ON posts (parent, created_at, id) WHERE shown = 1;
CREATE INDEX posts_that_bump ON posts (topic, created_at) WHERE state = 0 AND bumps = 1;

-- Keys of topics and posts: one space of names in each community.
CREATE TABLE items (
  community BLOB NOT NULL REFERENCES communities,
  key       TEXT NOT NULL,
  topic     BLOB NOT NULL REFERENCES topics,
  post      BLOB REFERENCES posts, -- NULL: the key is the topic's
  PRIMARY KEY (community, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE revisions (
  id     INTEGER PRIMARY KEY,
  post   BLOB NOT NULL REFERENCES posts,
  number INTEGER NOT NULL,
  editor BLOB REFERENCES members,
  at     INTEGER NOT NULL,
  title  TEXT,
  labels TEXT, -- JSON
  reason TEXT,
  body   TEXT NOT NULL,
  UNIQUE (post, number)
) STRICT;

CREATE TABLE corrections (
  id           BLOB NOT NULL UNIQUE,
  post         BLOB NOT NULL REFERENCES posts,
  range_start  INTEGER,
  range_end    INTEGER,
  revision     INTEGER NOT NULL,
  author       BLOB NOT NULL REFERENCES members,
  at           INTEGER NOT NULL,
  withdrawn_at INTEGER,
  rev          INTEGER NOT NULL,
  body         TEXT NOT NULL
) STRICT;

CREATE INDEX corrections_of_post ON corrections (post, at, id, withdrawn_at);

CREATE TABLE links (
  source BLOB NOT NULL REFERENCES topics,
  target BLOB NOT NULL REFERENCES topics,
  kind   TEXT NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (source, target, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX links_to ON links (target);

-- Slots: 0 vote, 1 reaction.
CREATE TABLE reactions (
  post   BLOB NOT NULL REFERENCES posts,
  member BLOB NOT NULL REFERENCES members,
  slot   INTEGER NOT NULL,
  key    TEXT NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (post, member, slot)
) STRICT, WITHOUT ROWID;

CREATE INDEX reactions_by_time ON reactions (post, slot, at, member);

---------------------------------------------------------------------------- what is counted

CREATE TABLE tallies (
  post  BLOB NOT NULL REFERENCES posts,
  key   TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (post, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE participations (
  topic  BLOB NOT NULL REFERENCES topics,
  member BLOB NOT NULL REFERENCES members,
  count  INTEGER NOT NULL,
  PRIMARY KEY (topic, member)
) STRICT, WITHOUT ROWID;

CREATE TABLE community_members (
  community BLOB PRIMARY KEY REFERENCES communities,
  count     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE label_use (
  community BLOB NOT NULL REFERENCES communities,
  label     TEXT NOT NULL,
  channel   BLOB NOT NULL REFERENCES channels,
  count     INTEGER NOT NULL,
  PRIMARY KEY (community, label, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE channel_topics (
  channel BLOB PRIMARY KEY REFERENCES channels,
  count   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Day 0 holds the views from before days were counted.
CREATE TABLE topic_views (
  topic BLOB NOT NULL REFERENCES topics,
  day   INTEGER NOT NULL,
  views INTEGER NOT NULL,
  PRIMARY KEY (topic, day)
) STRICT, WITHOUT ROWID;

---------------------------------------------------------------------------- feeds

-- Names each listing once. `owner` is a community, channel or member, as `kind` says; `name` is a
-- label or a kind of topic where there is one.
CREATE TABLE listings (
  id    INTEGER PRIMARY KEY,
  kind  TEXT NOT NULL,
  owner BLOB NOT NULL,
  name  TEXT NOT NULL,
  UNIQUE (kind, owner, name)
) STRICT;

-- Every sorted list of every feed: the published topics of a listing in one order. Orders: 0 new,
-- 1 active, 2 hot, 3 top, 4 views, 5 unanswered, 6 unsolved, 1000 + day top of that day. `channel`
-- is NULL where the listing is of one channel.
CREATE TABLE listing_entries (
  listing INTEGER NOT NULL REFERENCES listings,
  sort    INTEGER NOT NULL,
  key     INTEGER NOT NULL,
  topic   BLOB NOT NULL REFERENCES topics,
  channel BLOB,
  PRIMARY KEY (listing, sort, key, topic)
) STRICT, WITHOUT ROWID;

---------------------------------------------------------------------------- the log

CREATE TABLE events (
  seq       INTEGER PRIMARY KEY,
  event     TEXT NOT NULL,
  actor     BLOB,
  at        INTEGER NOT NULL,
  community BLOB,
  channel   BLOB,
  topic     BLOB,
  post      BLOB,
  member    BLOB,
  data      TEXT -- JSON: what else this kind of event says
) STRICT;

CREATE TABLE requests (
  id          BLOB PRIMARY KEY,
  seq         INTEGER NOT NULL,
  subject     BLOB,
  fingerprint INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
  name TEXT PRIMARY KEY,
  seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

---------------------------------------------------------------------------- for people

CREATE VIEW readable_topics AS
SELECT lower(hex(t.id)) AS id, c.key AS community, h.key AS channel, t.key, t.kind, t.title,
       t.labels, m.key AS author, m.name AS author_name,
       CASE t.state WHEN 0 THEN 'published' WHEN 1 THEN 'withdrawn' ELSE 'removed' END AS state,
       t.status, t.locked, t.pin IS NOT NULL AS pinned, t.ups - t.downs AS score, t.posts,
       t.answers, t.accepted, t.participants, t.views,
       strftime('%Y-%m-%dT%H:%M:%SZ', t.created_at / 1000000, 'unixepoch') AS created_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', t.active_at / 1000000, 'unixepoch') AS active_at
FROM topics t
JOIN communities c ON c.id = t.community
JOIN channels h ON h.id = t.channel
JOIN members m ON m.id = t.author;

CREATE VIEW readable_posts AS
SELECT lower(hex(p.id)) AS id, lower(hex(p.topic)) AS topic, lower(hex(p.parent)) AS parent,
       p.depth, p.key,
       CASE p.kind WHEN 0 THEN 'opening' WHEN 1 THEN 'answer' ELSE 'reply' END AS kind,
       m.key AS author, m.name AS author_name,
       CASE p.state WHEN 0 THEN 'published' WHEN 1 THEN 'withdrawn' ELSE 'removed' END AS state,
       p.accepted_at IS NOT NULL AS accepted, p.official_at IS NOT NULL AS official,
       p.ups - p.downs AS score, r.body,
       strftime('%Y-%m-%dT%H:%M:%SZ', p.created_at / 1000000, 'unixepoch') AS created_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', p.edited_at / 1000000, 'unixepoch') AS edited_at
FROM posts p
JOIN members m ON m.id = p.author
LEFT JOIN revisions r ON r.post = p.id AND r.number = p.revision;

CREATE VIEW readable_listings AS
SELECT l.kind AS listing, lower(hex(l.owner)) AS owner, l.name,
       CASE e.sort WHEN 0 THEN 'new' WHEN 1 THEN 'active' WHEN 2 THEN 'hot' WHEN 3 THEN 'top'
                   WHEN 4 THEN 'views' WHEN 5 THEN 'unanswered' WHEN 6 THEN 'unsolved'
                   ELSE 'top of ' || date((e.sort - 1000) * 86400, 'unixepoch') END AS sort,
       e.key, lower(hex(e.topic)) AS topic
FROM listing_entries e
JOIN listings l ON l.id = e.listing;

CREATE VIEW readable_events AS
SELECT e.seq, e.event, m.key AS actor,
       strftime('%Y-%m-%dT%H:%M:%SZ', e.at / 1000000, 'unixepoch') AS at,
       lower(hex(e.community)) AS community, lower(hex(e.channel)) AS channel,
       lower(hex(e.topic)) AS topic, lower(hex(e.post)) AS post, lower(hex(e.member)) AS member,
       e.data
FROM events e
LEFT JOIN members m ON m.id = e.actor;
