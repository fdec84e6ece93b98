//! The clocks of RTP: 90 kHz timestamps that wrap, and NTP time (RFC 3550 §4).
//!
//! Pure arithmetic; an instant is a [`Duration`] since the UNIX epoch. Reads no clock.

use std::time::Duration;

/// Ticks of a video timestamp in a second (RFC 3551 §5, RFC 2435 §3).
pub const CLOCK_RATE: u32 = 90_000;

/// The RTP timestamp of an instant; `offset` is what the session drew at random.
pub fn timestamp_90k(instant: Duration, offset: u32) -> u32 {
    let ticks = instant.as_secs().wrapping_mul(u64::from(CLOCK_RATE));
    let part = u64::from(instant.subsec_nanos()) * u64::from(CLOCK_RATE) / 1_000_000_000;
    // The upper half goes: a timestamp counts modulo 2^32.
    (ticks.wrapping_add(part) as u32).wrapping_add(offset)
}

/// How long ticks at 90 kHz are.
pub fn duration_of_90k(ticks: u32) -> Duration {
    Duration::from_nanos(u64::from(ticks) * 1_000_000_000 / u64::from(CLOCK_RATE))
}

/// NTP time: seconds since 1900 in the upper 32 bits, a fraction in the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// From the time since the UNIX epoch. From 2036 on the seconds have wrapped.
    pub fn from_unix(instant: Duration) -> Self {
        let seconds = instant.as_secs().wrapping_add(UNIX_EPOCH_SECONDS);
        let fraction = (u64::from(instant.subsec_nanos()) << 32) / 1_000_000_000;
        Self(seconds << 32 | fraction)
    }

    /// As the time since the UNIX epoch, which is between 1970 and 2106.
    pub fn to_unix(self) -> Duration {
        let seconds = u64::from(((self.0 >> 32) as u32).wrapping_sub(UNIX_EPOCH_SECONDS as u32));
        // Rounded up, so that an instant comes back within the nanosecond it went in.
        let nanos = ((self.0 & u64::from(u32::MAX)) * 1_000_000_000).div_ceil(1 << 32);
        Duration::from_secs(seconds) + Duration::from_nanos(nanos)
    }

    /// The middle 32 bits, in 1/65536 s: what LSR holds (§6.4.1).
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// A time in 1/65536 s, as DLSR has it (§6.4.1); the longest there is for 18 hours and more.
pub fn short_duration(duration: Duration) -> u32 {
    u32::try_from((duration.as_nanos() << 16) / 1_000_000_000).unwrap_or(u32::MAX)
}

/// The round trip that a report block shows, which came at `arrival` (§6.4.1).
///
/// `None` if the peer has not seen a sender report yet, or its times make no sense.
pub fn round_trip(arrival: Duration, last_sr: u32, delay_since_last_sr: u32) -> Option<Duration> {
    if last_sr == 0 {
        return None;
    }
    let arrival = NtpTime::from_unix(arrival).middle();
    let units = arrival.wrapping_sub(last_sr).wrapping_sub(delay_since_last_sr);
    // A negative one: the peer's clock runs faster than ours, or it lies.
    (units < 1 << 31).then(|| Duration::from_nanos((u64::from(units) * 1_000_000_000) >> 16))
}

/// One instant on both of a sender's clocks, as its sender report has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// On the wall clock.
    pub ntp: NtpTime,
    /// The RTP timestamp of the same instant.
    pub timestamp: u32,
}

impl Anchor {
    /// When a frame was taken, since the UNIX epoch; right within 6 hours of the report.
    pub fn instant(self, timestamp: u32) -> Duration {
        let ticks = timestamp.wrapping_sub(self.timestamp).cast_signed();
        let apart = duration_of_90k(ticks.unsigned_abs());
        let at = self.ntp.to_unix();
        if ticks < 0 { at.saturating_sub(apart) } else { at + apart }
    }
}

/// From 1900 to 1970.
const UNIX_EPOCH_SECONDS: u64 = 2_208_988_800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_counts_90_khz_and_wraps() {
        assert_eq!(timestamp_90k(Duration::ZERO, 7), 7);
        assert_eq!(timestamp_90k(Duration::from_secs(2), 7), 180_007);
        assert_eq!(timestamp_90k(Duration::from_millis(40), u32::MAX), 3599);
        let wrap = Duration::from_secs((1 << 32) / 90_000);
        let after = wrap + Duration::from_secs(1);
        assert_eq!(timestamp_90k(after, 0).wrapping_sub(timestamp_90k(wrap, 0)), 90_000);
        assert_eq!(timestamp_90k(Duration::new(1_700_000_000, 999_999_999), 0), {
            ((1_700_000_001_u64 * 90_000 - 1) & 0xFFFF_FFFF) as u32
        });
        let _ = timestamp_90k(Duration::MAX, u32::MAX);
    }

    #[test]
    fn ntp_time_is_that_of_the_rfc() {
        // RFC 3550 figure 2: 10 Nov 1995 11:33:25.125 UTC is 0xb44db705:20000000.
        let instant = Duration::from_millis(816_003_205_125);
        assert_eq!(NtpTime::from_unix(instant), NtpTime(0xB44D_B705_2000_0000));
        assert_eq!(NtpTime::from_unix(instant).middle(), 0xB705_2000);
        assert_eq!(NtpTime(0xB44D_B705_2000_0000).to_unix(), instant);
    }

    #[test]
    fn ntp_time_goes_on_after_2036() {
        for seconds in [0, 1, 2_085_978_495, 2_085_978_496, 4_000_000_000] {
            for nanos in [0, 1, 499_999_999, 999_999_999] {
                let instant = Duration::new(seconds, nanos);
                assert_eq!(NtpTime::from_unix(instant).to_unix(), instant);
            }
        }
    }

    #[test]
    fn round_trip_is_that_of_the_rfc() {
        // Figure 2: A = 0xb710:8000, LSR = 0xb705:2000, DLSR = 0x0005:4000 give 6.125 s.
        let arrival = NtpTime(0xB44D_B710_8000_0000).to_unix();
        let trip = round_trip(arrival, 0xB705_2000, 0x0005_4000);
        assert_eq!(trip, Some(Duration::from_millis(6125)));
        assert_eq!(round_trip(arrival, 0, 0), None);
        assert_eq!(round_trip(arrival, 0xB705_2000, 0x000C_0000), None);
        assert_eq!(short_duration(Duration::from_millis(5250)), 0x0005_4000);
        assert_eq!(short_duration(Duration::MAX), u32::MAX);
    }

    #[test]
    fn anchor_gives_instants_before_and_after_it() {
        let at = Duration::from_secs(1_700_000_000);
        let anchor = Anchor { ntp: NtpTime::from_unix(at), timestamp: 10 };
        assert_eq!(anchor.instant(10), at);
        assert_eq!(anchor.instant(10 + 90_000), at + Duration::from_secs(1));
        assert_eq!(anchor.instant(10_u32.wrapping_sub(45_000)), at - Duration::from_millis(500));
    }
}
