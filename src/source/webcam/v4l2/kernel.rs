//! Asks the kernel: V4L2's system calls by safe wrappers.
//!
//! `v4l2r` has a function for each call that takes what comes as it is. Three things lie in unions
//! that it leaves closed: a rate that was set and the names of a menu, which `linuxvideo` reads,
//! and the colours of a format, for which see [`pix`]. Nothing that a driver says may panic or
//! go on for ever: lists end where they are long enough.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use linuxvideo::format::{PixFormat, PixelFormat};
use linuxvideo::{Device, Fract, VideoCaptureDevice};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::time::{ClockId, clock_gettime};
use v4l2r::QueueType;
use v4l2r::bindings::{
    v4l2_fmtdesc, v4l2_format, v4l2_frmivalenum, v4l2_frmivaltypes_V4L2_FRMIVAL_TYPE_CONTINUOUS,
    v4l2_frmsizeenum, v4l2_queryctrl,
};
use v4l2r::ioctl::{
    self, Capabilities, Capability, CtrlId, FrmIvalTypes, FrmSizeTypes, IntoErrno, PlaneMapping,
    QueryBuffer, QueryCtrlFlags, UncheckedV4l2Buffer, V4l2Buffer, V4l2MplaneFormat,
};
use v4l2r::memory::MemoryType;

use super::calls::{Calls, Described, Full, Role, Taken};
use super::menus::menus;
use crate::media::frame::Size;
use crate::source::webcam::controls::{Control, Sort, plain};
use crate::source::webcam::identity::visible;
use crate::source::webcam::rates::{Rate, Rates, Sizes};

/// A device file that is open.
pub(super) struct Kernel {
    path: PathBuf,
    // Unmapped before the file is closed.
    buffers: Vec<PlaneMapping>,
    stage: Stage,
}

/// How far it has come.
enum Stage {
    /// It may stand in any format.
    Idle(Device),
    /// It stands in one that was asked for.
    Set(VideoCaptureDevice),
    /// It was closed when it refused a format.
    Closed,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kernel").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Kernel {
    /// Opens a device file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let stage = Stage::Idle(Device::open(path)?);
        let kernel = Self { path: path.to_owned(), buffers: Vec::new(), stage };
        kernel.never_wait()?;
        Ok(kernel)
    }

    /// A call that has nothing to give fails: waiting is [`Calls::wait`]'s.
    fn never_wait(&self) -> io::Result<()> {
        let file = self.file()?;
        fcntl_setfl(file, fcntl_getfl(file)? | OFlags::NONBLOCK)?;
        Ok(())
    }

    fn file(&self) -> io::Result<BorrowedFd<'_>> {
        match &self.stage {
            Stage::Idle(device) => Ok(device.as_fd()),
            Stage::Set(device) => Ok(device.as_fd()),
            Stage::Closed => Err(io::Error::from_raw_os_error(ENODEV)),
        }
    }

    fn number(&self) -> io::Result<RawFd> {
        Ok(self.file()?.as_raw_fd())
    }

    /// What a call gives for 0, 1, 2, … until it fails, or there are `most`.
    fn listed<T, E>(&self, most: u32, call: impl Fn(&RawFd, u32) -> Result<T, E>) -> Vec<T> {
        let Ok(file) = self.number() else { return Vec::new() };
        (0..most).map_while(|index| call(&file, index).ok()).collect()
    }

    fn queue(&self, index: usize) -> io::Result<()> {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let buffer = V4l2Buffer::new(CAPTURE, index, MemoryType::Mmap);
        ioctl::qbuf::<_, ()>(&self.number()?, buffer).map_err(error)
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        // What fails here has nobody to go to: the file is closed next, which ends it all the same.
        if let (false, Ok(file)) = (self.buffers.is_empty(), self.number()) {
            let _ = ioctl::streamoff(&file, CAPTURE);
        }
    }
}

impl Calls for Kernel {
    fn role(&self) -> io::Result<Role> {
        let about: Capability = ioctl::querycap(&self.number()?).map_err(error)?;
        let can = about.device_caps();
        let (whole, parts) = (Capabilities::VIDEO_CAPTURE, Capabilities::VIDEO_CAPTURE_MPLANE);
        Ok(if can.contains(Capabilities::TOUCH) {
            Role::Other
        } else if can.contains(whole | Capabilities::STREAMING) {
            Role::Camera
        } else if can.contains(whole) {
            Role::ReadOnly
        } else if can.contains(parts) {
            Role::MultiPlanar
        } else {
            Role::Other
        })
    }

