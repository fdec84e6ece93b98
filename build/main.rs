//! Makes of `www/` what the binary carries: for each page one document, with its style sheet in it,
//! and one script, which is named by what is in it, and packed by gzip and Brotli.
//!
//! The sources stay ES modules and style sheets that import each other, as a browser would load
//! them; here they become one file each, since a page's first picture waits for no chain of
//! requests. What a request fills into a document is left in it, as `{{name}}`.

#![allow(clippy::print_stdout, reason = "cargo listens to what a build script prints")]

#[path = "../src/proto/base64/encode.rs"]
mod base64;
mod documents;
#[allow(dead_code, reason = "the program uses the rest")]
#[path = "../src/proto/gzip.rs"]
mod gzip;
mod parts;
mod scripts;
mod styles;
mod words;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, io};

use base64::base64;
use brotli::BrotliCompress;
use brotli::enc::BrotliEncoderParams;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};
use sha2::{Digest, Sha256};
use words::Words;

/// A file that browsers load by its name.
struct Asset {
    /// With a hash of its content: another content has another name.
    name: String,
    media_type: &'static str,
    bytes: Vec<u8>,
}

fn main() {
    println!("cargo::rerun-if-changed=www");
    println!("cargo::rerun-if-changed=build");
    // Which of the words it renders itself is seen there.
    println!("cargo::rerun-if-changed=src/web");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo says it"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo says it"));
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rustc-env=BUILT_AT={}", built_at());
    if let Err(error) = make(&root, &out) {
        println!("cargo::error={error}");
        std::process::exit(1);
    }
}

/// The time in Unix seconds, or what who builds the same thing twice says instead: a clock that
/// says less was never set.
fn built_at() -> u64 {
    let said = env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok());
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    said.unwrap_or_else(|| now().unwrap_or_default().as_secs())
}

fn make(root: &Path, out: &Path) -> Result<(), String> {
    let www = root.join("www");
    let tell = |why| format!("www/{WORDS}: {why}");
    let mut words = Words::parse(&read(&www, WORDS)?).map_err(tell)?;
    make_pages(&www, out, &mut words)?;
    let mut sources = String::new();
    collect(&root.join("src/web"), &mut sources).map_err(|error| format!("src/web: {error}"))?;
    let constants = words.constants(&sources).map_err(|why| format!("src/web: {why}"))?;
    words.check_all_named().map_err(tell)?;
    write(out, "words.rs", constants.as_bytes()).map(drop)
}

fn make_pages(www: &Path, out: &Path, words: &mut Words) -> Result<(), String> {
    // The page with all components is for those who build pages.
    let debug = env::var_os("CARGO_CFG_DEBUG_ASSERTIONS").is_some();
    let guide = debug.then_some(("STYLEGUIDE", "styleguide", "styleguide/styleguide.html"));
    let mut assets = vec![
        asset(www, "shared/favicon.svg", "image/svg+xml")?,
        asset(www, "shared/icons.LICENSE", "text/plain; charset=utf-8")?,
        asset(www, "vendor/dash/dash.js", "text/javascript; charset=utf-8")?,
        asset(www, "vendor/dash/dash.LICENSE", "text/plain; charset=utf-8")?,
        asset(www, "vendor/hls/hls.js", "text/javascript; charset=utf-8")?,
        asset(www, "vendor/hls/hls.LICENSE", "text/plain; charset=utf-8")?,
        asset(www, "vendor/shaka/shaka.js", "text/javascript; charset=utf-8")?,
        asset(www, "vendor/shaka/shaka.css", "text/css; charset=utf-8")?,
        asset(www, "vendor/shaka/shaka.LICENSE", "text/plain; charset=utf-8")?,
    ];
    let mut pages = Vec::new();
    for name in PAGES.into_iter().chain(guide.map(|(_, page, _)| page)) {
        let style = styles::join(www, &format!("{name}/{name}.css"))?;
        let file = format!("{name}/{name}.js");
        let is_alive = www.join(&file).exists();
        let script = if is_alive { scripts::join(www, &file, words)? } else { String::new() };
        if !script.is_empty() {
            let bytes = script.clone().into_bytes();
            assets.push(Asset::new(name, "js", "text/javascript; charset=utf-8", bytes));
        }
        pages.push(documents::Page { name, style, script });
    }
    for (name, file) in WORKERS {
        let script = scripts::join(www, file, words)?.into_bytes();
        assets.push(Asset::new(name, "js", "text/javascript; charset=utf-8", script));
    }
    let boot = read(www, "shared/boot.js")?;
    let mut table = table_of(&assets, out)?;
    let _ = writeln!(table, "/// The inline script's hash, as a policy names it (CSP 3 §2.3.1).");
    let _ = writeln!(table, "pub(super) const BOOT: &str = \"{}\";", policy_hash(&boot));
    let styles: Vec<String> = pages.iter().map(|page| policy_hash(&page.style)).collect();
    let _ = writeln!(table, "/// The hashes of the pages' inline sheets.");
    let _ = writeln!(table, "pub(super) const STYLES: &str = \"{}\";", styles.join(" "));
    let parts = documents::Parts {
        frame: read(www, "shared/frame.html")?,
        boot,
        icons: read(www, "shared/icons.svg")?,
        names: assets.iter().map(|asset| asset.name.clone()).collect(),
    };
    for (constant, name, file) in DOCUMENTS.into_iter().chain(guide) {
        let page = pages.iter().find(|page| page.name == name).ok_or(format!("no page {name}"))?;
        let document = documents::fill(&parts, page, &read(www, file)?, words)?;
        let parts =
            parts::written(&document, &pack_piece).map_err(|why| format!("{file}: {why}"))?;
        let _ = writeln!(table, "pub(super) static {constant}: &[Part] = &{parts};");
    }
    write(out, "assets.rs", table.as_bytes()).map(drop)
}

