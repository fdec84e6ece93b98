//! Who knows whom: paths led to the modules where they end, and circles among these.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::paths::{Module, Named, read};

/// The sources, each with its path from the project's root.
pub(crate) struct Sources(pub(crate) Vec<(String, String)>);

/// What the children of one module know of each other, each with an instance.
pub(crate) type Arrows = BTreeMap<(String, String), String>;

struct House {
    modules: BTreeSet<Module>,
    named: Vec<(String, Named)>,
    /// What `use` has brought into a module: what it leads to, by its name there.
    used: BTreeMap<(Module, String), Vec<String>>,
}

/// Where a path ends.
struct End {
    module: Module,
    /// It is something in the module, and not the module itself.
    is_item: bool,
}

impl Sources {
    /// Those of the server and of the player.
    pub(crate) fn of_project() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        for folder in ["src", "player/src"] {
            collect(&root.join(folder), folder, &mut found);
        }
        Self(found)
    }

    /// The arrows between the children of each module, the crates' root being the first.
    pub(crate) fn arrows(&self) -> BTreeMap<Module, Arrows> {
        let house = House::of(self);
        let mut arrows = BTreeMap::<Module, Arrows>::new();
        for (file, named) in &house.named {
            let Some(end) = house.lead(&named.inside, &named.path, MAX_STEPS) else { continue };
            let target = end.module;
            let pairs = named.inside.iter().zip(&target);
            let common = pairs.take_while(|(from, to)| from == to).count();
            // Parents and children know each other: they are one thing in several files.
            if let (Some(from), Some(to)) = (named.inside.get(common), target.get(common)) {
                let arrows = arrows.entry(target[..common].to_vec()).or_default();
                let instance = format!("{file}: {}", named.path.join("::"));
                arrows.entry((from.clone(), to.clone())).or_insert(instance);
            }
        }
        arrows
    }

    /// The modules right below the root.
    pub(crate) fn top(&self) -> BTreeSet<String> {
        House::of(self).modules.into_iter().filter_map(|module| module.into_iter().next()).collect()
    }
}

impl House {
    fn of(sources: &Sources) -> Self {
        let (mut modules, mut named) = (BTreeSet::from([Module::new()]), Vec::new());
        for (file, source) in &sources.0 {
            let module = module(file);
            let (found, within) = read(source, &module);
            named.extend(found.into_iter().map(|named| (file.clone(), named)));
            modules.extend(within);
            modules.insert(module);
        }
        let used = named.iter().filter_map(|(_, named)| {
            Some(((named.inside.clone(), named.used_as.clone()?), named.path.clone()))
        });
        let used = used.collect();
        Self { modules, named, used }
    }

    /// The module in which a path that is written inside of another ends; none outside of the
    /// project.
    fn lead(&self, inside: &[String], path: &[String], steps: usize) -> Option<End> {
        let (first, rest) = path.split_first()?;
        let mut end = match first.as_str() {
            "crate" => End::of(root(inside)),
            "livestream" => End::of(Module::new()),
            "livestream_player" => End::of(vec![PLAYER.to_owned()]),
            "self" => End::of(inside.to_vec()),
            "super" => End::of(inside.split_last()?.1.to_vec()),
            name => self.step(inside, name, steps)?,
        };
        for name in rest {
            // Behind an item stand its own variants and functions.
            if end.is_item {
                break;
            }
            end = match name.as_str() {
                "super" => End::of(end.module.split_last()?.1.to_vec()),
                name => match self.step(&end.module, name, steps) {
                    // What one house-wide module passes on of another, it answers for itself.
                    Some(next) if next.module.first() == end.module.first() => next,
                    Some(next) if end.module.is_empty() => next,
                    _ => End { is_item: true, ..end },
                },
            };
        }
        Some(end)
    }

    /// What a name means in a module, if that is a module or was brought in from one.
    fn step(&self, at: &[String], name: &str, steps: usize) -> Option<End> {
        let child = [at, &[name.to_owned()]].concat();
        if self.modules.contains(&child) {
            return Some(End::of(child));
        }
        let path = self.used.get(&(at.to_vec(), name.to_owned()))?;
        self.lead(at, path, steps.checked_sub(1)?)
    }
}

impl End {
    fn of(module: Module) -> Self {
        Self { module, is_item: false }
    }
}

/// A circle among these arrows, if there is one, from a module back to it.
pub(crate) fn circle(arrows: &Arrows) -> Option<Vec<String>> {
    let mut left: BTreeSet<&(String, String)> = arrows.keys().collect();
    // Who knows nobody, or only such, is in no circle.
    loop {
        let knowing: BTreeSet<&String> = left.iter().map(|(from, _)| from).collect();
        let before = left.len();
        left.retain(|(_, to)| knowing.contains(to));
        if left.len() == before {
            break;
        }
    }
    let mut way = vec![left.first()?.0.clone()];
    loop {
        let last = way.last()?;
        let next = &left.iter().find(|(from, _)| from == last)?.1;
        if let Some(start) = way.iter().position(|module| module == next) {
            way.push(next.clone());
            return Some(way.split_off(start));
        }
        way.push(next.clone());
    }
}

/// The module that a file is: `src/media/mod.rs` is `media`.
fn module(file: &str) -> Module {
    let inside = file.strip_prefix("src/").or_else(|| file.strip_prefix("player/src/"));
    let names = inside.unwrap_or(file).trim_end_matches(".rs").split('/');
    let player = file.starts_with(PLAYER).then_some(PLAYER);
    let names = player.into_iter().chain(names.filter(|name| !["lib", "mod"].contains(name)));
    names.map(str::to_owned).collect()
}

/// Where `crate` leads from a module.
fn root(inside: &[String]) -> Module {
    let own = inside.first().is_some_and(|first| first == PLAYER || first == "main");
    inside.iter().take(own.into()).cloned().collect()
}

fn collect(folder: &Path, name: &str, found: &mut Vec<(String, String)>) {
    for entry in folder.read_dir().expect("a folder of sources") {
        let entry = entry.expect("its entry");
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &name, found);
        } else if name.ends_with(".rs") {
            found.push((name, std::fs::read_to_string(entry.path()).expect("a source")));
        }
    }
}

const PLAYER: &str = "player";
/// From one `use` to the next; more is a circle of them.
const MAX_STEPS: usize = 16;
