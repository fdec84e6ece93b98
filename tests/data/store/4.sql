-- A row or more of each table that came with version 4, for `keep_this_version`.
INSERT INTO identity VALUES (1, 2, 'https://id.example/realms/a', '5d1e', 'zoe@example.org', 1795000000123);