    fn formats(&self) -> Vec<Described> {
        let of = |queue| {
            self.listed(LONGEST_LIST, move |file, index| {
                ioctl::enum_fmt::<v4l2_fmtdesc>(file, queue, index)
            })
        };
        let mut listed = of(CAPTURE);
        if listed.is_empty() {
            listed = of(QueueType::VideoCaptureMplane);
        }
        let described = |raw: v4l2_fmtdesc| Described {
            code: raw.pixelformat.to_le_bytes(),
            name: text(&raw.description),
        };
        listed.into_iter().map(described).collect()
    }

    fn sizes(&self, code: [u8; 4]) -> Vec<Sizes> {
        let listed = self.listed(MOST_SIZES, |file, index| {
            ioctl::enum_frame_sizes::<v4l2_frmsizeenum>(file, index, (&code).into())
        });
        let sizes = listed.iter().filter_map(|raw| match raw.size()? {
            FrmSizeTypes::Discrete(size) => Size::new(size.width, size.height).map(Sizes::One),
            FrmSizeTypes::StepWise(range) => Sizes::between(
                (range.min_width, range.min_height),
                (range.max_width, range.max_height),
                (range.step_width, range.step_height),
            ),
        });
        sizes.collect()
    }

    fn rates(&self, code: [u8; 4], size: Size) -> Vec<Rates> {
        let listed = self.listed(LONGEST_LIST, |file, index| {
            let (width, height) = (size.width, size.height);
            ioctl::enum_frame_intervals::<v4l2_frmivalenum>(
                file,
                index,
                (&code).into(),
                width,
                height,
            )
        });
        let rates = listed.iter().filter_map(|raw| match raw.intervals()? {
            FrmIvalTypes::Discrete(interval) => {
                Rate::new(interval.denominator, interval.numerator).map(Rates::One)
            }
            FrmIvalTypes::StepWise(range) => {
                let one = Rate::new(range.min.denominator, range.min.numerator)?;
                let other = Rate::new(range.max.denominator, range.max.numerator)?;
                let any = raw.type_ == v4l2_frmivaltypes_V4L2_FRMIVAL_TYPE_CONTINUOUS;
                let step = (!any).then_some((range.step.numerator, range.step.denominator));
                Some(Rates::between(one, other, step))
            }
        });
        rates.collect()
    }

    fn controls(&self) -> Vec<Control> {
        let Ok(file) = self.number() else { return Vec::new() };
        let mut raws: Vec<v4l2_queryctrl> = Vec::new();
        while raws.len() < LONGEST_LIST as usize {
            let last = raws.last().map_or(0, |raw| raw.id);
            let Ok(id) = CtrlId::new(last) else { break };
            match ioctl::queryctrl::<v4l2_queryctrl>(&file, id, QueryCtrlFlags::NEXT) {
                // One that does not go up would go on for ever.
                Ok(raw) if raw.id > last => raws.push(raw),
                _ => break,
            }
        }
        raws.retain(|raw| raw.flags & DISABLED == 0);
        let has_menu = raws.iter().any(|raw| raw.type_ == MENU);
        let mut menus = match &self.stage {
            Stage::Idle(device) if has_menu => menus(device, LONGEST_LIST),
            _ => Vec::new(),
        }
        .into_iter();
        let control = |raw: v4l2_queryctrl| {
            let menu = (raw.type_ == MENU).then(|| menus.next()).flatten();
            let menu = menu.filter(|menu| menu.ends == (raw.minimum, raw.maximum));
            Some(Control {
                id: raw.id,
                name: plain(&text(&raw.name)),
                sort: sort(raw.type_)?,
                least: raw.minimum,
                most: raw.maximum,
                default: raw.default_value,
                value: ioctl::g_ctrl(&file, raw.id).ok(),
                items: menu.map(|menu| menu.items).unwrap_or_default(),
                read_only: raw.flags & READ_ONLY != 0,
            })
        };
        raws.into_iter().filter_map(control).filter(|control| !control.name.is_empty()).collect()
    }

    fn set_control(&self, id: u32, value: i32) -> io::Result<()> {
        ioctl::s_ctrl(&self.number()?, id, value).map(drop).map_err(error)
    }

    fn set_format(&mut self, code: [u8; 4], size: Size) -> io::Result<Taken> {
        let device = match std::mem::replace(&mut self.stage, Stage::Closed) {
            Stage::Idle(device) => device,
            Stage::Set(_) | Stage::Closed => Device::open(&self.path)?,
        };
        let wanted = PixFormat::new(size.width, size.height, PixelFormat::from_fourcc(code));
        self.stage = Stage::Set(device.video_capture(wanted)?);
        self.never_wait()?;
        let format: v4l2_format = ioctl::g_fmt(&self.number()?, CAPTURE).map_err(error)?;
        pix(format).ok_or_else(|| io::Error::other("The driver tells no format"))
    }

