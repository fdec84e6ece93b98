//! What everything may use: the clock, the one signal to end, the machine.

pub mod clock;
pub mod shutdown;
pub mod system;
