//! Filters for each viewer, made by the server: what every client gets of them, and how many.

use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Instant;

use livestream::jpeg;
use serde_json::Value;
use turbojpeg::{PixelFormat, Transform, TransformOp};

use crate::common::client::Client;
use crate::common::clip::{Scratch, jpegs};
use crate::common::multipart::Stream;
use crate::common::pixels::Luma;
use crate::common::rtsp::{Rtsp, picture};
use crate::common::server::Server;
use crate::common::viewer::Viewer;
use crate::common::{LONG, eventually, eventually_true};

/// A server of a folder with one picture, ten times a second.
struct Still {
    server: Server,
    own: Vec<u8>,
    _scratch: Scratch,
}

impl Still {
    fn new(own: Vec<u8>, arguments: &[&str]) -> Self {
        let scratch = Scratch::new();
        scratch.write("1.jpg", &own);
        let base = ["--source", scratch.path(), "--fps", "10", "--bandwidth", "unlimited"];
        let server = Server::start(&[&base[..], arguments].concat());
        Self { server, own, _scratch: scratch }
    }

    fn stream(&self, target: &str) -> Stream {
        Stream::open(self.server.address(), target, &[])
    }

    fn stream_from(&self, target: &str, address: &str) -> Stream {
        Stream::open(self.server.address(), target, &[("X-Forwarded-For", address)])
    }
}

/// No two of its corners are alike, and its sides are no whole MCUs.
fn lopsided() -> Vec<u8> {
    jpegs(150, 100, 8, 90).swap_remove(1)
}

/// What libjpeg-turbo's own transform makes of it.
fn turned(jpeg: &[u8], op: TransformOp) -> Vec<u8> {
    let mut transform = Transform::op(op);
    transform.trim = true;
    turbojpeg::transform(&transform, jpeg).expect("it is transformed").to_vec()
}

#[track_caller]
fn pixels(jpeg: &[u8]) -> (usize, usize, Vec<u8>) {
    let image = turbojpeg::decompress(jpeg, PixelFormat::RGB).expect("a JPEG");
    (image.width, image.height, image.pixels)
}

const TURNS: [(&str, TransformOp); 7] = [
    ("mirror", TransformOp::Hflip),
    ("flip", TransformOp::Vflip),
    ("turn90", TransformOp::Rot90),
    ("turn180", TransformOp::Rot180),
    ("turn270", TransformOp::Rot270),
    ("mirror,turn90", TransformOp::Transverse),
    ("mirror,turn270", TransformOp::Transpose),
];

#[test]
fn every_turn_is_what_jpegtran_makes_of_the_cameras_own_picture_on_every_way() {
    let still = Still::new(lopsided(), &["--rtsp-port", "0"]);
    for (number, (filter, op)) in TURNS.into_iter().enumerate() {
        let wished = turned(&still.own, op);
        // Who was just here may still be known, and an address orders four.
        let address = format!("192.0.2.{number}");
        for target in
            [format!("/stream?filter={filter}"), format!("/?action=stream&filter={filter}")]
        {
            let shot = still.stream_from(&target, &address).next().jpeg;
            assert!(pixels(&shot) == pixels(&wished), "{target}");
        }
        let shot = still.server.get(&format!("/snapshot?filter={filter}")).expect(200).body;
        assert!(pixels(&shot) == pixels(&wished), "a snapshot with {filter}");
        // RTP has no 4:4:0 and no sides that are no multiples of 8: it is fitted.
        let mut player = Rtsp::connect(still.server.rtsp());
        let path = format!("/live?filter={filter}");
        let session = player.setup_tcp(&path);
        player.ask_in(&session, "PLAY", &path, &[]).expect(200);
        let (shot, wished) = (Luma::of(&picture(&mut player).jpeg), Luma::of(&wished));
        player.ask_in(&session, "TEARDOWN", &path, &[]).expect(200);
        let shot = shot.cropped(wished.width, wished.height);
        let psnr = shot.psnr(&wished);
        assert!(psnr > 34.0, "{filter} over RTSP: {psnr:.1} dB");
    }
}

