CREATE TABLE message (
  room TEXT NOT NULL,
  seq INTEGER NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  text TEXT NOT NULL,
  reply INTEGER,
  kind TEXT NOT NULL CHECK (kind IN ('said', 'gift', 'gone')),
  edited INTEGER NOT NULL,
  reactions TEXT NOT NULL,
  PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_changed ON message (room, n);
CREATE INDEX message_of ON message (who);
CREATE INDEX message_at ON message (at);

CREATE TABLE chat_rules (
  room TEXT PRIMARY KEY,
  slow_s INTEGER NOT NULL,
  members_only INTEGER NOT NULL,
  links_of_members INTEGER NOT NULL,
  words TEXT NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE ban ADD COLUMN room TEXT;
ALTER TABLE ban ADD COLUMN browser BLOB;
ALTER TABLE ban ADD COLUMN name TEXT NOT NULL DEFAULT '';
