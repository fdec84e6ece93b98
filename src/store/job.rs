//! The work on titles: who has which job, for how long, and what was done.
//!
//! A job is had for a time, the lease. Who has it says again and again that it still works on it; who
//! does not any more has lost it, and by the token that it was given changes nothing from then on.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::time::{of_unix_millis, unix_millis};

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptJob {
    /// Its number.
    pub id: u64,
    /// On which title.
    pub title: u64,
    /// What is made, by name.
    pub recipe: String,
    /// What is done first: the lowest.
    pub rank: u32,
    /// How it stands.
    pub state: State,
    /// What is being done, or was last; may be empty.
    pub step: String,
    /// Of that step, in thousandths.
    pub progress: u32,
    /// Before when it is not begun.
    pub run_at: SystemTime,
    /// Who does it, or did last; may be empty.
    pub worker: String,
    /// Of who has it now.
    pub token: u64,
    /// How often it was begun.
    pub attempts: u32,
    /// Why it failed, or the last try did; may be empty.
    pub words: String,
    /// When it was ordered.
    pub made: SystemTime,
    /// When it ended.
    pub ended: Option<SystemTime>,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has it.
    Waiting,
    /// Somebody does it.
    Running,
    /// It is done.
    Done,
    /// It cannot be done.
    Failed,
    /// Nobody wants it any more.
    Cancelled,
}

/// A step of a job, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptStep {
    /// What was done, as in `encode 720p`.
    pub name: String,
    /// In which try.
    pub attempt: u32,
    /// When it began.
    pub began: SystemTime,
    /// When it ended.
    pub ended: Option<SystemTime>,
    /// What came of it; may be empty.
    pub words: String,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It did not succeed, and is tried again from then on.
    Again(SystemTime, String),
    /// It was put back, and is anybody's: that was no try.
    PutBack,
    /// It cannot be done.
    Failed(String),
}

impl State {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more becomes of it unless somebody says so.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    fn parse(word: &str) -> Self {
        [Self::Running, Self::Done, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == word)
            .unwrap_or(Self::Waiting)
    }
}

/// Adds a job that waits, and returns its number.
///
/// # Errors
///
/// The database's; if there is no such title, too.
pub fn add(
    connection: &Connection,
    title: u64,
    (recipe, rank): (&str, u32),
    now: SystemTime,
) -> rusqlite::Result<u64> {
    let values = named_params! {
        ":title": signed(title), ":recipe": recipe, ":rank": rank, ":now": unix_millis(now),
    };
    let insert = "INSERT INTO job (title, recipe, rank, state, step, progress, run_at, worker, token, \
                  lease_until, attempts, words, made) VALUES (:title, :recipe, :rank, 'waiting', '', \
                  0, :now, '', 0, 0, 0, '', :now)";
    connection.execute(insert, values)?;
    Ok(u64::try_from(connection.last_insert_rowid()).unwrap_or_default())
}

/// Gives a job to a worker until `until`: of the lowest rank that which waits longest, if its time has
/// come, or whose lease is over. No two of titles that are made of the same upload at once.
///
/// # Errors
///
/// The database's.
pub fn claim(
    connection: &Connection,
    worker: &str,
    now: SystemTime,
    until: SystemTime,
) -> rusqlite::Result<Option<KeptJob>> {
    let values = named_params! {
        ":worker": worker, ":now": unix_millis(now), ":until": unix_millis(until),
    };
    let claim = "UPDATE job SET state = 'running', worker = :worker, token = token + 1, \
                 lease_until = :until, attempts = attempts + 1, progress = 0 \
                 WHERE id = (SELECT job.id FROM job JOIN title ON title.id = job.title \
                   WHERE ((job.state = 'waiting' AND run_at <= :now) \
                       OR (job.state = 'running' AND lease_until <= :now)) \
                   AND NOT EXISTS (SELECT 1 FROM job AS other \
                     JOIN title AS made ON made.id = other.title \
                     WHERE other.state = 'running' AND other.lease_until > :now \
                     AND other.id <> job.id AND (made.id = title.id OR made.upload = title.upload)) \
                   ORDER BY rank, run_at, job.id LIMIT 1) RETURNING *";
    connection.query_row(claim, values, read).optional()
}

