//! A bucket that speaks S3. Requests are signed by `rusty-s3`, which sends nothing by itself.
//!
//! Beside a title's sets lies a list, `stored`, of what the bucket has: a line for each file, written
//! before the file is sent, so that nothing is there that no list names.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusty_s3::{Bucket as Signer, Credentials, S3Action, UrlStyle};

use super::{Failed, Storage};
use crate::base::outside;

/// A bucket by its address, as in `https://s3.example.org/films?region=eu-west-1`.
#[derive(Clone)]
pub struct Address {
    signer: Signer,
}

/// A bucket, and who may write to it.
pub struct Bucket {
    signer: Signer,
    credentials: Credentials,
    agent: ureq::Agent,
}

impl Bucket {
    /// With the credentials of the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, and
    /// `AWS_SESSION_TOKEN` if there is one.
    ///
    /// # Errors
    ///
    /// What is missing.
    pub fn open(address: &Address) -> Result<Self, String> {
        let credentials = Credentials::from_env().ok_or(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY have to be in the environment: they say who \
             writes to the bucket",
        )?;
        Ok(Self { signer: address.signer.clone(), credentials, agent: outside::agent(IDLE) })
    }

    fn put(&self, key: &str, file: &Path) -> Result<(), Failed> {
        let of_file = |error| Failed::File(file.to_owned(), error);
        let opened = File::open(file).map_err(of_file)?;
        let length = opened.metadata().map_err(of_file)?.len();
        let address = self.signer.put_object(Some(&self.credentials), key).sign(LASTS);
        let request = self.agent.put(address.as_str()).content_type(media_type(key));
        let request = request.header("Content-Length", length.to_string());
        let request = request.config().timeout_global(Some(PATIENCE)).build();
        let sent = request.send(ureq::SendBody::from_owned_reader(opened));
        expect_success(sent, "PUT", key).map(drop)
    }
}

impl Storage for Bucket {
    fn keep(&self, title: &Path, set: &Path, over: &AtomicBool) -> Result<(), Failed> {
        let name = name_of(title);
        let mut stored = stored(title)?;
        for file in segments(set)? {
            if over.load(Ordering::Relaxed) {
                return Err(Failed::Stopped);
            }
            let path = set.join(&file);
            // What was noted and not sent is sent again: the note of a whole one ends with its mark.
            let whole = format!("{file} {WHOLE}");
            if !stored.contains(&whole) {
                note(title, &file)?;
                self.put(&format!("{name}/{file}"), &path)?;
                note(title, &whole)?;
                stored.insert(whole);
            }
            fs::remove_file(&path).map_err(|error| Failed::File(path.clone(), error))?;
        }
        Ok(())
    }

    fn origin(&self) -> Option<String> {
        Some(self.signer.base_url().origin().ascii_serialization())
    }

    fn address(&self, name: &str, file: &str) -> Option<String> {
        let key = format!("{name}/{file}");
        let action = self.signer.get_object(Some(&self.credentials), &key);
        Some(action.sign(LASTS).to_string())
    }

    fn read(&self, name: &str, file: &str, most: u64) -> Result<Vec<u8>, Failed> {
        let key = format!("{name}/{file}");
        let address = self.signer.get_object(Some(&self.credentials), &key).sign(LASTS);
        let request = self.agent.get(address.as_str());
        let asked = request.config().timeout_global(Some(PATIENCE)).build().call();
        let mut answer = expect_success(asked, "GET", &key)?;
        let body = answer.body_mut().with_config().limit(most).read_to_vec();
        body.map_err(|error| Failed::Server(error.to_string()))
    }

    fn delete(&self, title: &Path) -> Result<(), Failed> {
        let name = name_of(title);
        for line in stored(title)?.iter().filter(|line| !line.ends_with(WHOLE)) {
            let key = format!("{name}/{line}");
            let address = self.signer.delete_object(Some(&self.credentials), &key).sign(LASTS);
            let request = self.agent.delete(address.as_str());
            let asked = request.config().timeout_global(Some(PATIENCE)).build().call();
            match asked {
                // It was never sent, or deleted before.
                Ok(answer) if answer.status().as_u16() == 404 => {}
                asked => drop(expect_success(asked, "DELETE", &key)?),
            }
        }
        match fs::remove_file(title.join(LIST)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failed::File(title.join(LIST), error))
            }
            _ => Ok(()),
        }
    }
}

type Answer = ureq::http::Response<ureq::Body>;

