//! The parts of the build script that make the pages: their own tests, which cargo runs for no build
//! script.

#[path = "../../build/documents.rs"]
mod documents;
#[allow(dead_code, reason = "the program uses the rest")]
#[path = "../../src/proto/gzip.rs"]
mod gzip;
#[path = "../../build/parts.rs"]
mod parts;
#[path = "../../build/scripts.rs"]
mod scripts;
#[path = "../../build/words.rs"]
mod words;
