//! The window's thread: what the client says goes in, what a person asks goes out.
//!
//! Called by eframe for each repaint, which happens only if there is a new
//! picture, news, an input, or a second over while packets come. Decides
//! nothing: [`super::model`] does. Draws nothing: [`super::view`] does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eframe::egui::{Context, TextureHandle, TextureOptions, Ui, ViewportCommand};
use parking_lot::Mutex;

use super::args::Settings;
use super::keys::{Wish, wishes};
use super::model::{Action, Model, News, Order};
use super::picture::Screen;
use super::stats::Minute;
use super::{look, view};
use livestream::client::{Client, Event, Options, Statistics};
use livestream::proto::rtsp::State;

pub(super) struct App {
    pub(super) settings: Settings,
    pub(super) model: Model,
    pub(super) minute: Minute,
    pub(super) statistics: Statistics,
    pub(super) texture: Option<TextureHandle>,
    /// Where the bar is being dragged to.
    pub(super) drag: Option<Duration>,
    pub(super) is_full_screen: bool,
    /// The dialog stands there.
    pub(super) is_asking: bool,
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
    pub(super) fn new(ctx: &Context, settings: Settings) -> Self {
        look::dress(ctx);
        let may_leave = Arc::new(AtomicBool::new(false));
        let (asked, window) = (Arc::clone(&may_leave), ctx.clone());
        let on_signal = move || {
            asked.store(true, Ordering::Relaxed);
            window.send_viewport_cmd(ViewportCommand::Close);
            window.request_repaint();
        };
        if let Err(error) = ctrlc::set_handler(on_signal) {
            log::warn!("signals do not stop this program cleanly: {error}");
        }
        let mut app = Self {
            settings,
            model: Model::default(),
            minute: Minute::default(),
            statistics: Statistics::default(),
            texture: None,
            drag: None,
            is_full_screen: false,
            is_asking: false,
            session: None,
            may_leave,
            began: Instant::now(),
            sampled: None,
        };
        app.open(ctx);
        app
    }

    /// Leaves the session there is, and opens what the settings say.
    fn open(&mut self, ctx: &Context) {
        // First: the port may be needed again.
        self.session = None;
        (self.texture, self.drag, self.sampled) = (None, None, None);
        self.minute.clear();
        self.statistics = Statistics::default();
        match Session::open(&self.settings, ctx) {
            Ok(session) => self.session = Some(session),
            Err(error) => {
                let sentence = format!("Nothing can be played: {error}. Close other programs.");
                self.model.trouble = Some(sentence);
            }
        }
        let title = format!("{} · livestream-player", self.settings.name());
        ctx.send_viewport_cmd(ViewportCommand::Title(title));
    }

    fn ask(&mut self, ctx: &Context, action: Action) {
        let orders = self.model.ask(action);
        self.carry_out(ctx, orders);
    }

    fn carry_out(&mut self, ctx: &Context, orders: Vec<Order>) {
        for order in orders {
            match order {
                Order::Open(name) => {
                    self.settings = self.settings.clip(&name);
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
            match &mut self.texture {
                Some(texture) => texture.set(shown.image, TextureOptions::LINEAR),
                none => {
                    let new = ctx.load_texture("picture", shown.image, TextureOptions::LINEAR);
                    *none = Some(new);
                }
            }
            self.model.see(shown.position);
        }
        let news = std::mem::take(&mut *session.news.lock());
        let orders = self.model.hear(news);
        self.carry_out(ctx, orders);
        self.sample(ctx);
    }

    /// Reads the statistics once a second and when the state changes: numbers that change with
    /// each picture can't be read.
    fn sample(&mut self, ctx: &Context) {
        let Some(session) = &self.session else { return };
        let elapsed = self.began.elapsed();
        let now = Some((elapsed.as_secs(), self.model.state));
        if self.model.state != State::Init {
            if self.sampled != now {
                self.statistics = session.client.statistics();
                self.minute.note(elapsed.as_secs(), &self.statistics);
            }
            let next = Duration::from_secs(elapsed.as_secs() + 1) - elapsed;
            ctx.request_repaint_after(next);
        }
        self.sampled = now;
    }

    fn take_keys(&mut self, ctx: &Context) {
        let has_focus = ctx.memory(|memory| memory.focused().is_some());
        for wish in ctx.input(|input| wishes(&input.events, has_focus)) {
            match wish {
                Wish::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
                Wish::Confirm if self.is_asking => self.leave(ctx),
                Wish::Back if self.is_asking => self.is_asking = false,
                // Nothing goes on behind the dialog.
                _ if self.is_asking => {}
                Wish::Back if self.is_full_screen => self.toggle_full_screen(ctx),
                Wish::Back => self.ask(ctx, Action::Dismiss),
                Wish::FullScreen => self.toggle_full_screen(ctx),
                Wish::Act(action) => self.ask(ctx, action),
                Wish::Confirm => {}
            }
        }
    }

    fn toggle_full_screen(&mut self, ctx: &Context) {
        self.is_full_screen = !self.is_full_screen;
        ctx.send_viewport_cmd(ViewportCommand::Fullscreen(self.is_full_screen));
    }

    fn leave(&mut self, ctx: &Context) {
        self.may_leave.store(true, Ordering::Relaxed);
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }

    /// Keeps the window while it plays, until the dialog is answered.
    fn guard(&mut self, ctx: &Context) {
        let is_closing = ctx.input(|input| input.viewport().close_requested());
        if is_closing && self.model.is_playing() && !self.may_leave.load(Ordering::Relaxed) {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.is_asking = true;
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
        match view::window(ui, self) {
            Some(view::Press::Act(action)) => {
                self.ask(&ctx, action);
                ctx.request_repaint();
            }
            Some(view::Press::FullScreen) => self.toggle_full_screen(&ctx),
            Some(view::Press::Stay) => self.is_asking = false,
            Some(view::Press::Quit) => self.leave(&ctx),
            None => {}
        }
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.session = None;
    }
}

impl Session {
    fn open(settings: &Settings, ctx: &Context) -> std::io::Result<Self> {
        let max_side = ctx.input(|input| input.max_texture_side);
        let max_side = u32::try_from(max_side).unwrap_or(u32::MAX);
        let window = ctx.clone();
        let screen = Screen::start(max_side, move || window.request_repaint())?;
        let news = Arc::new(Mutex::new(News::default()));
        let options = Options {
            transport: settings.transport,
            rtp_port: settings.rtp_port,
            user_agent: USER_AGENT,
        };
        let (pictures, kept, window) = (screen.input(), Arc::clone(&news), ctx.clone());
        let events = move |event| match event {
            Event::Picture { jpeg, position } => pictures.put(jpeg, position),
            event => {
                kept.lock().note(event);
                window.request_repaint();
            }
        };
        let client = Client::connect(settings.url.clone(), options, events)?;
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
