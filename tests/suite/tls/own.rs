//! TLS by an authority of the server's own: whom it signs for, what of it is kept, and what else
//! is served where TLS is all that is.

use std::net::Ipv6Addr;
use std::process::Command;
use std::time::Duration;

use crate::common::client::ask;
use crate::common::clip::Scratch;
use crate::common::program::{Ended, Program};
use crate::common::server::{Server, program};
use crate::common::{LONG, eventually};

/// A pattern on a folder of the test's own.
fn start(data: &Scratch, arguments: &[&str]) -> Server {
    Server::pattern(&[&["--data", data.path()], arguments].concat())
}

/// The authority's certificate as a file.
fn authority(server: &Server, files: &Scratch) -> String {
    files.write("ca.crt", &server.get("/ca.crt").expect(200).body)
}

fn run(program: &str, arguments: &[&str]) -> Ended {
    Program::run(Command::new(program).args(arguments), &format!("apt install {program}"), LONG)
}

/// What curl says that trusts the authority.
fn curl(authority: &str, arguments: &[&str]) -> Ended {
    run("curl", &[&["-sS", "--cacert", authority], arguments].concat())
}

/// The text of the certificate that the server shows, as OpenSSL reads it.
fn shown(server: &Server) -> String {
    let script = "openssl s_client -connect \"$0\" </dev/null 2>/dev/null | openssl x509 -text";
    let ended = run("sh", &["-c", script, &server.address().to_string()]);
    assert!(ended.status.success(), "{ended:?}");
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

#[test]
fn who_trusts_the_authority_is_served_by_every_name_that_it_may_sign() {
    let files = Scratch::new();
    let server = Server::pattern(&["--tls", "--host", "cam.lan", "--host", "cam.example.org"]);
    let authority = authority(&server, &files);
    let port = server.address().port();
    for name in ["127.0.0.1", "localhost", "cam.lan"] {
        let url = format!("https://{name}:{port}/healthz");
        let resolve = format!("{name}:{port}:127.0.0.1");
        let ended = curl(&authority, &["--resolve", &resolve, &url]);
        assert_eq!(ended.stdout, b"ok\n", "{name}: {ended:?}");
    }
    let resolve = format!("cam.example.org:{port}:127.0.0.1");
    let url = format!("https://cam.example.org:{port}/healthz");
    assert!(!curl(&authority, &["--resolve", &resolve, &url]).status.success());
    server.says("not for cam.example.org");
    let address = server.address().to_string();
    for version in ["-tls1_2", "-tls1_3"] {
        let ended = run(
            "openssl",
            &[
                "s_client",
                "-connect",
                &address,
                "-CAfile",
                &authority,
                "-verify_ip",
                "127.0.0.1",
                "-x509_strict",
                version,
            ],
        );
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(said.contains("Verify return code: 0 (ok)"), "{said}");
    }
}

#[test]
fn the_authority_may_sign_for_nobody_else() {
    let files = Scratch::new();
    let server = Server::pattern(&["--tls"]);
    let authority = authority(&server, &files);
    let ended = run("openssl", &["x509", "-in", &authority, "-noout", "-text"]);
    let text = String::from_utf8_lossy(&ended.stdout).into_owned();
    for words in [
        "X509v3 Name Constraints: critical",
        "DNS:home.arpa",
        "IP:10.0.0.0/255.0.0.0",
        "IP:100.64.0.0/255.192.0.0",
        "CA:TRUE, pathlen:0",
        "prime256v1",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let shown = shown(&server);
    assert!(
        shown.contains("TLS Web Server Authentication") && !shown.contains("CA:TRUE"),
        "{shown}"
    );
}

#[test]
fn authority_and_certificate_outlive_the_server_and_a_backup_brings_them_back() {
    let (data, other, files) = (Scratch::new(), Scratch::new(), Scratch::new());
    let server = start(&data, &["--tls"]);
    let (first, leaf) = (server.get("/ca.crt").expect(200).body, shown(&server));
    server.stop();
    let server = start(&data, &["--tls"]);
    assert_eq!(server.get("/ca.crt").expect(200).body, first);
    assert_eq!(shown(&server), leaf);
    let copy = format!("{}/copy.db", files.path());
    for arguments in
        [["--data", data.path(), "backup", &copy], ["--data", other.path(), "restore", &copy]]
    {
        let ended = Program::run(program().args(arguments), "", LONG);
        assert!(ended.status.success(), "{ended:?}");
    }
    server.kill();
    let third = Scratch::new();
    start(&third, &["--tls"]).stop();
    for (data, told) in [(&third, true), (&other, false)] {
        let arguments = ["--data", data.path(), "restore", &copy];
        let ended = Program::run(program().args(arguments), "", LONG);
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert_eq!(said.contains("devices must trust it anew"), told, "{ended:?}");
    }
    let server = start(&other, &["--tls"]);
    assert_eq!(server.get("/ca.crt").expect(200).body, first);
    server.kill();
    let server = start(&other, &["--tls"]);
    assert_eq!(server.get("/ca.crt").expect(200).body, first, "also after it was killed");
}

#[test]
fn a_machine_with_a_new_name_and_a_public_address_keeps_its_authority() {
    let (data, files) = (Scratch::new(), Scratch::new());
    let server = start(&data, &["--tls"]);
    let authority = authority(&server, &files);
    server.stop();
    // In a network and under a name of its own.
    let script = "ip link set lo up && ip addr add 2001:db8::5/64 dev lo nodad \
        && ip addr add fd00::7/64 dev lo nodad && hostname renamed && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--net", "--uts", "sh", "-c", script, "sh"]).arg(program().get_program());
    let arguments = ["--tls", "--data", data.path(), "--source", "pattern", "--size", "160x120"];
    let server = Server::run(command, Ipv6Addr::UNSPECIFIED.into(), 0, &arguments);
    server.says("not for renamed");
    server.says("2001:db8::5");
    let id = server.id().to_string();
    let port = server.address().port();
    let inside = |url: &str| {
        let resolve = format!("renamed.local:{port}:[fd00::7]");
        let entered = ["-t", &id, "-n", "curl", "-sS", "--cacert", &authority];
        run("nsenter", &[&entered[..], &["--resolve", &resolve, url]].concat())
    };
    for host in ["[fd00::7]", "127.0.0.1", "renamed.local"] {
        let ended = inside(&format!("https://{host}:{port}/healthz"));
        assert_eq!(ended.stdout, b"ok\n", "{host}: {ended:?}");
    }
    let ended = inside(&format!("https://[2001:db8::5]:{port}/healthz"));
    assert!(!ended.status.success(), "{ended:?}");
    // An address comes while it runs, and a stream goes on meanwhile.
    let url = format!("http://[fd00::7]:{port}/stream");
    let reading = "curl -sN --max-time 60 \"$0\" | head -c 2000000 | wc -c";
    let stream = ["-t", &id, "-n", "sh", "-c", reading, &url];
    let stream = Command::new("nsenter").args(stream).stdout(std::process::Stdio::piped()).spawn();
    let add = ["-t", &id, "-n", "ip", "addr", "add", "10.9.8.7/24", "dev", "lo"];
    assert!(run("nsenter", &add).status.success());
    eventually("the new address is in the certificate", LONG, || {
        let ended = inside(&format!("https://10.9.8.7:{port}/healthz"));
        if ended.stdout == b"ok\n" { Ok(()) } else { Err(format!("{ended:?}")) }
    });
    let stream = stream.expect("curl runs").wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&stream.stdout).trim(), "2000000");
}

