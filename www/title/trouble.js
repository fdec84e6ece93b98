// What went wrong with a title, in words that help. Pure.

import { word } from "../shared/words.js";

// Numbers of shaka.util.Error.Code.
const BAD_STATUS = 1001;
const NO_ANSWER = [1002, 1003];
const CANNOT_DECODE = [3014, 3015, 3016, 3019];
const NOTHING_FITS = [4032, 4011];
const NO_KEY_USABLE = [4012, 6014];
const NO_SYSTEM = [6000, 6001, 6002, 6003, 6012];
const LICENSE_FAILED = 6007;
const KEY_REFUSED = [6004, 6005, 6006, 6008];

/** The status that an error's request was answered with, if it was. */
function statusOf({ code, data = [], status }) {
  if (status) {
    return status;
  }
  if (code === LICENSE_FAILED) {
    const within = data.find((each) => each?.code === BAD_STATUS);
    return within ? statusOf(within) : 0;
  }
  return code === BAD_STATUS ? data[1] : 0;
}

/** Whether the same may go well in a moment. */
export function mayPass(error) {
  const status = statusOf(error);
  return status >= 500 || (!status && (NO_ANSWER.includes(error.code) || error.code === LICENSE_FAILED));
}

/**
 * `{ title, detail }` for an error of a player's: of shaka's, or as `other.js` tells of the others'. `secret` is
 * whether the title is encrypted.
 */
export function troubleOf(error, secret) {
  const { code, isUnreached } = error;
  const isUndecoded = error.isUndecoded || CANNOT_DECODE.includes(code);
  const status = statusOf(error);
  const say = (title, detail) => ({ title, detail: `${detail} (${code ?? error})` });
  if (status === 401 || status === 403) {
    return say(word("title.trouble.right"), word("title.trouble.right.about"));
  }
  if (code === LICENSE_FAILED) {
    return status === 404
      ? say(word("title.trouble.no-key"), word("title.trouble.no-key.about"))
      : say(word("title.trouble.license"), word("title.trouble.license.about"));
  }
  if (status === 404) {
    return say(word("title.trouble.gone"), word("title.trouble.gone.about"));
  }
  if (status || isUnreached || NO_ANSWER.includes(code)) {
    return say(word("title.trouble.network"), word("title.trouble.network.about"));
  }
  if (NO_SYSTEM.includes(code)) {
    return say(word("title.trouble.no-system"), word("title.trouble.no-system.about"));
  }
  if (KEY_REFUSED.includes(code) || NO_KEY_USABLE.includes(code) || (secret && isUndecoded)) {
    return say(word("title.trouble.wrong-key"), word("title.trouble.wrong-key.about"));
  }
  if (isUndecoded || NOTHING_FITS.includes(code)) {
    return say(word("title.trouble.decode"), word("title.trouble.decode.about"));
  }
  return say(word("title.trouble.other"), word("title.trouble.other.about"));
}
