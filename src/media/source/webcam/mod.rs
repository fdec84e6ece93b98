//! Webcam.
