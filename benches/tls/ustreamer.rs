//! ustreamer, where it is installed, on the tests' pretend camera.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::clip::Clip;
use crate::server::Server;

/// Shows one picture of a clip, 30 times a second, from a camera that sends JPEG.
pub(crate) fn start(clip: &Clip) -> Option<Server> {
    let (library, camera) = (library()?, clip.folder.join("camera"));
    fs::create_dir_all(camera.join("dev")).ok()?;
    // One that weighs what they weigh on the average.
    let weight = |path: &Path| fs::metadata(path).map_or(0, |of| of.len() as usize);
    let pictures = fs::read_dir(&clip.folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let picture = pictures
        .filter(|path| path.extension().is_some_and(|end| end == "jpg"))
        .min_by_key(|path| weight(path).abs_diff(clip.mean_bytes))?;
    fs::copy(picture, camera.join("picture")).ok()?;
    for (name, text) in
        [("dev/video0", ""), ("name", "Pretend"), ("size", "1280 720"), ("formats", "MJPG 1/30\n")]
    {
        fs::write(camera.join(name), text).ok()?;
    }
    Server::by_command(&format!(
        "ustreamer|/stream|env LD_PRELOAD={} PRETEND={} ustreamer --device /dev/video0 --format MJPEG \
         --encoder HW --resolution 1280x720 --desired-fps 30 --host 127.0.0.1 --port {{port}} \
         --log-level 0",
        library.display(),
        camera.display()
    ))
}

/// What makes a program see the camera.
fn library() -> Option<std::path::PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/cameras/pretend.c");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pretend-bench.so");
    let mut gcc = Command::new("gcc");
    gcc.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(source);
    gcc.args(["-ldl", "-lpthread"]).status().ok()?.success().then_some(library)
}
