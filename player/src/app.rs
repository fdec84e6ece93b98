//! The window's thread: what the client says goes in, what a person asks goes out.
//!
//! Called by eframe for each repaint, which happens only if there is a new
//! picture, news, an input, or a second over while packets come. Decides
//! nothing: [`super::model`] does. Draws nothing: [`super::view`] does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eframe::egui::{Context, TextureOptions, Ui, ViewportCommand};
use parking_lot::Mutex;

use super::args::Target;
use super::keys::{Command, commands};
use super::look;
use super::model::{Action, Model, News, Order};
use super::picture::Screen;
use super::stats::Minute;
use super::view::{self, Scene};
use livestream::client::{Client, Event, Options, Redirects, Statistics};
use livestream::proto::rtsp::State;

pub(super) struct App {
    scene: Scene,
    session: Option<Session>,
    /// Quitting was agreed to, or asked for by a signal.
    may_leave: Arc<AtomicBool>,
    began: Instant,
    sampled: Option<(u64, State)>,
}

/// What runs for one session. The client ends first: it feeds the rest.
struct Session {
    client: Client,
    screen: Screen,
    news: Arc<Mutex<News>>,
}

impl App {
    pub(super) fn new(ctx: &Context, target: Target) -> Self {
        look::dress(ctx);
        let may_leave = Arc::new(AtomicBool::new(false));
        let (asked, window) = (Arc::clone(&may_leave), ctx.clone());
        let on_signal = move || {
            asked.store(true, Ordering::Relaxed);
            window.send_viewport_cmd(ViewportCommand::Close);
            window.request_repaint();
        };
        if let Err(error) = livestream::base::signals::on_end(on_signal) {
            log::warn!("signals do not stop this program cleanly: {error}");
        }
        let mut app = Self {
            scene: Scene {
                target,
                model: Model::default(),
                minute: Minute::default(),
                statistics: Statistics::default(),
                texture: None,
                drag: None,
                is_full_screen: false,
                is_asking: false,
            },
            session: None,
            may_leave,
            began: Instant::now(),
            sampled: None,
        };
        app.open(ctx);
        app
    }

    /// Leaves the session there is, and opens what the target says.
    fn open(&mut self, ctx: &Context) {
        // First: the port may be needed again.
        self.session = None;
        (self.scene.texture, self.scene.drag, self.sampled) = (None, None, None);
        self.scene.minute.clear();
        self.scene.statistics = Statistics::default();
        match Session::open(&self.scene.target, ctx) {
            Ok(session) => self.session = Some(session),
            Err(error) => {
                let sentence = format!("Nothing can be played: {error}. Close other programs.");
                self.scene.model.trouble = Some(sentence);
            }
        }
        let title = format!("{} · livestream-player", self.scene.target.name());
        ctx.send_viewport_cmd(ViewportCommand::Title(title));
    }

    fn ask(&mut self, ctx: &Context, action: Action) {
        let orders = self.scene.model.ask(action);
        self.carry_out(ctx, orders);
    }

    fn carry_out(&mut self, ctx: &Context, orders: Vec<Order>) {
        for order in orders {
            match order {
                Order::Open(name) => {
                    self.scene.target = self.scene.target.clip(&name);
                    self.open(ctx);
                }
                Order::Reopen => self.open(ctx),
                order => {
                    if let Some(session) = &self.session {
                        session.tell(order);
                    }
                }
            }
        }
    }

    /// Takes in what came since the last repaint.
    fn hear(&mut self, ctx: &Context) {
        let Some(session) = &self.session else { return };
        if let Some(shown) = session.screen.take() {
            match &mut self.scene.texture {
                Some(texture) => texture.set(shown.image, TextureOptions::LINEAR),
                none => {
                    let new = ctx.load_texture("picture", shown.image, TextureOptions::LINEAR);
                    *none = Some(new);
                }
            }
            self.scene.model.see(shown.position);
        }
        let news = std::mem::take(&mut *session.news.lock());
        let orders = self.scene.model.hear(news);
        self.carry_out(ctx, orders);
        self.sample(ctx);
    }

