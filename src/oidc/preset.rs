//! What is known beforehand of providers that many use.

/// A kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preset {
    /// Any that speaks OpenID Connect.
    #[default]
    OpenId,
    /// Google.
    Google,
    /// GitHub, or a GitHub Enterprise Server: OAuth 2.0 alone.
    GitHub,
    /// X, formerly Twitter: OAuth 2.0 alone.
    X,
    /// GitLab, or a server of one's own.
    GitLab,
    /// A realm of a Keycloak.
    Keycloak,
    /// A provider of an Authentik.
    Authentik,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OpenId,
        Self::Google,
        Self::GitHub,
        Self::X,
        Self::GitLab,
        Self::Keycloak,
        Self::Authentik,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Preset::OpenId => "openid",
            Preset::Google => "google",
            Preset::GitHub => "github",
            Preset::X => "x",
            Preset::GitLab => "gitlab",
            Preset::Keycloak => "keycloak",
            Preset::Authentik => "authentik",
        }
    }

    /// The one that is written so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == text)
    }

    /// What people call it, if that is known.
    pub fn title(self) -> Option<&'static str> {
        match self {
            Preset::Google => Some("Google"),
            Preset::GitHub => Some("GitHub"),
            Preset::X => Some("X"),
            Preset::GitLab => Some("GitLab"),
            Preset::OpenId | Preset::Keycloak | Preset::Authentik => None,
        }
    }

    /// Where it is, if there is one for all.
    pub fn issuer(self) -> Option<&'static str> {
        match self {
            Preset::Google => Some("https://accounts.google.com"),
            Preset::GitHub => Some("https://github.com"),
            Preset::X => Some("https://x.com"),
            Preset::GitLab => Some("https://gitlab.com"),
            Preset::OpenId | Preset::Keycloak | Preset::Authentik => None,
        }
    }

    /// Whether it leads back to no address and no name of a LAN.
    pub fn needs_public_name(self) -> bool {
        self == Preset::Google
    }

    /// Whether it tells of the person by a request of its own instead of an ID token.
    pub(super) fn is_plain(self) -> bool {
        matches!(self, Preset::GitHub | Preset::X)
    }

    /// What to ask for, beside `openid`; with the groups, if they are wanted.
    pub(super) fn scopes(self, groups: bool) -> &'static [&'static str] {
        match (self, groups) {
            (Preset::GitHub, false) => &["read:user", "user:email"],
            (Preset::GitHub, true) => &["read:user", "user:email", "read:org"],
            (Preset::X, _) => &["users.read", "tweet.read"],
            _ => &["profile", "email"],
        }
    }

    /// The claim that has the domain of an organisation; else it is that of the e-mail address,
    /// which says nothing where everybody brings one of his own.
    pub(super) fn domain_claim(self) -> Option<&'static str> {
        (self == Preset::Google).then_some("hd")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_read_as_it_is_written() {
        for preset in Preset::ALL {
            assert_eq!(Preset::parse(preset.as_str()), Some(preset));
        }
        assert_eq!(Preset::parse("twitter"), None);
    }
}
