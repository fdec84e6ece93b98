//! Tests of both directions, on JPEGs made here and on packets that GStreamer and
//! ffmpeg sent (`tests/data/rtp`).

use std::sync::Arc;

use super::*;
use crate::proto::rtp::{Header, Packet};

const BASELINE_420: &[u8] = include_bytes!("../../../../tests/data/jpeg/420.jpg");
const BASELINE_422: &[u8] = include_bytes!("../../../../tests/data/jpeg/422.jpg");
const BASELINE_444: &[u8] = include_bytes!("../../../../tests/data/jpeg/444.jpg");
const GRAY: &[u8] = include_bytes!("../../../../tests/data/jpeg/gray.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../../../tests/data/jpeg/progressive.jpg");
const RESTART: &[u8] = include_bytes!("../../../../tests/data/jpeg/restart.jpg");
const NO_DHT: &[u8] = include_bytes!("../../../../tests/data/jpeg/no_dht.jpg");
const GSTREAMER_420: &[u8] = include_bytes!("../../../../tests/data/rtp/gstreamer-420.rtp");
const GSTREAMER_422: &[u8] = include_bytes!("../../../../tests/data/rtp/gstreamer-422.rtp");
const FFMPEG_420: &[u8] = include_bytes!("../../../../tests/data/rtp/ffmpeg-420.rtp");

const FIRST: Header =
    Header { payload_type: 26, marker: false, sequence: 65_534, timestamp: 9, ssrc: 7 };

fn smallest() -> PacketBytes {
    PacketBytes::new(200).unwrap()
}

fn sent(jpeg: &[u8], packet: PacketBytes, first: &Header) -> Vec<Vec<u8>> {
    let packets = Packets::new(jpeg.into(), &rtp_parts(jpeg).unwrap(), packet);
    let mut octets = 0;
    let all: Vec<Vec<u8>> = (0..packets.count())
        .map(|index| {
            let mut out = Vec::new();
            packets.write(index, first, &mut out);
            octets += out.len() - Header::BYTES;
            out
        })
        .collect();
    assert_eq!(octets, packets.payload_octets());
    let mut run = Vec::new();
    packets.write_run(0..usize::MAX, first, &mut run);
    assert_eq!(run, all.concat());
    all
}

/// Feeds datagrams; gives the frames that come of them.
fn received<'a>(
    depacketizer: &mut Depacketizer,
    datagrams: impl IntoIterator<Item = &'a Vec<u8>>,
) -> Vec<Frame> {
    let push = |datagram: &'a Vec<u8>| {
        let packet = Packet::parse(datagram).unwrap();
        depacketizer.push(&packet.header, packet.payload).ok().flatten()
    };
    datagrams.into_iter().filter_map(push).collect()
}

/// Reads datagrams that each stand behind their length of 2 bytes.
fn captured(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut datagrams = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (datagram, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
        datagrams.push(datagram.to_vec());
        bytes = rest;
    }
    datagrams
}

fn pixels(jpeg: &[u8]) -> Vec<u8> {
    turbojpeg::decompress(jpeg, turbojpeg::PixelFormat::RGB).unwrap().pixels
}

/// A JPEG of a pattern that is hard to compress.
fn pattern(side: usize, sampling: turbojpeg::Subsamp) -> Vec<u8> {
    let pixels: Vec<u8> = (0..3 * side * side).map(|at| (at * at / 5 % 256) as u8).collect();
    let image = turbojpeg::Image {
        pixels: &pixels[..],
        width: side,
        pitch: 3 * side,
        height: side,
        format: turbojpeg::PixelFormat::RGB,
    };
    turbojpeg::compress(image, 80, sampling).unwrap().to_vec()
}

