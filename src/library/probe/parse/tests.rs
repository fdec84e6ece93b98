use super::*;

const CAPTURED: &[u8] = include_bytes!("../../../../tests/data/library/ffprobe.json");

/// A film of one stream, with these fields beside those that it must have.
fn with(fields: &str) -> Source {
    let json = format!(
        r#"{{"streams":[{{"index":0,"codec_type":"video","codec_name":"h264","width":720,"height":576{fields}}}],"format":{{"format_name":"mov"}}}}"#
    );
    parse(json.as_bytes()).expect("it is what ffprobe prints")
}

fn video(fields: &str) -> Video {
    with(fields).video.expect("it has a picture")
}

#[test]
fn what_ffprobe_printed_of_a_real_film_is_read() {
    let source = parse(CAPTURED).expect("it was captured");
    assert_eq!((source.duration_s, source.start_s), (13.013, 0.0));
    let video = source.video.expect("it has a picture");
    assert_eq!((video.width, video.height, video.rotation), (640, 360, Rotation::Quarter));
    assert_eq!((video.codec.as_str(), video.profile.as_str(), video.level), ("h264", "Main", 30));
    assert_eq!(video.rate, Some(Rate { count: 30_000, seconds: 1001 }));
    assert_eq!((video.varies, video.timescale), (false, Some(30_000)));
    assert_eq!((video.fields, video.aspect), (Fields::Whole, PixelAspect::SQUARE));
    let [audio] = &source.audio[..] else { panic!("{:?}", source.audio) };
    assert_eq!((audio.language.as_deref(), audio.channels, audio.rate), (Some("deu"), 1, 44_100));
    assert!(audio.default && source.subtitles.is_empty() && source.cover.is_none());
}

#[test]
fn what_ends_early_is_none_at_every_byte() {
    for cut in 0..CAPTURED.trim_ascii_end().len() {
        assert_eq!(parse(&CAPTURED[..cut]), None, "cut at {cut}");
    }
}

#[test]
fn what_a_stranger_wrote_into_a_file_has_bounds() {
    for fields in [
        r#","sample_aspect_ratio":"0:1""#,
        r#","sample_aspect_ratio":"99999999999:1""#,
        r#","sample_aspect_ratio":"1:5000""#,
        r#","sample_aspect_ratio":7"#,
    ] {
        assert_eq!(video(fields).aspect, PixelAspect::SQUARE, "{fields}");
    }
    assert_eq!(video(r#","avg_frame_rate":"0/0""#).rate, None);
    assert_eq!(video(r#","time_base":"1/0""#).timescale, None);
    assert_eq!(video(r#","bit_rate":"999999999999999999""#).bits_per_sec, None);
    assert_eq!(
        video(r#","side_data_list":[{"rotation":-9223372036854775808}]"#).rotation,
        Rotation::Half
    );
    let huge = r#","width":99999999"#;
    assert_eq!(with(huge).video, None, "no picture is so wide");
    let long = format!(r#","codec_name":"{}""#, "x".repeat(1000));
    assert_eq!(video(&long).codec, "");
    assert_eq!(parse(br#"{"streams":{},"format":{}}"#), None);
    let endless = br#"{"streams":[],"format":{"format_name":"mov","duration":"1e300"}}"#;
    assert_eq!(parse(endless).expect("it is what ffprobe prints").duration_s, 0.0);
}

#[test]
fn how_a_picture_is_to_be_shown_is_read() {
    for (degrees, rotation) in [
        // It is mirrored or moved.
        (0, Rotation::Half),
        (90, Rotation::Quarter),
        (-90, Rotation::Quarter),
        (180, Rotation::Half),
        (270, Rotation::Quarter),
    ] {
        let fields = format!(r#","side_data_list":[{{}},{{"rotation":{degrees}}}]"#);
        assert_eq!(video(&fields).rotation, rotation, "{degrees}");
    }
    assert_eq!(video(r#","side_data_list":[{"max_bitrate":0}]"#).rotation, Rotation::Level);
    assert_eq!(video(r#","field_order":"tt""#).fields, Fields::Interlaced);
    assert_eq!(video(r#","field_order":"progressive""#).fields, Fields::Whole);
    assert_eq!(video(r#","color_transfer":"smpte2084""#).colour, Colour::Perceptual);
    assert_eq!(video(r#","color_transfer":"arib-std-b67""#).colour, Colour::HybridLog);
    assert_eq!(video(r#","color_primaries":"bt2020""#).colour, Colour::Wide);
    assert_eq!(
        video(r#","sample_aspect_ratio":"64:45""#).aspect,
        PixelAspect { width: 64, height: 45 }
    );
    let rates =
        |mean, least| video(&format!(r#","avg_frame_rate":"{mean}","r_frame_rate":"{least}""#));
    assert!(!rates("25/1", "25/1").varies);
    assert!(rates("487/20", "90000/1").varies);
    assert!(rates("0/0", "0/0").varies, "what is not known may");
}

#[test]
fn streams_are_told_apart() {
    let json = br#"{"format":{"format_name":"matroska"},"streams":[
        {"index":0,"codec_type":"video","codec_name":"mjpeg","width":500,"height":500,"disposition":{"attached_pic":1}},
        {"index":1,"codec_type":"video","codec_name":"h264","width":64,"height":64,"disposition":{"default":0}},
        {"index":2,"codec_type":"video","codec_name":"h264","width":640,"height":360,"disposition":{"default":1}},
        {"index":3,"codec_type":"audio","codec_name":"aac","sample_rate":"48000","channels":2,"tags":{"language":"und"}},
        {"index":4,"codec_type":"audio","codec_name":"ac3","sample_rate":"48000","channels":6,"tags":{"language":"fra","title":"Version\u202e longue\n"}},
        {"index":5,"codec_type":"subtitle","codec_name":"subrip","tags":{"language":"eng"}},
        {"index":6,"codec_type":"subtitle","codec_name":"hdmv_pgs_subtitle"},
        {"index":7,"codec_type":"data"}]}"#;
    let source = parse(json).expect("it is what ffprobe prints");
    assert_eq!(source.video.expect("it has a picture").index, 2, "the default one");
    assert_eq!(source.cover, Some(0));
    let languages: Vec<_> = source.audio.iter().map(|audio| audio.language.as_deref()).collect();
    assert_eq!(languages, [None, Some("fra")]);
    let shown = source.audio[1].title.clone().unwrap_or_default();
    assert!(!shown.contains(['\u{202e}', '\n']), "{shown:?}");
    assert_eq!(source.subtitles.iter().map(|words| words.index).collect::<Vec<_>>(), [5]);
}
