//! The certificate that TLS is spoken with: from files, or by an authority of this machine's own.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use log::{info, warn};

use crate::authority::{Authority, Keeper, Leaf, Names, NoAuthority};
use crate::base::clock::Clock;
use crate::base::place::Place;
use crate::base::system;
use crate::config::Config;
use crate::error::Error;
use crate::mdns;
use crate::net::Certificate;
use crate::store::{Durability, MaybeStore, Store, authority as kept};
use crate::web::Issuer;

/// How TLS is spoken.
pub(super) struct Secure {
    pub(super) certificate: Arc<Certificate>,
    own: Option<Own>,
}

/// The machine's own authority, and what keeps its leaf fit.
struct Own {
    keeper: Keeper,
    store: Arc<Store>,
    /// Names that were given by hand.
    hosts: Vec<String>,
    looked_at: Instant,
}

impl Secure {
    /// What the arguments ask for; `None` without TLS.
    ///
    /// # Errors
    ///
    /// [`Error`] if what was given is of no use, or TLS alone was asked for and cannot be.
    pub(super) fn open(
        config: &Config,
        store: &MaybeStore,
        clock: &Clock,
    ) -> Result<Option<Self>, Error> {
        if let Some((certificate, key)) = config.tls_cert.clone().zip(config.tls_key.clone()) {
            let certificate = Certificate::read(certificate, key).map_err(Error::Certificate)?;
            return Ok(Some(Self { certificate: Arc::new(certificate), own: None }));
        }
        if !config.wants_own_certificate() {
            return Ok(None);
        }
        match Self::by_own_authority(config, store, clock) {
            Ok(secure) => Ok(Some(secure)),
            Err(why) if config.tls_only => Err(Error::NoTls(why)),
            Err(why) => {
                warn!("no TLS: {why}");
                Ok(None)
            }
        }
    }

    fn by_own_authority(
        config: &Config,
        store: &MaybeStore,
        clock: &Clock,
    ) -> Result<Self, String> {
        let store = store.clone().ok_or("there is no place for the key of its authority")?;
        let authority = authority(&store, clock.wall()).map_err(told)?;
        let leaf = store.read(kept::leaf).map_err(told)?.and_then(Leaf::of_kept);
        let now = clock.now();
        let mut keeper = Keeper::new(authority, leaf, (clock.wall(), now));
        let announced = (!config.no_mdns).then(|| mdns::host_of(&system::machine_name()));
        let wanted = wanted(&config.hosts, announced);
        let renewed = keeper.look(&wanted, (clock.wall(), now)).map_err(told)?;
        renewed.left_out.iter().for_each(|names| tell_left_out(names));
        if let Some(leaf) = &renewed.leaf {
            keep(&store, leaf);
        }
        let leaf = keeper.leaf().ok_or("nothing was signed")?;
        let certificate = Certificate::of_der(leaf.certificate.clone(), leaf.key.clone());
        let certificate = Arc::new(certificate.map_err(told)?);
        let own = Own { keeper, store, hosts: config.hosts.clone(), looked_at: now };
        Ok(Self { certificate, own: Some(own) })
    }

    /// Whom devices are asked to trust; `None` if the certificate is by somebody else.
    pub(super) fn issuer(&self) -> Option<Issuer> {
        let authority = self.own.as_ref()?.keeper.authority();
        Some(Issuer {
            name: authority.name().to_owned(),
            certificate: authority.certificate().to_vec(),
        })
    }

    /// Has the leaf made anew if it is due. `announced` is the name that mDNS gives it now.
    pub(super) fn look_again(&mut self, clock: &Clock, announced: Option<String>) {
        let Some(own) = &mut self.own else { return };
        let now = clock.now();
        if now.duration_since(own.looked_at) < BETWEEN_LOOKS {
            return;
        }
        own.looked_at = now;
        match own.keeper.look(&wanted(&own.hosts, announced), (clock.wall(), now)) {
            Ok(renewed) => {
                renewed.left_out.iter().for_each(|names| tell_left_out(names));
                if let Some(leaf) = renewed.leaf {
                    keep(&own.store, &leaf);
                    info!("there is a new certificate, for {}", in_one_line(&leaf.names));
                    if let Err(error) = self.certificate.replace(leaf.certificate, leaf.key) {
                        warn!("{error}");
                    }
                }
            }
            Err(error) => warn!("{error}; the one from before is kept"),
        }
    }
}

/// The authority that is kept, or a new one that is from now on.
fn authority(store: &Store, now: SystemTime) -> Result<Authority, String> {
    if let Some(kept) = store.read(kept::read).map_err(told)? {
        return Authority::of_kept(kept).map_err(told);
    }
    let made = Authority::new(&system::node_name().to_ascii_lowercase(), now);
    let made = made.map_err(|error: NoAuthority| error.to_string())?;
    let to_keep = made.kept();
    // A device may trust it as soon as it is shown: it must not be lost then.
    let add = move |connection: &_| kept::add(connection, &to_keep);
    store.change_now(Durability::Machine, add).map_err(told)?;
    info!("an authority of this machine's own was made: {}", made.name());
    Ok(made)
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
fn wanted(hosts: &[String], announced: Option<String>) -> Names {
    let place = Place::look();
    let short = system::machine_name();
    let searched = place.search.iter().map(|domain| format!("{short}.{domain}"));
    let usual = ["local", "lan"].iter().map(|domain| format!("{short}.{domain}"));
    let own = place.names.iter().cloned().chain(usual).chain(searched);
    let first = std::iter::once("localhost".to_owned()).chain(announced);
    Names::new(first.chain(hosts.iter().cloned()).chain(own), place.addresses)
}

fn tell_left_out(names: &[String]) {
    if !names.is_empty() {
        info!(
            "this machine's own certificate is not for {}: only for private addresses and names; \
             --tls-cert takes one by a public authority",
            names.join(", ")
        );
    }
}

fn in_one_line(names: &Names) -> String {
    names.to_string().lines().collect::<Vec<_>>().join(", ")
}

fn told(why: impl std::fmt::Display) -> String {
    why.to_string()
}

/// An address may be new at any time, and somebody may wait for it.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);