#[test]
fn by_tls_only_who_comes_in_clear_is_led_there() {
    let files = Scratch::new();
    let server = Server::pattern(&["--tls-only", "--rtsp-port", "0"]);
    let authority = authority(&server, &files);
    let address = server.address();
    // As a proxy of this machine tells of somebody on the network.
    let far = ("X-Forwarded-For", "192.168.1.9");
    let ask = |target: &str, more: &[(&str, &str)]| {
        ask(address, "GET", target, &[&[far], more].concat(), b"")
    };
    let page = ask("/r/x?y=1", &[("Accept", "text/html,*/*")]);
    assert_eq!(page.status, 404);
    let page = ask("/?a=b&c", &[("Accept", "text/html,*/*")]);
    assert_eq!((page.status, page.header("Location")), (303, Some("/trust?next=%2F%3Fa%3Db%26c")));
    for path in ["/stream", "/snapshot", "/state", "/", "/?action=stream", "/metrics", "/rooms"] {
        let answer = ask(path, &[]);
        let there = format!("https://{address}{path}");
        assert_eq!((answer.status, answer.header("Location")), (303, Some(&*there)), "{path}");
    }
    let told = ask("/state", &[("X-Forwarded-Proto", "https")]);
    assert_eq!(told.status, 200, "a proxy did TLS");
    for path in ["/trust", "/ca.crt", "/ca.mobileconfig", "/healthz", "/trust.svg"] {
        assert_eq!(ask(path, &[]).status, 200, "{path}");
    }
    assert_eq!(ask("/socket", &[("Connection", "upgrade"), ("Upgrade", "websocket")]).status, 303);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let given = crate::common::client::ask(address, "POST", "/donate", &[far, form], b"name=x");
    assert_eq!(given.status, 403);
    let url = format!("https://{address}/state");
    assert!(
        curl(
            &authority,
            &["-f", "-H", "X-Forwarded-For: 10.0.0.9", "-H", "X-Forwarded-Proto: https", &url]
        )
        .status
        .success()
    );
    assert!(server.get("/state").status == 200, "nobody is between within this machine");
}