#[test]
fn a_clip_is_filtered_for_who_asks_for_that_and_for_nobody_else() {
    let own = lopsided();
    let still = Still::new(own.clone(), &[]);
    let scratch = Scratch::new();
    scratch.write("clip.mjpeg", &vec![own.clone(); 200].concat());
    let arguments = ["--rtsp-port", "0", "--clips", scratch.path(), "--bandwidth", "unlimited"];
    let server = Server::pattern(&arguments);
    let played = |query: &str| {
        let (mut player, path) = (Rtsp::connect(server.rtsp()), format!("/clip.mjpeg{query}"));
        let session = player.setup_tcp(&path);
        player.ask_in(&session, "PLAY", &path, &[]).expect(200);
        let luma = Luma::of(&picture(&mut player).jpeg);
        player.ask_in(&session, "TEARDOWN", &path, &[]).expect(200);
        luma
    };
    // What a snapshot of the same picture is made to look like.
    let shown =
        |query: &str| Luma::of(&still.server.get(&format!("/snapshot{query}")).expect(200).body);
    let turns = TURNS.map(|(filter, _)| format!("?filter={filter}"));
    let others =
        ["?filter=grey,invert", "?filter=sharper", "?filter=edges", "?filter=mirror&quality=20"];
    for query in turns.iter().map(String::as_str).chain(others).chain([""]) {
        let wished = shown(query);
        let psnr = played(query).cropped(wished.width, wished.height).psnr(&wished);
        assert!(psnr > 30.0, "{query}: {psnr:.1} dB");
        let described =
            Rtsp::connect(server.rtsp()).ask("DESCRIBE", &format!("/clip.mjpeg{query}"), &[]);
        let turned = if wished.width > wished.height { "150-100" } else { "100-150" };
        let size = format!("a=framesize:26 {turned}");
        assert!(described.expect(200).body.contains(&size), "{query}: {size}");
    }
    // Its name and the place in it are written where a room's and the time are.
    let (plain, marked) = (played(""), played("?filter=name,clock"));
    assert!(plain.cropped(150, 64).psnr(&marked.cropped(150, 64)) > 30.0, "above it is as it was");
    let rows = plain.width * 70;
    let changed = plain.samples[rows..].iter().zip(&marked.samples[rows..]);
    assert!(changed.filter(|(a, b)| a.abs_diff(**b) > 40).count() > 100, "below there is text");
    for method in ["DESCRIBE", "SETUP"] {
        let asked = [("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")];
        for query in ["?filter=upside", "?filter=softer,edges"] {
            let path = format!("/clip.mjpeg{query}");
            Rtsp::connect(server.rtsp()).ask(method, &path, &asked).expect(400);
        }
    }
}

#[test]
fn what_is_not_a_turn_is_seen_too() {
    let still = Still::new(lopsided(), &[]);
    let own = Luma::of(&still.own);
    let get = |filter: &str| {
        Luma::of(&still.server.get(&format!("/snapshot?filter={filter}")).expect(200).body)
    };
    assert!(get("grey") == own, "luma stays as it is");
    let grey = still.server.get("/snapshot?filter=grey").expect(200).body;
    let (_, _, rgb) = pixels(&grey);
    assert!(rgb.as_chunks::<3>().0.iter().all(|[r, g, b]| r == g && g == b));
    let inverted = get("invert");
    let pairs = own.samples.iter().zip(&inverted.samples);
    assert!(pairs.map(|(a, b)| (255 - a).abs_diff(*b)).max() <= Some(2));
    assert!(get("invert,invert") == inverted, "said twice it is the same");
    let rough = |luma: &Luma| -> u64 {
        luma.samples.windows(2).map(|pair| u64::from(pair[0].abs_diff(pair[1]))).sum()
    };
    let [softer, sharper] = ["softer", "sharper"].map(get);
    assert!(rough(&softer) < rough(&own) && rough(&own) < rough(&sharper));
    let edges = get("edges");
    let dark = edges.samples.iter().filter(|sample| **sample < 90).count();
    assert!(dark > edges.samples.len() / 2 && edges.samples.iter().any(|sample| *sample > 230));
    let named = get("name,clock");
    let rows = 150 * 70;
    assert!(own.cropped(150, 64).psnr(&named.cropped(150, 64)) > 33.0, "above it is as it was");
    let changed = own.samples[rows..].iter().zip(&named.samples[rows..]);
    assert!(changed.filter(|(a, b)| a.abs_diff(**b) > 40).count() > 100, "below there is text");
}

