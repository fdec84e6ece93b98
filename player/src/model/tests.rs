use super::*;

fn news(events: Vec<Event>) -> News {
    let mut news = News::default();
    events.into_iter().for_each(|event| news.note(event));
    news
}

fn described(seconds: Option<u64>) -> Model {
    let mut model = Model::default();
    let about = About {
        name: "movie.Mjpeg".to_owned(),
        duration: seconds.map(Duration::from_secs),
        ..About::default()
    };
    assert_eq!(model.hear(news(vec![Event::Described(about)])), []);
    model
}

fn in_state(state: State) -> Model {
    let mut model = described(Some(60));
    assert_eq!(model.hear(news(vec![Event::State(state)])), []);
    model
}

fn offers(model: &Model) -> [Offer; 4] {
    Button::ALL.map(|button| model.offer(button))
}

const AT_7: Duration = Duration::from_secs(7);

#[test]
fn buttons_are_enabled_as_the_state_allows() {
    use Offer::{Allowed, Disabled, Next};
    assert_eq!(offers(&Model::default()), [Disabled; 4], "nothing is described yet");
    assert_eq!(offers(&in_state(State::Init)), [Next, Disabled, Disabled, Disabled]);
    assert_eq!(offers(&in_state(State::Ready)), [Disabled, Next, Disabled, Allowed]);
    assert_eq!(offers(&in_state(State::Playing)), [Disabled, Disabled, Next, Allowed]);
}

#[test]
fn a_press_is_one_order_and_what_is_not_allowed_is_none() {
    let press = |state, button| in_state(state).ask(Action::Press(button));
    assert_eq!(press(State::Init, Button::Setup), [Order::Setup]);
    assert_eq!(press(State::Init, Button::Play), []);
    assert_eq!(press(State::Ready, Button::Play), [Order::Play(None)]);
    assert_eq!(press(State::Playing, Button::Pause), [Order::Pause]);
    assert_eq!(press(State::Playing, Button::Setup), []);
    assert_eq!(press(State::Playing, Button::Teardown), [Order::Teardown]);
}

#[test]
fn space_sets_up_and_plays_then_pauses_and_resumes() {
    let mut model = in_state(State::Init);
    assert_eq!(model.ask(Action::Toggle), [Order::Setup]);
    assert_eq!(model.hear(news(vec![Event::State(State::Ready)])), [Order::Play(None)]);
    assert_eq!(model.hear(news(vec![Event::State(State::Playing)])), []);
    assert_eq!(model.ask(Action::Toggle), [Order::Pause]);
    assert_eq!(model.hear(news(vec![Event::State(State::Ready)])), []);
    assert_eq!(model.ask(Action::Toggle), [Order::Play(None)]);
    assert_eq!(Model::default().ask(Action::Toggle), [], "nothing is described yet");
}

#[test]
fn trouble_ends_what_would_have_followed() {
    let mut model = in_state(State::Init);
    model.ask(Action::Toggle);
    let trouble = Event::Trouble("The server refused UDP.".to_owned());
    assert_eq!(model.hear(news(vec![trouble, Event::State(State::Ready)])), []);
    assert_eq!(model.trouble.as_deref(), Some("The server refused UDP."));
    assert!(model.advice().contains("goes on"));
    assert!(Model::default().advice().contains("address"), "nothing was described");
    model.ask(Action::Dismiss);
    assert_eq!(model.trouble, None);
}

#[test]
fn a_seek_goes_on_from_there_or_waits_for_play() {
    let mut playing = in_state(State::Playing);
    assert_eq!(playing.ask(Action::Seek(AT_7)), [Order::Play(Some(AT_7))]);
    assert_eq!(playing.ask(Action::Skip(5)), [Order::Play(Some(Duration::from_secs(12)))]);
    assert_eq!(playing.ask(Action::Skip(-100)), [Order::Play(Some(Duration::ZERO))]);
    let past = Action::Seek(Duration::from_secs(1000));
    assert_eq!(playing.ask(past), [Order::Play(Some(Duration::from_secs(60)))]);

    let mut paused = in_state(State::Ready);
    assert_eq!(paused.ask(Action::Seek(AT_7)), []);
    assert_eq!(paused.place(), AT_7);
    assert_eq!(paused.ask(Action::Toggle), [Order::Play(Some(AT_7))]);
    paused.see(Some(AT_7 + AT_7));
    assert_eq!(paused.place(), AT_7 + AT_7, "it moves on from there");
}

#[test]
fn what_is_live_cannot_be_sought() {
    let mut live = described(None);
    live.hear(news(vec![Event::State(State::Playing)]));
    assert_eq!(live.duration(), None);
    assert_eq!(live.ask(Action::Skip(5)), []);
    assert_eq!(live.ask(Action::Seek(AT_7)), []);
}

#[test]
fn after_the_end_play_starts_from_the_beginning() {
    let mut model = in_state(State::Playing);
    model.see(Some(Duration::from_secs(60)));
    model.hear(news(vec![Event::Ended]));
    assert!(!model.is_playing());
    assert_eq!(model.offer(Button::Play), Offer::Next);
    assert_eq!(model.offer(Button::Pause), Offer::Disabled);
    assert_eq!(model.caption().unwrap().0, "The end");
    assert_eq!(model.ask(Action::Toggle), [Order::Play(Some(Duration::ZERO))]);
    assert!(model.is_playing());
}

#[test]
fn another_clip_plays_at_once_if_this_one_did() {
    let mut model = in_state(State::Playing);
    model.hear(news(vec![Event::Clips(vec!["live".to_owned()])]));
    let choose = Action::Choose("live".to_owned());
    assert_eq!(model.ask(choose.clone()), [Order::Open("live".to_owned())]);
    assert_eq!((model.state, model.clips.len()), (State::Init, 1));
    let about = Event::Described(About::default());
    assert_eq!(model.hear(news(vec![about])), [Order::Setup]);
    assert_eq!(model.hear(news(vec![Event::State(State::Ready)])), [Order::Play(None)]);

    let mut paused = in_state(State::Ready);
    paused.ask(choose);
    let about = Event::Described(About::default());
    assert_eq!(paused.hear(news(vec![about])), []);
}

#[test]
fn captions_say_where_it_stands_and_what_to_do() {
    let caption = |model: &Model| model.caption().map(|(large, small)| [large, small]);
    let said = |large: &str, small: &str| Some([large.to_owned(), small.to_owned()]);
    assert_eq!(caption(&Model::default()), said("Connecting …", ""));
    let mut model = in_state(State::Init);
    assert_eq!(caption(&model), said("movie.Mjpeg", "Press Setup, then Play. Space does both."));
    model.hear(news(vec![Event::State(State::Ready), Event::Transport(Lower::Tcp)]));
    assert_eq!(caption(&model), said("Set up over TCP", "Press Play."));
    model.hear(news(vec![Event::State(State::Playing)]));
    assert_eq!(caption(&model), said("Waiting for the first picture …", ""));
    model.see(None);
    assert_eq!(caption(&model), None);
    model.hear(news(vec![Event::State(State::Ready)]));
    assert_eq!(caption(&model), said("Paused", "Nothing is sent."));
    model.ask(Action::Press(Button::Teardown));
    model.hear(news(vec![Event::State(State::Init)]));
    assert_eq!(caption(&model).unwrap()[0], "Torn down");
    assert_eq!(model.transport, None);
}
