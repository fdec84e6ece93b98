//! A display of its own, and the player on it: pressed by xdotool, looked at by ImageMagick.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};

use eframe::egui::{Pos2, Rect};
use livestream_player::layout::{Dialog, FIRST, Layout};
use livestream_player::model::Button;

use crate::common::program::Program;
use crate::common::{LONG, eventually, eventually_true};

/// The player on a display that nobody else uses. Dropping it ends both.
pub(crate) struct Desktop {
    player: Child,
    display: String,
    window: String,
    _server: Program,
}

/// What the display shows, or a part of it: red, green and blue of each pixel.
#[derive(PartialEq)]
pub(crate) struct Shot {
    width: usize,
    pixels: Vec<u8>,
}

impl Desktop {
    /// Starts the player, and waits for its window.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let screen = format!("{}x{}x24", FIRST.x, FIRST.y);
        let mut server = Command::new("Xvfb");
        // Else it starts over, and refuses who comes, whenever the last program has left.
        server.arg("-noreset");
        server.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", &screen]);
        let (server, out) = Program::start(&mut server, INSTALL);
        let mut number = String::new();
        BufReader::new(out).read_line(&mut number).expect("Xvfb says which display it is");
        let display = format!(":{}", number.trim());
        let player = player()
            .args(arguments)
            .env("DISPLAY", &display)
            .stdin(Stdio::null())
            .spawn()
            .expect("the player starts");
        let mut desktop = Self { player, display, window: String::new(), _server: server };
        desktop.window = desktop.find();
        // There is no window manager that would give it the keyboard.
        desktop.drive(&["windowmove", &desktop.window, "0", "0", "windowfocus", &desktop.window]);
        desktop
    }

    /// Presses and lets go the left button there.
    pub(crate) fn click(&self, at: Pos2) {
        let (x, y) = (at.x.round().to_string(), at.y.round().to_string());
        self.drive(&["mousemove", &x, &y, "click", "1"]);
    }

    /// Presses one of the four.
    pub(crate) fn press(&self, button: Button) {
        self.click(place(button).center());
    }

    /// Presses and lets go keys, as xdotool names them.
    pub(crate) fn key(&self, key: &str) {
        self.drive(&["key", key]);
    }

    /// Waits until a button is the one that comes next: the one that is filled.
    pub(crate) fn wait_for(&self, button: Button) {
        self.wait_for_colour(beside_word(place(button)), HOME);
    }

    /// Waits until the dialog stands there.
    pub(crate) fn wait_for_dialog(&self) {
        self.wait_for_colour(beside_word(Dialog::of(FIRST).quit), HOME);
    }

    /// Waits for a colour at a place.
    pub(crate) fn wait_for_colour(&self, at: Pos2, colour: [u8; 3]) {
        let what = format!("{colour:?} at {at}");
        eventually(&what, LONG, || match self.shot(None).at(at) {
            seen if seen == colour => Ok(()),
            seen => Err(format!("{seen:?}")),
        });
    }

    /// Waits until the picture has changed a few times.
    pub(crate) fn wait_for_motion(&self) {
        let mut last = self.picture();
        for _ in 0..3 {
            eventually_true("the picture changes", LONG, || {
                let now = self.picture();
                std::mem::replace(&mut last, now) != last
            });
        }
    }

    /// Waits until the picture has stood still for as many looks as it takes to be sure.
    pub(crate) fn wait_for_stillness(&self) {
        let (mut last, mut same) = (self.picture(), 0);
        eventually_true("the picture stands still", LONG, || {
            let now = self.picture();
            same = if now == last { same + 1 } else { 0 };
            last = now;
            same == 10
        });
    }

    /// What the display shows, or a part of it.
    pub(crate) fn shot(&self, part: Option<Rect>) -> Shot {
        let mut import = Command::new("import");
        import.args(["-display", &self.display, "-window", "root"]);
        if let Some(part) = part {
            let (size, corner) = (part.size(), part.min);
            let crop = format!("{}x{}+{}+{}", size.x, size.y, corner.x, corner.y);
            import.args(["-crop", &crop]);
        }
        let shot = Program::run(import.args(["-depth", "8", "rgb:-"]), INSTALL, LONG);
        assert!(shot.status.success(), "{}", shot.stderr);
        let width = part.map_or(FIRST, |part| part.size()).x as usize;
        Shot { width, pixels: shot.stdout }
    }

    /// Waits until the player has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        eventually("the player ends", LONG, || {
            self.player.try_wait().expect("it is our child").ok_or("it runs".to_owned())
        })
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.player.try_wait().expect("it is our child").is_none()
    }

    /// The player's process.
    pub(crate) fn id(&self) -> u32 {
        self.player.id()
    }

    fn picture(&self) -> Shot {
        self.shot(Some(Layout::of(FIRST, true).picture.shrink(16.0)))
    }

    fn find(&self) -> String {
        let id = self.player.id().to_string();
        eventually("the window is there", LONG, || {
            let search = self.xdotool(&["search", "--onlyvisible", "--pid", &id]);
            let windows = String::from_utf8_lossy(&search.stdout).into_owned();
            windows.lines().next().map(str::to_owned).ok_or(search.stderr)
        })
    }

    fn drive(&self, arguments: &[&str]) {
        let ended = self.xdotool(arguments);
        assert!(ended.status.success(), "{arguments:?}: {}", ended.stderr);
    }

    fn xdotool(&self, arguments: &[&str]) -> crate::common::program::Ended {
        let mut command = Command::new("xdotool");
        Program::run(command.args(arguments).env("DISPLAY", &self.display), INSTALL, LONG)
    }
}

impl Drop for Desktop {
    #[expect(clippy::print_stderr, reason = "shown with the test that failed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let file = format!("{}/player{}.png", env!("CARGO_TARGET_TMPDIR"), self.id());
            let shot = Command::new("import")
                .args(["-display", &self.display, "-window", "root", &file])
                .status();
            eprintln!("what the display showed: {file} ({shot:?})");
        }
        // An error means that it ended before.
        let _ = self.player.kill();
        let _ = self.player.wait();
    }
}

impl Shot {
    /// A pixel.
    pub(crate) fn at(&self, at: Pos2) -> [u8; 3] {
        let first = (at.y as usize * self.width + at.x as usize) * 3;
        self.pixels[first..first + 3].try_into().expect("three bytes")
    }
}

/// The program, with nothing set that could change where it opens its window.
pub(crate) fn player() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_livestream-player"));
    for variable in ["RUST_LOG", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"] {
        command.env_remove(variable);
    }
    // The library's own warnings about a display without a size.
    command.env("RUST_LOG", "error,livestream=debug,livestream_player=debug");
    command
}

/// Where a button stands.
fn place(button: Button) -> Rect {
    Layout::of(FIRST, true).buttons[button as usize]
}

/// A point inside a button where no letter is.
fn beside_word(button: Rect) -> Pos2 {
    (button.left_center() + eframe::egui::vec2(12.0, 0.0)).round()
}

/// What comes next is filled with it.
pub(crate) const HOME: [u8; 3] = [0x2f, 0xd3, 0xbd];

const INSTALL: &str = "scripts/setup test installs it";
