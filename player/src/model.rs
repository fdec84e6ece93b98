//! What the player knows of its session, and what each press of a button means.
//!
//! Pure: news from the client comes in, orders to it come out, and the window
//! shows what is here. Holds no client, no picture and no clock.

use std::time::Duration;

use super::words;
use livestream::client::{About, Event};
use livestream::proto::rtsp::State;
use livestream::proto::rtsp::transport::Lower;

/// One session as the window shows it.
#[derive(Debug, Default)]
pub struct Model {
    /// As the server has it.
    pub state: State,
    /// What is played; none until the server has described it.
    pub about: Option<About>,
    /// What else the server has.
    pub clips: Vec<String>,
    /// What carries the packets.
    pub transport: Option<Lower>,
    /// The place of the picture that is shown.
    pub position: Duration,
    /// What went wrong, as a sentence.
    pub trouble: Option<String>,
    /// True once this session has shown a picture.
    pub has_picture: bool,
    /// The clip has come to its end.
    has_ended: bool,
    /// Where the next PLAY starts, if not where it stands.
    start: Option<Duration>,
    /// A press asked for the picture before there was a session: PLAY follows SETUP.
    plays_when_ready: bool,
}

/// News since the last look: the newest of each kind.
#[derive(Debug, Default)]
pub struct News {
    about: Option<About>,
    clips: Option<Vec<String>>,
    state: Option<State>,
    transport: Option<Lower>,
    ended: bool,
    trouble: Option<String>,
}

/// The four methods that have a button, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is the method's own")]
pub enum Button {
    Setup,
    Play,
    Pause,
    Teardown,
}

/// How a button is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// What most people want next.
    Next,
    /// Allowed.
    Allowed,
    /// Not allowed in this state.
    Disabled,
}

/// What a person asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// One of the four.
    Press(Button),
    /// Play, or pause, whichever makes sense now.
    Toggle,
    /// Go to this place of the clip.
    Seek(Duration),
    /// Go so many seconds on, or back.
    Skip(i8),
    /// Another of the server's clips.
    Choose(String),
    /// Connect once more.
    Again,
    /// The trouble has been read.
    Dismiss,
}

/// What the client is told to do.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each name is the method's own, or says it")]
pub enum Order {
    Setup,
    Play(Option<Duration>),
    Pause,
    Teardown,
    /// Leave this session, and open the clip of this name.
    Open(String),
    /// Leave this session, and open the same anew.
    Reopen,
}

impl News {
    /// Takes in what the client says; pictures go elsewhere.
    pub fn note(&mut self, event: Event) {
        match event {
            Event::Described(about) => self.about = Some(about),
            Event::Clips(clips) => self.clips = Some(clips),
            Event::State(state) => self.state = Some(state),
            Event::Transport(lower) => self.transport = Some(lower),
            Event::Ended => self.ended = true,
            Event::Trouble(sentence) => self.trouble = Some(sentence),
            Event::Picture { .. } => {}
        }
    }
}

impl Model {
    /// Another session: what the server has besides is kept, and with `plays` it starts at once.
    pub fn next(&mut self, plays: bool) {
        let clips = std::mem::take(&mut self.clips);
        *self = Self { clips, plays_when_ready: plays, ..Self::default() };
    }

    /// Takes in what is new. Returns what follows from it.
    pub fn hear(&mut self, news: News) -> Vec<Order> {
        let mut orders = Vec::new();
        let described = news.about.is_some();
        self.about = news.about.or(self.about.take());
        if let Some(clips) = news.clips {
            self.clips = clips;
        }
        self.transport = news.transport.or(self.transport);
        if let Some(state) = news.state {
            self.state = state;
        }
        if news.trouble.is_some() {
            self.trouble = news.trouble;
            // What was asked for has failed: nothing follows by itself.
            self.plays_when_ready = false;
        }
        self.has_ended |= news.ended;
        if self.state == State::Init {
            self.transport = None;
        }
        if self.plays_when_ready && described && self.state == State::Init {
            orders.push(Order::Setup);
        }
        if self.plays_when_ready && self.state == State::Ready {
            orders.push(self.play());
        }
        orders
    }

    /// A picture of this place is shown.
    pub fn see(&mut self, position: Option<Duration>) {
        self.has_picture = true;
        self.position = position.unwrap_or(self.position);
    }

    /// What follows from what a person asked for: nothing, if it is not allowed now.
    pub fn ask(&mut self, action: Action) -> Vec<Order> {
        match action {
            Action::Press(button) if self.offer(button) == Offer::Disabled => Vec::new(),
            Action::Press(button) => vec![self.press(button)],
            Action::Toggle if self.about.is_none() => Vec::new(),
            Action::Toggle => match self.next_button() {
                Button::Setup => {
                    self.plays_when_ready = true;
                    vec![self.press(Button::Setup)]
                }
                button => vec![self.press(button)],
            },
            Action::Seek(place) => self.seek(place),
            Action::Skip(seconds) => {
                let step = Duration::from_secs(seconds.unsigned_abs().into());
                let from = self.place();
                self.seek(if seconds < 0 { from.saturating_sub(step) } else { from + step })
            }
            Action::Choose(name) => {
                let plays = self.is_playing();
                self.next(plays);
                vec![Order::Open(name)]
            }
            Action::Again => {
                self.next(false);
                vec![Order::Reopen]
            }
            Action::Dismiss => {
                self.trouble = None;
                Vec::new()
            }
        }
    }