#[test]
fn reason_is_told_for_what_does_not_fit() {
    let reason = |bytes: &[u8]| rtp_parts(bytes).unwrap_err();
    assert_eq!(reason(BASELINE_444), Unfit::Chroma);
    assert_eq!(reason(GRAY), Unfit::Chroma);
    assert_eq!(reason(PROGRESSIVE), Unfit::Process);
    assert_eq!(reason(&pattern(100, turbojpeg::Subsamp::Sub2x2)), Unfit::Size);
    assert_eq!(reason(&pattern(2048, turbojpeg::Subsamp::Sub2x2)), Unfit::TooLarge);
    assert_eq!(reason(&pattern(64, turbojpeg::Subsamp::Sub1x2)), Unfit::Chroma);
    let changed = |find: &[u8], at: usize, value: u8| {
        let mut bytes = BASELINE_420.to_vec();
        let place = bytes.windows(find.len()).position(|window| window == find).unwrap();
        bytes[place + at] = value;
        reason(&bytes)
    };
    assert_eq!(changed(&[0xFF, 0xC4], 40, 99), Unfit::HuffmanTables);
    assert_eq!(changed(&[0xFF, 0xC0], 18, 0), Unfit::ChromaTables);
    assert_eq!(changed(&[0xFF, 0xDA], 6, 0x11), Unfit::HuffmanTables);
    assert_eq!(changed(&[0xFF, 0xDA], 5, 7), Unfit::Scans);
    assert!(matches!(reason(&BASELINE_420[..300]), Unfit::Broken(_)));
    assert!(matches!(reason(b""), Unfit::Broken(_)));
}

#[test]
fn what_arrives_is_what_was_sent() {
    let large_420 = pattern(2040, turbojpeg::Subsamp::Sub2x2);
    let large_422 = pattern(2040, turbojpeg::Subsamp::Sub2x1);
    let tiny = pattern(8, turbojpeg::Subsamp::Sub2x2);
    for jpeg in [BASELINE_420, BASELINE_422, RESTART, NO_DHT, &large_420, &large_422, &tiny] {
        let parts = rtp_parts(jpeg).unwrap();
        let whole = crate::jpeg::complete(jpeg).unwrap().bytes;
        for packet in [smallest(), PacketBytes::DEFAULT, PacketBytes::new(65507).unwrap()] {
            let datagrams = sent(jpeg, packet, &FIRST);
            let frames = received(&mut Depacketizer::new(None), &datagrams);
            let [Frame { timestamp: 9, jpeg: again }] = &frames[..] else {
                panic!("{} frames", frames.len());
            };
            let parts_again = rtp_parts(again).unwrap();
            assert!(again[parts_again.scan.clone()] == jpeg[parts.scan.clone()]);
            assert_eq!(Parts { scan: 0..0, ..parts_again }, Parts { scan: 0..0, ..parts.clone() });
            assert!(pixels(again) == pixels(&whole));
        }
    }
}

#[test]
fn packets_are_of_one_length_and_numbered() {
    for jpeg in [BASELINE_420, RESTART] {
        let datagrams = sent(jpeg, smallest(), &FIRST);
        let (last, others) = datagrams.split_last().unwrap();
        assert!(!others.is_empty() && others.iter().all(|datagram| datagram.len() == 200));
        assert!(last.len() <= 200);
        for (index, datagram) in datagrams.iter().enumerate() {
            let header = Packet::parse(datagram).unwrap().header;
            let sequence = FIRST.sequence.wrapping_add(index as u16);
            let marker = index == others.len();
            assert_eq!(header, Header { sequence, marker, ..FIRST });
        }
    }
}

#[test]
fn first_payload_is_as_the_rfc_has_it() {
    let parts = rtp_parts(RESTART).unwrap();
    let datagrams = sent(RESTART, smallest(), &FIRST);
    let payload = &datagrams[0][Header::BYTES..];
    assert_eq!(payload[..8], [0, 0, 0, 0, 65, 255, 48 / 8, 32 / 8]);
    assert_eq!(payload[8..16], [0, 1, 0xFF, 0xFF, 0, 0, 0, 128]);
    assert_eq!((&payload[16..80], &payload[80..144]), (&parts.luma[..], &parts.chroma[..]));
    assert_eq!(payload[144..], RESTART[parts.scan.clone()][..188 - 144]);
    let payload = &datagrams[1][Header::BYTES..];
    assert_eq!(payload[..12], [0, 0, 0, 44, 65, 255, 6, 4, 0, 1, 0xFF, 0xFF]);
}

