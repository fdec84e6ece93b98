//! What the cage is made of, and which of it holds.

use std::fmt;

/// One of the things that hold a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// It dies with who started it.
    Death,
    /// Memory, time and the sizes of files are bounded.
    Limits,
    /// It sees its input, and writes to one folder.
    Files,
    /// It has none of root's powers.
    Powers,
    /// It opens no socket and starts no program.
    Calls,
}

/// What was tried, and what did not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layers {
    missing: Vec<(Layer, String)>,
}

impl Layer {
    /// In the order in which they are put on.
    pub const ALL: [Self; 5] = [Self::Death, Self::Limits, Self::Files, Self::Powers, Self::Calls];

    /// As an order and a report have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Death => "death",
            Self::Limits => "limits",
            Self::Files => "files",
            Self::Powers => "powers",
            Self::Calls => "calls",
        }
    }

    /// What is missing without it.
    fn words(self) -> &'static str {
        match self {
            Self::Death => "a tool could outlive the server",
            Self::Limits => "a tool's memory and time cannot be bounded",
            Self::Files => "a tool cannot be kept from other files (landlock)",
            Self::Powers => "a tool would keep root's powers",
            Self::Calls => {
                "a tool cannot be kept from the network and from other programs (seccomp)"
            }
        }
    }
}

impl Layers {
    /// Nothing of it is to be had, for this reason.
    pub(super) fn none(why: &str) -> Self {
        Self { missing: Layer::ALL.into_iter().map(|layer| (layer, why.to_owned())).collect() }
    }

    /// Reads what a try reported: a layer that is not in it does not hold.
    pub(super) fn read(report: &str) -> Self {
        let said = |layer: Layer| {
            let mut lines = report.lines().filter_map(|line| line.split_once(' '));
            let why = lines.find(|(name, _)| *name == layer.name()).map(|(_, why)| why);
            match why {
                Some(HOLDS) => None,
                why => Some((layer, why.unwrap_or("it was not reached").to_owned())),
            }
        };
        Self { missing: Layer::ALL.into_iter().filter_map(said).collect() }
    }

    /// Whether all of them do.
    pub fn hold(&self) -> bool {
        self.missing.is_empty()
    }

    /// Those that do not, each with why.
    pub fn missing(&self) -> impl Iterator<Item = (Layer, &str)> {
        self.missing.iter().map(|(layer, why)| (*layer, why.as_str()))
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (layer, why)) in self.missing.iter().enumerate() {
            let between = if at == 0 { "" } else { "; " };
            write!(f, "{between}{}: {why}", layer.words())?;
        }
        if self.missing.is_empty() {
            f.write_str("all layers of the cage hold")?;
        }
        Ok(())
    }
}

/// What a report says of a layer that does.
pub(super) const HOLDS: &str = "holds";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_report_does_not_name_does_not_hold() {
        let all = "death holds\nlimits holds\nfiles holds\npowers holds\ncalls holds\n";
        assert!(Layers::read(all).hold());
        let layers = Layers::read("death holds\nlimits holds\nfiles no landlock here\n");
        let missing: Vec<_> = layers.missing().collect();
        assert_eq!(missing[0], (Layer::Files, "no landlock here"));
        assert_eq!(
            missing[1..].iter().map(|(layer, _)| *layer).collect::<Vec<_>>(),
            [Layer::Powers, Layer::Calls]
        );
        assert!(layers.to_string().contains("(landlock): no landlock here; a tool would"));
        assert_eq!(Layers::read("").missing().count(), Layer::ALL.len());
    }
}
