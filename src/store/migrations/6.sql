CREATE TABLE room (
  name TEXT PRIMARY KEY,
  note TEXT NOT NULL,
  enter TEXT NOT NULL CHECK (enter IN ('all', 'members', 'moderators')),
  talk TEXT NOT NULL CHECK (talk IN ('all', 'members', 'moderators')),
  publish TEXT NOT NULL CHECK (publish IN ('all', 'members', 'granted')),
  picture BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE stage_key (
  hash BLOB PRIMARY KEY,
  room TEXT NOT NULL,
  label TEXT NOT NULL,
  by INTEGER REFERENCES account ON DELETE CASCADE,
  made INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
