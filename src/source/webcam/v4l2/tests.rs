use std::cell::RefCell;
use std::rc::Rc;

use super::calls::{Described, Full, Taken};
use super::*;
use crate::media::frame::Size;
use crate::source::TroubleCode;
use crate::source::webcam::controls::{Control, Sort};

/// A driver that does as it is told, and remembers what was asked of it.
#[derive(Debug)]
struct Pretend {
    role: Role,
    /// Each code with its sizes, and the rates of all of these.
    formats: Vec<([u8; 4], Vec<Sizes>, Vec<Rates>)>,
    /// The format in which it stands. It gives it where it refuses another.
    stands: [u8; 4],
    /// Codes that it lists, and does not take.
    refuses: Vec<[u8; 4]>,
    /// What it says of a rate that was set.
    set_rate: fn(Rate) -> io::Result<Option<Rate>>,
    /// The stride and the whole bytes that it tells of a format.
    rows: (u32, u32),
    controls: Vec<Control>,
    start: Option<i32>,
    full: Vec<io::Result<Option<Full>>>,
    asked: Rc<RefCell<Vec<String>>>,
    bytes: Vec<u8>,
}

impl Pretend {
    fn new(formats: &[(&[u8; 4], &[Rates])]) -> Self {
        let sizes = || vec![one(640, 480), one(1280, 720)];
        let formats = formats.iter().map(|(code, rates)| (**code, sizes(), rates.to_vec()));
        Self {
            role: Role::Camera,
            formats: formats.collect(),
            stands: *b"UYVY",
            refuses: Vec::new(),
            set_rate: |rate| Ok(Some(rate)),
            rows: (1300, 0),
            controls: Vec::new(),
            start: None,
            full: Vec::new(),
            asked: Rc::default(),
            bytes: vec![0; 100],
        }
    }

    fn ask(&self, what: String) {
        self.asked.borrow_mut().push(what);
    }
}

impl Calls for Pretend {
    fn role(&self) -> io::Result<Role> {
        Ok(self.role)
    }

    fn formats(&self) -> Vec<Described> {
        let described =
            |code: [u8; 4]| Described { code, name: format!("{} of it", printable(code)) };
        self.formats.iter().map(|(code, ..)| described(*code)).collect()
    }

    fn sizes(&self, code: [u8; 4]) -> Vec<Sizes> {
        let of = self.formats.iter().find(|format| format.0 == code);
        of.map(|(_, sizes, _)| sizes.clone()).unwrap_or_default()
    }

    fn rates(&self, code: [u8; 4], _size: Size) -> Vec<Rates> {
        let of = self.formats.iter().find(|format| format.0 == code);
        of.map(|(.., rates)| rates.clone()).unwrap_or_default()
    }

    fn controls(&self) -> Vec<Control> {
        self.controls.clone()
    }

    fn set_control(&self, id: u32, value: i32) -> io::Result<()> {
        self.ask(format!("control {id} {value}"));
        if value < 0 { Err(io::Error::from_raw_os_error(13)) } else { Ok(()) }
    }

    fn set_format(&mut self, code: [u8; 4], size: Size) -> io::Result<Taken> {
        self.ask(format!("{} {size}", printable(code)));
        if self.refuses.contains(&code) && self.stands == *b"none" {
            return Err(io::Error::from_raw_os_error(EINVAL));
        }
        let code = if self.refuses.contains(&code) { self.stands } else { code };
        self.stands = code;
        let (colorspace, ycbcr_enc, quantization) = (3, 0, 0);
        let (stride, bytes) = self.rows;
        Ok(Taken { code, size, stride, bytes, colorspace, ycbcr_enc, quantization })
    }

    fn set_rate(&mut self, rate: Rate) -> io::Result<Option<Rate>> {
        let (numerator, denominator) = rate.interval();
        self.ask(format!("{numerator}/{denominator}"));
        (self.set_rate)(rate)
    }