    fn set_rate(&mut self, rate: Rate) -> io::Result<Option<Rate>> {
        let Stage::Set(device) = &self.stage else {
            return Err(io::Error::from_raw_os_error(ENODEV));
        };
        let (numerator, denominator) = rate.interval();
        let taken = device.set_frame_interval(Fract::new(numerator, denominator))?;
        Ok(Rate::new(taken.denominator(), taken.numerator()))
    }

    fn start(&mut self) -> io::Result<()> {
        let file = self.number()?;
        let count: usize =
            ioctl::reqbufs(&file, CAPTURE, MemoryType::Mmap, BUFFERS).map_err(error)?;
        let mut buffers = Vec::new();
        for index in 0..count.min(MOST_BUFFERS) {
            let buffer: QueryBuffer = ioctl::querybuf(&file, CAPTURE, index).map_err(error)?;
            let plane = buffer.planes.first().ok_or(io::ErrorKind::InvalidData)?;
            let mapped = ioctl::mmap(&self.file()?, plane.mem_offset, plane.length);
            buffers.push(mapped.map_err(error)?);
        }
        if buffers.is_empty() {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        (0..buffers.len()).try_for_each(|index| self.queue(index))?;
        self.buffers = buffers;
        ioctl::streamon(&file, CAPTURE).map_err(error)
    }

    fn wait(&self, time: Duration) -> io::Result<bool> {
        let time = Timespec::try_from(time).ok();
        let file = self.file()?;
        match poll(&mut [PollFd::from_borrowed_fd(file, PollFlags::IN)], time.as_ref()) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn take(&mut self) -> io::Result<Option<Full>> {
        let taken = ioctl::dqbuf::<Dequeued>(&self.number()?, CAPTURE).map_err(error);
        match taken {
            Ok(Dequeued(full)) if full.index < self.buffers.len() => Ok(Some(full)),
            Ok(_) => Err(io::Error::other("The driver gives a buffer that is none")),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn bytes(&self, index: usize) -> &[u8] {
        self.buffers.get(index).map(PlaneMapping::as_ref).unwrap_or_default()
    }

    fn give_back(&mut self, index: usize) -> io::Result<()> {
        self.queue(index)
    }

    fn now(&self) -> Duration {
        Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default()
    }
}

struct Dequeued(Full);

impl From<UncheckedV4l2Buffer> for Dequeued {
    fn from(UncheckedV4l2Buffer(raw, _): UncheckedV4l2Buffer) -> Self {
        let time = raw.timestamp;
        let since = u64::try_from(time.tv_sec).ok().zip(u64::try_from(time.tv_usec).ok());
        let since = since.map(|(sec, usec)| {
            Duration::from_secs(sec).saturating_add(Duration::from_micros(usec))
        });
        Self(Full {
            index: raw.index as usize,
            used: raw.bytesused as usize,
            broken: raw.flags & ERROR != 0,
            stamp: since.filter(|_| raw.flags & STAMPS == MONOTONIC),
        })
    }
}

/// What a driver took for a format.
///
/// `v4l2r` reads size, code and stride of `struct v4l2_pix_format`, and leaves the colours in their
/// union. It reads all of the multi-planar struct, whose first two planes stand where these words
/// are: looked at as that, they can be read.
fn pix(format: v4l2_format) -> Option<Taken> {
    let read = v4l2r::Format::try_from(format).ok()?;
    let mut seen = format;
    seen.type_ = QueueType::VideoCaptureMplane as u32;
    // What must be right there, and is something else here or nothing.
    seen.fmt.pix_mp.num_planes = 2;
    seen.fmt.pix_mp.field = 0;
    seen.fmt.pix_mp.colorspace = 0;
    seen.fmt.pix_mp.quantization = 0;
    seen.fmt.pix_mp.xfer_func = 0;
    seen.fmt.pix_mp.__bindgen_anon_1.ycbcr_enc = 0;
    let seen = V4l2MplaneFormat::try_from(seen).ok()?;
    let [first, second] = seen.planes() else { return None };
    // Behind `colorspace` come `priv`, `flags` and `ycbcr_enc`, two halves each.
    let halves = first.reserved;
    let [low, high] = [halves[4].to_ne_bytes(), halves[5].to_ne_bytes()];
    Some(Taken {
        code: read.pixelformat.to_fourcc(),
        size: Size::new(read.width, read.height)?,
        stride: read.plane_fmt.first()?.bytesperline,
        bytes: read.plane_fmt.first()?.sizeimage,
        colorspace: first.bytesperline,
        ycbcr_enc: u32::from_ne_bytes([low[0], low[1], high[0], high[1]]),
        quantization: second.sizeimage,
    })
}

fn sort(raw: u32) -> Option<Sort> {
    match raw {
        1 => Some(Sort::Number),
        2 => Some(Sort::Switch),
        MENU | INTEGER_MENU => Some(Sort::Menu),
        4 => Some(Sort::Button),
        8 => Some(Sort::Bits),
        // Headings, texts, numbers of 64 bits.
        _ => None,
    }
}

/// What stands before the first NUL; what is no UTF-8 is replaced, as drivers cut names anywhere, and
/// nothing in it steers a terminal.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    visible(&String::from_utf8_lossy(&bytes[..end]))
}

fn error(error: impl IntoErrno) -> io::Error {
    io::Error::from_raw_os_error(error.into_errno())
}

const CAPTURE: QueueType = QueueType::VideoCapture;
const BUFFERS: u32 = 4;
const MOST_BUFFERS: usize = 32;
const LONGEST_LIST: u32 = 256;
/// Some list a size for each window that their sensor can cut out.
const MOST_SIZES: u32 = 2048;
const ENODEV: i32 = 19;
// V4L2_CTRL_TYPE_…
const MENU: u32 = 3;
const INTEGER_MENU: u32 = 9;
// V4L2_CTRL_FLAG_…
const DISABLED: u32 = 1;
const READ_ONLY: u32 = 4;
// V4L2_BUF_FLAG_…
const ERROR: u32 = 0x40;
const STAMPS: u32 = 0xe000;
const MONOTONIC: u32 = 0x2000;

#[cfg(test)]
mod tests {
    use v4l2r::bindings::{v4l2_format__bindgen_ty_1, v4l2_pix_format};

    use super::*;

    #[test]
    fn every_word_of_a_format_is_found() {
        let pix_format = v4l2_pix_format {
            width: 641,
            height: 479,
            pixelformat: u32::from_le_bytes(*b"UYVY"),
            field: 3,
            bytesperline: 1408,
            sizeimage: 1408 * 479,
            colorspace: 99,
            priv_: 0xfeed_cafe,
            flags: 0x0102_0304,
            quantization: 0x0005_0002,
            xfer_func: 77,
            ..v4l2_pix_format::default()
        };
        let mut format = v4l2_format {
            type_: CAPTURE as u32,
            fmt: v4l2_format__bindgen_ty_1 { pix: pix_format },
        };
        format.fmt.pix.__bindgen_anon_1.ycbcr_enc = 0x0006_0008;
        let expected = Taken {
            code: *b"UYVY",
            size: Size::new(641, 479).unwrap(),
            stride: 1408,
            bytes: 1408 * 479,
            colorspace: 99,
            ycbcr_enc: 0x0006_0008,
            quantization: 0x0005_0002,
        };
        assert_eq!(pix(format), Some(expected));
        format.fmt.pix.width = 0;
        assert_eq!(pix(format), None);
    }

    #[test]
    fn names_that_are_cut_inside_a_letter_are_names() {
        assert_eq!(text(b"Kamera \xc3\xa4\0junk"), "Kamera ä");
        assert_eq!(text(b"Kamera \xc3"), "Kamera \u{fffd}");
        assert_eq!(text(&[0; 32]), "");
        assert_eq!(text(b"Ca\x1b[2Jm\n\x07 "), "Ca\u{fffd}[2Jm\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_buffers_stamp_counts_where_it_is_monotonic() {
        let full = |flags, tv_sec, tv_usec| {
            let mut raw = UncheckedV4l2Buffer::new_for_querybuf(CAPTURE, Some(3));
            (raw.0.flags, raw.0.bytesused) = (flags, 100);
            (raw.0.timestamp.tv_sec, raw.0.timestamp.tv_usec) = (tv_sec, tv_usec);
            Dequeued::from(raw).0
        };
        let stamp = Some(Duration::from_micros(7_000_009));
        let expected = Full { index: 3, used: 100, broken: false, stamp };
        assert_eq!(full(MONOTONIC, 7, 9), expected);
        assert_eq!(full(MONOTONIC | ERROR | 0x10000, 7, 9), Full { broken: true, ..expected });
        for (flags, sec, usec) in
            [(0, 7, 9), (0x4000, 7, 9), (MONOTONIC, -7, 9), (MONOTONIC, 7, -9)]
        {
            assert_eq!(full(flags, sec, usec).stamp, None);
        }
    }
}
