//! A provider: where somebody is led to, and what is made of the answer. It waits for the network.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use openidconnect::core::{CoreAuthPrompt, CoreResponseType};
use openidconnect::url::{Host, Url};
use openidconnect::{
    AuthType, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use parking_lot::Mutex;

use super::agent::{Agent, Errand, is_private_enough};
use super::exchange::{
    Bare, Client, Expected, Parts, Tokens, believe, fault_of_token, person_of, user_info,
};
use super::fault::Fault;
use super::flow::{Flow, Purpose};
use super::person::{Person, Rules};
use super::plain;
use super::preset::Preset;
use super::returned::Returned;

/// What the host says of a provider.
#[derive(Clone, Default)]
pub struct Settings {
    /// Stands in addresses here.
    pub name: String,
    /// What kind it is.
    pub preset: Preset,
    /// What people call it.
    pub title: Option<String>,
    /// Its address, which stands in what it signs; needed where the preset has none.
    pub issuer: Option<String>,
    /// By what it knows this server.
    pub client_id: String,
    /// By what this server shows there that it is the one.
    pub client_secret: Option<String>,
    /// Who may enter.
    pub rules: Rules,
    /// Whether who may enter may make an account without an invitation.
    pub sign_up: bool,
}

/// A provider.
pub struct Provider {
    /// Stands in addresses here.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Its address, which stands in what it signs.
    pub issuer: String,
    /// Whether who may enter may make an account without an invitation.
    pub sign_up: bool,
    preset: Preset,
    rules: Rules,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    agent: Agent,
    /// Held only to be copied or replaced.
    known: Mutex<Option<(Arc<Parts>, Instant)>>,
}

/// A sign-in that was begun.
pub struct Begun {
    /// Where the browser goes.
    pub address: String,
    /// What it keeps meanwhile.
    pub flow: Flow,
}

/// Why it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAProvider(String);

impl Provider {
    /// One that leads back to an address below `public_url`, which has no slash at its end.
    ///
    /// # Errors
    ///
    /// [`NotAProvider`] if a part is missing, or it could be overheard.
    pub fn new(settings: Settings, public_url: &str) -> Result<Self, NotAProvider> {
        let Settings { name, preset, title, issuer, client_id, client_secret, rules, sign_up } =
            settings;
        let wrong = |why: &str| NotAProvider(format!("[[sign-in]] \u{201c}{name}\u{201d}: {why}"));
        let issuer = issuer.or_else(|| preset.issuer().map(str::to_owned));
        let issuer = issuer.ok_or_else(|| wrong("it needs an `issuer`"))?;
        let issuer =
            if preset.is_plain() { issuer.trim_end_matches('/').to_owned() } else { issuer };
        let url = Url::parse(&issuer).map_err(|_| wrong("its `issuer` is no address"))?;
        if !is_private_enough(&url, &url) {
            return Err(wrong("its `issuer` has to begin with https://"));
        }
        let redirect = format!("{public_url}/sign-in/from/{name}");
        let redirect =
            RedirectUrl::new(redirect).map_err(|_| wrong("`public-url` is no address"))?;
        let host = redirect.url().host().map(|host| host.to_owned());
        if preset.needs_public_name() && !host.as_ref().is_some_and(is_public) {
            let why = "it leads back to no address and no name of a LAN: `public-url` needs a name \
                       that is known on the internet";
            return Err(wrong(why));
        }
        let title = title.or_else(|| preset.title().map(str::to_owned));
        Ok(Self {
            title: title.unwrap_or_else(|| name.clone()),
            issuer,
            sign_up,
            preset,
            rules,
            client_id: ClientId::new(client_id),
            client_secret: client_secret.map(ClientSecret::new),
            redirect,
            agent: Agent::new(),
            known: Mutex::default(),
            name,
        })
    }

    /// Where it leads back to: the host tells it so there.
    pub fn redirect(&self) -> &str {
        self.redirect.as_str()
    }

    /// Begins a sign-in: by which address, and what the browser keeps. Waits for the provider if it
    /// is not known yet where its parts are.
    ///
    /// # Errors
    ///
    /// [`Fault`], if it does not say so.
    pub fn begin(&self, purpose: Purpose, next: String, now: SystemTime) -> Result<Begun, Fault> {
        let parts = self.parts(&self.errand()?, false)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client(&parts);
        let code = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let mut request = client
            .authorize_url(code, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge)
            .add_extra_param("response_mode", "query");
        let groups = (parts.has_groups_scope && self.wants_groups()).then_some("groups");
        let scopes = self.preset.scopes(self.wants_groups()).iter().copied().chain(groups);
        for scope in scopes {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        if matches!(purpose, Purpose::Confirm(_)) && !self.preset.is_plain() {
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
        }
        let (address, state, nonce) = request.url();
        let flow = Flow {
            provider: self.name.clone(),
            purpose,
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            next,
            begun: now,
        };
        Ok(Begun { address: address.into(), flow })
    }

    /// Who it is that came back with this. Waits for the provider.
    ///
    /// # Errors
    ///
    /// [`Fault`]: whatever is wrong with what came, or with what the provider says.
    pub fn finish(
        &self,
        flow: &Flow,
        returned: &Returned,
        now: SystemTime,
    ) -> Result<Person, Fault> {
        // What is nobody's answer is told without asking anybody.
        flow.accepts(returned, &self.name, &self.issuer, false)?;
        let errand = self.errand()?;
        let parts = self.parts(&errand, false)?;
        let code = flow.accepts(returned, &self.name, &self.issuer, parts.names_itself)?;
        let client = self.client(&parts);
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.clone()));
        let tokens = request.request(&errand).map_err(fault_of_token)?;
        let person = match self.preset.is_plain() {
            true => {
                let groups = self.wants_groups();
                plain::person(self.preset, &self.issuer, &tokens, groups, &errand)?
            }
            false => self.person(flow, &parts, &tokens, now, &errand)?,
        };
        person.check()?;
        self.rules.admit(&person)?;
        Ok(person)
    }

    /// Who it is by what is signed, and by what the provider tells besides, if that says too little.
    fn person(
        &self,
        flow: &Flow,
        parts: &Parts,
        tokens: &Tokens,
        now: SystemTime,
        errand: &Errand<'_>,
    ) -> Result<Person, Fault> {
        let expected = Expected {
            client: &self.client_id,
            issuer: &self.issuer_url()?,
            nonce: &Nonce::new(flow.nonce.clone()),
            now,
            anew: matches!(flow.purpose, Purpose::Confirm(_)),
        };
        let claims = match believe(tokens, &parts.keys, &expected)? {
            Some(claims) => claims,
            None => {
                // It may have changed its keys.
                let parts = self.parts(errand, true)?;
                let unknown = || Fault::NotBelieved("it is signed by no key of its".to_owned());
                believe(tokens, &parts.keys, &expected)?.ok_or_else(unknown)?
            }
        };
        let person = person_of(&claims, None, self.preset);
        let is_nameless = person.user.is_none() && person.name.is_none() || person.email.is_none();
        let lacks = is_nameless || self.wants_groups() && person.groups.is_empty();
        match parts.user_info.as_ref().filter(|_| lacks) {
            Some(url) => {
                let subject = claims.subject();
                match user_info(&self.client(parts), url, tokens, subject, errand) {
                    Ok(told) => Ok(person_of(&claims, Some(&told), self.preset)),
                    // Who it is was signed; what else there is to know is not worth more than that.
                    Err(fault) if !self.rules.ask_more() && fault.is_no_lie() => Ok(person),
                    Err(fault) => Err(fault),
                }
            }
            None => Ok(person),
        }
    }

    fn errand(&self) -> Result<Errand<'_>, Fault> {
        Ok(self.agent.errand(self.issuer_url()?.url().clone()))
    }

    fn wants_groups(&self) -> bool {
        !self.rules.groups.is_empty()
    }

    fn client(&self, parts: &Parts) -> Client {
        let issuer = self.issuer_url().unwrap_or_else(|_| unreachable!("it was read before"));
        let client = Bare::new(self.client_id.clone(), issuer, parts.keys.clone());
        let client = match &self.client_secret {
            Some(secret) => client.set_client_secret(secret.clone()),
            None => client,
        };
        let client = if self.preset.is_plain() { client.disable_openid_scope() } else { client };
        let place = match parts.secret_in_body {
            true => AuthType::RequestBody,
            false => AuthType::BasicAuth,
        };
        client
            .set_auth_type(place)
            .set_redirect_uri(self.redirect.clone())
            .set_auth_uri(parts.authorize.clone())
            .set_token_uri(parts.token.clone())
    }

    fn issuer_url(&self) -> Result<IssuerUrl, Fault> {
        IssuerUrl::new(self.issuer.clone()).map_err(|error| Fault::Broken(error.to_string()))
    }

    /// Where its parts are: asked for once an hour, or anew.
    fn parts(&self, errand: &Errand<'_>, anew: bool) -> Result<Arc<Parts>, Fault> {
        let known = self.known.lock().clone();
        let lasts = if anew { BETWEEN_LOOKS } else { KNOWN_LASTS };
        if let Some((parts, _)) = known.filter(|(_, at)| at.elapsed() < lasts) {
            return Ok(parts);
        }
        let parts = match self.preset.is_plain() {
            true => plain::parts(self.preset, &self.issuer).map_err(Fault::Broken)?,
            false => Parts::discover(&self.issuer_url()?, errand)?,
        };
        let issuer = Url::parse(&self.issuer).map_err(|error| Fault::Broken(error.to_string()))?;
        let urls = [Some(parts.authorize.url()), Some(parts.token.url())];
        let of_user = parts.user_info.as_ref().map(|url| url.url());
        if let Some(url) =
            urls.into_iter().chain([of_user]).flatten().find(|url| !is_private_enough(url, &issuer))
        {
            let host = url.host_str().unwrap_or_default();
            return Err(Fault::Broken(format!("a part of it is in clear, at {host}")));
        }
        let parts = Arc::new(parts);
        *self.known.lock() = Some((Arc::clone(&parts), Instant::now()));
        Ok(parts)
    }
}