/// Whether somebody could begin a job now.
///
/// # Errors
///
/// The database's.
pub fn waits(connection: &Connection, now: SystemTime) -> rusqlite::Result<bool> {
    let select = "SELECT count(*) > 0 FROM job WHERE (state = 'waiting' AND run_at <= ?1) \
                  OR (state = 'running' AND lease_until <= ?1)";
    connection.query_row(select, [unix_millis(now)], |row| row.get(0))
}

/// Whether a job of a lower rank than this waits for somebody to begin it now.
///
/// # Errors
///
/// The database's.
pub fn waits_before(connection: &Connection, rank: u32, now: SystemTime) -> rusqlite::Result<bool> {
    let select = "SELECT count(*) > 0 FROM job \
                  WHERE state = 'waiting' AND rank < ?1 AND run_at <= ?2";
    connection.query_row(select, (rank, unix_millis(now)), |row| row.get(0))
}

/// Notes that who has a job goes on with it until `until` at least, and how far its step is; whether
/// it still has it.
///
/// # Errors
///
/// The database's.
pub fn extend(
    connection: &Connection,
    (id, token): (u64, u64),
    progress: u32,
    until: SystemTime,
) -> rusqlite::Result<bool> {
    let values = named_params! {
        ":id": signed(id), ":token": signed(token), ":progress": progress.min(1000),
        ":until": unix_millis(until),
    };
    let update = "UPDATE job SET lease_until = :until, progress = :progress \
                  WHERE id = :id AND token = :token AND state = 'running'";
    Ok(connection.execute(update, values)? > 0)
}

/// Whether who has this token still has the job.
///
/// # Errors
///
/// The database's.
pub fn is_had(connection: &Connection, (id, token): (u64, u64)) -> rusqlite::Result<bool> {
    let select = "SELECT count(*) > 0 FROM job WHERE id = ?1 AND token = ?2 AND state = 'running'";
    connection.query_row(select, (signed(id), signed(token)), |row| row.get(0))
}

/// Notes that a step begins, which ends the one before; whether who says so still has the job.
///
/// # Errors
///
/// The database's.
pub fn begin_step(
    connection: &Connection,
    (id, token): (u64, u64),
    name: &str,
    now: SystemTime,
) -> rusqlite::Result<bool> {
    if !is_had(connection, (id, token))? {
        return Ok(false);
    }
    end_step(connection, id, "", now)?;
    let values = named_params! { ":id": signed(id), ":name": name, ":now": unix_millis(now) };
    connection.execute("UPDATE job SET step = :name, progress = 0 WHERE id = :id", &values[..2])?;
    let insert = "INSERT INTO step (job, n, name, attempt, began, words) \
                  SELECT :id, coalesce(max(n), 0) + 1, :name, \
                  (SELECT attempts FROM job WHERE id = :id), :now, '' FROM step WHERE job = :id";
    connection.execute(insert, values)?;
    let forget = "DELETE FROM step WHERE job = ?1 \
                  AND n <= (SELECT max(n) FROM step WHERE job = ?1) - ?2";
    connection.execute(forget, (signed(id), MOST_STEPS)).map(|_| true)
}

fn end_step(
    connection: &Connection,
    id: u64,
    words: &str,
    now: SystemTime,
) -> rusqlite::Result<()> {
    let values = named_params! { ":id": signed(id), ":words": words, ":now": unix_millis(now) };
    let update = "UPDATE step SET ended = :now, words = :words WHERE job = :id AND ended IS NULL";
    connection.execute(update, values).map(drop)
}

/// Notes what came of a try; whether who says so still had the job.
///
/// # Errors
///
/// The database's.
pub fn finish(
    connection: &Connection,
    (id, token): (u64, u64),
    outcome: &Outcome,
    now: SystemTime,
) -> rusqlite::Result<bool> {
    let (state, run_at, words, tries) = match outcome {
        Outcome::Done => (State::Done, now, "", 0),
        Outcome::Again(at, words) => (State::Waiting, *at, words.as_str(), 0),
        Outcome::PutBack => (State::Waiting, now, "", -1),
        Outcome::Failed(words) => (State::Failed, now, words.as_str(), 0),
    };
    let values = named_params! {
        ":id": signed(id), ":token": signed(token), ":state": state.as_str(),
        ":run_at": unix_millis(run_at), ":words": words, ":tries": tries,
        ":ended": state.is_over().then(|| unix_millis(now)),
    };
    let update = "UPDATE job SET state = :state, run_at = :run_at, words = :words, ended = :ended, \
                  attempts = attempts + :tries, lease_until = 0 \
                  WHERE id = :id AND token = :token AND state = 'running'";
    if connection.execute(update, values)? == 0 {
        return Ok(false);
    }
    end_step(connection, id, words, now).map(|()| true)
}

