//! The whole server: its threads are started here, and joined in the end.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::tz::TimeZone;
use log::info;
use parking_lot::RwLock;

use crate::base::clock::Clock;
use crate::base::place::Place;
use crate::base::shutdown::Shutdown;
use crate::base::subnet::Subnet;
use crate::base::system;
use crate::config::{Config, CorsChoice, Origins, ProxyHeaderChoice};
use crate::error::Error;
use crate::live::audience::Audience;
use crate::live::channel::{Channel, Channels};
use crate::live::encode::Encoders;
use crate::live::governor;
use crate::mdns::Announcer;
use crate::net::Engine;
use crate::proto::http::HttpUrl;
use crate::room::{Room, Rooms};
use crate::rtsp;
use crate::source::webcam::{CameraListing, Webcam};
use crate::web::{self, About, Access, Context, Means, Proxies, ProxyHeader, Readers, Secrecy};

use cinema::Cinema;
use members::{HostLink, Keeper};
use secure::Secure;
use sources::{Said, Sources, unnamed};
use stage::{Stage, join};
use studio::{Camera, Director, Parts};
use videos::Works;

mod addresses;
mod cinema;
mod encoding;
mod importing;
mod kept;
mod library;
mod members;
mod packing;
mod secure;
mod sources;
mod stage;
mod state;
mod studio;
mod videos;

pub use kept::keep;
pub use library::library;

/// Runs the server until `shutdown` is asked.
///
/// Addresses go to `out` as soon as they can be connected to.
///
/// # Errors
///
/// [`Error`] if it cannot run at all. What goes wrong later is in the log, and on the page.
pub fn run(
    config: &Config,
    origins: &Origins,
    shutdown: &Shutdown,
    out: &mut impl Write,
) -> Result<(), Error> {
    let clock = Clock::system();
    let started = clock.now();
    // Before the port is bound: what can never work shall not be announced.
    let settings = config.webcam_settings(TimeZone::system().iana_name());
    let media = cinema::media(config.media.as_deref())?;
    let (mut sources, shown, shown_in_rooms) = Sources::of(config, settings, media.clone())?;
    let given = secure::given(config)?;
    system::allow_many_descriptors();
    let bound = addresses::bind(config, config.port)?;
    let rtsp = if config.no_rtsp { None } else { addresses::bind_rtsp(config)? };
    let store = state::open(config.data.as_deref(), bound.addresses()[0].port());
    let mut secure = Secure::open(config, given, &store, &clock)?;
    let gate = members::gate(config, &store, &clock)?;
    let providers = members::providers(config, &gate)?;
    let by_tls = secure.is_some();
    let addresses = addresses::print(config, &bound, rtsp.as_ref(), by_tls, &gate, out);
    let mut host_link = HostLink::offer(config, &gate, &addresses, out);
    let issuer = secure.as_ref().and_then(Secure::issuer);
    issuer.iter().for_each(|issuer| issuer.tell());
    let shown = shown.map_or_else(|| sources.add(&unnamed()), Ok)?;

    let limits = config.limits(system::descriptors());
    let engine = Engine::start(limits, started).map_err(no("threads for connections"))?;
    let engine = Arc::new(engine);
    let max_viewers = usize::try_from(config.max_viewers).unwrap_or(usize::MAX);
    let channels = Arc::new(Channels::new(clock.clone()));
    let (sources, maker) = sources.into_parts();
    let stage =
        Arc::new(Stage::new(maker, config.wish(), Arc::clone(&channels), Arc::clone(&engine)));
    let shows = |(identity, source)| stage.run(identity, source);
    let running = sources.into_iter().map(shows).collect::<Result<Vec<_>, _>>()?;
    let audience = Arc::new(Audience::new(clock.clone(), config.bandwidth, max_viewers));
    let rooms = Arc::new(rooms(config, shown, &shown_in_rooms, &running, &audience));
    drop(running);
    let videos = videos::open(config, &store, &clock);
    let cinema = Cinema::new(media, videos.as_ref(), Arc::clone(&audience), clock.clone());
    let cinema = Arc::new(cinema);
    show_films(config, &rooms, &cinema);
    cinema.start(shutdown);
    let donate_url = Arc::new(RwLock::new(config.donate_url.clone()));
    let parts = Parts {
        stage: Arc::clone(&stage),
        cinema,
        rooms: Arc::clone(&rooms),
        audience: Arc::clone(&audience),
        donate_url: Arc::clone(&donate_url),
        clock: clock.clone(),
    };
    let studio = Arc::new(Director::new(config, origins, parts, cameras));
    let about = About {
        name: system::machine_name(),
        addresses,
        public_url: config.public_url.clone(),
        rtsp_addresses: rtsp.iter().flat_map(|bound| addresses::of_rtsp(bound, by_tls)).collect(),
        issuer,
        speaks_tls: by_tls,
        donate_url,
        started,
    };
    let offer = (!config.no_mdns).then(|| addresses::offer(config, &bound, rtsp.as_ref(), by_tls));
    let announcer = offer.and_then(Announcer::start);
    let works = videos.as_ref().and_then(|videos| Works::start(config, videos, shutdown));
    let context = Arc::new(Context::new(
        rooms,
        Arc::clone(&audience),
        about,
        access(config),
        Means {
            gate,
            providers,
            studio,
            store: store.clone(),
            library: videos,
            engine: Arc::clone(&engine),
            keep_chat: Duration::from_secs(u64::from(config.keep_chat) * A_DAY_S),
        },
        shutdown.clone(),
    ));
    state::recall(&context);
    let mut encoders = Encoders::start(&channels, &audience);
    let watch = secure.as_ref().and_then(|secure| secure.certificate.watch(shutdown));
    let for_http = secure.as_ref().map(|secure| secure.certificate.for_http());
    web::start(bound.with_tls(for_http), &context);
    let plan = rtsp::Plan {
        bind: config.bind,
        clips: config.clips.clone(),
        fps: config.wish().fps,
        keeper: Some(Arc::new(Keeper(Arc::clone(&context)))),
    };
    if let Some(bound) = rtsp {
        let for_rtsp = secure.as_ref().map(|secure| secure.certificate.for_rtsp());
        rtsp::start(bound.with_tls(for_rtsp), plan, &context);
    }

    let mut looked_at = started;
    governor::run(&audience, &clock, shutdown, || {
        encoders.keep();
        stage.reap();
        let now = clock.now();
        if now.duration_since(looked_at) >= BETWEEN_LOOKS {
            looked_at = now;
            let place = Place::look();
            if let Some(secure) = &mut secure {
                let announced = announcer.as_ref().map(Announcer::host);
                secure.look_again(&place, announced, (clock.wall(), now));
            }
            context.access.look_again(place);
            host_link.look(&context.gate);
            context.let_go();
        }
    });
    info!("stopping");
    announcer.into_iter().for_each(Announcer::stop);
    members::close(context.gate.accounts());
    context.providers.stop();
    let works = works.and_then(Works::stop);
    // Whoever waits for something to be stored is answered before the lanes end.
    if store.is_some_and(|store| store.close() > 0) {
        thread::sleep(LAST_ANSWERS);
    }
    stage.stop();
    engine.stop();
    encoders.join();
    stage.join();
    // A disk that stalls may have kept it; it does not keep the end.
    let of_disks = watch.into_iter().chain(works);
    of_disks.filter(JoinHandle::is_finished).for_each(join);
    Ok(())
}

