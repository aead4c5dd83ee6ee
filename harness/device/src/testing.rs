//! The fake phone as a shell of this crate.

use crate::{LinkError, Shell, ShellOutput};
pub(crate) use slm_testkit::fake_phone::FakePhone as TestPhone;
use std::time::Duration;

impl Shell for TestPhone {
    fn run(&self, script: &str, timeout: Duration) -> Result<ShellOutput, LinkError> {
        let timed_out = || LinkError::TimedOut { serial: "test".into(), seconds: timeout.as_secs() };
        let ended = self.run(script, timeout).ok_or_else(timed_out)?;
        Ok(ShellOutput { code: ended.code, stdout: ended.stdout, stderr: ended.stderr })
    }
}
