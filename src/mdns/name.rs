//! Names that a DNS label can hold, and the next ones where a name is another's.
//!
//! Pure text.

/// A name that can be numbered: as wanted, or the second, third, … that is like it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbered {
    base: String,
    style: Style,
    number: u32,
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `cam-2`, as host names are (RFC 6762 §9).
    Host,
    /// `Door (2)`, as instances are (RFC 6763 appendix D).
    Instance,
}

impl Numbered {
    /// The host name of a machine: `livestream-` and what a host name may hold of its name.
    pub(super) fn host(machine: &str) -> Self {
        let mut base = String::from(PREFIX);
        for c in machine.chars() {
            if c.is_ascii_alphanumeric() {
                base.push(c.to_ascii_lowercase());
            } else if !base.ends_with('-') {
                base.push('-');
            }
        }
        Self { base, style: Style::Host, number: 1 }
    }

    /// The name of an instance, which may hold any text (RFC 6763 §4.1.1) but control characters.
    pub(super) fn instance(title: &str) -> Self {
        let base = title.chars().filter(|c| !c.is_control()).collect();
        Self { base, style: Style::Instance, number: 1 }
    }

    /// Takes the next name.
    pub(super) fn next(&mut self) {
        self.number = self.number.saturating_add(1);
    }

    /// The label, of at most 63 bytes: the base is cut where a character ends.
    pub(super) fn label(&self) -> String {
        let suffix = match (self.number, self.style) {
            (1, _) => String::new(),
            (number, Style::Host) => format!("-{number}"),
            (number, Style::Instance) => format!(" ({number})"),
        };
        let most = self.base.floor_char_boundary(MAX_LABEL_BYTES - suffix.len());
        let base = match self.style {
            Style::Host => self.base[..most].trim_end_matches('-'),
            Style::Instance => self.base[..most].trim(),
        };
        // A label of no bytes would end the name.
        let base = if base.is_empty() { PREFIX.trim_end_matches('-') } else { base };
        format!("{base}{suffix}")
    }
}

const PREFIX: &str = "livestream-";
/// RFC 1035 §2.3.4.
const MAX_LABEL_BYTES: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_of_letters_digits_and_hyphens() {
        for (machine, label) in [
            ("cam", "livestream-cam"),
            ("Pi_4--Küche", "livestream-pi-4-k-che"),
            ("-x-", "livestream-x"),
            ("", "livestream"),
            ("北京", "livestream"),
            ("cam-2", "livestream-cam-2"),
        ] {
            assert_eq!(Numbered::host(machine).label(), label, "{machine}");
        }
    }

    #[test]
    fn the_next_name_has_a_number_of_its_own_behind_all_of_the_name() {
        let mut host = Numbered::host("cam-2");
        host.next();
        assert_eq!(host.label(), "livestream-cam-2-2");
        host.next();
        assert_eq!(host.label(), "livestream-cam-2-3");
        let mut instance = Numbered::instance("Front door.");
        assert_eq!(instance.label(), "Front door.");
        instance.next();
        assert_eq!(instance.label(), "Front door. (2)");
    }

    #[test]
    fn labels_have_at_most_63_bytes_and_are_cut_between_characters() {
        for length in 40..80 {
            let mut host = Numbered::host(&"a-".repeat(length / 2));
            let mut instance = Numbered::instance(&"é".repeat(length));
            for number in 1..=u32::from(u8::MAX) {
                let (host_label, instance_label) = (host.label(), instance.label());
                assert!((50..=63).contains(&host_label.len()) || length < 52, "{host_label}");
                assert!(host_label.len() <= 63 && !host_label.contains("--"), "{host_label}");
                assert!(!host_label.ends_with('-'), "{host_label}");
                assert!(instance_label.len() <= 63, "{instance_label}");
                if number > 1 {
                    assert!(host_label.ends_with(&format!("-{number}")), "{host_label}");
                    assert!(instance_label.ends_with(&format!("({number})")), "{instance_label}");
                }
                host.next();
                instance.next();
            }
        }
        let long = Numbered { number: u32::MAX, ..Numbered::host(&"a".repeat(100)) };
        assert_eq!(long.label().len(), 63);
    }

    #[test]
    fn an_instance_without_text_is_called_by_the_program() {
        assert_eq!(Numbered::instance("\u{7}\n ").label(), "livestream");
    }
}
