// Loads a script that a page needs only now and then, once.

import { make } from "./dom.js";

const loading = new Map();

export function loadScript(address) {
  if (!loading.has(address)) {
    loading.set(address, new Promise((done, fail) => {
      const script = make("script");
      script.src = address;
      script.addEventListener("load", () => done());
      script.addEventListener("error", () => {
        script.remove();
        loading.delete(address);
        fail(new Error(address));
      });
      document.head.append(script);
    }));
  }
  return loading.get(address);
}
