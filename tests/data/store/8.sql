-- A row or more of each table that came with version 8, for `keep_this_version`.
INSERT INTO title VALUES (1, '5F8LNI', 1, 3, 'A film', 'Of a cat.' || char(10) || 'And a dog.', 'Ada', 1999, 'cat' || char(10) || 'dog', 'members', NULL, NULL, 60480, '360 720', 2, 0, 1795000000123, 1795000000456);
INSERT INTO title VALUES (2, 'A1B2C3', NULL, NULL, 'Elsewhere', '', '', NULL, '', 'all', x'ffd8', 'https://example.org/a.mpd', NULL, '', 0, 1, 1795000000124, 1795000000124);
INSERT INTO title_key VALUES (1, 'cbcs', 'video', x'000102030405060708090a0b0c0d0e0f', x'101112131415161718191a1b1c1d1e1f', x'202122232425262728292a2b2c2d2e2f', 4, 1);
INSERT INTO key_use VALUES (x'00', 5);
INSERT INTO job VALUES (1, 1, 'publish', 0, 'done', 'package', 1000, 1795000000123, 'cam/0', 1, 1795000030123, 1, '', 1795000000123, 1795000010123);
INSERT INTO job VALUES (2, 1, 'ladder', 1, 'running', 'encode 720p', 250, 1795000010123, 'cam/0', 2, 1795000040123, 2, 'ffmpeg failed with code 1', 1795000010123, NULL);
INSERT INTO step VALUES (1, 1, 'encode 360p', 1, 1795000000223, 1795000009123, '');
INSERT INTO place VALUES (1, 1, 30500, 1795000020123);