    fn start(&mut self) -> io::Result<()> {
        self.ask("start".into());
        self.start.map_or(Ok(()), |number| Err(io::Error::from_raw_os_error(number)))
    }

    fn wait(&self, _time: Duration) -> io::Result<bool> {
        Ok(!self.full.is_empty())
    }

    fn take(&mut self) -> io::Result<Option<Full>> {
        self.full.remove(0)
    }

    fn bytes(&self, _index: usize) -> &[u8] {
        &self.bytes
    }

    fn give_back(&mut self, index: usize) -> io::Result<()> {
        self.ask(format!("back {index}"));
        Ok(())
    }

    fn now(&self) -> Duration {
        Duration::from_secs(1000)
    }
}

fn one(width: u32, height: u32) -> Sizes {
    Sizes::One(Size::new(width, height).unwrap())
}

fn rate(frames: u32, seconds: u32) -> Rate {
    Rate::new(frames, seconds).unwrap()
}

fn rates(of: &[(u32, u32)]) -> Vec<Rates> {
    of.iter().map(|&(frames, seconds)| Rates::One(rate(frames, seconds))).collect()
}

fn node() -> Node {
    let path = Some("/dev/video9".into());
    Node { index: 9, path, name: Some("Pretend".into()), by_id: None, bus: None, part: 0 }
}

fn wish(fps: f64) -> Wish {
    Wish { size: Size::new(1280, 720).unwrap(), fps }
}

fn start(pretend: Pretend, fps: f64) -> Result<(Camera<Pretend>, Vec<String>), Trouble> {
    let asked = Rc::clone(&pretend.asked);
    let camera = Camera::start(pretend, &node(), wish(fps), &Settings::default())?;
    let asked = asked.borrow().clone();
    Ok((camera, asked))
}

#[test]
fn a_camera_that_stands_in_another_format_is_asked_for_a_good_one() {
    for stands in [b"UYVY", b"H264", b"JPEG", b"    ", &[0; 4]] {
        let thirty = rates(&[(30, 1)]);
        let pretend =
            Pretend { stands: *stands, ..Pretend::new(&[(b"H264", &thirty), (b"MJPG", &thirty)]) };
        let (camera, asked) = start(pretend, 30.0).unwrap();
        assert_eq!(asked, ["MJPG 1280x720", "1/30", "start"]);
        assert_eq!(camera.format().encoding, "MJPEG");
    }
}

#[test]
fn rates_are_asked_for_as_the_fractions_that_are_listed() {
    for (listed, wished, asked) in [
        (&[(30_000, 1001)][..], 30.0, "1001/30000"),
        (&[(15, 2)], 30.0, "2/15"),
        (&[(7680, 256)], 30.0, "256/7680"),
        (&[(60_000, 1001), (30_000, 1001), (24_000, 1001)], 24.0, "1001/24000"),
        (&[(10_000_000, 333_333), (10_000_000, 666_666)], 15.0, "666666/10000000"),
        (&[(1, 5)], 30.0, "5/1"),
    ] {
        let (camera, calls) = start(Pretend::new(&[(b"MJPG", &rates(listed))]), wished).unwrap();
        assert_eq!(calls[1], asked);
        let (numerator, denominator) = asked.split_once('/').unwrap();
        let [a, b] = [numerator, denominator].map(|part| part.parse::<f64>().unwrap());
        assert!((camera.format().fps - b / a).abs() < 1e-9);
    }
}

#[test]
fn the_rate_is_what_the_driver_took_as_far_as_it_tells() {
    let with = |set_rate, listed: &[(u32, u32)]| {
        let pretend = Pretend { set_rate, ..Pretend::new(&[(b"MJPG", &rates(listed))]) };
        start(pretend, 30.0).unwrap().0.format().fps
    };
    assert_eq!(with(|_| Ok(Some(Rate::new(12, 1).unwrap())), &[(30, 1)]), 12.0);
    assert_eq!(with(|_| Ok(None), &[(25, 1), (5, 1)]), 25.0);
    let fails = |_| Err(io::Error::from_raw_os_error(ENOTTY));
    assert_eq!(with(fails, &[(25, 1)]), 25.0, "it has no other");
    assert_eq!(with(fails, &[(25, 1), (5, 1)]), 0.0, "which of them?");
    assert_eq!(with(fails, &[]), 0.0);
}

