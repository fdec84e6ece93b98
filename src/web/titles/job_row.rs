//! The work on titles in words: how it stands, how long it still takes, why it failed and what helps.

use std::time::{Duration, SystemTime};

use super::super::document::escape;
use super::super::words;
use super::help::help;
use super::icon::icon;
use super::shown::left_s;
use crate::library::jobs::Job;
use crate::store::job::{KeptJob, KeptStep, State};

/// How a job stands, in one line.
pub(super) fn standing(job: &KeptJob) -> String {
    match job.state {
        State::Waiting if job.attempts > 0 => words::JOBS_AGAIN.to_owned(),
        State::Waiting => words::JOBS_WAITING.to_owned(),
        State::Running => {
            let percent = (job.progress / 10).to_string();
            words::JOBS_RUNNING.replace("{step}", &step(&job.step)).replace("{percent}", &percent)
        }
        State::Done => words::JOBS_DONE.to_owned(),
        State::Failed => words::JOBS_FAILED.to_owned(),
        State::Cancelled => words::JOBS_CANCELLED.to_owned(),
    }
}

/// What a step does, as people say it.
fn step(name: &str) -> String {
    match name.split_once(' ') {
        Some(("encode", what)) => words::JOBS_STEP_ENCODE.replace("{what}", what),
        None if name == "probe" => words::JOBS_STEP_PROBE.to_owned(),
        None if name == "package" => words::JOBS_STEP_PACKAGE.to_owned(),
        None if name.is_empty() => words::JOBS_STEP_NONE.to_owned(),
        _ => name.to_owned(),
    }
}

/// How much of its step is done.
pub(super) fn progress(job: &KeptJob) -> String {
    format!(
        "<progress class=\"progress\" max=\"1000\" value=\"{}\" aria-label=\"{}\"></progress>",
        job.progress,
        escape(&step(&job.step))
    )
}

/// How rows of jobs are shown.
pub(super) struct Looks<'a> {
    pub(super) now: SystemTime,
    /// The server's root from there.
    pub(super) root: &'a str,
    /// Whether their titles are named.
    pub(super) names: bool,
    /// Why nothing is done, if that is so.
    pub(super) why_not: Option<&'a str>,
}

/// A job in a list of them.
pub(super) fn row(job: &Job, looks: &Looks<'_>) -> String {
    let (kept, id) = (&job.kept, job.kept.id);
    let title = &job.title.kept;
    let called = match looks.names {
        true => format!(
            "<a class=\"job-title\" href=\"{}library/{}\">{}</a>",
            looks.root,
            title.id,
            escape(&title.details.title)
        ),
        false => String::new(),
    };
    let state = kept.state.as_str();
    format!(
        "<li class=\"job\" data-id=\"{id}\" data-state=\"{state}\"><div class=\"rest\">\
         <p class=\"job-head\">{called}<span class=\"badge {look}\">{recipe}</span></p>\
         <p class=\"job-standing muted number\">{standing}</p>{bar}{words}{steps}</div>\
         <div class=\"job-actions\">{actions}</div></li>\n",
        look = look(kept.state),
        recipe = escape(recipe(kept)),
        standing = escape(&with_left(job, looks.now)),
        bar = if kept.state == State::Running { progress(kept) } else { String::new() },
        words = why(kept, looks.why_not),
        steps = steps(&job.steps),
        actions = actions(kept.state),
    )
}

fn recipe(job: &KeptJob) -> &'static str {
    match job.recipe.as_str() {
        "ladder" => words::JOBS_LADDER,
        _ => words::JOBS_PUBLISH,
    }
}

fn look(state: State) -> &'static str {
    match state {
        State::Failed => "danger",
        State::Done => "success",
        State::Running => "warning",
        State::Waiting | State::Cancelled => "",
    }
}

fn with_left(job: &Job, now: SystemTime) -> String {
    let standing = standing(&job.kept);
    match left_s(job, now) {
        Some(left) => {
            let left = shown(Duration::from_secs(left));
            format!("{standing} \u{b7} {}", words::JOBS_LEFT.replace("{time}", &left))
        }
        None => standing,
    }
}

/// As in *40 s*, *5 min*, *2 h*.
fn shown(left: Duration) -> String {
    let seconds = left.as_secs();
    match seconds {
        0..90 => words::SHARED_SECONDS.replace("{count}", &seconds.to_string()),
        90..5400 => words::SHARED_MINUTES.replace("{count}", &(seconds.div_ceil(60)).to_string()),
        _ => words::SHARED_HOURS.replace("{count}", &(seconds.div_ceil(3600)).to_string()),
    }
}

/// Why it failed, or the last try did, and what helps.
fn why(job: &KeptJob, why_not: Option<&str>) -> String {
    if job.words.is_empty() || matches!(job.state, State::Done | State::Cancelled) {
        return String::new();
    }
    let said = format!("<p class=\"job-why\">{}</p>", escape(&job.words));
    match help(&job.words, why_not) {
        Some(help) => format!("{said}<p class=\"job-help muted\">{}</p>", escape(help)),
        None => said,
    }
}

/// What was done, and how long each of it took.
fn steps(steps: &[KeptStep]) -> String {
    let ended = |one: &KeptStep| {
        let took = one.ended?.duration_since(one.began).ok()?;
        let said = match one.words.as_str() {
            "" => String::new(),
            said => format!(": {}", escape(said)),
        };
        Some(format!(
            "<li>{} <span class=\"muted number\">{}</span>{said}</li>",
            escape(&step(&one.name)),
            escape(&shown(took))
        ))
    };
    let done: String = steps.iter().filter_map(ended).collect();
    match done.as_str() {
        "" => done,
        _ => format!(
            "<details class=\"job-steps\"><summary>{}</summary><ol>{done}</ol></details>",
            escape(words::JOBS_STEPS)
        ),
    }
}

fn actions(state: State) -> String {
    let button = |act: &str, name: &str, word: &str| {
        format!(
            "<button class=\"button well live-only\" type=\"button\" data-do=\"{act}\">{}{}</button>",
            icon(name, ""),
            escape(word)
        )
    };
    match state {
        State::Waiting | State::Running => button("cancel", "x", words::JOBS_CANCEL),
        State::Failed | State::Cancelled => button("retry", "rotate-cw", words::JOBS_RETRY),
        State::Done => String::new(),
    }
}
