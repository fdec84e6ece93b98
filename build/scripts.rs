//! Joins the modules that a page's script imports, each once, in the order in which they need each
//! other.
//!
//! Each becomes a function that is called at once and returns what it exports, so that their names
//! do not meet. Understands the few forms of `import` and `export` that the pages use, each at a
//! line's beginning, and refuses others: it is no parser of JavaScript.
//!
//! Before them stand the words that they name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::words::{self, Words};

/// The script that `entry`, a path below `www`, becomes with all that it imports.
///
/// # Errors
///
/// What is wrong in which file: it is missing, has a form that is not understood, names a word that
/// there is not, or modules import each other in a circle.
pub(crate) fn join(www: &Path, entry: &str, words: &mut Words) -> Result<String, String> {
    let mut joined = Joined {
        www,
        words,
        named: BTreeMap::new(),
        done: BTreeSet::new(),
        under_way: Vec::new(),
        out: String::new(),
    };
    joined.add(entry)?;
    let (words, modules) = (words::object(&joined.named), joined.out);
    Ok(format!("\"use strict\";\n(() => {{\n{words}{modules}}})();\n"))
}

struct Joined<'a> {
    www: &'a Path,
    words: &'a mut Words,
    /// The words that they name, with their keys.
    named: BTreeMap<String, String>,
    done: BTreeSet<String>,
    under_way: Vec<String>,
    out: String,
}

/// One module, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Module {
    /// What it imports: from which file, and what stands for it, `{ a, b: c }` or a name.
    imports: Vec<(String, Import)>,
    exports: Vec<String>,
    body: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Import {
    /// All of it, under one name.
    Whole(String),
    /// Some of its names, as they stand between the braces.
    Names(String),
}

impl Joined<'_> {
    fn add(&mut self, file: &str) -> Result<(), String> {
        if self.done.contains(file) {
            return Ok(());
        }
        if self.under_way.iter().any(|other| other == file) {
            return Err(format!("www/{file}: imports itself by {}", self.under_way.join(", ")));
        }
        self.under_way.push(file.to_owned());
        let source = fs::read_to_string(self.www.join(file))
            .map_err(|error| format!("www/{file}: {error}"))?;
        let module = take_apart(&source).map_err(|why| format!("www/{file}: {why}"))?;
        if file != WORDS {
            let named = self.words.in_script(&source);
            self.named.extend(named.map_err(|why| format!("www/{file}: {why}"))?);
        }
        let mut bindings = String::new();
        for (from, import) in &module.imports {
            let target = resolve(file, from).ok_or(format!("www/{file}: {from} is not in www"))?;
            if target == WORDS && *import != Import::Names("word".to_owned()) {
                return Err(format!("www/{file}: words are found only by the name `word`"));
            }
            self.add(&target)?;
            let pattern = match import {
                Import::Whole(name) => name.clone(),
                Import::Names(names) => format!("{{ {} }}", names.replace(" as ", ": ")),
            };
            let _ = writeln!(bindings, "const {pattern} = {};", variable(&target));
        }
        let (name, body, exports) = (variable(file), module.body, module.exports.join(", "));
        let _ = write!(
            self.out,
            "const {name} = (() => {{\n{bindings}{body}return {{ {exports} }};\n}})();\n"
        );
        self.under_way.pop();
        self.done.insert(file.to_owned());
        Ok(())
    }
}

/// Takes a module apart.
fn take_apart(source: &str) -> Result<Module, String> {
    let mut module = Module { imports: Vec::new(), exports: Vec::new(), body: String::new() };
    for line in source.lines() {
        if let Some(rest) = line.strip_prefix("import ") {
            module.imports.push(import(rest).ok_or(format!("not understood: {line}"))?);
        } else if let Some(rest) = line.strip_prefix("export ") {
            let name = exported(rest).ok_or(format!("not understood: {line}"))?;
            module.exports.push(name.to_owned());
            module.body.push_str(rest);
            module.body.push('\n');
        } else if line.contains("import.meta") || line.trim_start().starts_with("import(") {
            return Err(format!("means nothing in a joined script: {line}"));
        } else {
            module.body.push_str(line);
            module.body.push('\n');
        }
    }
    Ok(module)
}

/// `{ a, b as c } from "./x.js";` or `* as x from "./x.js";`.
fn import(rest: &str) -> Option<(String, Import)> {
    let (what, from) = rest.strip_suffix("\";")?.split_once(" from \"")?;
    let import = match what.strip_prefix("* as ") {
        Some(name) => Import::Whole(name.to_owned()),
        None => Import::Names(what.strip_prefix("{ ")?.strip_suffix(" }")?.to_owned()),
    };
    Some((from.to_owned(), import))
}

