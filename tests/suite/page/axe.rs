//! axe-core: what in a page keeps people from seeing it or using it.

use serde_json::{Value, json};

use super::window::Window;

/// A rule that a page breaks, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: String,
    pub(crate) selector: String,
    pub(crate) html: String,
    /// What to do about it.
    pub(crate) help: String,
}

impl Window {
    /// Looks at the page as it is now by all rules of axe-core but these, experiments too.
    #[track_caller]
    pub(crate) fn axe(&self, but: &[&str]) -> Vec<Violation> {
        self.axe_by(&format!("!{}.includes(ruleId)", json!(but)))
    }

    /// The same by these rules alone.
    #[track_caller]
    pub(crate) fn axe_of(&self, rules: &[&str]) -> Vec<Violation> {
        self.axe_by(&format!("{}.includes(ruleId)", json!(rules)))
    }

    /// By the rules of which `chosen` is true.
    #[track_caller]
    fn axe_by(&self, chosen: &str) -> Vec<Violation> {
        if self.eval("typeof axe") == "undefined" {
            let source = std::fs::read_to_string(AXE)
                .unwrap_or_else(|error| panic!("{AXE}: {error}: scripts/setup test"));
            self.eval(&format!("(() => {{ {source}\n }})()"));
        }
        let found = self.eval(&format!(
            "(async () => {{
               const rules = axe.getRules().filter(({{ tags }}) => !tags.includes('deprecated'));
               const chosen = rules.map(({{ ruleId }}) => [ruleId, {{ enabled: {chosen} }}]);
               const options = {{ rules: Object.fromEntries(chosen), resultTypes: ['violations'] }};
               const {{ violations }} = await axe.run(document, options);
               return violations.flatMap(({{ id, nodes }}) => nodes.map((node) =>
                 [id, node.target.join(' '), node.html, node.failureSummary]));
             }})()"
        ));
        found.as_array().expect("a list").iter().map(violation).collect()
    }
}

fn violation(row: &Value) -> Violation {
    let word = |at: usize| row[at].as_str().unwrap_or_default().to_owned();
    Violation { rule: word(0), selector: word(1), html: word(2), help: word(3) }
}

/// Put there by `scripts/setup test`.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/axe/axe.min.js");