#[test]
fn strict_transport_is_said_by_tls_and_only_if_asked_for() {
    let files = Scratch::new();
    let server = Server::pattern(&["--hsts"]);
    let authority = authority(&server, &files);
    let url = format!("https://{}/healthz", server.address());
    let said = curl(&authority, &["-i", &url]);
    let said = String::from_utf8_lossy(&said.stdout).to_lowercase();
    assert!(said.contains("strict-transport-security: max-age=31536000\r\n"), "{said}");
    // Also what is refused before it is whole, and a stream.
    for (path, more) in
        [("/nothing", &[][..]), ("/healthz", &["-H", "Host:"]), ("/stream", &["-m", "1"])]
    {
        let url = format!("https://{}{path}", server.address());
        let said = curl(&authority, &[&["-i", &url], more].concat());
        let said = String::from_utf8_lossy(&said.stdout).to_lowercase();
        assert!(said.contains("strict-transport-security: max-age=31536000\r\n"), "{path}: {said}");
    }
    assert_eq!(server.get("/healthz").header("Strict-Transport-Security"), None);
    server.stop();
    let server = Server::pattern(&["--tls"]);
    let authority = files.write("ca.crt", &server.get("/ca.crt").expect(200).body);
    let url = format!("https://{}/healthz", server.address());
    let said = curl(&authority, &["-i", &url]);
    assert!(!String::from_utf8_lossy(&said.stdout).to_lowercase().contains("strict"), "{said:?}");
}

#[test]
fn where_nothing_can_be_kept_there_is_no_authority() {
    let files = Scratch::new();
    let data = files.write("no-folder", b"");
    let server = Server::pattern(&["--tls", "--data", &data]);
    server.says("no TLS: there is no place for the key");
    assert_eq!(server.get("/trust").status, 404);
    assert_eq!(server.get("/ca.crt").status, 404);
    let mut command = program();
    command.args(["0", "--source", "pattern", "--no-rtsp", "--tls-only", "--data", &data]);
    let ended = Program::run(&mut command, "", Duration::from_secs(30));
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("--tls-only") && ended.stdout.is_empty(), "{ended:?}");
}

#[test]
fn an_authority_that_is_there_serves_also_where_nothing_can_be_written() {
    let (data, files) = (Scratch::new(), Scratch::new());
    let first = start(&data, &["--tls"]);
    let authority = authority(&first, &files);
    // The folder is the first one's, and the second takes nothing from it but this.
    let second = start(&data, &["--tls"]);
    second.says("goes on and keeps nothing");
    for server in [&first, &second] {
        let ended = curl(&authority, &[&format!("https://{}/healthz", server.address())]);
        assert_eq!(ended.stdout, b"ok\n", "{ended:?}");
    }
    first.stop();
    second.stop();
    let script = "mount -t tmpfs none \"$1\" && cp -r \"$0\"/* \"$1\" && mount -o remount,ro \"$1\" \
        && shift && exec \"$@\"";
    let (place, folder) = (Scratch::new(), format!("{}/livestream.db", data.path()));
    assert!(std::path::Path::new(&folder).exists());
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, data.path(), place.path()]);
    command.arg(program().get_program());
    let arguments = ["--tls", "--data", place.path(), "--source", "pattern", "--size", "160x120"];
    let server = Server::run(command, std::net::Ipv4Addr::LOCALHOST.into(), 0, &arguments);
    let ended = curl(&authority, &[&format!("https://{}/healthz", server.address())]);
    assert_eq!(ended.stdout, b"ok\n", "{ended:?} {}", server.log());
}

