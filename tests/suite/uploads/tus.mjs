// Brings a file by tus-js-client, breaks off in the middle, and goes on: what the client makes of the
// server's answers is the client's own.
import { createReadStream, statSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [packages, endpoint, token, path] = process.argv.slice(2);
const library = await import(pathToFileURL(`${packages}/node_modules/tus-js-client/lib.esm/node/index.js`));
const headers = { Authorization: `Bearer ${token}` };
const uploadSize = statSync(path).size;

/** Uploads until `stopAt` bytes went, or to the end; how far it came and where it is. */
function upload(options, stopAt = Infinity) {
  return new Promise((resolve, reject) => {
    const upload = new library.Upload(createReadStream(path), {
      endpoint,
      headers,
      uploadSize,
      chunkSize: 1 << 20,
      metadata: { filename: "Größe.mp4", title: "By tus-js-client" },
      retryDelays: [100, 500],
      onError: reject,
      onSuccess: () => resolve(upload.url),
      onProgress(sent) {
        if (sent >= stopAt) {
          stopAt = Infinity;
          upload.abort().then(() => resolve(upload.url), reject);
        }
      },
      ...options,
    });
    upload.start();
  });
}

const url = await upload({}, uploadSize / 3);
const asked = await fetch(url, { method: "HEAD", headers: { ...headers, "Tus-Resumable": "1.0.0" } });
const offset = Number(asked.headers.get("Upload-Offset"));
if (!(offset < uploadSize)) {
  throw new Error(`it did not break off: ${offset}`);
}
await upload({ uploadUrl: url });
const whole = await upload({ uploadDataDuringCreation: true });
const removed = await upload({});
await library.Upload.terminate(removed, { headers });
console.log(JSON.stringify({ offset, urls: [url, whole], removed }));
