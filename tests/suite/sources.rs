//! Showing something else than a camera: clips, folders, another server's stream.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::common::clip::{Form, Scratch, jpegs, noise};
use crate::common::multipart::{Part, Stream};
use crate::common::picture::{look, quality, without_huffman_tables};
use crate::common::server::{Port, Server};
use crate::common::upstream::Upstream;
use crate::common::viewer::Viewer;
use crate::common::{LONG, eventually, eventually_true};
use livestream::media::codec::Decoder;
use serde_json::Value;

/// Which of the clip's pictures each part is, byte for byte, until `count` came.
#[track_caller]
fn places(stream: &mut Stream, pictures: &[Vec<u8>], count: usize) -> Vec<usize> {
    let place = |part: Part| {
        let found = pictures.iter().position(|picture| *picture == part.jpeg);
        found.unwrap_or_else(|| panic!("a picture that is not the clip's: {:?}", look(&part.jpeg)))
    };
    (0..count).map(|_| place(stream.next())).collect()
}

/// Checks that pictures came in their order, again and again. One may be skipped now and then.
#[track_caller]
fn looped(places: &[usize], pictures: usize) {
    let seen: BTreeSet<_> = places.iter().collect();
    assert_eq!(seen.len(), pictures, "all of them: {places:?}");
    let rewinds = places.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let rounds = places.len() / pictures;
    assert!((rounds - 1..=rounds + 2).contains(&rewinds), "{rewinds} times round: {places:?}");
}

#[test]
fn clip_of_each_form_loops_and_passes_through_untouched() {
    let pictures = jpegs(160, 120, 5, 90);
    for form in [Form::Lab, Form::Concat, Form::Avi { fps: 25 }] {
        let scratch = Scratch::new();
        let clip = scratch.clip(form, &pictures);
        let server = Server::start(&["--source", &clip, "--fps", "25", "--bandwidth", "unlimited"]);
        let viewer = Viewer::of(&server);
        let mut stream = viewer.watch();
        looped(&places(&mut stream, &pictures, 20), pictures.len());
        let state = viewer.state();
        assert_eq!(state["source"]["kind"], "clip", "{form:?}");
        assert_eq!(state["source"]["name"], "clip", "its file's name");
        assert_eq!(state["source"]["status"], "live");
        assert_eq!(
            (&state["source"]["width"], &state["source"]["height"]),
            (&160.into(), &120.into())
        );
        assert_eq!(state["viewer"]["passthrough"], true);
        server.stop();
    }
}

#[test]
fn snapshot_of_a_clip_is_one_of_its_pictures() {
    let pictures = jpegs(160, 120, 3, 90);
    let scratch = Scratch::new();
    let server = Server::start(&["--source", &scratch.clip(Form::Concat, &pictures)]);
    let snapshot = server.get("/snapshot").expect(200).body;
    assert!(pictures.contains(&snapshot));
    let low = server.get("/snapshot?quality=low").expect(200).body;
    assert_eq!((quality(&low), look(&low).width), (20, 160));
}

