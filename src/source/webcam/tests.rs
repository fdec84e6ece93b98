use super::*;

fn node(index: u32, name: &str, part: u32) -> Node {
    Node {
        index,
        path: Some(format!("/dev/video{index}").into()),
        name: Some(name.to_owned()),
        by_id: None,
        bus: None,
        part,
    }
}

fn numbers(webcam: &Webcam, nodes: &[Node]) -> Vec<u32> {
    webcam.candidates(nodes).iter().map(|node| node.index).collect()
}

#[test]
fn selectors_are_read() {
    assert_eq!(Selector::parse("webcam"), Some(Selector::First));
    assert_eq!(Selector::parse("webcam:2"), Some(Selector::Index(2)));
    let path = Selector::Path("/dev/v4l/by-id/usb-x-video-index0".into());
    assert_eq!(Selector::parse("/dev/v4l/by-id/usb-x-video-index0"), Some(path));
    for other in ["webcam:", "webcam:-1", "webcam:x", "webcams", "clip.mjpeg", "", "/devices/x"] {
        assert_eq!(Selector::parse(other), None, "{other}");
    }
}

#[test]
fn the_first_camera_is_tried_before_metadata_nodes() {
    let nodes = [node(0, "A", 1), node(1, "A", 0), node(2, "B", 0)];
    assert_eq!(numbers(&Webcam::new(Selector::First, Settings::default()), &nodes), [1, 2, 0]);
    assert_eq!(numbers(&Webcam::new(Selector::Index(2), Settings::default()), &nodes), [2]);
    assert_eq!(
        numbers(&Webcam::new(Selector::Path("/dev/video0".into()), Settings::default()), &nodes),
        [0]
    );
    assert!(numbers(&Webcam::new(Selector::Index(7), Settings::default()), &nodes).is_empty());
}

#[test]
fn a_known_camera_is_found_under_another_number() {
    for selector in [Selector::First, Selector::Index(0), Selector::Path("/dev/video0".into())] {
        let mut webcam = Webcam::new(selector, Settings::default());
        let nodes = [node(0, "A", 0), node(2, "B", 0)];
        webcam.remember(&nodes[0], &nodes);
        assert_eq!(webcam.name(), "A");
        assert_eq!(numbers(&webcam, &[node(2, "B", 0), node(4, "A", 0)]), [4]);
    }
}

#[test]
fn a_camera_that_stood_beside_is_never_taken_for_the_known_one() {
    let mut webcam = Webcam::new(Selector::First, Settings::default());
    let nodes = [node(0, "A", 0), node(2, "B", 0)];
    webcam.remember(&nodes[0], &nodes);
    assert!(numbers(&webcam, &nodes[1..]).is_empty());
    assert_eq!(numbers(&webcam, &[node(2, "B", 0), node(3, "New", 0)]), [3]);
}