    /// How a button is offered now.
    pub fn offer(&self, button: Button) -> Offer {
        let allowed = match button {
            Button::Setup => self.state == State::Init && self.about.is_some(),
            Button::Play => self.state == State::Ready || self.is_over(),
            Button::Pause => self.is_playing(),
            Button::Teardown => self.state != State::Init,
        };
        match allowed {
            false => Offer::Disabled,
            true if button == self.next_button() => Offer::Next,
            true => Offer::Allowed,
        }
    }

    /// True while pictures are to come.
    pub fn is_playing(&self) -> bool {
        self.state == State::Playing && !self.has_ended
    }

    /// The clip's length; none for what is live.
    pub fn duration(&self) -> Option<Duration> {
        self.about.as_ref()?.duration.filter(|duration| !duration.is_zero())
    }

    /// Where the bar stands.
    pub fn place(&self) -> Duration {
        self.start.unwrap_or(self.position).min(self.duration().unwrap_or(Duration::MAX))
    }

    /// What stands in the middle of the picture: one line large, one small. Nothing while it
    /// plays.
    pub fn caption(&self) -> Option<(String, String)> {
        let caption = |large: &str, small: &str| Some((large.to_owned(), small.to_owned()));
        match (&self.about, self.state) {
            (None, _) if self.trouble.is_some() => None,
            (None, _) => caption("Connecting …", ""),
            (Some(_), State::Init) if self.plays_when_ready => caption("Setting up …", ""),
            (Some(about), State::Init) => {
                let large = if self.has_picture { "Torn down" } else { &about.name };
                caption(large, "Press Setup, then Play. Space does both.")
            }
            (Some(_), _) if self.is_over() => caption("The end", "Play shows it once more."),
            (Some(_), State::Ready) if self.plays_when_ready => caption("Starting …", ""),
            (Some(_), State::Ready) if self.has_picture => caption("Paused", "Nothing is sent."),
            (Some(_), State::Ready) => {
                let over = self
                    .transport
                    .map_or(String::new(), |lower| format!(" over {}", words::transport(lower)));
                Some((format!("Set up{over}"), "Press Play.".to_owned()))
            }
            (Some(_), State::Playing) if self.has_picture => None,
            (Some(_), State::Playing) => caption("Waiting for the first picture …", ""),
        }
    }

    /// What to do about the trouble.
    pub fn advice(&self) -> &'static str {
        match (&self.about, self.state) {
            (None, _) => "See that the server runs and that the address is right, then try again.",
            (Some(_), State::Init) => "Try again, or choose another clip.",
            (Some(_), _) => "The session goes on. If no picture comes, try again.",
        }
    }

    /// The state in a word.
    pub fn state_word(&self) -> &'static str {
        match self.state {
            _ if self.about.is_none() && self.trouble.is_none() => "Connecting",
            _ if self.about.is_none() => "No connection",
            _ if self.is_over() => "Ended",
            State::Init => "Init",
            State::Ready if self.has_picture => "Paused",
            State::Ready => "Ready",
            State::Playing => "Playing",
        }
    }

    fn is_over(&self) -> bool {
        self.has_ended && self.state != State::Init
    }

    /// The button that [`Action::Toggle`] presses.
    fn next_button(&self) -> Button {
        match self.state {
            State::Init => Button::Setup,
            State::Playing if !self.has_ended => Button::Pause,
            State::Ready | State::Playing => Button::Play,
        }
    }

    fn press(&mut self, button: Button) -> Order {
        match button {
            Button::Setup => Order::Setup,
            Button::Play => self.play(),
            Button::Pause => Order::Pause,
            Button::Teardown => {
                (self.start, self.has_ended, self.plays_when_ready) = (None, false, false);
                self.position = Duration::ZERO;
                Order::Teardown
            }
        }
    }

    fn play(&mut self) -> Order {
        self.plays_when_ready = false;
        let from_start = std::mem::take(&mut self.has_ended).then_some(Duration::ZERO);
        let start = self.start.take().or(from_start);
        self.position = start.unwrap_or(self.position);
        Order::Play(start)
    }

    /// While it plays it goes on from there; else PLAY does later.
    fn seek(&mut self, place: Duration) -> Vec<Order> {
        let Some(duration) = self.duration() else { return Vec::new() };
        let place = place.min(duration);
        if self.is_playing() {
            self.position = place;
            vec![Order::Play(Some(place))]
        } else {
            self.start = Some(place);
            Vec::new()
        }
    }
}

impl Button {
    /// In the order in which they stand.
    pub const ALL: [Self; 4] = [Self::Setup, Self::Play, Self::Pause, Self::Teardown];

    /// What stands on it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Setup => "Setup",
            Self::Play => "Play",
            Self::Pause => "Pause",
            Self::Teardown => "Teardown",
        }
    }
}

#[cfg(test)]
mod tests;
