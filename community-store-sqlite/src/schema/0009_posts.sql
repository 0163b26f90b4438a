-- Format 9: fewer indexes of posts.

-- Whether its place among its siblings, best first, is another than that of all who have neither votes
-- nor marks: whether `best_key` is not 0. Most have none, and stand there as they do by age.
ALTER TABLE posts ADD COLUMN ranked INTEGER NOT NULL DEFAULT 0;
UPDATE posts SET ranked = 1 WHERE best_key <> 0;

-- Whether it counts for the last activity of its topic: whether it is published and `bumps`.
ALTER TABLE posts ADD COLUMN bumping INTEGER AS (state = 0 AND bumps = 1) VIRTUAL;

-- Posts of a topic by age: those that bump, and the others.
DROP INDEX posts_by_id;
DROP INDEX posts_that_bump;
CREATE INDEX posts_of_topic ON posts (topic, bumping, id);

-- Replies to a post by age: those who have a place of their own, and the others.
DROP INDEX posts_by_time;
CREATE INDEX posts_below ON posts (parent, ranked, id) WHERE shown = 1 AND parent IS NOT NULL;

-- Those who have a place of their own, best first.
DROP INDEX posts_by_best;
CREATE INDEX posts_by_best ON posts (parent, best_key, id)
  WHERE shown = 1 AND ranked = 1 AND parent IS NOT NULL;
