-- Format 10: what others hang on a first post is counted in the row of its topic.

-- Replies to the first post that are shown. So a reply to a topic, which writes the topic's row anyway,
-- does not write that of its first post as well.
ALTER TABLE topics ADD COLUMN replies INTEGER NOT NULL DEFAULT 0;
UPDATE topics SET (replies, corrections) =
  (SELECT children, corrections FROM posts WHERE posts.id = topics.opening AND parent IS NULL)
  WHERE opening IN (SELECT id FROM posts WHERE parent IS NULL);

-- In the row of a first post these two are 0, and so is its place among siblings: it has none.
UPDATE posts SET children = 0, corrections = 0, best_key = 0, ranked = 0, shown = 0
  WHERE parent IS NULL;