/// The files as a table of Rust, written out beside it, plain and packed.
fn table_of(assets: &[Asset], out: &Path) -> Result<String, String> {
    let mut table = format!("pub(super) static ASSETS: [Asset; {}] = [\n", assets.len());
    for Asset { name, media_type, bytes } in assets {
        let plain = write(out, name, bytes)?;
        let packed = write(out, &format!("{name}.gz"), &pack(bytes)?)?;
        let brotli = write(out, &format!("{name}.br"), &brotli(bytes)?)?;
        let _ = writeln!(
            table,
            "Asset {{ name: {name:?}, media_type: {media_type:?}, plain: include_bytes!({plain:?}), \
             packed: include_bytes!({packed:?}), brotli: include_bytes!({brotli:?}) }},"
        );
    }
    table.push_str("];\n");
    Ok(table)
}

fn policy_hash(inline: &str) -> String {
    format!("'sha256-{}'", base64(&hash(inline)))
}

impl Asset {
    fn new(stem: &str, kind: &str, media_type: &'static str, bytes: Vec<u8>) -> Self {
        let hash: String = hash(&bytes)[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { name: format!("{stem}-{hash}.{kind}"), media_type, bytes }
    }
}

fn asset(www: &Path, file: &str, media_type: &'static str) -> Result<Asset, String> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, "txt"));
    Ok(Asset::new(stem, kind, media_type, read(www, file)?.into_bytes()))
}

/// Adds all sources of Rust in a folder.
fn collect(folder: &Path, sources: &mut String) -> io::Result<()> {
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, sources)?;
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            sources.push_str(&fs::read_to_string(path)?);
        }
    }
    Ok(())
}

fn read(www: &Path, file: &str) -> Result<String, String> {
    fs::read_to_string(www.join(file)).map_err(|error| format!("www/{file}: {error}"))
}

/// Writes a file, and returns where it lies.
fn write(out: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, String> {
    let path = out.join(name);
    fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn pack(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|error| error.to_string())
}

/// By Brotli (RFC 7932), as small as it gets: each file is packed once, and sent for years.
fn brotli(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let params = BrotliEncoderParams { size_hint: bytes.len(), ..Default::default() };
    let mut packed = Vec::new();
    BrotliCompress(&mut &bytes[..], &mut packed, &params).map_err(|error| error.to_string())?;
    Ok(packed)
}

/// A text by deflate alone (RFC 1951), so that it may stand between others: up to the end of a byte,
/// without a block that is the last.
fn pack_piece(text: &str) -> Result<Vec<u8>, String> {
    let mut packed = Vec::with_capacity(text.len() + 64);
    Compress::new(Compression::best(), false)
        .compress_vec(text.as_bytes(), &mut packed, FlushCompress::Sync)
        .map_err(|error| error.to_string())?;
    Ok(packed)
}

fn hash(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What people read on the pages.
const WORDS: &str = "words/en.json";
/// The pages: each has a folder of its own, with a style sheet and, if it is alive, a script.
const PAGES: [&str; 15] = [
    "watch",
    "rooms",
    "broadcast",
    "library",
    "title",
    "jobs",
    "upload",
    "connect",
    "trust",
    "door",
    "account",
    "host",
    "alone",
    "embed",
    "api",
];
/// What pages start as workers: scripts that are joined as theirs are.
const WORKERS: [(&str, &str); 1] = [("sender", "broadcast/sender.js")];
/// The documents: under which name, of which page, from which file.
const DOCUMENTS: [(&str, &str, &str); 23] = [
    ("API", "api", "api/api.html"),
    ("BROADCAST", "broadcast", "broadcast/broadcast.html"),
    ("WATCH", "watch", "watch/watch.html"),
    ("ROOMS", "rooms", "rooms/rooms.html"),
    ("LIBRARY", "library", "library/library.html"),
    ("TITLE", "title", "title/title.html"),
    ("JOBS", "jobs", "jobs/jobs.html"),
    ("UPLOAD", "upload", "upload/upload.html"),
    ("CONNECT", "connect", "connect/connect.html"),
    ("TRUST", "trust", "trust/trust.html"),
    ("ENTER", "door", "door/enter.html"),
    ("SIGN_IN", "door", "door/sign-in.html"),
    ("SIGN_UP", "door", "door/sign-up.html"),
    ("CLAIM", "door", "door/claim.html"),
    ("RESET", "door", "door/reset.html"),
    ("CONFIRM", "door", "door/confirm.html"),
    ("ELSEWHERE", "door", "door/elsewhere.html"),
    ("NEWCOMER", "door", "door/newcomer.html"),
    ("ACCOUNT", "account", "account/account.html"),
    ("HOST", "host", "host/host.html"),
    ("FULL", "alone", "alone/full.html"),
    ("EMBED", "embed", "embed/embed.html"),
    ("ERROR", "alone", "alone/error.html"),
];
