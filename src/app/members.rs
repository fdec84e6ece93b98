//! The accounts: opened at the start, and how somebody becomes the first host.

use std::fs;
use std::io::{IsTerminal, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use log::{info, warn};

use crate::account::{
    Accounts, Actor, Caller, Capabilities, Capability, Credential, SignUp, Whence,
};
use crate::base::clock::Clock;
use crate::base::regular;
use crate::config::{AccessChoice, Config, SignIn, SignUpChoice};
use crate::error::Error;
use crate::oidc::{self, Provider, Rules};
use crate::proto::auth::Ha1;
use crate::rtsp::{Device, Doorkeeper};
use crate::store::pass::PassKind;
use crate::store::program::KeptProgram;
use crate::store::{self, MaybeStore};
use crate::web::{self, Context, Entry, Gate, Providers};

/// Who is let in, as the arguments have it.
///
/// # Errors
///
/// [`Error`] if there are no accounts and nobody else is let in, or the file with the word cannot be
/// read.
pub(super) fn gate(config: &Config, store: &MaybeStore, clock: &Clock) -> Result<Gate, Error> {
    let sign_up = match config.sign_up {
        SignUpChoice::Off => SignUp::Off,
        SignUpChoice::Invitation => SignUp::Invitation,
        SignUpChoice::Open => SignUp::Open,
    };
    let opened = store.as_ref().map(|store| Accounts::open(store, clock, sign_up));
    let accounts = match opened {
        Some(Ok(accounts)) => Some(accounts),
        Some(Err(why)) => {
            warn!("no accounts: {why}");
            None
        }
        None => None,
    };
    let entry = match config.access {
        AccessChoice::Open => Entry::Open,
        AccessChoice::Link => Entry::Link,
        AccessChoice::Members => Entry::Members,
    };
    if entry == Entry::Members && accounts.is_none() {
        return Err(Error::NoMembers);
    }
    if entry == Entry::Members && config.no_tls {
        warn!(
            "--access members without TLS: nobody can sign in but on this machine, or by a proxy in \
             front that speaks TLS and says so"
        );
    }
    let word = config.watch_password_file.as_deref().map(word_of).transpose()?;
    Ok(Gate::new(accounts, entry, word))
}

/// By whom people may sign in, as the file has it.
///
/// # Errors
///
/// [`Error`] if there are no accounts, or something that is said of one is missing or wrong.
pub(super) fn providers(config: &Config, gate: &Gate) -> Result<Providers, Error> {
    if config.sign_ins.is_empty() {
        return Ok(Providers::none());
    }
    let wrong = |why: &str| Error::SignIn(why.to_owned());
    if gate.accounts().is_none() {
        return Err(wrong("[[sign-in]] needs a data folder that can be written (--data)"));
    }
    let public_url = config.public_url.clone();
    let public_url = public_url.ok_or_else(|| wrong("[[sign-in]] needs --public-url"))?;
    let provider = |sign_in: &SignIn| {
        let secret = sign_in.secret_file.as_deref().map(first_line).transpose();
        let secret = secret.map_err(|(file, why)| {
            Error::SignIn(format!("client-secret-file: {}: {why}", file.display()))
        })?;
        let settings = oidc::Settings {
            name: sign_in.name.clone(),
            preset: sign_in.preset,
            title: sign_in.title.clone(),
            issuer: sign_in.issuer.clone(),
            client_id: sign_in.client_id.clone(),
            client_secret: secret,
            rules: Rules { domains: sign_in.domains.clone(), groups: sign_in.groups.clone() },
            sign_up: sign_in.sign_up,
        };
        let provider = Provider::new(settings, &public_url);
        let provider = provider.map_err(|why| Error::SignIn(why.to_string()))?;
        info!("{} leads back to {}", provider.title, provider.redirect());
        Ok(provider)
    };
    let providers = config.sign_ins.iter().map(provider).collect::<Result<Vec<_>, Error>>()?;
    let started = Providers::start(providers, public_url);
    started.map_err(|error| Error::System { what: "threads for sign-in", error })
}

/// The word in a file.
fn word_of(file: &Path) -> Result<String, Error> {
    first_line(file).map_err(|(file, why)| Error::NoWord { file, why })
}

/// The first line of a file that has a secret.
fn first_line(file: &Path) -> Result<String, (PathBuf, String)> {
    let wrong = |why: String| (file.to_owned(), why);
    let text = regular::read(file, MOST_SECRET_BYTES).map_err(|error| wrong(error.to_string()))?;
    let text = String::from_utf8(text).map_err(|_| wrong("it is no text".to_owned()))?;
    match text.lines().next().unwrap_or_default().trim() {
        "" => Err(wrong("its first line is empty".to_owned())),
        line => Ok(line.to_owned()),
    }
}

/// Says to RTSP who is let in.
pub(super) struct Keeper(pub(super) Arc<Context>);

impl Doorkeeper for Keeper {
    fn lets_guests_watch(&self, room: Option<&str>, address: IpAddr) -> bool {
        let (gate, now) = (&self.0.gate, self.0.clock.wall());
        match self.is_nowhere(room) {
            true => gate.guest_sees_nowhere(address, now),
            false => gate.guest_watches(room.unwrap_or_default(), address, now),
        }
    }

    fn device(&self, user: &str, room: Option<&str>, address: IpAddr) -> Option<Device> {
        let book = self.0.gate.accounts()?.book();
        let program = book.device(user)?;
        let device = program.device.as_ref()?;
        let ha1 = Ha1 { md5: device.ha1_md5, sha256: device.ha1_sha256 };
        let number = u64::try_from(program.id).ok()?;
        Some(Device { number, ha1, may_watch: self.still(number, room, address) })
    }

    fn revision(&self) -> u64 {
        self.0.gate.revision()
    }

    fn still(&self, device: u64, room: Option<&str>, address: IpAddr) -> bool {
        let Some(accounts) = self.0.gate.accounts() else { return false };
        if self.is_nowhere(room) {
            // As of one that it may not watch: it is not to learn which of both this is.
            return false;
        }
        let book = accounts.book();
        let programs = book.programs();
        let is_it = |program: &&&Arc<KeptProgram>| u64::try_from(program.id) == Ok(device);
        let Some(program) = programs.iter().find(is_it) else { return false };
        let credential = Credential::Program(program.hash);
        accounts.saw(credential);
        let now = self.0.clock.wall();
        let caller = Caller::of(&book, credential, Capabilities::NONE, &Whence::at(address), now);
        let room = room.unwrap_or_default();
        caller.is_some_and(|caller| caller.may(Capability::Watch, room))
    }
}

impl Keeper {
    /// Whether a room is one that there is not.
    fn is_nowhere(&self, room: Option<&str>) -> bool {
        room.is_some_and(|name| self.0.rooms.named(name).is_none())
    }
}

/// The file that has the link by which somebody becomes the first host, for as long as there is none.
pub(super) struct HostLink {
    file: Option<PathBuf>,
}

impl HostLink {
    /// Makes the link if there is no host, and says where it is: on a terminal itself, with its QR
    /// code, else in a file of the data folder, as a log is read by many.
    pub(super) fn offer(
        config: &Config,
        gate: &Gate,
        addresses: &[String],
        out: &mut impl Write,
    ) -> Self {
        let none = Self { file: None };
        let (Some(accounts), Some(data)) = (gate.accounts(), config.data.as_deref()) else {
            return none;
        };
        let origin = origin_of(addresses);
        if accounts.book().address != origin
            && let Err(why) = accounts.put_address(origin.clone())
        {
            warn!("how this server is reached is not noted: {why}");
        }
        let file = data.join(FILE);
        if accounts.book().has_host() {
            return Self { file: Some(file) };
        }
        let made = match accounts.make_pass(&Actor::on_this_machine(), PassKind::Host, None) {
            Ok(made) => made,
            Err(why) => {
                warn!("no link to become a host: {why}");
                return none;
            }
        };
        let link = format!("{origin}/claim#{}", made.secret);
        if std::io::stdout().is_terminal() {
            let code = web::for_terminal(&link).unwrap_or_default();
            let said = write!(out, "to become its host, within a day: {link}\n{code}");
            // Whoever started it closed its output; `livestream host-link` makes another.
            let _ = said.and_then(|()| out.flush());
            return none;
        }
        match store::write_private(&file, &format!("{link}\n")) {
            Ok(()) => info!("the link to become its host is in {}", file.display()),
            Err(error) => warn!("no link to become a host: {}: {error}", file.display()),
        }
        Self { file: Some(file) }
    }

    /// Takes the file away when it is of no use any more.
    pub(super) fn look(&mut self, gate: &Gate) {
        let has_host = || gate.accounts().is_some_and(|accounts| accounts.book().has_host());
        if let Some(file) = self.file.take_if(|_| has_host()) {
            // Mostly there is none.
            let _ = fs::remove_file(file);
        }
    }
}

/// The origin of the address at which others come by TLS, or else of the first one.
pub(super) fn origin_of(addresses: &[String]) -> String {
    let by_tls = addresses.iter().filter(|address| address.starts_with("https://"));
    let is_far = |address: &&&String| {
        !["//127.", "//[::1]", "//localhost"].iter().any(|home| address.contains(home))
    };
    let mut far = by_tls.clone().filter(|address| is_far(&address));
    let chosen = far.next().or_else(|| by_tls.clone().next()).or_else(|| addresses.first());
    chosen.map(|address| address.trim_end_matches('/').to_owned()).unwrap_or_default()
}

/// Closes what the accounts have open.
pub(super) fn close(accounts: Option<&Arc<Accounts>>) {
    accounts.into_iter().for_each(|accounts| accounts.stop());
}

const MOST_SECRET_BYTES: u64 = 4096;
const FILE: &str = "host-link";