#[test]
fn sizes_in_steps_are_asked_for_as_they_are_wished() {
    let mut pretend = Pretend::new(&[(b"YUYV", &rates(&[(30, 1)]))]);
    pretend.formats[0].1 = vec![Sizes::between((16, 16), (1920, 1080), (8, 8)).unwrap()];
    assert_eq!(start(pretend, 30.0).unwrap().1[0], "YUYV 1280x720");
    let mut pretend = Pretend::new(&[(b"YUYV", &rates(&[(30, 1)]))]);
    pretend.formats[0].1 = Vec::new();
    assert_eq!(start(pretend, 30.0).unwrap().1[0], "YUYV 1280x720", "it lists none");
}

#[test]
fn what_is_refused_is_passed_over_for_the_next_best() {
    let all = rates(&[(30, 1), (15, 1)]);
    for stands in [b"UYVY", b"none"] {
        let pretend = Pretend {
            stands: *stands,
            refuses: vec![*b"MJPG"],
            ..Pretend::new(&[(b"YUYV", &all), (b"MJPG", &all)])
        };
        let (camera, asked) = start(pretend, 30.0).unwrap();
        assert_eq!(asked, ["MJPG 1280x720", "YUYV 1280x720", "1/30", "start"]);
        assert_eq!(camera.format().encoding, "YUYV");
        let pretend = Pretend {
            stands: *stands,
            refuses: vec![*b"MJPG"],
            ..Pretend::new(&[(b"MJPG", &all)])
        };
        assert_eq!(start(pretend, 30.0).unwrap_err().code, TroubleCode::Failed);
    }
}

#[test]
fn stride_and_colours_are_those_that_the_driver_tells() {
    let (camera, _) = start(Pretend::new(&[(b"NV12", &[])]), 30.0).unwrap();
    assert_eq!(camera.layout.stride, Some(1300));
    let taken = Taken {
        code: *b"NV12",
        size: camera.layout.size,
        stride: 1300,
        bytes: 0,
        colorspace: 3,
        ycbcr_enc: 0,
        quantization: 0,
    };
    assert_eq!(camera.layout.colours, words::colours(&taken, Encoding::Nv12));
}

#[test]
fn a_stride_that_the_buffers_have_no_room_for_is_none() {
    // Some drivers tell the bytes of a pixel's three samples for a row of luma.
    for (code, rows, stride) in [
        (b"NV12", (1920, 1280 * 720 * 3 / 2), None),
        (b"NV12", (1280, 1280 * 720 * 3 / 2), Some(1280)),
        (b"NV12", (1344, 1344 * 720 * 3 / 2), Some(1344)),
        (b"YU12", (1920, 1280 * 720 * 3 / 2), None),
        (b"UYVY", (2560, 1280 * 720 * 2), Some(2560)),
        (b"UYVY", (2560, 1280 * 720), None),
        (b"UYVY", (2560, 0), Some(2560)),
        (b"UYVY", (0, 1280 * 720 * 2), None),
        (b"UYVY", (u32::MAX, 1280 * 720 * 2), None),
    ] {
        let pretend = Pretend { rows, ..Pretend::new(&[(code, &[])]) };
        assert_eq!(start(pretend, 30.0).unwrap().0.layout.stride, stride, "{rows:?}");
    }
}

