use super::*;

// What Linux 6.18 said on a little-endian machine.
const UNREAD_IPV4: &[u8] = include_bytes!("../../../tests/data/sock_diag/unread-ipv4.bin");
const UNREAD_IPV6: &[u8] = include_bytes!("../../../tests/data/sock_diag/unread-ipv6.bin");
const IDLE_IPV4: &[u8] = include_bytes!("../../../tests/data/sock_diag/idle-ipv4.bin");
const LISTENER_IPV4: &[u8] = include_bytes!("../../../tests/data/sock_diag/listener-ipv4.bin");
const NO_SUCH_SOCKET: &[u8] = include_bytes!("../../../tests/data/sock_diag/no-such-socket.bin");
const SEQUENCE: u32 = 7;

fn asked(local: &str, peer: &str) -> [u8; REQUEST_BYTES] {
    request(local.parse().unwrap(), peer.parse().unwrap(), SEQUENCE)
}

#[test]
#[cfg(target_endian = "little")]
fn the_question_is_laid_out_as_the_system_reads_it() {
    let header = [72, 0, 0, 0, 20, 0, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0];
    let whole = asked("192.0.2.2:8080", "192.0.2.9:40000");
    assert_eq!(whole[..16], header);
    assert_eq!(whole[16..28], [2, 6, 2, 0, 255, 255, 255, 255, 0x1f, 0x90, 0x9c, 0x40]);
    assert_eq!(whole[28..44], [192, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(whole[44..60], [192, 0, 2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(whole[60..], [0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
}

#[test]
fn an_ipv4_client_of_an_ipv6_socket_is_asked_for_as_ipv4() {
    let plain = asked("192.0.2.2:8080", "192.0.2.9:40000");
    assert_eq!(asked("[::ffff:192.0.2.2]:8080", "[::ffff:192.0.2.9]:40000"), plain);
}

#[test]
fn a_link_local_client_is_asked_for_on_its_interface() {
    let (local, peer) = ("[fe80::1]:80".parse().unwrap(), "[fe80::2%3]:9".parse().unwrap());
    let whole = request(local, peer, SEQUENCE);
    assert_eq!((whole[16], &whole[60..64]), (AF_INET6, &3_u32.to_ne_bytes()[..]));
}

#[test]
#[cfg(target_endian = "little")]
fn answers_say_what_is_queued_what_there_is_room_for_and_how_fast_the_way_is() {
    let state = |queued_bytes, window_bytes, min_rtt_us, delivery_bytes_per_sec| {
        Told::State(TcpState {
            queued_bytes,
            window_bytes,
            window_step: 1024,
            min_rtt_us,
            delivery_bytes_per_sec,
        })
    };
    let of = |reply| parse_reply(reply, SEQUENCE);
    assert_eq!(of(UNREAD_IPV4), Some(state(18_432, 0, 9, 504_123_076)));
    assert_eq!(of(UNREAD_IPV6), Some(state(19_456, 0, 9, 489_074_626)));
    assert_eq!(of(IDLE_IPV4), Some(state(0, 65_536, 25, 0)));
}

#[test]
#[cfg(target_endian = "little")]
fn a_connection_that_is_gone_is_known_to_be() {
    assert_eq!(parse_reply(NO_SUCH_SOCKET, SEQUENCE), Some(Told::Gone));
    // What listened for it answers in its place.
    assert_eq!(parse_reply(LISTENER_IPV4, SEQUENCE), Some(Told::Gone));
}

#[test]
fn an_error_or_the_answer_to_another_question_says_nothing() {
    // EPERM.
    let mut error = NO_SUCH_SOCKET.to_vec();
    error[16..20].copy_from_slice(&(-1_i32).to_ne_bytes());
    assert_eq!(parse_reply(&error, SEQUENCE), None);
    assert_eq!(parse_reply(UNREAD_IPV4, SEQUENCE + 1), None);
}

#[test]
fn an_answer_that_is_cut_says_nothing() {
    for cut in 0..UNREAD_IPV4.len() {
        assert_eq!(parse_reply(&UNREAD_IPV4[..cut], SEQUENCE), None, "cut at {cut}");
        // Also where its own length agrees.
        let mut short = UNREAD_IPV4[..cut].to_vec();
        if let Some(length) = short.first_chunk_mut() {
            *length = (cut as u32).to_ne_bytes();
        }
        assert_eq!(parse_reply(&short, SEQUENCE), None, "whole but short: {cut}");
    }
}

#[test]
#[cfg(target_endian = "little")]
fn an_older_systems_shorter_answer_says_nothing() {
    let start = UNREAD_IPV4.len() - 284;
    assert_eq!(UNREAD_IPV4[start..start + 4], [0x1c, 1, 2, 0], "the last attribute");
    let mut old = UNREAD_IPV4[..start + 4 + TCPI_SND_WND].to_vec();
    let length = (old.len() as u32).to_ne_bytes();
    old[..4].copy_from_slice(&length);
    old[start..start + 2].copy_from_slice(&(4 + TCPI_SND_WND as u16).to_ne_bytes());
    assert_eq!(parse_reply(&old, SEQUENCE), None);
}

#[test]
fn damaged_answers_never_panic() {
    for at in 0..UNREAD_IPV4.len() {
        for byte in [0, 1, 3, 4, 0x7f, 0xff] {
            let mut damaged = UNREAD_IPV4.to_vec();
            damaged[at] = byte;
            let _ = parse_reply(&damaged, SEQUENCE);
        }
    }
}