/// The name that a declaration gives.
fn exported(declaration: &str) -> Option<&str> {
    let kinds = ["async function ", "function ", "class ", "const "];
    let rest = kinds.iter().find_map(|kind| declaration.strip_prefix(kind))?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')?;
    Some(&rest[..end])
}

/// Where an import leads from a file, both below `www`.
fn resolve(file: &str, import: &str) -> Option<String> {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The variable that holds what a module exports.
fn variable(file: &str) -> String {
    let stem = file.strip_suffix(".js").unwrap_or(file);
    format!("${}", stem.replace(|c: char| !c.is_alphanumeric(), "_"))
}

/// The module that gives words, which names none itself.
const WORDS: &str = "shared/words.js";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_taken_apart() {
        let source = "import * as api from \"../shared/api.js\";\n\
                      import { a, b as c } from \"./x.js\";\n\
                      export const one = 1;\nexport async function two() {}\nconst three = 3;\n";
        let module = take_apart(source).unwrap();
        let whole = Import::Whole("api".to_owned());
        let names = Import::Names("a, b as c".to_owned());
        let imports = [("../shared/api.js".to_owned(), whole), ("./x.js".to_owned(), names)];
        assert_eq!(module.imports, imports);
        assert_eq!(module.exports, ["one", "two"]);
        assert_eq!(module.body, "const one = 1;\nasync function two() {}\nconst three = 3;\n");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for source in [
            "import a from \"./a.js\";",
            "import \"./a.js\";",
            "import { a } from './a.js';",
            "import {",
            "export default 1;",
            "export { a };",
            "export let [a, b] = c;",
            "const here = import.meta.url;",
        ] {
            assert!(take_apart(source).is_err(), "{source}");
        }
    }

    #[test]
    fn imports_lead_from_their_file() {
        assert_eq!(resolve("watch/a.js", "./b.js").unwrap(), "watch/b.js");
        assert_eq!(resolve("watch/a.js", "../shared/b.js").unwrap(), "shared/b.js");
        assert_eq!(resolve("a.js", "../../b.js"), None);
    }

    fn joined(files: &[(&str, &str)]) -> Result<String, String> {
        let www = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "scripts-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        fs::create_dir_all(www.join("shared")).unwrap();
        for (name, source) in files {
            fs::write(www.join(name), source).unwrap();
        }
        let mut words = Words::parse("{\"a.say\": \"Say\", \"a.tell\": \"Tell\"}").unwrap();
        let joined = join(&www, files[0].0, &mut words);
        fs::remove_dir_all(&www).unwrap();
        joined
    }

    #[test]
    fn a_module_stands_once_and_before_who_needs_it() {
        let script = joined(&[
            ("a.js", "import { b } from \"./b.js\";\nimport * as c from \"./c.js\";\nb(c.d);\n"),
            ("b.js", "import { d as e } from \"./c.js\";\nexport const b = (x) => x + e;\n"),
            ("c.js", "export const d = 1;\n"),
        ]);
        let expected = "\"use strict\";\n(() => {\n\
             const $c = (() => {\nconst d = 1;\nreturn { d };\n})();\n\
             const $b = (() => {\nconst { d: e } = $c;\nconst b = (x) => x + e;\n\
             return { b };\n})();\n\
             const $a = (() => {\nconst { b } = $b;\nconst c = $c;\nb(c.d);\nreturn {  };\n})();\n\
             })();\n";
        assert_eq!(script.unwrap(), expected);
    }

    #[test]
    fn circles_and_files_that_are_missing_are_told() {
        let one = "import { b } from \"./b.js\";\n";
        let other = "import { a } from \"./a.js\";\n";
        assert!(joined(&[("a.js", one), ("b.js", other)]).unwrap_err().contains("itself"));
        assert!(joined(&[("a.js", one)]).unwrap_err().contains("www/b.js"));
    }

    #[test]
    fn the_words_that_modules_name_stand_before_them() {
        let word = ("shared/words.js", "export const word = (key) => WORDS[key];\n");
        let call = "import { word } from \"./shared/words.js\";\nword(\"a.say\");\n";
        let script = joined(&[("a.js", call), word]).unwrap();
        let start = "\"use strict\";\n(() => {\n\
                     const WORDS = Object.freeze({\"a.say\":\"Say\"});\nconst $shared_words = ";
        assert!(script.starts_with(start), "{script}");
        let unknown = call.replace("say", "shout");
        let error = joined(&[("a.js", &unknown), word]).unwrap_err();
        assert_eq!(error, "www/a.js: there is no word a.shout");
        let other = call.replace("{ word }", "{ word as w }");
        assert!(joined(&[("a.js", &other), word]).unwrap_err().contains("only by the name"));
    }
}