#[test]
fn a_filter_holds_on_the_stream_that_is_open_and_goes_again() {
    let still = Still::new(lopsided(), &[]);
    let mirrored = pixels(&turned(&still.own, TransformOp::Hflip));
    let viewer = Viewer::of(&still.server);
    let mut stream = viewer.watch();
    assert_eq!(stream.next().jpeg, still.own, "nothing is done to it");
    assert_eq!(viewer.own()["filter"], "none");
    let state = viewer.set("filter=mirror");
    assert_eq!(
        (&state["viewer"]["filter"], &state["viewer"]["filter_refused"]),
        (&"mirror".into(), &Value::Null)
    );
    assert_eq!(state["viewer"]["passthrough"], false);
    let until = Instant::now() + LONG;
    while pixels(&stream.next().jpeg) != mirrored {
        assert!(Instant::now() < until, "it is never mirrored");
    }
    assert!(pixels(&stream.next().jpeg) == mirrored, "and stays so");
    // Without script a form has a field for each box.
    viewer.post("/viewer", "filter=&filter=grey&filter=turn90", &[]).expect(303);
    assert_eq!(viewer.own()["filter"], "turn90,grey");
    viewer.set("filter=");
    assert_eq!(viewer.own()["filter"], "none");
    let until = Instant::now() + LONG;
    while stream.next().jpeg != still.own {
        assert!(Instant::now() < until, "it is never plain again");
    }
}

#[test]
fn what_is_not_a_filter_is_refused_by_its_name() {
    let still = Still::new(lopsided(), &["--rtsp-port", "0"]);
    for target in ["/stream?filter=sepia", "/snapshot?filter=softer,sharper"] {
        let reply = still.server.get(target).expect(400);
        assert!(reply.text().contains("filter"), "{target}: {}", reply.text());
    }
    let viewer = Viewer::of(&still.server);
    let refused = viewer.post_json("/viewer", "filter=mirror&filter=sepia").expect(400).json();
    assert_eq!(refused["field"], "filter");
    let mut player = Rtsp::connect(still.server.rtsp());
    let transport = ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1");
    player.ask("SETUP", "/live?filter=sepia", &[transport]).expect(400);
}

#[test]
fn the_answer_says_what_is_done_and_players_are_told_the_size() {
    let still = Still::new(lopsided(), &["--rtsp-port", "0"]);
    let head = |target: &str| {
        let mut client = still.server.connect();
        let head = client.head("GET", target, &[], b"");
        client.send(head);
        client.reply_head()
    };
    let filtered = head("/stream?filter=grey,mirror").expect(200);
    assert_eq!(filtered.header("X-Filter"), Some("mirror,grey"));
    assert_eq!(filtered.header("X-Filter-Refused"), None);
    assert_eq!(head("/stream").expect(200).header("X-Filter"), None);
    let _watched = still.stream("/stream").next();
    let mut player = Rtsp::connect(still.server.rtsp());
    let described =
        |player: &mut Rtsp, path: &str| player.ask("DESCRIBE", path, &[]).expect(200).body;
    let plain = described(&mut player, "/live");
    let across = described(&mut player, "/live?filter=turn90");
    assert!(plain.contains("\r\na=framesize:26 150-100\r\n"), "{plain}");
    assert!(across.contains("\r\na=framesize:26 100-150\r\n"), "{across}");
}

/// Somebody who reads a stream and looks at none of it, until it is dropped.
struct Reader(TcpStream);

