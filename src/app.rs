//! The whole server: its threads are started here, and joined in the end.

use std::io::{IsTerminal, Write};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::tz::TimeZone;
use log::{error, info, warn};

use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;
use crate::base::subnet::Subnet;
use crate::base::system;
use crate::config::{Config, CorsChoice, DEFAULT_RTSP_PORT, ProxyHeaderChoice};
use crate::error::Error;
use crate::live::audience::Audience;
use crate::live::channel::Channels;
use crate::live::encode::Encoders;
use crate::live::governor;
use crate::live::supervisor;
use crate::net::{self, Bound, Certificate, Engine, Topics};
use crate::room::{Room, Rooms};
use crate::rtsp;
use crate::web::{self, About, Access, Context, Proxies, ProxyHeader, Readers};

use sources::{Sources, unnamed};

mod kept;
mod sources;
mod state;

pub use kept::keep;

/// Runs the server until `shutdown` is asked.
///
/// Addresses go to `out` as soon as they can be connected to.
///
/// # Errors
///
/// [`Error`] if it cannot run at all. What goes wrong later is in the log, and on the page.
pub fn run(config: &Config, shutdown: &Shutdown, out: &mut impl Write) -> Result<(), Error> {
    let clock = Clock::system();
    let started = clock.now();
    // Before the port is bound: what can never work shall not be announced.
    let settings = config.webcam_settings(TimeZone::system().iana_name());
    let mut sources = Sources::new(settings, config.trust());
    let shown = config.source.as_ref().map(|choice| sources.add(choice)).transpose()?;
    let shown_in_rooms: Vec<usize> =
        config.rooms.iter().map(|room| sources.add(&room.source)).collect::<Result<_, _>>()?;
    let certificate = certificate(config)?.map(Arc::new);
    let by_tls = certificate.is_some();
    system::allow_many_descriptors();
    let bound = net::bind(config.bind, config.port).map_err(|error| Error::Bind {
        address: config.bind,
        port: config.port,
        error,
    })?;
    let rtsp = if config.no_rtsp { None } else { bind_rtsp(config)? };
    let addresses = announce(&bound, rtsp.as_ref(), by_tls, out);
    let shown = shown.map_or_else(|| sources.add(&unnamed()), Ok)?;

    let store = state::open(config.data.as_deref(), bound.addresses()[0].port());
    let limits = config.limits(system::descriptors());
    let engine = Engine::start(limits, started).map_err(no("threads for connections"))?;
    let max_viewers = usize::try_from(config.max_viewers).unwrap_or(usize::MAX);
    let channels = Arc::new(Channels::new(clock.clone()));
    let mut supervisors = Vec::new();
    for mut source in sources.into_list() {
        source.start(&clock);
        let channel = channels.open(source.as_ref());
        let hub = Arc::clone(&channel.hub);
        let bells = engine.bells(Topics::of(hub.number()));
        bells.into_iter().for_each(|bell| hub.on_news(bell));
        let condition = Arc::clone(&channel.condition);
        let supervisor = supervisor::start(source, config.wish(), hub, condition, shutdown.clone());
        supervisors.push(supervisor.map_err(no("source thread"))?);
    }
    let audience = Arc::new(Audience::new(clock.clone(), config.bandwidth, max_viewers));
    let rooms = rooms(config, shown, &shown_in_rooms, &channels, &audience);
    let engine = Arc::new(engine);
    let about = About {
        name: system::machine_name(),
        addresses,
        rtsp_addresses: rtsp.iter().flat_map(|bound| of_rtsp(bound, by_tls)).collect(),
        donate_url: config.donate_url.clone(),
        started,
    };
    let context = Arc::new(Context::new(
        rooms,
        Arc::clone(&audience),
        about,
        access(config),
        store.clone(),
        Arc::clone(&engine),
        shutdown.clone(),
    ));
    state::recall(&context);
    let mut encoders = Encoders::start(&channels, &audience);
    let watch = certificate.as_ref().and_then(|certificate| certificate.watch(shutdown).ok());
    let for_http = certificate.as_ref().map(|certificate| certificate.for_http());
    web::start(bound.with_tls(for_http), &context);
    let plan =
        rtsp::Plan { bind: config.bind, clips: config.clips.clone(), fps: config.wish().fps };
    if let Some(bound) = rtsp {
        let for_rtsp = certificate.as_ref().map(|certificate| certificate.for_rtsp());
        rtsp::start(bound.with_tls(for_rtsp), plan, &context);
    }

    let mut looked_at = started;
    governor::run(&audience, &clock, shutdown, || {
        encoders.keep();
        let now = clock.now();
        if now.duration_since(looked_at) >= BETWEEN_LOOKS {
            looked_at = now;
            context.access.look_again();
        }
    });
    info!("stopping");
    // Whoever waits for something to be stored is answered before the lanes end.
    if store.is_some_and(|store| store.close() > 0) {
        thread::sleep(LAST_ANSWERS);
    }
    channels.stop();
    engine.stop();
    encoders.join();
    supervisors.into_iter().for_each(join);
    // A disk that stalls may have kept it; it does not keep the end.
    watch.filter(JoinHandle::is_finished).into_iter().for_each(join);
    Ok(())
}