#[test]
fn frame_with_a_hole_is_dropped_and_the_next_one_comes() {
    let datagrams = sent(BASELINE_420, smallest(), &FIRST);
    let next = sent(BASELINE_420, smallest(), &Header { timestamp: 10, ..FIRST });
    for missing in 0..datagrams.len() {
        let mut depacketizer = Depacketizer::new(None);
        let some = datagrams.iter().enumerate().filter(|(index, _)| *index != missing);
        let all: Vec<_> = some.map(|(_, datagram)| datagram).chain(&next).collect();
        let frames = received(&mut depacketizer, all);
        assert_eq!(frames.iter().map(|frame| frame.timestamp).collect::<Vec<_>>(), [10]);
        assert_eq!(depacketizer.dropped(), 1, "packet {missing}");
    }
}

#[test]
fn packets_twice_do_no_harm_and_others_out_of_order_drop_the_frame() {
    let datagrams = sent(BASELINE_420, smallest(), &FIRST);
    let (last, others) = datagrams.split_last().unwrap();
    let twice: Vec<_> = others.iter().flat_map(|d| [d, d]).collect();
    let mut depacketizer = Depacketizer::new(None);
    let frames = received(&mut depacketizer, twice.into_iter().chain([last, last]));
    assert_eq!((frames.len(), depacketizer.dropped()), (1, 0));
    let mut swapped = datagrams.clone();
    swapped.swap(1, 2);
    assert_eq!(received(&mut depacketizer, &swapped), []);
    assert_eq!(depacketizer.dropped(), 1);
}

#[test]
fn frames_of_others_are_put_together() {
    for (bytes, count, size) in
        [(GSTREAMER_420, 3, (160, 120)), (GSTREAMER_422, 2, (104, 64)), (FFMPEG_420, 4, (96, 72))]
    {
        let mut depacketizer = Depacketizer::new(None);
        let frames = received(&mut depacketizer, &captured(bytes));
        assert_eq!((frames.len(), depacketizer.dropped()), (count, 0));
        for frame in &frames {
            let image = turbojpeg::decompress(&frame.jpeg, turbojpeg::PixelFormat::RGB).unwrap();
            assert_eq!((image.width, image.height), size);
            let brightest = image.pixels.iter().max();
            assert!(brightest > Some(&180), "{brightest:?}");
        }
    }
}

#[test]
fn announced_size_is_taken_where_it_agrees() {
    let size = |announced, width, height| {
        let mut datagrams = captured(GSTREAMER_422);
        for datagram in &mut datagrams {
            datagram[Header::BYTES + 6] = width;
            datagram[Header::BYTES + 7] = height;
        }
        let frames = received(&mut Depacketizer::new(announced), &datagrams);
        frames.first().map(|frame| {
            let image = turbojpeg::decompress(&frame.jpeg, turbojpeg::PixelFormat::RGB).unwrap();
            (image.width, image.height)
        })
    };
    let exact = Some(Size { width: 100, height: 60 });
    assert_eq!(size(exact, 13, 8), Some((100, 60)));
    assert_eq!(size(exact, 0, 0), Some((100, 60)));
    assert_eq!(size(Some(Size { width: 640, height: 480 }), 13, 8), Some((104, 64)));
    assert_eq!(size(None, 0, 8), None);
    assert_eq!(size(Some(Size { width: 0, height: 60 }), 0, 8), None);
}

/// A frame in one packet, with this Q and table header.
fn with_q(q: u8, table_header: &[u8]) -> (Header, Vec<u8>) {
    let scan = &BASELINE_420[rtp_parts(BASELINE_420).unwrap().scan];
    let payload = [&[0, 0, 0, 0, 1, q, 6, 4], table_header, scan].concat();
    (Header { marker: true, ..FIRST }, payload)
}

