// Talks to the server: one time-out for all, every failure as one sentence. Holds no state
// and does not decide when to ask; see poll.js and settings.js.

import { word } from "./words.js";

const TIMEOUT_MS = 5000;

/** A request that failed. `kind`: "offline" (no answer), "slow" (timed out) or "refused". */
export class Failure extends Error {
  constructor(kind, sentence, status = 0, { field, waitS } = {}) {
    super(sentence);
    this.kind = kind;
    this.status = status;
    // What was wrong, and how long it will be, where the server says so.
    this.field = field;
    this.waitS = waitS;
  }
}

async function request(path, options = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    const answer = await fetch(path, { cache: "no-store", ...options, signal: stop.signal });
    if (!answer.ok) {
      throw new Failure("refused", await sentenceOf(answer), answer.status);
    }
    return await (options.read ?? readJson)(answer);
  } catch (error) {
    if (error instanceof Failure) {
      throw error;
    }
    // A browser holds six streams to one server; further requests then wait without end.
    throw stop.signal.aborted
      ? new Failure("slow", word("shared.late"))
      : new Failure("offline", word("shared.offline"));
  } finally {
    clearTimeout(timer);
  }
}

const readJson = (answer) => answer.json();

async function sentenceOf(answer) {
  try {
    const { error } = await answer.json();
    if (typeof error === "string" && error) {
      return /[.!?]$/.test(error) ? error : `${error}.`;
    }
  } catch {
    // Not JSON: a proxy's page, perhaps.
  }
  return word("shared.refused", { status: answer.status });
}

const JSON_ONLY = { Accept: "application/json" };

export const getState = (tab) => request(`state?tab=${tab}`, { headers: JSON_ONLY });

export const post = (path, tab, fields) =>
  request(`${path}?tab=${tab}`, {
    method: "POST",
    headers: JSON_ONLY,
    body: new URLSearchParams(fields),
  });

export const getSnapshot = (query = "") => request(`snapshot${query}`, { read: (answer) => answer.blob() });

// The list stands beside the pages of all rooms, and is asked for by its own address.
export const getRooms = () => request(location.pathname, { headers: JSON_ONLY });

export const getPreview = (path) => request(`${path}preview`, { read: (answer) => answer.blob() });
