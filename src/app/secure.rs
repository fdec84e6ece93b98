//! The certificate that TLS is spoken with: from files, or by an authority of this machine's own.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use log::{info, warn};

use crate::authority::{Authority, Keeper, Leaf, Names};
use crate::base::clock::Clock;
use crate::base::place::Place;
use crate::base::system;
use crate::config::Config;
use crate::error::Error;
use crate::mdns;
use crate::net::Certificate;
use crate::store::authority::{self as kept, KeptLeaf};
use crate::store::{Durability, MaybeStore, Store};
use crate::web::Issuer;

/// How TLS is spoken.
pub(super) struct Secure {
    pub(super) certificate: Arc<Certificate>,
    own: Option<Own>,
}

/// The machine's own authority, and what keeps its leaf fit.
struct Own {
    keeper: Keeper,
    issuer: Arc<Issuer>,
    store: MaybeStore,
    /// Names that were given by hand.
    hosts: Vec<String>,
}

/// The certificate that the arguments name, if they do.
///
/// # Errors
///
/// [`Error`] if it is of no use.
pub(super) fn given(config: &Config) -> Result<Option<Certificate>, Error> {
    let files = config.tls_cert.clone().zip(config.tls_key.clone());
    let read = files.map(|(certificate, key)| Certificate::read(certificate, key));
    read.transpose().map_err(Error::Certificate)
}

impl Secure {
    /// What the arguments ask for, with the certificate that was given if one was; `None` without
    /// TLS.
    ///
    /// # Errors
    ///
    /// [`Error`] if TLS alone was asked for and cannot be.
    pub(super) fn open(
        config: &Config,
        given: Option<Certificate>,
        store: &MaybeStore,
        clock: &Clock,
    ) -> Result<Option<Self>, Error> {
        if let Some(certificate) = given {
            return Ok(Some(Self { certificate: Arc::new(certificate), own: None }));
        }
        if !config.wants_own_certificate() {
            return Ok(None);
        }
        match Self::by_own_authority(config, store, clock) {
            Ok(secure) => Ok(Some(secure)),
            Err(why) if config.tls_only => Err(Error::NoTls(why)),
            Err(why) if config.insists_on_own_certificate() => {
                warn!("no TLS: {why}");
                Ok(None)
            }
            Err(why) => {
                info!("no TLS, and nobody can sign in from another machine: {why}");
                Ok(None)
            }
        }
    }

    fn by_own_authority(
        config: &Config,
        store: &MaybeStore,
        clock: &Clock,
    ) -> Result<Self, String> {
        let (authority, leaf) = match store {
            Some(store) => (authority(store, clock.wall())?, store.read(kept::leaf).map_err(told)?),
            None => glance(config.data.as_deref())?,
        };
        let now = (clock.wall(), clock.now());
        warn_of_its_end(&authority, now.0);
        let leaf = leaf.and_then(Leaf::of_kept).filter(|leaf| certificate(leaf).is_ok());
        let mut keeper = Keeper::new(authority, leaf, now);
        let announced = (!config.no_mdns).then(|| mdns::host_of(&system::machine_name()));
        let wanted = wanted(&Place::look(), &config.hosts, announced);
        let renewed = keeper.look(&wanted, now).map_err(told)?;
        renewed.left_out.iter().for_each(|names| tell_left_out(names));
        if let (Some(leaf), Some(store)) = (&renewed.leaf, store) {
            keep(store, leaf);
        }
        let leaf = keeper.leaf().ok_or("nothing was signed")?;
        let certificate = Arc::new(certificate(leaf)?);
        let authority = keeper.authority();
        let issuer = Issuer::new(authority.name().to_owned(), authority.certificate().to_vec());
        issuer.covers(in_lines(&leaf.names));
        let own = Own {
            issuer: Arc::new(issuer),
            keeper,
            store: store.clone(),
            hosts: config.hosts.clone(),
        };
        Ok(Self { certificate, own: Some(own) })
    }

    /// Whom devices are asked to trust; `None` if the certificate is by somebody else.
    pub(super) fn issuer(&self) -> Option<Arc<Issuer>> {
        self.own.as_ref().map(|own| Arc::clone(&own.issuer))
    }