#[test]
fn what_cannot_be_read_is_told_by_name_and_what_is_no_camera_is_not() {
    let thirty = rates(&[(30, 1)]);
    let unreadable: &[(&[u8; 4], &[Rates])] =
        &[(b"H264", &thirty), (b"Y16 ", &[]), (&[1, 2, 0xff, b'x'], &[])];
    let told = about(&Pretend::new(unreadable), &node()).unwrap();
    assert!(told.offers.is_empty());
    let codes: Vec<&str> = told.unreadable.iter().map(|other| other.code.as_str()).collect();
    assert_eq!(codes, ["H264", "Y16", r"\x01\x02\xffx"]);
    let trouble = start(Pretend::new(unreadable), 30.0).unwrap_err();
    assert!(trouble::is_unreadable(&trouble) && trouble.detail.contains("H264, Y16"), "{trouble}");

    let with_role = |role| Pretend { role, ..Pretend::new(&[(b"MJPG", &thirty)]) };
    for role in [Role::MultiPlanar, Role::ReadOnly] {
        assert_eq!(about(&with_role(role), &node()).unwrap().unreadable[0].code, "MJPG");
    }
    for pretend in [with_role(Role::Other), Pretend::new(&[])] {
        assert_eq!(about(&pretend, &node()), Err(trouble::no_camera(&node())));
    }
}

#[test]
fn an_error_of_the_system_is_told_by_its_number() {
    for (number, code) in [
        (16, TroubleCode::Busy),
        (28, TroubleCode::Failed),
        (19, TroubleCode::Unplugged),
        (13, TroubleCode::Denied),
    ] {
        let pretend = Pretend { start: Some(number), ..Pretend::new(&[(b"MJPG", &[])]) };
        assert_eq!(start(pretend, 30.0).unwrap_err().code, code);
    }
}

#[test]
fn buffers_are_lent_one_at_a_time_with_what_the_driver_says_of_them() {
    let full = |index, used, broken, stamp: Option<u64>| {
        Ok(Some(Full { index, used, broken, stamp: stamp.map(Duration::from_secs) }))
    };
    let mut pretend = Pretend::new(&[(b"MJPG", &[])]);
    pretend.full = vec![
        full(2, 40, false, Some(999)),
        Ok(None),
        full(3, 1000, true, Some(1001)),
        full(0, 0, false, None),
        Err(io::Error::from_raw_os_error(19)),
    ];
    let asked = Rc::clone(&pretend.asked);
    let (mut camera, _) = start(pretend, 30.0).unwrap();
    asked.borrow_mut().clear();
    let mut seen = Vec::new();
    while camera.ready(Duration::ZERO) {
        match camera.frame() {
            Ok(None) => seen.push((0, false, None)),
            Ok(Some(buffer)) => seen.push((buffer.bytes.len(), buffer.broken, buffer.taken)),
            Err(trouble) => assert_eq!(trouble.code, TroubleCode::Unplugged),
        }
    }
    let second = Some(driver::Taken::Ago(Duration::from_secs(1)));
    let expected = [(40, false, second), (0, false, None), (100, true, None), (0, false, None)];
    assert_eq!(seen, expected);
    assert_eq!(*asked.borrow(), ["back 2", "back 3", "back 0"]);
}

#[test]
fn controls_are_set_in_order_before_the_first_picture_and_a_refusal_stops_nothing() {
    let control = |id, name: &str| Control {
        id,
        name: name.into(),
        sort: Sort::Number,
        least: -9,
        most: 9,
        default: 0,
        value: Some(0),
        items: Vec::new(),
        read_only: false,
    };
    let mut pretend = Pretend::new(&[(b"MJPG", &rates(&[(30, 1)]))]);
    pretend.controls = vec![control(1, "gain"), control(2, "gamma")];
    let asked = Rc::clone(&pretend.asked);
    let named = ["gamma=-1", "nothing=1", "gain=3"].map(|typed| typed.parse().unwrap());
    let settings = Settings { named: named.to_vec(), mains: None };
    Camera::start(pretend, &node(), wish(30.0), &settings).unwrap();
    let expected = ["control 2 -1", "control 1 3", "MJPG 1280x720", "1/30", "start"];
    assert_eq!(*asked.borrow(), expected);
}
