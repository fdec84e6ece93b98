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

-- What tells this installation from others: none or one.
CREATE TABLE installation (
  -- One.
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- Stands in the names of its cookies: a browser does not tell two servers of one machine apart.
  name TEXT NOT NULL,
  -- Who has it may watch where a link is asked for.
  watch_key TEXT NOT NULL,
  -- How it was reached last, for what is printed on this machine: an origin; may be empty.
  address TEXT NOT NULL,
  -- Rises with each change of who may do what.
  revision INTEGER NOT NULL
) STRICT;

-- Those who may sign in.
CREATE TABLE account (
  -- Never used again.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- As it is shown to all.
  name TEXT NOT NULL,
  -- What the name looks like: no two look the same.
  skeleton TEXT NOT NULL UNIQUE,
  -- The hash of its password, a PHC string; NULL if it signs in otherwise.
  password TEXT,
  -- Who it is.
  role TEXT NOT NULL CHECK (role IN ('member', 'host')),
  -- What it may do besides: words with blanks between them.
  grants TEXT NOT NULL,
  -- When it was made.
  made INTEGER NOT NULL,
  -- 1 if it may not sign in.
  disabled INTEGER NOT NULL
) STRICT;

-- Who keeps order in which room; an empty name is the default room.
CREATE TABLE moderator (
  -- Who.
  account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  -- Where.
  room TEXT NOT NULL,
  PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID;

-- The browsers that signed in.
CREATE TABLE session (
  -- By which its owner names it.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- SHA-256 of its cookie's value.
  hash BLOB NOT NULL UNIQUE,
  -- Whose it is.
  account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  -- When it signed in.
  made INTEGER NOT NULL,
  -- When it was seen last, to the hour.
  seen INTEGER NOT NULL,
  -- When the password was given last.
  sure INTEGER NOT NULL,
  -- 1 if it signed out: it is remembered, so that nobody else's guesses make it wait.
  over INTEGER NOT NULL,
  -- What it said that it is.
  device TEXT NOT NULL,
  -- Where it signed in from.
  address TEXT NOT NULL
) STRICT;
CREATE INDEX session_of ON session (account);

-- Accounts elsewhere by which somebody signs in to one here.
CREATE TABLE identity (
  -- By which its owner names it.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- To whose account it leads.
  account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  -- Who vouches for it.
  issuer TEXT NOT NULL,
  -- Who that is there: never another.
  subject TEXT NOT NULL,
  -- As its owner knows it.
  label TEXT NOT NULL,
  -- When it was linked.
  made INTEGER NOT NULL,
  UNIQUE (issuer, subject)
) STRICT;

-- Secrets that are good once.
CREATE TABLE pass (
  -- SHA-256 of it.
  hash BLOB PRIMARY KEY,
  -- To become a host, to make an account, or to set the password of one.
  kind TEXT NOT NULL CHECK (kind IN ('host', 'invitation', 'reset')),
  -- Whose password it sets.
  account INTEGER REFERENCES account ON DELETE CASCADE,
  -- Who made it; NULL if it was made on this machine.
  by INTEGER REFERENCES account ON DELETE CASCADE,
  -- When it was made.
  made INTEGER NOT NULL,
  -- When it ends.
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The passwords and tokens of programs.
CREATE TABLE program (
  -- By which its owner names it.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Whose it is; NULL if it was made on this machine.
  account INTEGER REFERENCES account ON DELETE CASCADE,
  -- A device's password, or a token.
  kind TEXT NOT NULL CHECK (kind IN ('device', 'token')),
  -- What its owner calls it.
  label TEXT NOT NULL,
  -- The name that a device signs in by; NULL for a token.
  user TEXT UNIQUE,
  -- SHA-256 of its password or of the token.
  hash BLOB NOT NULL UNIQUE,
  -- A device's HA1 (RFC 7616 §3.4.2) by MD5.
  ha1_md5 BLOB,
  -- The same by SHA-256.
  ha1_sha256 BLOB,
  -- The only room that a device may watch, an empty name is the default one; NULL for all.
  room TEXT,
  -- What it may do: words with blanks between them.
  scopes TEXT NOT NULL,
  -- When it was made.
  made INTEGER NOT NULL,
  -- When it was seen last, to the hour.
  seen INTEGER
) STRICT;

-- Who may not come in.
CREATE TABLE ban (
  -- By which it is lifted.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- An account, or NULL and an address.
  account INTEGER REFERENCES account ON DELETE CASCADE,
  -- An address or a network.
  address TEXT,
  -- In the words of who banned.
  why TEXT NOT NULL,
  -- When it was made.
  made INTEGER NOT NULL,
  -- NULL if it has no end.
  until INTEGER,
  -- The room that it is about, an empty name is the default one; NULL for all.
  room TEXT,
  -- SHA-256 of the id of a browser that is nobody's; NULL if it has none.
  browser BLOB,
  -- What somebody without an account called itself; may be empty.
  name TEXT NOT NULL DEFAULT ''
) STRICT;

-- What was done with rights, for the hosts. The newest are kept.
CREATE TABLE journal (
  -- Rises.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- When.
  at INTEGER NOT NULL,
  -- Whose doing it was, also after the account is gone; NULL if nobody had signed in.
  account INTEGER,
  -- That one's name then, or a word.
  who TEXT NOT NULL,
  -- Where it was done from; may be empty.
  address TEXT NOT NULL,
  -- A sentence.
  what TEXT NOT NULL
) STRICT;

-- What was said in rooms. The newest are kept, for as long as the host says.
CREATE TABLE message (
  -- Where; an empty name is the default room.
  room TEXT NOT NULL,
  -- Rises in the room.
  seq INTEGER NOT NULL,
  -- The number of its last change, which rises in the room.
  n INTEGER NOT NULL,
  -- When it was said.
  at INTEGER NOT NULL,
  -- Who said it: `a` and an account's number, or `g` and a guest's; empty if nobody in the room did.
  who TEXT NOT NULL,
  -- That one's name then.
  name TEXT NOT NULL,
  -- That one's role then.
  role TEXT NOT NULL,
  -- As others see it.
  text TEXT NOT NULL,
  -- The `seq` of what it answers.
  reply INTEGER,
  -- Said by somebody, given by somebody, or deleted.
  kind TEXT NOT NULL CHECK (kind IN ('said', 'gift', 'gone')),
  -- 1 if its text was another.
  edited INTEGER NOT NULL,
  -- JSON: emoji, and who put them there.
  reactions TEXT NOT NULL,
  PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_changed ON message (room, n);
CREATE INDEX message_of ON message (who);
CREATE INDEX message_at ON message (at);

-- What may be said in a room.
CREATE TABLE chat_rules (
  -- Where; an empty name is the default room.
  room TEXT PRIMARY KEY,
  -- Seconds between two messages of one.
  slow_s INTEGER NOT NULL,
  -- 1 if members alone may talk.
  members_only INTEGER NOT NULL,
  -- 1 if members alone may send links.
  links_of_members INTEGER NOT NULL,
  -- What nobody may say, a word in each line.
  words TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What is said of a room, and who may what there, beside what `livestream.toml` has of it. A room of
-- which nothing was said has no row.
CREATE TABLE room (
  -- Which; an empty name is the default room.
  name TEXT PRIMARY KEY,
  -- What it is about, in the hosts' words; may be empty.
  note TEXT NOT NULL,
  -- Who may come in.
  enter TEXT NOT NULL CHECK (enter IN ('all', 'members', 'moderators')),
  -- Who may say something.
  talk TEXT NOT NULL CHECK (talk IN ('all', 'members', 'moderators')),
  -- Who may go live, beside who was granted that.
  publish TEXT NOT NULL CHECK (publish IN ('all', 'members', 'granted')),
  -- What stands for it in the list while it shows nothing: a JPEG; NULL for none.
  picture BLOB
) STRICT, WITHOUT ROWID;

-- Keys by which somebody may come into one room and go live there.
CREATE TABLE stage_key (
  -- SHA-256 of it.
  hash BLOB PRIMARY KEY,
  -- Which room; an empty name is the default one.
  room TEXT NOT NULL,
  -- Whom it was given, as the giver knows that one; may be empty.
  label TEXT NOT NULL,
  -- Who made it; NULL if that was a token that is nobody's.
  by INTEGER REFERENCES account ON DELETE CASCADE,
  -- When it was made.
  made INTEGER NOT NULL,
  -- When it ends.
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Files that were brought to the library, and those that are on their way.
CREATE TABLE upload (
  -- The platform's `input_content_id`.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Its name in addresses and on the disk: 128 random bits.
  name TEXT NOT NULL UNIQUE,
  -- Who brings it; NULL if that is a token that is nobody's.
  owner INTEGER REFERENCES account ON DELETE CASCADE,
  -- What that one calls the file, cleaned; may be empty.
  file_name TEXT NOT NULL,
  -- What the video is to be called; may be empty.
  title TEXT NOT NULL,
  -- What else was said of it: tus's `Upload-Metadata`, without keys.
  metadata TEXT NOT NULL,
  -- How many bytes it has; NULL if that was not said yet.
  length INTEGER,
  -- How many were there at the last note of it; while it comes the file tells how many there are.
  offset INTEGER NOT NULL,
  -- 1 while what comes behind `offset` is not checked against its checksum.
  checking INTEGER NOT NULL,
  -- `coming`, or `received` if all of it is there and nothing was made of it yet.
  state TEXT NOT NULL,
  -- When it was begun.
  made INTEGER NOT NULL,
  -- When it is deleted if nothing comes; NULL if all of it is there.
  expires INTEGER
) STRICT;
CREATE INDEX upload_of ON upload (owner);

-- The catalogue: what can be watched, or will be, here or elsewhere.
CREATE TABLE title (
  -- In addresses of pages and of the interface: the platform's `packaged_content_id`, the catalogue's
  -- `id`.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Six capital letters and digits: what its folder is called, in `/videos/NAME/` and on the disk.
  name TEXT NOT NULL UNIQUE,
  -- Whose it is; NULL if that is a token that is nobody's, or an account that is gone: hosts'.
  owner INTEGER REFERENCES account ON DELETE SET NULL,
  -- What it is made of, the platform's `input_content_id`; NULL if it lies elsewhere, or that is gone.
  upload INTEGER REFERENCES upload ON DELETE SET NULL,
  -- What it is called, one line.
  title TEXT NOT NULL,
  -- What it is about, several lines; may be empty.
  description TEXT NOT NULL,
  -- By whom; may be empty.
  director TEXT NOT NULL,
  -- Of when; NULL if that is not known.
  year INTEGER,
  -- Words that it is found by, one in a line; may be empty.
  tags TEXT NOT NULL,
  -- Who may watch it of those who may watch at all.
  watch TEXT NOT NULL CHECK (watch IN ('all', 'members', 'owner')),
  -- A picture of its own that stands for it: a JPEG; NULL for the one that is made of it.
  poster BLOB,
  -- The catalogue's `url`: a manifest elsewhere, which browsers load; NULL if it lies here.
  url TEXT,
  -- How long it is; NULL if that is not known yet.
  length_ms INTEGER,
  -- The lines of the renditions that can be played, as in `360 720`; empty for sound alone.
  lines TEXT NOT NULL,
  -- The folder of segments that is played, which rises with each rendition; 0 if there is none yet.
  generation INTEGER NOT NULL,
  -- 1 if all its renditions are there.
  whole INTEGER NOT NULL,
  -- When it came.
  made INTEGER NOT NULL,
  -- When anything of it changed.
  changed INTEGER NOT NULL
) STRICT;
CREATE INDEX title_of ON title (owner);
CREATE INDEX title_from ON title (upload);

-- Keys of titles that are encrypted. They are given to players that may watch, and shown nowhere.
CREATE TABLE title_key (
  -- Which.
  title INTEGER PRIMARY KEY REFERENCES title ON DELETE CASCADE,
  -- How it is encrypted.
  scheme TEXT NOT NULL CHECK (scheme IN ('cbcs', 'cenc')),
  -- What of it: the platform encrypts pictures alone.
  protects TEXT NOT NULL CHECK (protects IN ('all', 'video')),
  -- 16 bytes, the platform's `key`.
  key BLOB NOT NULL,
  -- What the key is called: 16 bytes, the platform's `kid`.
  kid BLOB NOT NULL,
  -- 16 bytes that `cbcs` begins with, drawn once.
  constant_iv BLOB NOT NULL,
  -- Which 2^40 IVs of its key `cenc` may use; no other title of that key has them.
  iv_block INTEGER NOT NULL,
  -- 1 if the server decrypts it for who may watch and has no way to.
  decrypts INTEGER NOT NULL
) STRICT;

-- Which IVs of a key were ever given away.
CREATE TABLE key_use (
  -- SHA-256 of the key.
  hash BLOB PRIMARY KEY,
  -- The next block of 2^40.
  next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The work on titles.
CREATE TABLE job (
  -- Rises.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- What is made.
  title INTEGER NOT NULL REFERENCES title ON DELETE CASCADE,
  -- How, by name: `publish`, `ladder`.
  recipe TEXT NOT NULL,
  -- What is done first: the lowest.
  rank INTEGER NOT NULL,
  -- How it stands.
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  -- What is being done, or was last; empty before the first.
  step TEXT NOT NULL,
  -- Of that step, in thousandths.
  progress INTEGER NOT NULL,
  -- Before when it is not begun.
  run_at INTEGER NOT NULL,
  -- Who does it, or did last; may be empty.
  worker TEXT NOT NULL,
  -- Rises whenever somebody takes it: who had it before changes nothing any more.
  token INTEGER NOT NULL,
  -- When it is anybody's again, unless who has it says more.
  lease_until INTEGER NOT NULL,
  -- How often it was begun.
  attempts INTEGER NOT NULL,
  -- Why it failed, or the last try did; may be empty.
  words TEXT NOT NULL,
  -- When it was ordered.
  made INTEGER NOT NULL,
  -- When it was done, failed or was cancelled; NULL before.
  ended INTEGER
) STRICT;
CREATE INDEX job_next ON job (state, rank, run_at);
CREATE INDEX job_of ON job (title);

-- What was done for a job.
CREATE TABLE step (
  -- Which.
  job INTEGER NOT NULL REFERENCES job ON DELETE CASCADE,
  -- From 1.
  n INTEGER NOT NULL,
  -- What, as in `encode 720p`.
  name TEXT NOT NULL,
  -- In which try.
  attempt INTEGER NOT NULL,
  -- When it began.
  began INTEGER NOT NULL,
  -- When it ended; NULL while it goes on, or if that broke off.
  ended INTEGER,
  -- What came of it; may be empty.
  words TEXT NOT NULL,
  PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;

-- How far somebody watched a title.
CREATE TABLE place (
  -- Who.
  account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  -- What.
  title INTEGER NOT NULL REFERENCES title ON DELETE CASCADE,
  -- From its beginning.
  at_ms INTEGER NOT NULL,
  -- When.
  changed INTEGER NOT NULL,
  PRIMARY KEY (account, title)
) STRICT, WITHOUT ROWID;
CREATE INDEX place_of ON place (title);