impl Reader {
    fn of(client: &Client) -> Self {
        let socket = || client.socket().try_clone().expect("another handle");
        let (mut from, own) = (socket(), socket());
        // It ends with the connection.
        thread::spawn(move || std::io::copy(&mut from, &mut std::io::sink()));
        Self(own)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // The server may have closed it.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// How many pictures were encoded, and how many frames there were, since the start.
fn counts(server: &Server) -> (f64, f64) {
    let frames = server.metric("livestream_source_frames_total");
    (server.metric("livestream_pictures_encoded_total"), frames)
}

#[test]
fn viewers_of_the_same_filter_and_level_cost_one_encode() {
    let still = Still::new(lopsided(), &[]);
    let watched: Vec<_> = ["mirror,grey", "grey,mirror", "flip,turn180,grey"]
        .into_iter()
        .map(|filter| still.stream(&format!("/stream?filter={filter}")).in_background())
        .collect();
    eventually_true("all of them see pictures", LONG, || watched.iter().all(|one| one.count() > 5));
    let before = counts(&still.server);
    eventually_true("some frames later", LONG, || counts(&still.server).1 >= before.1 + 20.0);
    let after = counts(&still.server);
    let (encoded, frames) = (after.0 - before.0, after.1 - before.1);
    // The two are not counted at the same moment.
    assert!(encoded > 0.0 && encoded <= frames + 2.0, "{encoded} of {frames} frames");
}

#[test]
fn an_address_orders_four_pairs_and_the_server_makes_sixteen() {
    let still = Still::new(lopsided(), &[]);
    let filters: Vec<String> = ["mirror", "flip", "turn90", "turn180", "turn270"]
        .iter()
        .map(|turn| (*turn).to_owned())
        .collect();
    let all: Vec<String> = ["", ",grey", ",invert", ",softer"]
        .iter()
        .flat_map(|more| filters.iter().map(move |turn| format!("{turn}{more}")))
        .collect();
    let reply = |filter: &str, address: &str| {
        let mut client = still.server.connect();
        let target = format!("/stream?filter={filter}");
        let head = client.head("GET", &target, &[("X-Forwarded-For", address)], b"");
        client.send(head);
        let head = client.reply_head().expect(200);
        (Reader::of(&client), head.header("X-Filter-Refused").map(str::to_owned))
    };
    let mut open = Vec::new();
    for (number, filter) in all[..16].iter().enumerate() {
        let address = format!("192.0.2.{}", 1 + number / 4);
        let (client, refused) = reply(filter, &address);
        assert_eq!(refused, None, "{filter} for {address}");
        open.push(client);
    }
    let (_fifth, refused) = reply(&all[16], "192.0.2.1");
    assert_eq!(refused.as_deref(), Some(&*format!("{}; address", all[16])));
    let (_seventeenth, refused) = reply(&all[17], "192.0.2.99");
    let refused = refused.expect("no more are made");
    assert!(refused.ends_with("; full"), "{refused}");
    let mut plain = still.stream_from(&format!("/stream?filter={}", all[17]), "192.0.2.98");
    assert_eq!(plain.next().jpeg, still.own, "it is the plain picture");
    let (shared, refused) = reply(&all[3], "192.0.2.99");
    assert_eq!(refused, None, "what is made already costs nothing");
    drop(shared);
    // Who leaves makes room.
    open.truncate(8);
    let wished = turned(&still.own, TransformOp::Rot90);
    let until = Instant::now() + LONG;
    loop {
        let (width, height, _) = pixels(&plain.next().jpeg);
        if (width, height) == (pixels(&wished).0, pixels(&wished).1) {
            break;
        }
        assert!(Instant::now() < until, "{} is never made", all[17]);
    }
}

#[test]
fn a_filter_that_is_not_done_is_told_to_its_viewer() {
    let still = Still::new(lopsided(), &[]);
    let _others: Vec<_> = ["mirror", "flip", "turn90", "turn270"]
        .into_iter()
        .map(|filter| still.stream(&format!("/stream?filter={filter}")).in_background())
        .collect();
    let viewer = Viewer::of(&still.server);
    let mut stream = viewer.watch();
    stream.next();
    eventually("the address has ordered four", LONG, || {
        let own = viewer.set("filter=invert")["viewer"].clone();
        if own["filter_refused"] == "address" { Ok(()) } else { Err(own.to_string()) }
    });
    assert_eq!(viewer.own()["filter"], "invert", "what was asked for is kept");
    assert_eq!(stream.next().jpeg, still.own);
    assert_eq!(viewer.set("filter=mirror")["viewer"]["filter_refused"], Value::Null);
}

#[test]
fn a_raw_source_is_filtered_at_each_level() {
    let server = Server::pattern(&["--bandwidth", "unlimited"]);
    for quality in [95, 50, 10] {
        let plain = server.get(&format!("/snapshot?quality={quality}")).expect(200).body;
        let filtered = format!("/stream?quality={quality}&filter=turn90");
        let shot = Stream::open(server.address(), &filtered, &[]).next().jpeg;
        let (plain, turned) =
            (jpeg::info(&plain).expect("a JPEG"), jpeg::info(&shot).expect("a JPEG"));
        assert_eq!((turned.size.width, turned.size.height), (120, 160));
        assert_eq!(plain.quality, turned.quality);
    }
}
