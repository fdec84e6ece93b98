//! Which paths a source file names, and inside which of its modules.
//!
//! Pure; what a path leads to is [`super::graph`]'s.

use super::lexer::{Token, tokens};

/// A module, from the crate's root: `media`, `frame`, `tests`.
pub(crate) type Module = Vec<String>;

/// A path as it is written, in the module where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) inside: Module,
    pub(crate) path: Vec<String>,
    /// What a `use` makes of it: its last name, or the one behind `as`.
    pub(crate) used_as: Option<String>,
}

/// The paths of two names and more in a file that is `module`, and the modules that it holds
/// within itself.
pub(crate) fn read(source: &str, module: &[String]) -> (Vec<Named>, Vec<Module>) {
    let tokens = tokens(source);
    let mut reader = Reader { tokens: &tokens, at: 0, inside: module.to_vec(), found: Vec::new() };
    let modules = reader.read();
    (reader.found, modules)
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    inside: Module,
    found: Vec<Named>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> Vec<Module> {
        let mut modules = Vec::new();
        // For each open brace, whether a module ends with it.
        let mut braces = Vec::new();
        while let Some(&token) = self.tokens.get(self.at) {
            match token {
                Token::Word("mod") => {
                    if let [Token::Word(name), Token::Sign('{'), ..] = self.tokens[self.at + 1..] {
                        self.inside.push(name.to_owned());
                        modules.push(self.inside.clone());
                        braces.push(true);
                        self.at += 2;
                    }
                }
                Token::Sign('{') => braces.push(false),
                Token::Sign('}') => {
                    if braces.pop() == Some(true) {
                        self.inside.pop();
                    }
                }
                Token::Word("use") => {
                    self.at += 1;
                    self.tree(&mut Vec::new(), true);
                    continue;
                }
                Token::Word(_) => {
                    self.tree(&mut Vec::new(), false);
                    continue;
                }
                Token::Colons | Token::Sign(_) => {}
            }
            self.at += 1;
        }
        modules
    }

    /// Reads a path, or in a `use` the paths of a group, that go on from `path`.
    fn tree(&mut self, path: &mut Vec<&'a str>, is_use: bool) {
        let depth = path.len();
        loop {
            match self.tokens.get(self.at) {
                Some(Token::Sign('{')) if is_use => {
                    self.group(path);
                    return path.truncate(depth);
                }
                Some(Token::Word(word)) => {
                    self.at += 1;
                    path.push(word);
                }
                Some(Token::Sign('*')) if is_use => {
                    self.at += 1;
                    path.push("*");
                    break;
                }
                _ => break,
            }
            match self.tokens.get(self.at) {
                Some(Token::Colons) => self.at += 1,
                _ => break,
            }
        }
        self.note(path, is_use);
        path.truncate(depth);
    }

    fn group(&mut self, path: &mut Vec<&'a str>) {
        self.at += 1;
        while let Some(&token) = self.tokens.get(self.at) {
            match token {
                Token::Sign('}') => {
                    self.at += 1;
                    return;
                }
                Token::Word(_) | Token::Sign('{' | '*') => self.tree(path, true),
                Token::Colons | Token::Sign(_) => self.at += 1,
            }
        }
    }

    fn note(&mut self, path: &[&'a str], is_use: bool) {
        let path = if let [path @ .., "self"] = path { path } else { path };
        let mut name = path.last().copied();
        if let [Token::Word("as"), Token::Word(other), ..] = self.tokens[self.at..]
            && is_use
        {
            self.at += 2;
            name = Some(other);
        }
        let is_path = path.len() > 1 || is_use && !path.is_empty();
        if is_path {
            let used_as = name.filter(|_| is_use).map(str::to_owned);
            let path = path.iter().copied().map(str::to_owned).collect();
            self.found.push(Named { inside: self.inside.clone(), path, used_as });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(source: &str) -> Vec<String> {
        let (found, _) = read(source, &["top".to_owned()]);
        let line = |named: Named| {
            let used_as = named.used_as.map_or(String::new(), |name| format!(" as {name}"));
            format!("{}: {}{used_as}", named.inside.join("::"), named.path.join("::"))
        };
        found.into_iter().map(line).collect()
    }

    #[test]
    fn a_group_is_each_of_its_paths() {
        assert_eq!(
            named("pub(crate) use crate::{a, b::{self, c::*, d as e}, f};"),
            [
                "top: crate::a as a",
                "top: crate::b as b",
                "top: crate::b::c::* as *",
                "top: crate::b::d as e",
                "top: crate::f as f",
            ]
        );
    }

    #[test]
    fn paths_stand_anywhere_and_a_type_ends_them() {
        assert_eq!(
            named(
                "fn f(a: &super::A<crate::b::B>) -> u8 { let {} = x.y; c::C::<u8>::new() as u8 }"
            ),
            ["top: super::A", "top: crate::b::B", "top: c::C"]
        );
        assert_eq!(named("pub(in crate::a) struct B(pub(super) u8);"), ["top: crate::a"]);
    }

    #[test]
    fn a_module_within_a_file_is_one_of_its_own() {
        let source = "mod far; mod tests { use super::*; fn f() { if a { b::c() } } } d::e!{}";
        assert_eq!(named(source), ["top::tests: super::* as *", "top::tests: b::c", "top: d::e"]);
        let (_, modules) = read(source, &[]);
        assert_eq!(modules, [["tests"]]);
    }

    #[test]
    fn what_is_no_code_names_nothing() {
        assert_eq!(named("// crate::a\n/* crate::b */ \"crate::c\" r#\"use crate::d;\"#"), [""; 0]);
    }
}