#[test]
fn avi_plays_at_its_own_rate() {
    let scratch = Scratch::new();
    let clip = scratch.clip(Form::Avi { fps: 8 }, &jpegs(160, 120, 4, 90));
    let server = Server::start(&["--source", &clip]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    let first = stream.next().at_micros.expect("a time");
    let last = (0..8).map(|_| stream.next().at_micros.expect("a time")).last();
    let span = last.expect("eight") - first;
    // Eight at eight a second are a second; at the default of thirty, a quarter of one.
    assert!((700_000..4_000_000).contains(&span), "{span} µs");
}

#[test]
fn lower_quality_is_another_jpeg_of_the_same_size() {
    let pictures = jpegs(161, 121, 3, 90);
    let scratch = Scratch::new();
    let clip = scratch.clip(Form::Concat, &pictures);
    let server = Server::start(&["--source", &clip, "--bandwidth", "unlimited"]);
    for (asked, level) in [("low", 20), ("medium", 50), ("80", 80)] {
        let target = format!("/stream?quality={asked}");
        let part = Stream::open(server.address(), &target, &[]).next();
        assert!(!pictures.contains(&part.jpeg));
        let seen = look(&part.jpeg);
        assert_eq!((seen.width, seen.height), (161, 121));
        assert_eq!(quality(&part.jpeg), level);
    }
    // At and above its own quality nothing is gained by encoding it anew.
    for asked in ["90", "100", "auto"] {
        let target = format!("/stream?quality={asked}");
        let part = Stream::open(server.address(), &target, &[]).next();
        assert!(pictures.contains(&part.jpeg), "{asked}");
    }
}

#[test]
fn jpegs_without_huffman_tables_come_out_complete() {
    let whole = jpegs(160, 120, 3, 90);
    let bare: Vec<_> = whole.iter().map(|jpeg| without_huffman_tables(jpeg)).collect();
    assert!(!look(&bare[0]).huffman_tables && bare[0].len() < whole[0].len());
    let scratch = Scratch::new();
    let server = Server::start(&["--source", &scratch.clip(Form::Concat, &bare)]);
    let mut decoder = Decoder::new().expect("a decoder");
    let shown: Vec<_> =
        whole.iter().map(|jpeg| decoder.decode(jpeg).expect("a JPEG").samples).collect();
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    for _ in 0..6 {
        let part = stream.next();
        assert!(look(&part.jpeg).huffman_tables);
        let samples = decoder.decode(&part.jpeg).expect("a JPEG").samples;
        assert!(shown.contains(&samples), "it shows what it showed");
    }
}

#[test]
fn broken_pictures_of_a_clip_are_counted_and_skipped() {
    let good = jpegs(160, 120, 3, 90);
    let mut file = good.clone();
    // Its scan is cut, and garbage stands where the next should start.
    file.insert(1, good[0][..good[0].len() / 2].to_vec());
    let scratch = Scratch::new();
    let clip = scratch.clip(Form::Lab, &file);
    let server = Server::start(&["--source", &clip]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    looped(&places(&mut stream, &good, 12), good.len());
    assert!(server.state()["source"]["broken"].as_u64() > Some(0));
}

#[test]
fn folder_plays_in_the_order_in_which_people_count() {
    let pictures = jpegs(160, 120, 4, 90);
    let scratch = Scratch::new();
    for (name, picture) in
        ["frame9.jpg", "frame10.jpg", "frame11.JPG", "frame100.jpeg"].iter().zip(&pictures)
    {
        scratch.write(name, picture);
    }
    scratch.write("notes.txt", b"not a picture");
    let server = Server::start(&["--source", scratch.path(), "--fps", "25"]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    looped(&places(&mut stream, &pictures, 16), pictures.len());
    assert_eq!(server.state()["source"]["kind"], "folder");
}

#[test]
fn another_servers_stream_passes_through_untouched() {
    let pictures = jpegs(160, 120, 5, 90);
    let scratch = Scratch::new();
    let first = Server::start(&["--source", &scratch.clip(Form::Concat, &pictures)]);
    for target in ["/stream", "/?action=stream", "/stream?advance_headers=1"] {
        let second = Server::start(&["--source", &first.url(target)]);
        let mut stream = Stream::open(second.address(), "/stream", &[]);
        looped(&places(&mut stream, &pictures, 15), pictures.len());
        let state = second.state();
        assert_eq!(
            (&state["source"]["kind"], &state["source"]["status"]),
            (&"http".into(), &"live".into())
        );
        second.stop();
        eventually_true("the first has no viewer left", LONG, || first.watching() == 0);
    }
}

#[test]
fn another_servers_snapshots_are_a_stream_too() {
    let first = Server::pattern(&[]);
    let url = first.url("/snapshot");
    let second = Server::start(&["--source", &url, "--fps", "10"]);
    let mut stream = Stream::open(second.address(), "/stream", &[]);
    for _ in 0..5 {
        assert_eq!(look(&stream.next().jpeg).width, 160);
    }
}

#[test]
fn stream_goes_on_when_the_other_server_is_back() {
    let port = Port::reserve();
    let pictures = jpegs(320, 240, 3, 90);
    let scratch = Scratch::new();
    let clip = scratch.clip(Form::Concat, &pictures);
    let first = port.start(&["--source", &clip]);
    let second = Server::start(&["--source", &first.url("/stream")]);
    let mut stream = Stream::open(second.address(), "/stream", &[]);
    places(&mut stream, &pictures, 5);
    first.stop();

    let trouble = eventually("it says that the other is unreachable", LONG, || {
        let source = second.state()["source"].clone();
        let lost = source["status"] == "lost" && source["trouble"]["code"] == "unreachable";
        if lost { Ok(source["trouble"].clone()) } else { Err(source.to_string()) }
    });
    for field in ["title", "detail"] {
        assert!(trouble[field].as_str().is_some_and(|words| !words.is_empty()), "{trouble}");
    }
    let card = eventually("a card is shown", LONG, || {
        let part = stream.next();
        if pictures.contains(&part.jpeg) { Err("the clip".to_owned()) } else { Ok(part) }
    });
    let seen = look(&card.jpeg);
    assert_eq!((seen.width, seen.height), (320, 240), "as large as the pictures");
    // Its clock goes on.
    eventually_true("another card", LONG, || stream.next().jpeg != card.jpeg);

    let first = port.start(&["--source", &clip]);
    eventually_true("the pictures are back on the stream that stayed open", LONG, || {
        pictures.contains(&stream.next().jpeg)
    });
    looped(&places(&mut stream, &pictures, 12), pictures.len());
    let source = second.state()["source"].clone();
    assert_eq!((&source["status"], &source["trouble"]), (&"live".into(), &Value::Null));
    second.stop();
    first.stop();
}

#[test]
fn server_that_was_never_there_is_waited_for() {
    let port = Port::reserve();
    let url = format!("http://127.0.0.1:{}/stream", port.number);
    let server = Server::start(&["--source", &url, "--size", "160x120"]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    let card = look(&stream.next().jpeg);
    assert_eq!((card.width, card.height), (160, 120), "a card of the size that was asked for");
    assert_eq!(server.state()["source"]["trouble"]["code"], "unreachable");
    let late = port.start(&["--source", "pattern", "--size", "96x64"]);
    eventually_true("it is there", LONG, || look(&stream.next().jpeg).width == 96);
    drop(late);
}

#[test]
fn address_without_a_stream_is_named_on_the_card() {
    let other = Server::pattern(&[]);
    for (path, part) in [("/nothing", "404"), ("/healthz", "text/plain")] {
        let server = Server::start(&["--source", &other.url(path)]);
        let _stream = Stream::open(server.address(), "/stream", &[]).in_background();
        let detail = eventually("it says what is wrong", LONG, || {
            let trouble = server.state()["source"]["trouble"].clone();
            trouble["detail"].as_str().map(str::to_owned).ok_or(trouble.to_string())
        });
        assert!(detail.contains(part), "{detail}");
    }
}

#[test]
fn broken_pictures_of_another_server_are_counted_and_skipped() {
    let upstream = Upstream::new();
    let server = Server::start(&["--source", &upstream.url()]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    let pictures = jpegs(160, 120, 2, 90);
    let mut feed = upstream.accept();
    feed.send(&pictures[0]);
    assert!(stream.next().jpeg == pictures[0]);
    feed.send(&pictures[1][..pictures[1].len() / 2]);
    feed.send(b"no picture at all");
    feed.send(&pictures[1]);
    eventually_true("the good one comes", LONG, || stream.next().jpeg == pictures[1]);
    eventually_true("the broken ones are counted", LONG, || {
        server.state()["source"]["broken"] == 2
    });
}

#[test]
fn change_of_the_sources_size_reaches_the_stream_that_is_open() {
    let upstream = Upstream::new();
    let server = Server::start(&["--source", &upstream.url(), "--bandwidth", "unlimited"]);
    let mut whole = Stream::open(server.address(), "/stream", &[]);
    let mut low = Stream::open(server.address(), "/stream?quality=low", &[]);
    let mut feed = upstream.accept();
    for (width, height) in [(64, 48), (320, 240), (33, 17)] {
        feed.send(&noise(width, height, 1, 90));
        for stream in [&mut whole, &mut low] {
            let size = (width as u16, height as u16);
            eventually_true("pictures of the new size", LONG, || {
                let seen = look(&stream.next().jpeg);
                (seen.width, seen.height) == size
            });
        }
    }
}

#[test]
fn an_open_source_has_two_threads_and_a_closed_one_keeps_one() {
    let scratch = Scratch::new();
    let clip = scratch.clip(Form::Avi { fps: 25 }, &jpegs(160, 120, 5, 90));
    let small = ["--source", "pattern", "--size", "160x120", "--rtsp-port", "0"];
    let other = Server::start(&small);
    let stream = other.url("/stream");
    let snapshot = other.url("/snapshot");
    let rtsp = format!("rtsp://{}/live", other.rtsp());
    for source in ["pattern", &clip, &stream, &snapshot, &rtsp] {
        let server = Server::start(&["--source", source]);
        let idle = server.thread_names();
        assert!(!idle.contains(&"device".to_owned()), "{idle:?}");
        let watching = Stream::open(server.address(), "/stream", &[]).in_background();
        // What looks up and connects is gone by then.
        eventually("it is live", LONG, || {
            let state = server.state();
            let names = server.thread_names();
            let of_source = ["source", "device", "rtsp", "open", "webcam"];
            let mut names =
                names.into_iter().filter(|name| of_source.iter().any(|of| name.starts_with(of)));
            let (first, second, third) = (names.next(), names.next(), names.next());
            let two = (first.as_deref(), second.as_deref()) == (Some("device"), Some("source"));
            let is_so = state["source"]["status"] == "live" && two && third.is_none();
            if is_so { Ok(()) } else { Err(format!("{source}: {:?}", server.thread_names())) }
        });
        drop(watching);
        server.stop();
    }
    other.stop();
}

#[test]
fn server_that_never_answers_is_told_and_keeps_nothing_from_ending() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("bound");
    for url in [format!("http://{address}/"), format!("rtsp://{address}/")] {
        let server = Server::start(&["--source", &url]);
        let watching = Stream::open(server.address(), "/stream", &[]).in_background();
        eventually_true("it is being opened", LONG, || {
            server.state()["source"]["status"] == "opening"
        });
        let took = server.stop();
        assert!(took < Duration::from_millis(1500), "{url}: {took:?}");
        drop(watching);
        let server = Server::start(&["--source", &url]);
        let mut stream = Stream::open(server.address(), "/stream", &[]);
        stream.next();
        assert_eq!(server.state()["source"]["trouble"]["code"], "stalled", "{url}");
    }
}
