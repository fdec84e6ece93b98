// Asks for the state again and again, one question at a time, and waits longer after each
// failure. Does not know what a state means.

const RETRY_S = [1, 2, 4, 8];

/**
 * `ask()` fetches; `pause()` says how many milliseconds to rest after an answer;
 * `onAnswer(state, sentAt, tookMs)`; `onFailure(failure, retryAt, failures)`.
 */
export function createPoll({ ask, pause, onAnswer, onFailure }) {
  let timer = 0;
  let running = false;
  let asking = false;
  let failures = 0;

  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(once, ms);
  }

  async function once() {
    clearTimeout(timer);
    if (!running || asking) {
      return;
    }
    asking = true;
    const sentAt = performance.now();
    try {
      const state = await ask();
      failures = 0;
      if (running) {
        onAnswer(state, sentAt, performance.now() - sentAt);
        later(pause());
      }
    } catch (failure) {
      if (running) {
        const wait = RETRY_S[Math.min(failures, RETRY_S.length - 1)] * 1000;
        failures += 1;
        later(wait);
        onFailure(failure, performance.now() + wait, failures);
      }
    } finally {
      asking = false;
      if (!running) {
        failures = 0;
      }
    }
  }

  return {
    start() {
      running = true;
      once();
    },
    stop() {
      running = false;
      clearTimeout(timer);
    },
    now: once,
    /** Puts the next question off: a POST has just brought the state. */
    rest() {
      if (running && !asking && failures === 0) {
        later(pause());
      }
    },
  };
}