#[test]
fn a_machine_of_any_name_is_served() {
    for (name, signs) in
        [("k\u{fc}che", false), ("dev", false), ("(none)", false), ("Work-2", true)]
    {
        let (data, files) = (Scratch::new(), Scratch::new());
        let naming = "import socket, sys; socket.sethostname(sys.argv[1].encode())";
        let script = format!("python3 -c '{naming}' \"$0\" && exec \"$@\"");
        let mut command = Command::new("unshare");
        command.args(["--uts", "sh", "-c", &script, name]).arg(program().get_program());
        let arguments = ["--tls", "--data", data.path(), "--source", "pattern"];
        let server = Server::run(command, std::net::Ipv4Addr::LOCALHOST.into(), 0, &arguments);
        let authority = authority(&server, &files);
        let (port, own) = (server.address().port(), name.to_lowercase());
        let ended = curl(&authority, &[&format!("https://127.0.0.1:{port}/healthz")]);
        assert_eq!(ended.stdout, b"ok\n", "{name}: {ended:?}");
        let text = run("openssl", &["x509", "-in", &authority, "-noout", "-text"]);
        let text = String::from_utf8_lossy(&text.stdout).into_owned();
        assert_eq!(text.contains(&format!("DNS:{own}\n")), signs, "{name}: {text}");
    }
}

#[test]
fn trust_says_where_it_can_be_had_if_not_by_this_address() {
    let server = Server::pattern(&["--tls", "--host", "cam.example.org"]);
    let ask = |host: &str, more: &[(&str, &str)]| {
        let fields = [&[("X-Forwarded-Host", host)], more].concat();
        ask(server.address(), "GET", "/trust", &fields, b"").expect(200).text()
    };
    let there = ask("127.0.0.1:99", &[]);
    assert!(there.contains("data-probe=\"https://127.0.0.1:99/healthz\""), "{there}");
    let elsewhere = ask("cam.example.org", &[]);
    assert!(elsewhere.contains("The certificate is not for cam.example.org"), "{elsewhere}");
    assert!(!elsewhere.contains("data-probe"), "{elsewhere}");
    let below = ask("127.0.0.1", &[("X-Forwarded-Prefix", "/cam")]);
    for address in ["https://127.0.0.1/cam/healthz", "https://127.0.0.1/cam/\""] {
        assert!(below.contains(address), "{address}: {below}");
    }
    let proxied = ask("127.0.0.1", &[("X-Forwarded-Proto", "https")]);
    assert!(proxied.contains("by a proxy with a certificate of its own"), "{proxied}");
}

#[test]
fn what_devices_install_is_the_authority_by_which_it_says_to_be_known() {
    let files = Scratch::new();
    let server = Server::pattern(&["--tls"]);
    let authority = authority(&server, &files);
    let ended = run("openssl", &["x509", "-in", &authority, "-noout", "-fingerprint", "-sha256"]);
    let printed = String::from_utf8_lossy(&ended.stdout).into_owned();
    let mark = printed.trim().split_once('=').expect("a fingerprint").1;
    server.says(mark);
    let page = server.get("/trust").expect(200).text();
    assert!(page.contains(mark), "{page}");
    let profile = server.get("/ca.mobileconfig").expect(200);
    assert_eq!(profile.header("Content-Type"), Some("application/x-apple-aspen-config"));
    let script = "import plistlib, ssl, sys\n\
        whole = plistlib.load(sys.stdin.buffer)\n\
        inner = whole['PayloadContent'][0]\n\
        assert inner['PayloadType'] == 'com.apple.security.root', inner\n\
        print(ssl.DER_cert_to_PEM_cert(inner['PayloadContent']))\n";
    let file = files.write("ca.mobileconfig", &profile.body);
    let ended = run("sh", &["-c", "python3 -c \"$0\" <\"$1\"", script, &file]);
    let pem = String::from_utf8_lossy(&ended.stdout).into_owned();
    let own = String::from_utf8_lossy(&server.get("/ca.crt").body).into_owned();
    assert_eq!(
        pem.split_whitespace().collect::<String>(),
        own.split_whitespace().collect::<String>()
    );
}
