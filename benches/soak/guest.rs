//! One of the fifty: does something else all the time, and little of it politely.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::neighbours::address;
use crate::player::play;
use crate::server::Addresses;

/// Comes and goes until it is stopped. Returns how many things it did.
pub(crate) fn live(at: Addresses, number: u64, stop: &AtomicBool) -> u64 {
    let mut dice = Dice(number * 7919 + 17);
    let mut done = 0;
    while !stop.load(Ordering::Relaxed) {
        // Who is turned away or hung up on tries something else.
        let _ = act(at, number, &mut dice, stop);
        done += 1;
        thread::sleep(Duration::from_millis(dice.below(400)));
    }
    done
}

fn act(at: Addresses, number: u64, dice: &mut Dice, stop: &AtomicBool) -> std::io::Result<()> {
    let mut socket = TcpStream::connect_timeout(&at.http, PATIENCE)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    let cookie = format!("Cookie: viewer={:032x}\r\n", number % 40 + 1);
    let host = format!("Host: {}\r\n", at.http);
    match dice.below(14) {
        0..=3 => {
            let quality = ["", "?quality=low", "?quality=35", "?mode=gaming", "?fps=5"];
            let query = quality[dice.below(5) as usize];
            let query = if query.is_empty() { "?advance_headers=1&tab=soak" } else { query };
            write!(socket, "GET /stream{query} HTTP/1.1\r\n{host}{cookie}\r\n")?;
            watch(&mut socket, dice, stop)
        }
        4..=6 => {
            let forms = ["quality=low", "quality=auto", "mode=gaming", "mode=home", "paused=true"];
            let form = forms[dice.below(5) as usize];
            post(&mut socket, "/viewer", form, &host, &cookie)?;
            post(&mut socket, "/viewer", "paused=false", &host, &cookie)
        }
        7 => post(&mut socket, "/donate", "name=Soak&message=Hello", &host, &cookie),
        8 => {
            for path in ["/", "/state", "/snapshot?quality=20", "/metrics", "/favicon.ico"] {
                write!(socket, "GET {path} HTTP/1.1\r\n{host}{cookie}\r\n")?;
            }
            drain(&mut socket, Duration::from_secs(1))
        }
        9 => {
            let garbage: Vec<u8> = (0..dice.below(3000)).map(|_| dice.below(256) as u8).collect();
            socket.write_all(&garbage)?;
            drain(&mut socket, Duration::from_millis(300))
        }
        10 => {
            // Half a request, then silence, then gone.
            socket.write_all(b"GET /stream HTT")?;
            thread::sleep(Duration::from_millis(dice.below(2000)));
            Ok(())
        }
        11 => {
            let player = play(at.rtsp, address(number as usize))?;
            let end = Instant::now() + Duration::from_millis(500 + dice.below(8000));
            while Instant::now() < end && !player.is_over() && !stop.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(100));
            }
            Ok(())
        }
        12 => {
            write!(
                socket,
                "GET /socket HTTP/1.1\r\n{host}{cookie}Upgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )?;
            talk(&mut socket, dice, stop)
        }
        _ => {
            write!(socket, "GET /stream HTTP/1.1\r\n{host}\r\n")?;
            read_slowly(&mut socket, dice, stop)
        }
    }
}

fn post(
    socket: &mut TcpStream,
    path: &str,
    form: &str,
    host: &str,
    cookie: &str,
) -> std::io::Result<()> {
    let length = form.len();
    write!(
        socket,
        "POST {path} HTTP/1.1\r\n{host}{cookie}Content-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n\r\n{form}"
    )?;
    let mut answer = [0; 1024];
    socket.read(&mut answer).map(|_| ())
}

/// Says things by a socket, hears some of the answers, and is gone in the middle of a frame.
fn talk(socket: &mut TcpStream, dice: &mut Dice, stop: &AtomicBool) -> std::io::Result<()> {
    let said = [
        r#"{"type":"viewer","id":1,"quality":"low"}"#,
        r#"{"type":"viewer","id":2,"mode":"gaming"}"#,
        r#"{"type":"rooms","id":3}"#,
        r#"{"type":"ping","id":4}"#,
    ];
    let mut buffer = vec![0; 16 * 1024];
    for _ in 0..dice.below(20) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let text = said[dice.below(4) as usize];
        socket.write_all(&[0x81, 0x80 | text.len() as u8, 0, 0, 0, 0])?;
        socket.write_all(text.as_bytes())?;
        if dice.below(3) > 0 && socket.read(&mut buffer)? == 0 {
            break;
        }
        thread::sleep(Duration::from_millis(dice.below(300)));
    }
    socket.write_all(&[0x81, 0xfe])
}

/// Reads at full speed for a while, then leaves: politely or in the middle of a picture.
fn watch(socket: &mut TcpStream, dice: &mut Dice, stop: &AtomicBool) -> std::io::Result<()> {
    let end = Instant::now() + Duration::from_millis(500 + dice.below(8000));
    let mut buffer = vec![0; 64 * 1024];
    while Instant::now() < end && !stop.load(Ordering::Relaxed) {
        if socket.read(&mut buffer)? == 0 {
            break;
        }
    }
    Ok(())
}

fn read_slowly(socket: &mut TcpStream, dice: &mut Dice, stop: &AtomicBool) -> std::io::Result<()> {
    let end = Instant::now() + Duration::from_millis(3000 + dice.below(12_000));
    let mut buffer = [0; 2048];
    while Instant::now() < end && !stop.load(Ordering::Relaxed) {
        if socket.read(&mut buffer)? == 0 {
            break;
        }
        thread::sleep(Duration::from_millis(40));
    }
    Ok(())
}

fn drain(socket: &mut TcpStream, time: Duration) -> std::io::Result<()> {
    socket.set_read_timeout(Some(time))?;
    let end = Instant::now() + time;
    let mut buffer = [0; 16 * 1024];
    while Instant::now() < end && socket.read(&mut buffer)? > 0 {}
    Ok(())
}

/// The same numbers in each run (a linear congruential generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
