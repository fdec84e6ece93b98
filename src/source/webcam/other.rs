//! Stands in for `linux.rs` where the system tells less: nokhwa's own list, nothing more.

use std::path::Path;

use nokhwa::utils::ApiBackend;

use super::identity::{Holder, Node, visible};

/// The cameras that nokhwa finds.
pub(super) fn nodes() -> Vec<Node> {
    // macOS asks the person once; until then nothing is found, and it is tried again.
    nokhwa::nokhwa_initialize(|_| {});
    let found = nokhwa::query(ApiBackend::Auto).unwrap_or_default();
    let mut nodes: Vec<Node> = found
        .into_iter()
        .filter_map(|camera| {
            Some(Node {
                index: camera.index().as_index().ok()?,
                path: None,
                name: Some(visible(&camera.human_name())),
                by_id: None,
                bus: Some(camera.misc().into()),
                part: 0,
            })
        })
        .collect();
    nodes.sort_by_key(|node| node.index);
    nodes
}

/// Cameras have no paths here.
pub(super) fn index_of(_path: &Path) -> Option<u32> {
    None
}

/// Not told here.
pub(super) fn holders(_device: &Path) -> Vec<Holder> {
    Vec::new()
}

/// What a person does who may not open a camera.
pub(super) fn denied_advice() -> &'static str {
    "Allow this program the camera in the system's privacy settings."
}
