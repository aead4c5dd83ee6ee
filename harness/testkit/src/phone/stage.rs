//! A phone, a sandbox, and sweeps of the one in the other.

use super::{Stay, TestPhone};
use crate::{
    processes::{Live, signal, wait_until},
    results::Results,
    sandbox::{Ran, Sandbox, TINY},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustix::process::Signal;
use std::{thread, time::Duration};

/// Sixteen or so trials of some tens of milliseconds each: long enough to be hit, short enough to be repeated.
pub const OPTIONS: &str = "--chunks 0 --runs 1 --repetitions 3 --max-new-tokens 60 --threads 1";

/// One round of a fault.
pub struct Stage {
    // First, because it ends first: the thread is back before the network goes.
    _stay: Stay,
    /// The phone.
    pub phone: TestPhone,
    /// Where `bench` runs.
    pub sandbox: Sandbox,
    rng: ChaCha8Rng,
}

impl Stage {
    /// A phone to itself; the seed chooses the moments.
    pub fn set(seed: u64, phone_options: &[&str]) -> Self {
        let phone = TestPhone::start_with(phone_options);
        let mut sandbox = Sandbox::new();
        // An adb server that `bench` starts keeps its key there.
        sandbox.variables.push(("HOME", sandbox.path("tmp")));
        Self { _stay: phone.enter(), phone, sandbox, rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// The phone, for `--device`.
    pub fn device(&self) -> String {
        format!("serial:{}", self.phone.serial)
    }

    /// Starts a sweep of a tiny model.
    pub fn start(&self) -> Live {
        self.start_with(TINY, OPTIONS)
    }

    /// Starts a sweep of a model of its own.
    pub fn start_with(&self, model: &str, options: &str) -> Live {
        let device = self.device();
        let mut args = vec!["sweep", "--device", &device, "--out", "out", "--models", model];
        args.extend(options.split_whitespace());
        Live::start(&self.sandbox, &args)
    }

    /// `bench` with arguments, to its end.
    pub fn bench(&self, args: &[&str]) -> Ran {
        Live::start(&self.sandbox, args).wait()
    }

    /// A sweep from beginning to end.
    pub fn sweep(&self) -> Ran {
        self.start().wait()
    }

    /// Goes on with a sweep.
    pub fn resume(&self) -> Ran {
        self.bench(&["sweep", "--resume", "out"])
    }

    /// What the last command said on stderr.
    pub fn stderr(&self) -> String {
        std::fs::read_to_string(self.sandbox.path("stderr.txt")).expect("stderr")
    }

    /// The folder `out`.
    pub fn results(&self) -> Results {
        Results::of(&self.sandbox)
    }

    /// A random number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.rng.random_range(0..bound)
    }

    /// Waits for a random moment of a sweep: some time after its start, or after some of its trials and a while.
    pub fn await_moment(&mut self, live: &mut Live) {
        if self.rng.random_ratio(1, 3) {
            let pause = Duration::from_millis(self.below(3000));
            return thread::sleep(pause);
        }
        self.await_trials(live, 15);
    }

    /// Waits until some trials, fewer than `most`, have their rows, and a while.
    pub fn await_trials(&mut self, live: &mut Live, most: u64) {
        let trials = usize::try_from(1 + self.below(most - 1)).expect("few");
        let results = self.results();
        wait_until("trials", || results.torn_csv("trials.csv").len() >= trials || live.has_ended());
        thread::sleep(Duration::from_millis(self.below(120)));
    }

    /// Kills the host, which puts nothing in order, and the agent that would go on without it.
    pub fn kill_host_and_agent(&self, live: &mut Live) {
        signal(live.pid(), Signal::KILL);
        wait_until("the host's end", || live.has_ended());
        // It may have finished by then.
        self.phone.kill("slm-agent");
    }

    /// What is left on the phone beside models and agents: processes and files of ours.
    pub fn left_behind(&self) -> String {
        self.phone.connect();
        self.phone.shell(
            "ps | grep '[s]lm-agent-[0-9a-f]* run --job'; cd /data/local/tmp/slm-bench 2> /dev/null || exit 0; \
             find . -type f | grep -v -e '^./bin/slm-agent-[0-9a-f]*$' -e '^./models/[^/]*[.]gguf$' \
             -e '^./models/[^/]*[.]gguf[.]sha256$'; ls -d lock settings runs/* 2> /dev/null; true",
        )
    }

    /// Waits for an agent to work on the phone.
    pub fn await_agent(&self, live: &mut Live) {
        wait_until("an agent on the phone", || {
            let runs = self.phone.adb(&["shell", "ps | grep '[s]lm-agent.* run '"]);
            !runs.stdout.is_empty() || live.has_ended()
        });
    }
}

impl Drop for Stage {
    /// What a failed round said, which goes with the sandbox.
    #[expect(clippy::print_stdout, reason = "shown by the test runner with the failure")]
    fn drop(&mut self) {
        if thread::panicking() {
            let stderr = std::fs::read_to_string(self.sandbox.path("stderr.txt")).unwrap_or_default();
            println!("the last bench on {} said:\n{stderr}", self.phone.serial);
        }
    }
}
