//! The parts of the build script that make the pages: their own tests, which cargo runs for no build
//! script.

#[path = "../../build/documents.rs"]
mod documents;
#[path = "../../build/scripts.rs"]
mod scripts;
#[path = "../../build/words.rs"]
mod words;
