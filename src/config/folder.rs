//! Where the data folder is. Pure.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The data folder: the one that is named, or systemd's `StateDirectory=`, or the platform's.
/// `None` if nothing is known of any, as without `HOME`.
pub(super) fn data_folder(
    named: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<PathBuf> {
    // A relative path in a variable is passed over (XDG Base Directory Specification).
    let folder = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let of_systemd = || {
        let folders = variable("STATE_DIRECTORY")?;
        std::env::split_paths(&folders).find(|path| path.is_absolute())
    };
    let of_platform = || {
        let base = if cfg!(windows) {
            folder("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            folder("HOME").map(|home| home.join("Library/Application Support"))
        } else {
            folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")))
        };
        Some(base?.join("livestream"))
    };
    named.map(Path::to_owned).or_else(of_systemd).or_else(of_platform)
}

#[cfg(all(test, unix, not(target_os = "macos")))]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_comes_before_systemds_and_that_before_the_platforms() {
        let all = [
            ("STATE_DIRECTORY", "/var/lib/livestream:/var/lib/other"),
            ("XDG_DATA_HOME", "/home/ada/data"),
            ("HOME", "/home/ada"),
        ];
        for (named, known, expected) in [
            (Some("here"), &all[..], Some("here")),
            (None, &all[..], Some("/var/lib/livestream")),
            (None, &all[1..], Some("/home/ada/data/livestream")),
            (None, &all[2..], Some("/home/ada/.local/share/livestream")),
            (None, &[("XDG_DATA_HOME", "data"), all[2]], Some("/home/ada/.local/share/livestream")),
            (None, &[("STATE_DIRECTORY", ""), all[2]], Some("/home/ada/.local/share/livestream")),
            (None, &[], None),
        ] {
            let variable = |name: &str| {
                known.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
            };
            let found = data_folder(named.map(Path::new), variable);
            assert_eq!(found, expected.map(PathBuf::from), "{named:?} {known:?}");
        }
    }
}