fn expect_success(
    asked: Result<Answer, ureq::Error>,
    method: &str,
    key: &str,
) -> Result<Answer, Failed> {
    match asked {
        Ok(answer) if answer.status().is_success() => Ok(answer),
        Ok(answer) => Err(Failed::Server(format!("{method} {key}: {}", answer.status()))),
        // Its own words have the signed address in it, which is a secret for a while.
        Err(error) => {
            let why = match error {
                ureq::Error::Timeout(_) => "no answer in time".to_owned(),
                ureq::Error::Io(error) => error.to_string(),
                ureq::Error::HostNotFound => "its host is not found".to_owned(),
                ureq::Error::StatusCode(code) => code.to_string(),
                _ => "it does not answer as it should".to_owned(),
            };
            Err(Failed::Server(format!("{method} {key}: {why}")))
        }
    }
}

/// The segments of a set, by their names within it: all but playlists and the manifest.
fn segments(set: &Path) -> Result<Vec<String>, Failed> {
    let of = |path: &Path| {
        let path = path.to_owned();
        move |error| Failed::File(path.clone(), error)
    };
    let names = |folder: &Path| -> Result<Vec<String>, Failed> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(of(folder))? {
            let name = entry.map_err(of(folder))?.file_name();
            names.extend(name.into_string().ok());
        }
        Ok(names)
    };
    let mut files = Vec::new();
    for folder in names(set)?.into_iter().filter(|name| set.join(name).is_dir()) {
        let inner = names(&set.join(&folder))?;
        let segments = inner.into_iter().filter(|name| !name.ends_with(".m3u8"));
        files.extend(segments.map(|name| format!("{folder}/{name}")));
    }
    files.sort_unstable();
    Ok(files)
}

/// The lines of a title's list.
fn stored(title: &Path) -> Result<BTreeSet<String>, Failed> {
    let list = title.join(LIST);
    match fs::read_to_string(&list) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(Failed::File(list, error)),
    }
}

fn note(title: &Path, line: &str) -> Result<(), Failed> {
    let list = title.join(LIST);
    let write = || {
        let mut file = File::options().create(true).append(true).open(&list)?;
        writeln!(file, "{line}")
    };
    write().map_err(|error| Failed::File(list.clone(), error))
}

fn name_of(title: &Path) -> String {
    title.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn media_type(key: &str) -> &'static str {
    match key.rsplit_once('.') {
        Some((_, "vtt")) => "text/vtt; charset=utf-8",
        _ if key.contains("/audio-") => "audio/mp4",
        _ => "video/mp4",
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!("{why}: an address as in `https://s3.example.org/films?region=eu-west-1`")
        };
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let region = query.split('&').find_map(|pair| pair.strip_prefix("region="));
        let (endpoint, name) =
            address.trim_end_matches('/').rsplit_once('/').ok_or_else(|| wrong("no bucket"))?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if name.is_empty() || !name.chars().all(is_name) || endpoint.ends_with('/') {
            return Err(wrong("no bucket"));
        }
        let endpoint = endpoint.parse().map_err(|_| wrong("no address"))?;
        let region = region.unwrap_or("us-east-1").to_owned();
        let signer = Signer::new(endpoint, UrlStyle::Path, name.to_owned(), region);
        Ok(Self { signer: signer.map_err(|error| wrong(&error.to_string()))? })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.signer.base_url().fmt(f)
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        let whole = |address: &Self| {
            (address.signer.base_url().to_string(), address.signer.region().to_owned())
        };
        whole(self) == whole(other)
    }
}

impl Eq for Address {}

const LIST: &str = "stored";
const WHOLE: &str = "whole";
/// For how long an address is good.
const LASTS: Duration = Duration::from_secs(300);
const PATIENCE: Duration = Duration::from_secs(120);
const IDLE: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_an_address() {
        let address: Address = "https://s3.example.org/films?region=eu-west-1".parse().unwrap();
        assert_eq!(address.signer.base_url().as_str(), "https://s3.example.org/films/");
        assert_eq!((address.signer.name(), address.signer.region()), ("films", "eu-west-1"));
        let address: Address = "http://127.0.0.1:9000/films/".parse().unwrap();
        assert_eq!(address.signer.region(), "us-east-1");
        for wrong in
            ["", "films", "ftp://a/films", "https:///films", "https://a/fi lms", "https://films"]
        {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_manifest_is_a_segment() {
        let scratch = crate::base::scratch::Scratch::folder();
        let set = scratch.path();
        for file in [
            "stream.mpd",
            "master.m3u8",
            "video-1/init.mp4",
            "video-1/1.m4s",
            "video-1/index.m3u8",
            "text-1/all.vtt",
        ] {
            let path = set.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        assert_eq!(segments(set).unwrap(), ["text-1/all.vtt", "video-1/1.m4s", "video-1/init.mp4"]);
        assert_eq!(media_type("A/text-1/all.vtt"), "text/vtt; charset=utf-8");
        assert_eq!(media_type("A/audio-1/1.m4s"), "audio/mp4");
        assert_eq!(media_type("A/video-1/1.m4s"), "video/mp4");
    }
}
