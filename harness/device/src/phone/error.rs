//! A link's error as the error of a command, or of a model's trials.

use crate::LinkError;
use slm_plan::error::Error;
use slm_protocol::Failure;
use slm_provision::StageError;

/// A link's error as the error of a command, with what the user can do.
pub(super) fn device_error(error: &LinkError) -> Error {
    let remedy = match error {
        LinkError::NoServer { .. } => "install adb (Android's platform-tools) and run `adb start-server`",
        LinkError::NoDevice { .. } => "`bench devices` lists what is attached",
        LinkError::Unauthorized { .. } => "answer the question on its screen and try again",
        LinkError::NotReady { .. } | LinkError::Lost { .. } | LinkError::TimedOut { .. } => {
            "check the cable or the network, and try again"
        }
        LinkError::NoSpace { .. } | LinkError::TooLarge { .. } | LinkError::Refused { .. } => {
            "see `bench devices`"
        }
    };
    Error::Device(format!("{error}; {remedy}"))
}

/// A link's error as the failure of a model's trials.
pub(super) fn stage_error(error: &LinkError) -> StageError {
    let failure = match error {
        LinkError::NoSpace { .. } | LinkError::TooLarge { .. } => Failure::DiskFull,
        LinkError::Refused { .. } => Failure::LoadFailed,
        _ => Failure::DeviceLost,
    };
    StageError { failure, message: error.to_string() }
}
