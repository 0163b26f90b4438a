-- Format 10: what others hang on a first post is counted in the row of its topic.

-- Replies to the first post that are shown. So a reply to a topic, which writes the topic's row anyway,
-- does not write that of its first post as well. The corrections beside it are counted there already.
ALTER TABLE topics ADD COLUMN replies INTEGER NOT NULL DEFAULT 0;

-- What may be long stays behind what is read often.
ALTER TABLE topics RENAME COLUMN payload TO payload_before;
ALTER TABLE topics ADD COLUMN payload TEXT; -- JSON
UPDATE topics SET payload = payload_before,
  replies = coalesce((SELECT children FROM posts WHERE id = topics.opening AND parent IS NULL), 0);
ALTER TABLE topics DROP COLUMN payload_before;

-- In the row of a first post these two are 0, and so is its place among siblings: it has none.
UPDATE posts SET children = 0, corrections = 0, best_key = 0, ranked = 0, shown = 0
  WHERE parent IS NULL;