/// Takes a job from whoever has it: nobody wants it any more. Whether it was not over.
///
/// # Errors
///
/// The database's.
pub fn cancel(connection: &Connection, id: u64, now: SystemTime) -> rusqlite::Result<bool> {
    let values = named_params! { ":id": signed(id), ":now": unix_millis(now) };
    let update = "UPDATE job SET state = 'cancelled', token = token + 1, lease_until = 0, \
                  ended = :now WHERE id = :id AND state IN ('waiting', 'running')";
    if connection.execute(update, values)? == 0 {
        return Ok(false);
    }
    end_step(connection, id, "", now).map(|()| true)
}

/// Lets a job be tried again from the start of its tries; whether it had failed or was cancelled.
///
/// # Errors
///
/// The database's.
pub fn retry(connection: &Connection, id: u64, now: SystemTime) -> rusqlite::Result<bool> {
    let values = named_params! { ":id": signed(id), ":now": unix_millis(now) };
    let update = "UPDATE job SET state = 'waiting', token = token + 1, run_at = :now, attempts = 0, \
                  words = '', progress = 0, ended = NULL \
                  WHERE id = :id AND state IN ('failed', 'cancelled')";
    Ok(connection.execute(update, values)? > 0)
}

/// Takes back what workers of this name had, who are gone: that was no try of theirs.
///
/// # Errors
///
/// The database's.
pub fn release(connection: &Connection, workers: &str, now: SystemTime) -> rusqlite::Result<usize> {
    let values = named_params! { ":workers": workers, ":now": unix_millis(now) };
    let update = "UPDATE job SET state = 'waiting', token = token + 1, run_at = :now, \
                  lease_until = 0, attempts = max(attempts - 1, 0) \
                  WHERE state = 'running' AND substr(worker, 1, length(:workers)) = :workers";
    connection.execute(update, values)
}

/// All jobs, the newest first.
///
/// # Errors
///
/// The database's.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptJob>> {
    let select = "SELECT * FROM job ORDER BY id DESC";
    connection.prepare(select)?.query_map((), read)?.collect()
}

/// The job of this number.
///
/// # Errors
///
/// The database's.
pub fn find(connection: &Connection, id: u64) -> rusqlite::Result<Option<KeptJob>> {
    connection.query_row("SELECT * FROM job WHERE id = ?1", [signed(id)], read).optional()
}

/// What was done for a job, the first first.
///
/// # Errors
///
/// The database's.
pub fn steps(connection: &Connection, id: u64) -> rusqlite::Result<Vec<KeptStep>> {
    let select = "SELECT name, attempt, began, ended, words FROM step WHERE job = ?1 ORDER BY n";
    let read = |row: &Row<'_>| {
        Ok(KeptStep {
            name: row.get("name")?,
            attempt: row.get("attempt")?,
            began: of_unix_millis(row.get("began")?),
            ended: row.get::<_, Option<i64>>("ended")?.map(of_unix_millis),
            words: row.get("words")?,
        })
    };
    connection.prepare(select)?.query_map([signed(id)], read)?.collect()
}

/// Deletes jobs that were over before this.
///
/// # Errors
///
/// The database's.
pub fn forget(connection: &Connection, before: SystemTime) -> rusqlite::Result<usize> {
    connection.execute("DELETE FROM job WHERE ended < ?1", [unix_millis(before)])
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptJob> {
    let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(KeptJob {
        id: unsigned(row.get("id")?),
        title: unsigned(row.get("title")?),
        recipe: row.get("recipe")?,
        rank: row.get("rank")?,
        state: State::parse(&row.get::<_, String>("state")?),
        step: row.get("step")?,
        progress: row.get("progress")?,
        run_at: of_unix_millis(row.get("run_at")?),
        worker: row.get("worker")?,
        token: unsigned(row.get("token")?),
        attempts: row.get("attempts")?,
        words: row.get("words")?,
        made: of_unix_millis(row.get("made")?),
        ended: row.get::<_, Option<i64>>("ended")?.map(of_unix_millis),
    })
}

/// A number as the database has it.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Of a job: what is tried without end has the last of them.
const MOST_STEPS: u32 = 200;