#[test]
fn q_gives_tables_by_formula_in_band_or_from_before() {
    let parts = rtp_parts(BASELINE_420).unwrap();
    let tables = [&[0, 0, 0, 128][..], &parts.luma, &parts.chroma].concat();
    let mut depacketizer = Depacketizer::new(None);
    let mut push = |q, table_header: &[u8]| {
        let (header, payload) = with_q(q, table_header);
        let frame = depacketizer.push(&header, &payload);
        frame.map(|frame| rtp_parts(&frame.unwrap().jpeg).unwrap()).map_err(|e| e.rule)
    };
    let same = |read: Parts| (read.luma, read.chroma) == (parts.luma, parts.chroma);
    assert!(push(75, &[]).is_ok_and(same));
    assert!(push(50, &[]).is_ok_and(|read| read.luma[0] == 16));
    let reserved = Err("RFC 2435 §4.2: Q is not 0 nor 100 to 127");
    assert_eq!((push(0, &[]), push(100, &[])), (reserved.clone(), reserved));
    let unknown = Err("RFC 2435 §4.2: tables, or those of an earlier frame");
    assert_eq!(push(200, &[0; 4]), unknown);
    assert!(push(200, &tables).is_ok_and(same));
    assert!(push(200, &[0; 4]).is_ok_and(same));
    assert!(push(255, &tables).is_ok_and(same));
    assert_eq!(push(255, &[0; 4]), unknown);
    assert_eq!(push(255, &[0, 0, 0, 2, 1, 2]), Err("RFC 2435 §3.1.8: tables of 64 or 128 bytes"));
}

#[test]
fn what_follows_the_scan_is_cut() {
    let scan = &BASELINE_420[rtp_parts(BASELINE_420).unwrap().scan];
    for tail in [&[][..], &[0xFF, 0xD9], &[0xFF, 0xD9, 1, 2, 3], &[0xFF, 0x01, 0xFF, 0x00]] {
        let (header, payload) = with_q(75, &[]);
        let payload = [&payload[..], tail].concat();
        let frame = Depacketizer::new(None).push(&header, &payload).unwrap().unwrap();
        assert_eq!(&frame.jpeg[rtp_parts(&frame.jpeg).unwrap().scan], scan);
        assert!(frame.jpeg.ends_with(&[0xFF, 0xD9]));
    }
}

#[test]
fn cut_payload_is_refused() {
    let datagrams = sent(RESTART, smallest(), &FIRST);
    let payload = &datagrams[0][Header::BYTES..];
    for cut in 0..144 {
        let invalid = Depacketizer::new(None).push(&FIRST, &payload[..cut]).unwrap_err();
        assert_eq!(invalid.offset, cut);
    }
    let mut other = payload.to_vec();
    for kind in [2, 63, 66, 127, 128, 255] {
        other[4] = kind;
        let rule = Depacketizer::new(None).push(&FIRST, &other).unwrap_err().rule;
        assert_eq!(rule, "RFC 2435 §4.1: of type 0, 1, 64 or 65");
    }
}

#[test]
fn frame_stays_below_the_24_bits_of_the_offset() {
    let mut depacketizer = Depacketizer::new(None);
    let (_, mut payload) = with_q(75, &[]);
    payload.resize(65_000, 1);
    let mut offset = 0_u32;
    let refused = loop {
        payload[1..4].copy_from_slice(&offset.to_be_bytes()[1..]);
        match depacketizer.push(&FIRST, &payload) {
            Ok(None) => offset += 64_992,
            other => break other,
        }
    };
    assert_eq!(refused.unwrap_err().offset, 1);
    assert_eq!(depacketizer.dropped(), 1);
}

#[test]
fn sizes_are_whole_blocks() {
    assert_eq!(Blocks::from_pixels(2040, 8).unwrap().pixels(), Size { width: 2040, height: 8 });
    for (width, height) in [(0, 8), (8, 0), (2048, 8), (1281, 720), (1280, 721), (u32::MAX, 8)] {
        assert_eq!(Blocks::from_pixels(width, height), None, "{width}x{height}");
    }
    assert_eq!(PacketBytes::new(199), None);
    let out_of_range = Parts { scan: 5..usize::MAX, ..rtp_parts(BASELINE_420).unwrap() };
    let packets = Packets::new(Arc::from(BASELINE_420), &out_of_range, smallest());
    assert_eq!(packets.count(), 1);
}