    /// Reads the statistics once a second and when the state changes: numbers that change with
    /// each picture can't be read.
    fn sample(&mut self, ctx: &Context) {
        let Some(session) = &self.session else { return };
        let elapsed = self.began.elapsed();
        let now = Some((elapsed.as_secs(), self.scene.model.state));
        if self.scene.model.state != State::Init {
            if self.sampled != now {
                self.scene.statistics = session.client.statistics();
                self.scene.minute.note(elapsed.as_secs(), &self.scene.statistics);
            }
            let next = Duration::from_secs(elapsed.as_secs() + 1) - elapsed;
            ctx.request_repaint_after(next);
        }
        self.sampled = now;
    }

    fn take_keys(&mut self, ctx: &Context) {
        let has_focus = ctx.memory(|memory| memory.focused().is_some());
        for command in ctx.input(|input| commands(&input.events, has_focus)) {
            match command {
                Command::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
                Command::Confirm if self.scene.is_asking => self.leave(ctx),
                Command::Back if self.scene.is_asking => self.scene.is_asking = false,
                // Nothing goes on behind the dialog.
                _ if self.scene.is_asking => {}
                Command::Back if self.scene.is_full_screen => self.toggle_full_screen(ctx),
                Command::Back => self.ask(ctx, Action::Dismiss),
                Command::FullScreen => self.toggle_full_screen(ctx),
                Command::Act(action) => self.ask(ctx, action),
                Command::Confirm => {}
            }
        }
    }

    fn toggle_full_screen(&mut self, ctx: &Context) {
        self.scene.is_full_screen = !self.scene.is_full_screen;
        ctx.send_viewport_cmd(ViewportCommand::Fullscreen(self.scene.is_full_screen));
    }

    fn leave(&mut self, ctx: &Context) {
        self.may_leave.store(true, Ordering::Relaxed);
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }

    /// Keeps the window while it plays, until the dialog is answered.
    fn guard(&mut self, ctx: &Context) {
        let is_closing = ctx.input(|input| input.viewport().close_requested());
        if is_closing && self.scene.model.is_playing() && !self.may_leave.load(Ordering::Relaxed) {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.scene.is_asking = true;
        }
    }
}

impl eframe::App for App {
    /// Called also while the window is hidden, where what was pressed is that of the last repaint.
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.hear(ctx);
        self.guard(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.take_keys(&ctx);
        match view::window(ui, &mut self.scene) {
            Some(view::Press::Act(action)) => {
                self.ask(&ctx, action);
                ctx.request_repaint();
            }
            Some(view::Press::FullScreen) => self.toggle_full_screen(&ctx),
            Some(view::Press::Stay) => self.scene.is_asking = false,
            Some(view::Press::Quit) => self.leave(&ctx),
            None => {}
        }
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.session = None;
    }
}

impl Session {
    fn open(target: &Target, ctx: &Context) -> std::io::Result<Self> {
        let max_side = ctx.input(|input| input.max_texture_side);
        let max_side = u32::try_from(max_side).unwrap_or(u32::MAX);
        let window = ctx.clone();
        let screen = Screen::start(max_side, move || window.request_repaint())?;
        let news = Arc::new(Mutex::new(News::default()));
        let options = Options {
            transport: target.transport,
            rtp_port: target.rtp_port,
            user_agent: USER_AGENT,
            trust: target.trust,
            redirects: Redirects::Anywhere,
        };
        let (pictures, kept, window) = (screen.input(), Arc::clone(&news), ctx.clone());
        let events = move |event| match event {
            Event::Picture { jpeg, position } => pictures.put(jpeg, position),
            event => {
                kept.lock().note(event);
                window.request_repaint();
            }
        };
        let client = Client::connect(target.url.clone(), options, events)?;
        Ok(Self { client, screen, news })
    }

    fn tell(&self, order: Order) {
        match order {
            Order::Setup => self.client.setup(),
            Order::Play(from) => self.client.play(from),
            Order::Pause => self.client.pause(),
            Order::Teardown => self.client.teardown(),
            Order::Open(_) | Order::Reopen => {}
        }
    }
}

const USER_AGENT: &str = concat!("livestream-player/", env!("CARGO_PKG_VERSION"));
