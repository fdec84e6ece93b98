//! Which method is allowed when (RFC 2326 Appendix A.2).
//!
//! One session's, from SETUP to TEARDOWN. Does not keep time: a session that
//! its time-out ends is back in [`State::Init`].

use super::{Method, Status};

/// Where a session stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing is set up.
    #[default]
    Init,
    /// Set up, or paused.
    Ready,
    /// Packets leave.
    Playing,
}

impl State {
    /// The state that `method` leads to, once it has been carried out.
    ///
    /// # Errors
    ///
    /// What a server answers: 455 for a method that is not allowed now, 405 for
    /// one that no session here allows, 501 for one that is not known.
    pub fn after(self, method: &Method) -> Result<Self, Status> {
        match (method, self) {
            // Not about the session, or keeping it alive.
            (
                Method::Options | Method::Describe | Method::GetParameter | Method::SetParameter,
                _,
            ) => Ok(self),
            (Method::Setup, Self::Init) => Ok(Self::Ready),
            // Asks for another transport; packets go on meanwhile.
            (Method::Setup, _) => Ok(self),
            (Method::Play, Self::Ready | Self::Playing) => Ok(Self::Playing),
            (Method::Pause, Self::Playing) => Ok(Self::Ready),
            (Method::Teardown, _) => Ok(Self::Init),
            (Method::Play | Method::Pause, _) => Err(Status::MethodNotValidInThisState),
            (Method::Announce | Method::Record | Method::Redirect, _) => {
                Err(Status::MethodNotAllowed)
            }
            (Method::Other(_), _) => Err(Status::NotImplemented),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_lead_where_the_appendix_says() {
        use State::{Init, Playing, Ready};
        let not_now = Err(Status::MethodNotValidInThisState);
        for (method, from_init, from_ready, from_playing) in [
            (Method::Setup, Ok(Ready), Ok(Ready), Ok(Playing)),
            (Method::Play, not_now, Ok(Playing), Ok(Playing)),
            (Method::Pause, not_now, not_now, Ok(Ready)),
            (Method::Teardown, Ok(Init), Ok(Init), Ok(Init)),
            (Method::GetParameter, Ok(Init), Ok(Ready), Ok(Playing)),
            (Method::Describe, Ok(Init), Ok(Ready), Ok(Playing)),
        ] {
            let found = [Init, Ready, Playing].map(|state| state.after(&method));
            assert_eq!(found, [from_init, from_ready, from_playing], "{method}");
        }
        assert_eq!(Ready.after(&Method::Record), Err(Status::MethodNotAllowed));
        let other = Method::Other("SWITCH".to_owned());
        assert_eq!(Ready.after(&other), Err(Status::NotImplemented));
    }
}
