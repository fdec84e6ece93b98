-- A row or more of each table that came with version 6, for `keep_this_version`.
INSERT INTO room VALUES ('', 'What we build', 'all', 'members', 'granted', NULL);
INSERT INTO room VALUES ('door', '', 'members', 'all', 'all', x'FFD8');
INSERT INTO stage_key VALUES (x'0B', 'door', 'Zoë', 1, 1795000000123, 1795000086523);
INSERT INTO stage_key VALUES (x'0C', '', '', NULL, 1795000000124, 1795000086524);
