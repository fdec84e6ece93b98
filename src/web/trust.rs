//! `GET /trust`: how the device that opens it trusts this server, and what it takes for that.

use super::address::is_path;
use super::answer::Answer;
use super::built;
use super::document::Slot;
use super::issuer::Issuer;
use super::pages::framed;
use super::payload::Payload;
use super::request::{Reply, Request};
use super::words;
use crate::proto::http::{Scheme, Status};

/// A system whose steps differ from the others'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Device {
    Apple,
    Android,
    Windows,
    Mac,
    Linux,
}

/// The steps, those of the device that asks in front.
pub(super) fn trust(request: &Request) -> Reply {
    let Some(issuer) = &request.context.about.issuer else { return nothing(request).into() };
    let browser = request.head.headers.get("user-agent").unwrap_or_default();
    let device = device_of(browser);
    let open = |of| if device == Some(of) { " open class=\"own\"" } else { "" };
    let open = |of| Slot::Markup(open(of).to_owned());
    let client = &request.client;
    let by_tls = client.scheme() == Scheme::Https;
    let asked = client.outer_host();
    let host = asked.map(ToString::to_string).unwrap_or_default();
    let secure = format!("https://{host}");
    let prefix = client.prefix();
    // Whoever ends the TLS of this client shows a certificate of its own.
    let proxied = by_tls && !client.is_by_own_tls();
    let covered = asked.is_some_and(|asked| issuer.is_for(&asked.host));
    let port = asked.and_then(|asked| asked.port).map(|port| format!(":{port}"));
    let port = port.unwrap_or_default();
    let other = issuer.other_host().map(|other| format!("http://{other}{port}{prefix}/trust"));
    let next = request.query.iter().find(|(name, _)| name == "next");
    let next = next.map(|(_, path)| path.clone()).filter(|path| is_path(path));
    let sent = next.is_some();
    let next = next.unwrap_or_else(|| format!("{prefix}/"));
    let firefox = browser.contains("Firefox/");
    let slots = vec![
        ("issuer", Slot::Text(issuer.name.clone())),
        ("mark", Slot::Text(issuer.mark())),
        ("secure", Slot::Text(format!("{secure}{next}"))),
        ("probe", Slot::Text(format!("{secure}{prefix}/healthz"))),
        ("clear", Slot::Shown(!by_tls && covered)),
        ("elsewhere", Slot::Shown(!covered && !proxied)),
        ("host", Slot::Text(asked.map(|asked| asked.host.to_string()).unwrap_or_default())),
        ("has-other", Slot::Shown(other.is_some())),
        ("other", Slot::Text(other.unwrap_or_default())),
        ("encrypted", Slot::Shown(by_tls && covered && !proxied)),
        ("proxied", Slot::Shown(proxied)),
        ("sent", Slot::Markup(if sent { " data-sent" } else { "" }.to_owned())),
        ("apple-open", open(Device::Apple)),
        ("android-open", open(Device::Android)),
        ("windows-open", open(Device::Windows)),
        ("mac-open", open(Device::Mac)),
        ("linux-open", open(Device::Linux)),
        (
            "firefox-open",
            Slot::Markup(
                if firefox && device != Some(Device::Android) { " open" } else { "" }.to_owned(),
            ),
        ),
    ];
    let page = framed(request, built::TRUST, words::TRUST_TITLE, slots);
    // An IPv6 address is no source that a policy can name (CSP 3 §2.3.1); `'self'` has it too.
    let own = if host.starts_with('[') { "" } else { &secure };
    Answer::page_that_asks(&request.head, Status::Ok, page, own).varies_by("User-Agent").into()
}

/// The authority's certificate, as most systems take it.
pub(super) fn certificate(request: &Request) -> Reply {
    file(request, "application/x-x509-ca-cert", "ca.crt", Issuer::pem)
}

/// The same as a profile for Apple's systems.
pub(super) fn profile(request: &Request) -> Reply {
    file(request, "application/x-apple-aspen-config", "ca.mobileconfig", Issuer::profile)
}

fn file(
    request: &Request,
    media_type: &str,
    name: &str,
    content: impl Fn(&Issuer) -> String,
) -> Reply {
    let Some(issuer) = &request.context.about.issuer else { return nothing(request).into() };
    Answer::new(Status::Ok, media_type, Payload::owned(content(issuer)))
        .header("Content-Disposition", format!("attachment; filename=\"{name}\""))
        .header("Cache-Control", "no-store")
        .into()
}

fn nothing(request: &Request) -> Answer {
    let why = "there is no authority of this machine's own: nothing can be kept, or TLS is off, or by a certificate that was given";
    request.refuse(Status::NotFound, why)
}

/// What a browser says that it runs on. What is on an iPad may say that it is a Mac.
fn device_of(user_agent: &str) -> Option<Device> {
    let has = |what| user_agent.contains(what);
    Some(match () {
        () if has("iPhone") || has("iPad") || has("iPod") => Device::Apple,
        () if has("Android") => Device::Android,
        () if has("Windows") => Device::Windows,
        () if has("Macintosh") => Device::Mac,
        () if has("Linux") || has("CrOS") || has("X11") => Device::Linux,
        () => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_what_its_browser_says() {
        for (agent, device) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605",
                Device::Apple,
            ),
            ("Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X)", Device::Apple),
            ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140", Device::Android),
            (
                "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
                Device::Android,
            ),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140", Device::Windows),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605", Device::Mac),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                Device::Linux,
            ),
            ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/140", Device::Linux),
        ] {
            assert_eq!(device_of(agent), Some(device), "{agent}");
        }
        assert_eq!(device_of("curl/8"), None);
    }
}
