-- The database of the data folder, as it is after all migrations.
-- A time is Unix time in milliseconds.

-- What viewers gave, and their words for all to read. The newest are kept.
CREATE TABLE donation (
  -- Rises; not below the time at which it was given.
  id INTEGER PRIMARY KEY,
  -- When it was given.
  at INTEGER NOT NULL,
  -- The name of the room where it was given; NULL is the default room.
  room TEXT,
  -- Who gave, as the giver wrote it; may be empty.
  name TEXT NOT NULL,
  -- As the giver wrote it; may be empty.
  message TEXT NOT NULL
) STRICT;

-- The authority of this machine's own, which signs its certificate for TLS: none or one. Devices
-- trust it, and so it is made once.
CREATE TABLE authority (
  -- One.
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- What devices call it.
  name TEXT NOT NULL,
  -- The machine's name when it was made, which it may sign; may be empty.
  host TEXT NOT NULL,
  -- Its certificate, DER.
  certificate BLOB NOT NULL,
  -- Its key, PKCS #8: whoever has it can be this server for all who trust it.
  key BLOB NOT NULL,
  -- When it ends.
  until INTEGER NOT NULL
) STRICT;

-- The certificate for TLS that the authority signed last.
CREATE TABLE leaf (
  -- One.
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- DER.
  certificate BLOB NOT NULL,
  -- PKCS #8.
  key BLOB NOT NULL,
  -- The names and addresses that it is for, one in a line.
  names TEXT NOT NULL,
  -- From when on it holds.
  "from" INTEGER NOT NULL
) STRICT;
