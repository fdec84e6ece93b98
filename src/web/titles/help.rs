//! What to change so that a job succeeds that failed, in plain words. Pure.

use super::super::words;

/// What helps against what a job said last, or against why none is done; `None` if that is not known.
pub(super) fn help(said: &str, why_not: Option<&str>) -> Option<&'static str> {
    // Where nothing is done, that is what to change first.
    let known = |said: &str| {
        let said = said.to_lowercase();
        HELP.iter().find(|(parts, _)| parts.iter().any(|part| said.contains(part)))
    };
    let of_server = why_not.map(|why| known(why).map_or(words::JOBS_HELP_CAGE, |(_, help)| help));
    of_server.or_else(|| (!said.is_empty()).then(|| known(said).map(|(_, help)| *help))?)
}

/// What a job says, in small letters, and what helps then. The first that fits counts.
const HELP: [(&[&str], &str); 9] = [
    (&["there is no ffmpeg", "there is no ffprobe", "apt install ffmpeg"], words::JOBS_HELP_TOOL),
    (&["no space left", "disk is full", "quota exceeded"], words::JOBS_HELP_DISK),
    (&["cage"], words::JOBS_HELP_CAGE),
    (&["was deleted"], words::JOBS_HELP_DELETED),
    (&["av1, which is not encrypted"], words::JOBS_HELP_AV1),
    (
        &["cannot be decoded", "nothing decodes", "unknown decoder", "decoder not found"],
        words::JOBS_HELP_CODEC,
    ),
    (&["it took longer than", "larger than it may"], words::JOBS_HELP_TOO_MUCH),
    (
        &["not a video", "no video", "is a picture", "is an archive", "is a playlist", "is text"],
        words::JOBS_HELP_NO_VIDEO,
    ),
    (
        &["ends before", "copied whole", "invalid data", "moov atom", "broken"],
        words::JOBS_HELP_BROKEN,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_job_says_leads_to_what_helps() {
        for (said, helps) in [
            (
                "probe: there is no ffmpeg on this machine: `apt install ffmpeg` brings it",
                words::JOBS_HELP_TOOL,
            ),
            ("encode 360p: No space left on device (os error 28)", words::JOBS_HELP_DISK),
            ("probe: the cage could not be entered: no landlock", words::JOBS_HELP_CAGE),
            ("the file that it is made of was deleted", words::JOBS_HELP_DELETED),
            ("a.mp4 is AV1, which is not encrypted here", words::JOBS_HELP_AV1),
            ("probe: This is a PDF, not a video.", words::JOBS_HELP_NO_VIDEO),
            (
                "probe: The file ends before its index: was it copied whole?",
                words::JOBS_HELP_BROKEN,
            ),
            ("encode 360p: it took longer than 60 s", words::JOBS_HELP_TOO_MUCH),
        ] {
            assert_eq!(help(said, None), Some(helps), "{said}");
        }
        assert_eq!(help("", None), None, "nothing was said");
        assert_eq!(help("the moon is full", None), None);
        assert_eq!(help("", Some("there is no landlock here")), Some(words::JOBS_HELP_CAGE));
        assert_eq!(
            help("", Some("there is no ffmpeg on this machine")),
            Some(words::JOBS_HELP_TOOL)
        );
    }
}