/// The rooms: the default one shows the channel of number `shown`, the others those of `others`.
fn rooms(
    config: &Config,
    shown: usize,
    others: &[usize],
    channels: &Channels,
    audience: &Audience,
) -> Rooms {
    let channels = channels.all();
    let crowd = |place: usize| audience.gather(Arc::clone(&channels[place]));
    let title = config.title.clone().unwrap_or_else(system::machine_name);
    let rooms = Rooms::new(Room { name: None, title, crowd: crowd(shown) });
    for (room, place) in config.rooms.iter().zip(others) {
        let (name, title) = (room.name.clone(), room.title.clone());
        let title = title.unwrap_or_else(|| name.to_string());
        rooms.add(Room { name: Some(name), title, crowd: crowd(*place) });
    }
    rooms
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
    Access::new(config.hosts.clone(), readers, Proxies { at, header })
}

/// The certificate that clients are shown, if TLS is spoken.
fn certificate(config: &Config) -> Result<Option<Certificate>, Error> {
    let files = config.tls_cert.clone().zip(config.tls_key.clone());
    let read = files.map(|(certificate, key)| Certificate::read(certificate, key));
    read.transpose().map_err(Error::Certificate)
}

/// Binds the port of RTSP; `None` if that of the default is taken, as by a second server.
fn bind_rtsp(config: &Config) -> Result<Option<Bound>, Error> {
    let port = config.rtsp_port.unwrap_or(DEFAULT_RTSP_PORT);
    match (net::bind(config.bind, port), config.rtsp_port) {
        (Ok(bound), _) => Ok(Some(bound)),
        (Err(error), Some(_)) => Err(Error::Bind { address: config.bind, port, error }),
        (Err(error), None) => {
            warn!("no RTSP, as port {port} cannot be had: {error}; `--rtsp-port` takes another");
            Ok(None)
        }
    }
}

/// Where what was bound is reached by HTTP, then by TLS.
fn of_http(bound: &Bound, by_tls: bool) -> Vec<String> {
    reached(bound, "http", by_tls.then_some("https"))
}

/// The same by RTSP.
fn of_rtsp(bound: &Bound, by_tls: bool) -> Vec<String> {
    reached(bound, "rtsp", by_tls.then_some("rtsps"))
}

fn reached(bound: &Bound, in_clear: &str, by_tls: Option<&str>) -> Vec<String> {
    let of = |scheme| bound.addresses().iter().map(move |at| format!("{scheme}://{at}/"));
    [in_clear].into_iter().chain(by_tls).flat_map(of).collect()
}

/// Prints a line for each address, and on a terminal the QR code of the first that others reach: in
/// clear, as a certificate is seldom one of an address.
fn announce(
    bound: &Bound,
    rtsp: Option<&Bound>,
    by_tls: bool,
    out: &mut impl Write,
) -> Vec<String> {
    let addresses = of_http(bound, by_tls);
    let of_rtsp = rtsp.into_iter().flat_map(|bound| of_rtsp(bound, by_tls));
    let print = move |addresses: &[String], out: &mut dyn Write| -> std::io::Result<()> {
        for address in addresses.iter().cloned().chain(of_rtsp) {
            writeln!(out, "listening on {address}")?;
        }
        let of_lan = bound.addresses().iter().position(|address| !address.ip().is_loopback());
        if let Some(code) = of_lan
            .filter(|_| std::io::stdout().is_terminal())
            .and_then(|at| web::for_terminal(&addresses[at]))
        {
            write!(out, "{code}")?;
        }
        out.flush()
    };
    if let Err(error) = print(&addresses, out) {
        // Whoever started it closed its output; viewers can come all the same.
        warn!("cannot print the addresses: {error}");
    }
    addresses
}

/// A machine may come into its network, or into another one, at any time.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);
/// Until answers are with the system that were made at the end.
const LAST_ANSWERS: Duration = Duration::from_millis(100);

fn no(what: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::System { what, error }
}

fn join(thread: JoinHandle<()>) {
    let name = thread.thread().name().unwrap_or("thread").to_owned();
    if thread.join().is_err() {
        error!("{name} failed");
    }
}
