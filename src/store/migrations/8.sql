CREATE TABLE title (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  owner INTEGER REFERENCES account ON DELETE SET NULL,
  upload INTEGER REFERENCES upload ON DELETE SET NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  director TEXT NOT NULL,
  year INTEGER,
  tags TEXT NOT NULL,
  watch TEXT NOT NULL CHECK (watch IN ('all', 'members', 'owner')),
  poster BLOB,
  url TEXT,
  length_ms INTEGER,
  lines TEXT NOT NULL,
  generation INTEGER NOT NULL,
  whole INTEGER NOT NULL,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL
) STRICT;
CREATE INDEX title_of ON title (owner);
CREATE INDEX title_from ON title (upload);
CREATE TABLE title_key (
  title INTEGER PRIMARY KEY REFERENCES title ON DELETE CASCADE,
  scheme TEXT NOT NULL CHECK (scheme IN ('cbcs', 'cenc')),
  protects TEXT NOT NULL CHECK (protects IN ('all', 'video')),
  key BLOB NOT NULL,
  kid BLOB NOT NULL,
  constant_iv BLOB NOT NULL,
  iv_block INTEGER NOT NULL,
  decrypts INTEGER NOT NULL
) STRICT;
CREATE TABLE key_use (
  hash BLOB PRIMARY KEY,
  next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE job (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title INTEGER NOT NULL REFERENCES title ON DELETE CASCADE,
  recipe TEXT NOT NULL,
  rank INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  step TEXT NOT NULL,
  progress INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  worker TEXT NOT NULL,
  token INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  words TEXT NOT NULL,
  made INTEGER NOT NULL,
  ended INTEGER
) STRICT;
CREATE INDEX job_next ON job (state, rank, run_at);
CREATE INDEX job_of ON job (title);
CREATE TABLE step (
  job INTEGER NOT NULL REFERENCES job ON DELETE CASCADE,
  n INTEGER NOT NULL,
  name TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  began INTEGER NOT NULL,
  ended INTEGER,
  words TEXT NOT NULL,
  PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE place (
  account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  title INTEGER NOT NULL REFERENCES title ON DELETE CASCADE,
  at_ms INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  PRIMARY KEY (account, title)
) STRICT, WITHOUT ROWID;
CREATE INDEX place_of ON place (title);
