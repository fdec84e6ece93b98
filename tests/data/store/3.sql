-- A row or more of each table that came with version 3, for `keep_this_version`.
INSERT INTO installation VALUES (1, 'a1b2c3d4', 'key', 'https://192.168.1.5:8081', 7);
INSERT INTO account VALUES (1, 'Ada', 'ada', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA', 'host', '', 1795000000123, 0);
INSERT INTO account VALUES (2, 'Zoë', 'zoë', NULL, 'member', 'publish upload', 1795000000124, 1);
INSERT INTO moderator VALUES (2, ''), (2, 'door');
INSERT INTO session VALUES (1, x'01', 1, 1795000000123, 1795000000124, 1795000000125, 0, 'Firefox on Linux', '192.168.1.7');
INSERT INTO session VALUES (2, x'02', 2, 1795000000123, 1795000000124, 1795000000125, 1, '', '2001:db8::1');
INSERT INTO pass VALUES (x'03', 'host', NULL, NULL, 1795000000123, 1795086400123);
INSERT INTO pass VALUES (x'04', 'reset', 2, 1, 1795000000123, 1795086400123);
INSERT INTO program VALUES (1, 2, 'device', 'NVR', 'd7k2m9qa', x'05', x'06', x'07', 'door', 'watch', 1795000000123, NULL);
INSERT INTO program VALUES (2, NULL, 'token', 'backup', NULL, x'08', NULL, NULL, NULL, 'watch host', 1795000000123, 1795000000124);
INSERT INTO ban (id, account, address, why, made, until) VALUES (1, 2, NULL, 'noise', 1795000000123, NULL);
INSERT INTO ban (id, account, address, why, made, until) VALUES (2, NULL, '198.51.100.0/24', '', 1795000000123, 1795086400123);
INSERT INTO journal VALUES (1, 1795000000123, 1, 'Ada', '192.168.1.7', 'signed in');
INSERT INTO journal VALUES (2, 1795000000123, NULL, 'this machine', '', 'made an invitation');
