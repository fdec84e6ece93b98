//! What the lab's clients can read: three lines, and the descriptions that some
//! extended ones ask for.

use super::{Ending, LabRequest, Newline, Style};
use crate::proto::http::response::one_line;
use crate::proto::rtsp::Status;
use crate::proto::rtsp::sdp::JPEG;

/// The reply to a request of `style` numbered `cseq`.
///
/// Line 2 is `CSeq` and line 3 `Session`, in errors too: clients count lines.
/// `session` belongs to the connection and is the same in each of its replies,
/// also before SETUP, since clients keep the first number they see.
pub fn write_reply(style: Style, status: Status, cseq: u32, session: u32) -> Vec<u8> {
    finish(style, &head(status, cseq, session))
}

/// The reply to a DESCRIBE of the video `name`.
///
/// There is no one form, since it is an exercise; each of the known clients
/// reads one of these (`N` lines are counted, not found by their name):
///
/// | asked with | answered with |
/// | --- | --- |
/// | `Accept`, no session, lines | nine lines, the third `Content-Base`, no empty one: Java reads six behind that |
/// | `Accept`, no session, otherwise | the same with the empty line in front of the description |
/// | a session, lines | two lines behind `Session`, which Java shows |
/// | a session, otherwise | the description behind `Session`, nine lines: Python shows all of them |
pub fn write_description(request: &LabRequest, name: &str, session: u32) -> Vec<u8> {
    let name = one_line(name);
    let port = request.client_port.unwrap_or(0);
    let media = format!("m=video {port} RTP/AVP {JPEG}");
    let control = format!("a=control:streamid={session}");
    let kind = "a=mimetype:string;\"video/MJPEG\"".to_owned();
    let [version, title, time] = ["v=0".to_owned(), format!("s={name}"), "t=0 0".to_owned()];
    let mut lines = head(Status::Ok, request.cseq, session);
    let reads_lines = request.style.ending == Ending::Line;
    if request.accepts_sdp && request.session.is_none() {
        lines.truncate(2);
        let body = [version, media, control, kind];
        let newline = newline(request.style);
        // Each line of the body has its end, the last one too.
        let length: usize = body.iter().map(|line| line.len() + newline.len()).sum();
        lines.push(format!("Content-Base: {name}"));
        lines.push("Content-Type: application/sdp".to_owned());
        lines.push(format!("Content-Length: {length}"));
        if !reads_lines {
            lines.push(String::new());
        }
        lines.extend(body);
        let style = Style { ending: Ending::Line, ..request.style };
        return finish(style, &lines);
    }
    if reads_lines {
        lines.extend([media, kind]);
    } else {
        lines.extend([version, title, time, media, control, kind]);
    }
    finish(request.style, &lines)
}

fn head(status: Status, cseq: u32, session: u32) -> Vec<String> {
    let status = format!("RTSP/1.0 {status}");
    vec![status, format!("CSeq: {cseq}"), format!("Session: {session}")]
}

fn newline(style: Style) -> &'static str {
    match style.newline {
        Newline::Lf => "\n",
        Newline::CrLf => "\r\n",
    }
}

fn finish(style: Style, lines: &[String]) -> Vec<u8> {
    let newline = newline(style);
    let ends = match style.ending {
        Ending::Open => 0,
        Ending::Line => 1,
        Ending::Blank => 2,
    };
    let mut text = lines.join(newline);
    text.push_str(&newline.repeat(ends));
    text.into_bytes()
}