/// The rooms: the default one shows the channel of number `shown`, the others those of `others`.
fn rooms(
    config: &Config,
    shown: usize,
    others: &[usize],
    channels: &[Arc<Channel>],
    audience: &Audience,
) -> Rooms {
    let crowd = |place: usize| audience.gather(Arc::clone(&channels[place]));
    let title = config.title.clone().unwrap_or_else(system::machine_name);
    let rooms = Rooms::new(Room::new(None, title, crowd(shown)));
    for (room, place) in config.rooms.iter().zip(others) {
        let (name, title) = (room.name.clone(), room.title.clone());
        let title = title.unwrap_or_else(|| name.to_string());
        rooms.add(Room::new(Some(name), title, crowd(*place)));
    }
    rooms
}

/// Lets the rooms play their films.
fn show_films(config: &Config, rooms: &Rooms, cinema: &Arc<Cinema>) {
    let of_default = config.source.iter().map(|source| (Some(rooms.default()), source));
    let of_rooms = config.rooms.iter().map(|room| (rooms.named(room.name.as_str()), &room.source));
    for (room, source) in of_default.chain(of_rooms) {
        room.into_iter().for_each(|room| cinema.show(&room, Some(&Said::anywhere(source.clone()))));
    }
}

/// The cameras that there are.
fn cameras() -> Vec<Camera> {
    let camera = |listing: CameraListing| Camera { index: listing.index, name: listing.name };
    Webcam::list().into_iter().map(camera).collect()
}

/// Who is let in, and by which name.
fn access(config: &Config) -> Access {
    let origin = |choice: &CorsChoice| match choice {
        CorsChoice::Origin(origin) => Some(origin.clone()),
        _ => None,
    };
    let readers = Readers {
        all: config.cors.contains(&CorsChoice::All),
        near: config.cors.contains(&CorsChoice::Lan),
        named: config.cors.iter().filter_map(origin).collect(),
    };
    let loopback = || {
        let (v4, v6) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
        [Subnet::new(v4, 8), Subnet::new(v6, 128)].into_iter().flatten().collect()
    };
    let at = if config.proxies.is_empty() { loopback() } else { config.proxies.clone() };
    let header = match config.proxy_header {
        ProxyHeaderChoice::XForwarded => ProxyHeader::XForwarded,
        ProxyHeaderChoice::Forwarded => ProxyHeader::Forwarded,
    };
    // By what it is reached from outside it is asked, too.
    let public = config.public_url.as_deref().and_then(|url| HttpUrl::parse(url).ok());
    let public = public.map(|url| url.host().to_owned());
    let hosts = config.hosts.iter().cloned().chain(public).collect();
    let secrecy = Secrecy { only: config.tls_only, strict: config.hsts };
    Access::new(hosts, readers, Proxies { at, header }, secrecy)
}

/// A machine may come into its network, or into another one, at any time, and somebody may wait.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);
const A_DAY_S: u64 = 24 * 3600;
/// Until answers are with the system that were made at the end.
const LAST_ANSWERS: Duration = Duration::from_millis(100);

fn no(what: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::System { what, error }
}
