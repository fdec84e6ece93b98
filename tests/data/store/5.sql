-- A row or more of each table that came with version 5, for `keep_this_version`.
INSERT INTO ban VALUES (3, NULL, '203.0.113.5', 'noise', 1795000000123, NULL, 'door', x'09', 'Mallory');
INSERT INTO message VALUES ('', 1, 3, 1795000000123, 'a1', 'Ada', 'host', 'hello', NULL, 'said', 1, '{"👍":["g1f"]}');
INSERT INTO message VALUES ('', 2, 2, 1795000000124, '', 'Zoë', '', 'well done', NULL, 'gift', 0, '{}');
INSERT INTO message VALUES ('door', 1, 1, 1795000000125, 'g1f', '', 'guest', '', 1, 'gone', 0, '{}');
INSERT INTO chat_rules VALUES ('door', 10, 1, 0, 'darn');