    /// Has the leaf made anew if it is due. `announced` is the name that mDNS gives it now.
    pub(super) fn look_again(
        &mut self,
        place: &Place,
        announced: Option<String>,
        now: (SystemTime, Instant),
    ) {
        let Some(own) = &mut self.own else { return };
        match own.keeper.look(&wanted(place, &own.hosts, announced), now) {
            Ok(renewed) => {
                renewed.left_out.iter().for_each(|names| tell_left_out(names));
                if let Some(leaf) = renewed.leaf {
                    own.store.iter().for_each(|store| keep(store, &leaf));
                    let names = in_lines(&leaf.names);
                    info!("there is a new certificate, for {}", names.join(", "));
                    own.issuer.covers(names);
                    if let Err(error) = self.certificate.replace(leaf.certificate, leaf.key) {
                        warn!("{error}");
                    }
                }
            }
            Err(error) => warn!("{error}; the one from before is kept"),
        }
    }
}

/// The authority that is kept, or a new one that is from now on: if there was none, or it ended.
fn authority(store: &Store, now: SystemTime) -> Result<Authority, String> {
    let before = store.read(kept::read).map_err(told)?.map(Authority::of_kept).transpose();
    let before = before.map_err(|error| {
        format!("{error}; what is kept of its authority is damaged: `livestream restore` a backup")
    })?;
    match before {
        Some(authority) if !authority.left(now).is_zero() => return Ok(authority),
        Some(ended) => warn!("{} has ended: devices must trust a new one", ended.name()),
        None => {}
    }
    let made = Authority::new(&system::node_name(), now).map_err(told)?;
    let to_keep = made.kept();
    // A device may trust it as soon as it is shown: it must not be lost then.
    let put = move |connection: &_| kept::put(connection, &to_keep);
    store.change_now(Durability::Machine, put).map_err(told)?;
    info!("an authority was made, and devices that trusted another must trust it: {}", made.name());
    Ok(made)
}

/// What is kept where nothing can be: it serves as well, only what is signed by it is not kept.
fn glance(folder: Option<&Path>) -> Result<(Authority, Option<KeptLeaf>), String> {
    let none = "there is no place for the key of an authority";
    let both = |connection: &_| Ok((kept::read(connection)?, kept::leaf(connection)?));
    let (authority, leaf) = folder.and_then(|folder| Store::glance(folder, both)).ok_or(none)?;
    Ok((Authority::of_kept(authority.ok_or(none)?).map_err(told)?, leaf))
}

fn warn_of_its_end(authority: &Authority, now: SystemTime) {
    let left = authority.left(now);
    if left < A_YEAR {
        let days = left.as_secs() / (24 * 60 * 60);
        warn!("{} ends in {days} days: devices must trust a new one then", authority.name());
    }
}

fn certificate(leaf: &Leaf) -> Result<Certificate, String> {
    Certificate::of_der(leaf.certificate.clone(), leaf.key.clone()).map_err(told)
}

/// Stores a leaf, for the next start. Without it the next start makes another.
fn keep(store: &Store, leaf: &Leaf) {
    let kept = leaf.kept();
    let put = move |connection: &_| kept::put_leaf(connection, &kept);
    let done = |outcome| {
        if let Err(error) = outcome {
            warn!("the certificate is not kept: {error}");
        }
    };
    if let Err(error) = store.change(Durability::Program, put, done) {
        warn!("the certificate is not kept: {error}");
    }
}

/// All by which this machine may be asked for.
fn wanted(place: &Place, hosts: &[String], announced: Option<String>) -> Names {
    let short = system::machine_name();
    let searched = place.search.iter().map(|domain| format!("{short}.{domain}"));
    let usual = ["local", "lan"].iter().map(|domain| format!("{short}.{domain}"));
    let own = place.names.iter().cloned().chain(usual).chain(searched);
    let first = std::iter::once("localhost".to_owned()).chain(announced);
    Names::new(first.chain(hosts.iter().cloned()).chain(own), place.addresses.iter().copied())
}

fn tell_left_out(names: &[String]) {
    if !names.is_empty() {
        let more = names.len().saturating_sub(MOST_TOLD);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        info!(
            "this machine's own certificate is not for {}{more}: only for private addresses and \
             names; --tls-cert takes one by a public authority",
            names.iter().take(MOST_TOLD).map(String::as_str).collect::<Vec<_>>().join(", ")
        );
    }
}

fn in_lines(names: &Names) -> Vec<String> {
    names.to_string().lines().map(str::to_owned).collect()
}

fn told(why: impl std::fmt::Display) -> String {
    why.to_string()
}

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const MOST_TOLD: usize = 12;
