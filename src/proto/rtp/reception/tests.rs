//! Tests of the counts and the jitter, with arrivals made up.

use super::*;
use crate::proto::rtp::NtpTime;

const TICK_MS: u32 = 90;

fn header(sequence: u16, timestamp: u32) -> Header {
    Header { payload_type: 26, marker: false, sequence, timestamp, ssrc: 9 }
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Counts packets that come one each 10 ms, just when they were made.
fn counted(sequences: impl IntoIterator<Item = u16>) -> (Reception, Vec<Arrival>) {
    let mut sequences = sequences.into_iter().peekable();
    let mut reception = Reception::new(&header(*sequences.peek().unwrap(), 0));
    let arrivals = (1_u32..)
        .zip(sequences)
        .map(|(step, sequence)| {
            reception.count(&header(sequence, step * 10 * TICK_MS), millis(10 * u64::from(step)))
        })
        .collect();
    (reception, arrivals)
}

#[test]
fn source_is_believed_at_its_second_packet_in_order() {
    use Arrival::{Ahead, Probation};
    assert_eq!(counted([7, 8, 9]).1, [Probation, Ahead, Ahead]);
    assert_eq!(counted([7, 9, 3, 4]).1, [Probation, Probation, Probation, Ahead]);
    let (reception, _) = counted([7, 8, 9]);
    assert_eq!((reception.expected(), reception.received(), reception.lost()), (2, 2, 0));
    assert_eq!(counted([7]).0.expected(), 0);
}

#[test]
fn losses_are_counted_across_the_wrap() {
    let sequences = (65000..=u16::MAX).chain(0..500).filter(|sequence| sequence % 10 != 3);
    let (mut reception, _) = counted(sequences);
    let all = 536 + 500 - 1;
    assert_eq!(reception.expected(), all);
    assert_eq!(reception.lost(), 104);
    assert_eq!(reception.out_of_order(), 0);
    let block = reception.report(millis(0));
    assert_eq!((block.lost, block.highest_sequence), (104, 0x1_0000 + 499));
    assert_eq!(u64::from(block.fraction_lost), (104 << 8) / all);
}

#[test]
fn fraction_counts_from_the_last_report() {
    let (mut reception, _) = counted((0..100).filter(|sequence| sequence % 4 != 2));
    assert_eq!(reception.report(millis(0)).fraction_lost, (25 * 256 / 99) as u8);
    let later = |reception: &mut Reception, sequence| {
        reception.count(&header(sequence, 0), millis(2000));
    };
    for sequence in 100..120 {
        later(&mut reception, sequence);
    }
    let block = reception.report(millis(0));
    assert_eq!((block.fraction_lost, block.lost), (0, 25));
    later(&mut reception, 129);
    let block = reception.report(millis(0));
    assert_eq!((block.fraction_lost, block.lost), ((9 * 256 / 10) as u8, 34));
    let block = reception.report(millis(0));
    assert_eq!((block.fraction_lost, block.lost), (0, 34));
}

#[test]
fn packets_twice_and_out_of_order_are_told() {
    use Arrival::{Ahead, Late, Probation};
    let (mut reception, arrivals) = counted([1, 2, 4, 3, 3, 5]);
    assert_eq!(arrivals, [Probation, Ahead, Ahead, Late, Late, Ahead]);
    assert_eq!((reception.out_of_order(), reception.lost()), (2, -1));
    let block = reception.report(millis(0));
    assert_eq!((block.fraction_lost, block.lost), (0, -1));
}

#[test]
fn sender_that_begins_anew_is_counted_anew() {
    use Arrival::{Ahead, Jump, Probation};
    let (reception, arrivals) = counted([1, 2, 3, 30_000, 4, 50_000, 50_001, 50_002]);
    assert_eq!(arrivals, [Probation, Ahead, Ahead, Jump, Ahead, Jump, Ahead, Ahead]);
    assert_eq!((reception.expected(), reception.received()), (2, 2));
}

#[test]
fn jitter_is_that_of_the_rfc() {
    let mut reception = Reception::new(&header(0, 0));
    let mut expected = 0_f64;
    let mut last = None;
    for step in 0..500_u16 {
        // Every third packet comes 8 ms late; timestamps wrap on the way.
        let late = if step % 3 == 0 { 8 } else { 0 };
        let timestamp = (u32::MAX - 100_000).wrapping_add(u32::from(step) * 40 * TICK_MS);
        reception.count(&header(step, timestamp), millis(u64::from(step) * 40 + late));
        // The packet that is in probation is not counted.
        if step > 0
            && let Some(last) = last.replace(late)
        {
            let difference = f64::from(TICK_MS) * (late.abs_diff(last)) as f64;
            expected += (difference - expected) / 16.0;
        }
    }
    let block = reception.report(millis(0));
    assert!((f64::from(block.jitter) - expected).abs() < 2.0, "{} {expected}", block.jitter);
    let seconds = reception.jitter().as_secs_f64();
    assert!((seconds - expected / 90_000.0).abs() < 0.0001);
    assert!(counted(0..300).0.jitter().is_zero());
}

#[test]
fn clock_that_is_set_does_not_count_as_jitter() {
    let mut reception = Reception::new(&header(0, 0));
    for step in 0..4 {
        reception.count(&header(step, 0x8000_0000 * u32::from(step % 2)), millis(0));
    }
    assert!(reception.jitter().is_zero());
}

#[test]
fn report_block_answers_the_sender_report() {
    let (mut reception, _) = counted([1, 2]);
    assert_eq!(reception.report(millis(0)).last_sr, 0);
    let anchor = Anchor { ntp: NtpTime(0xB44D_B705_2000_0000), timestamp: 4 };
    let report = SenderReport { ssrc: 9, anchor, packets: 2, octets: 3, blocks: Vec::new() };
    reception.sender_report(&report, millis(1000));
    let block = reception.report(millis(6250));
    assert_eq!((block.last_sr, block.delay_since_last_sr), (0xB705_2000, 0x0005_4000));
    assert_eq!(reception.anchor(), Some(anchor));
}
