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
