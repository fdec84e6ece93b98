//! Icons in markup that the server writes itself: those of the page's sprite.

/// An icon of this name, which the page's document has in a `<template>`; `size` is none, `small` or
/// `large`.
pub(super) fn icon(name: &str, size: &str) -> String {
    format!("<svg class=\"icon {size}\" aria-hidden=\"true\"><use href=\"#i-{name}\"/></svg>")
}