impl fmt::Display for NotAProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a host may be known on the internet, or is the browser's own machine.
fn is_public(host: &Host) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost"
                || name.contains('.')
                    && psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known())
        }
        Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
    }
}

/// How long it is taken for known where a provider's parts are.
const KNOWN_LASTS: Duration = Duration::from_secs(3600);
/// How soon it is asked again for keys that are not known.
const BETWEEN_LOOKS: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(preset: Preset, issuer: Option<&str>) -> Settings {
        Settings {
            name: "corp".to_owned(),
            preset,
            issuer: issuer.map(str::to_owned),
            client_id: "us".to_owned(),
            ..Settings::default()
        }
    }

    #[test]
    fn a_provider_is_asked_by_tls_or_on_this_machine() {
        for (issuer, taken) in [
            ("https://id.example/realms/a", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080/a", true),
            ("http://localhost:8080", true),
            ("http://id.example", false),
            ("http://192.168.1.5:8080", false),
            ("ftp://127.0.0.1", false),
            ("id.example", false),
            ("", false),
        ] {
            let made = Provider::new(settings(Preset::OpenId, Some(issuer)), "https://cam.example");
            assert_eq!(made.is_ok(), taken, "{issuer}");
        }
        let url = |text: &str| Url::parse(text).unwrap();
        let (far, here) = (url("https://id.example"), url("http://127.0.0.1:1"));
        assert!(!is_private_enough(&here, &far), "a provider leads nobody to this machine");
        assert!(is_private_enough(&here, &here) && is_private_enough(&far, &here));
    }

    #[test]
    fn google_leads_back_to_public_names_alone() {
        for (public, taken) in [
            ("https://cam.example.com", true),
            ("https://cam.example.co.uk/cam", true),
            ("http://127.0.0.1:8081", true),
            ("http://localhost:8081", true),
            ("https://192.168.1.5:8081", false),
            ("https://cam.local:8081", false),
            ("https://cam.lan", false),
            ("https://cam", false),
        ] {
            let google = Provider::new(settings(Preset::Google, None), public);
            assert_eq!(google.is_ok(), taken, "{public}");
            assert!(Provider::new(settings(Preset::GitHub, None), public).is_ok(), "{public}");
        }
    }

    #[test]
    fn a_preset_needs_no_more_than_it_lacks() {
        let made =
            |preset| Provider::new(settings(preset, None), "https://cam.example.com").is_ok();
        for preset in Preset::ALL {
            assert_eq!(made(preset), preset.issuer().is_some(), "{preset:?}");
        }
        let corp =
            Provider::new(settings(Preset::GitLab, Some("https://git.corp/")), "https://c/x");
        let corp = corp.unwrap();
        assert_eq!((&*corp.title, corp.redirect()), ("GitLab", "https://c/x/sign-in/from/corp"));
    }

    #[test]
    fn one_that_needs_no_discovery_begins_at_once() {
        let x = Provider::new(settings(Preset::X, None), "https://cam.example.com").unwrap();
        let begun = x.begin(Purpose::SignIn, String::new(), SystemTime::UNIX_EPOCH).unwrap();
        let url = Url::parse(&begun.address).unwrap();
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let field = |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!((url.host_str(), url.path()), (Some("x.com"), "/i/oauth2/authorize"));
        assert_eq!(field("state"), Some(&*begun.flow.state));
        assert_eq!(field("code_challenge_method"), Some("S256"));
        assert_eq!(field("scope"), Some("users.read tweet.read"));
        assert_eq!(field("redirect_uri"), Some("https://cam.example.com/sign-in/from/corp"));
        assert!(begun.flow.verifier.len() >= 43 && !begun.address.contains(&begun.flow.verifier));
    }
}
