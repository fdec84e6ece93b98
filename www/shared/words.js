// What the page says, in its language: WORDS stands before all modules, with those that they name
// (build/words.rs).

const plurals = new Intl.PluralRules(document.documentElement.lang);

/** A word with these values in its places; where it has plural forms, the one for `values.count`. */
export function word(key, values = {}) {
  const text = WORDS[key] ?? WORDS[`${key}.${plurals.select(values.count)}`];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
