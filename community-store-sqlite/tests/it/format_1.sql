-- What a store of format 1 held: one community with three members, of whom one is not listed and
-- one has left, and the beginning of its log.

INSERT INTO meta VALUES ('epoch', 7);

INSERT INTO communities VALUES
  (x'01900000000070008000000000000001', 'garden', 'Garden', '', '{}', '{}', '[]', '[]', 45000, NULL,
   0, 1700000000000000, 1);

INSERT INTO members VALUES
  (x'0190000000007000800000000000000a', 'crm:1', 'Zoë van der Meer', 1, 1700000000000000, 1, '{}', '[]', '{}'),
  (x'0190000000007000800000000000000b', 'crm:2', 'Meera', 0, 1700000000000000, 1, '{}', '[]', '{}'),
  (x'0190000000007000800000000000000c', 'crm:3', 'Meerten', 1, 1700000000000000, 1, '{}', '[]', '{}');

INSERT INTO memberships VALUES
  (x'0190000000007000800000000000000a', x'01900000000070008000000000000001', 1700000001000000, 0, 1, '[]', '[]'),
  (x'0190000000007000800000000000000b', x'01900000000070008000000000000001', 1700000002000000, 0, 1, '[]', '[]'),
  (x'0190000000007000800000000000000c', x'01900000000070008000000000000001', NULL, 0, 2, '[]', '[]');

INSERT INTO community_members VALUES (x'01900000000070008000000000000001', 2);

INSERT INTO events (seq, event, at, community) VALUES
  (1, 'community_created', 1700000000000000, x'01900000000070008000000000000001');
INSERT INTO events (seq, event, at, community, data) VALUES
  (2, 'label_changed', 1700000000000000, x'01900000000070008000000000000001', '{"label":"leek"}');
