-- A row or more of each table that came with version 7, for `keep_this_version`.
INSERT INTO upload VALUES (1, '01h2c9q4xk7mzv5n8r3t6w0yas', 1, 'Größe.mp4', 'A film', 'filename R3LDtsOfZS5tcDQ=', 1000, 400, 1, 'coming', 1795000000123, 1795086400123);
INSERT INTO upload VALUES (2, '01h2c9q4xk7mzv5n8r3t6w0yat', NULL, '', '', '', NULL, 0, 0, 'coming', 1795000000124, 1795086400124);
INSERT INTO upload VALUES (3, '01h2c9q4xk7mzv5n8r3t6w0yav', 1, 'a.mp4', '', '', 10, 10, 0, 'received', 1795000000125, NULL);
