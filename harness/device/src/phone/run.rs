//! A run that goes on by itself on the phone. The host reads its journal from where
//! it left off, through shell commands that end within seconds, so that a lost link
//! costs nothing but time.

use super::{
    deliver::{QUICK, SOON},
    evidence::{self, Ended},
    journal::Journal,
    reach::{BackOff, Reach, succeeded},
    scripts,
    silence::Hearing,
};
use crate::{
    AgentRun, LinkError, Next, Silence, death,
    death::{Clue, Death},
    quote,
};
use slm_protocol::{AgentFacts, Event};
use slm_provision::local_agent::Exit;
use std::{
    thread,
    time::{Duration, Instant},
};

/// How often the journal is looked at. Each look starts a shell on the phone.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A phone that does not answer within this is frozen, or away, or too busy: the next
/// time it is given longer.
const ANSWER: Duration = Duration::from_secs(5);
const LONGEST_ANSWER: Duration = Duration::from_secs(20);
/// Silence after which it is asked whether the run is alive at all.
const SILENCE: Duration = Duration::from_secs(3);
/// How long a keeper may take to start.
const START: Duration = Duration::from_secs(20);
/// Read at once while catching up with a journal that has grown long, bytes.
const PORTION: u64 = 4 << 20;
/// How much of the agent's standard error is kept, bytes.
const STDERR_KEPT: usize = 8 << 10;

/// A detached run.
pub(super) struct PhoneRun {
    reach: Reach,
    folder: String,
    soc: Option<String>,
    /// When the agent started, by its own account.
    started_unix_ns: Option<u64>,
    journal: Journal,
    /// Whether more may be there than one portion.
    behind: bool,
    next_look: Instant,
    heard: Instant,
    hearing: Hearing,
    /// The keeper's number was not there yet when this run was begun.
    begun: Instant,
    away: Option<BackOff>,
    answer: Duration,
    lost: Option<LinkError>,
    ended: bool,
}

impl PhoneRun {
    pub(super) fn new(reach: Reach, folder: String, soc: Option<String>) -> Self {
        let now = Instant::now();
        Self {
            reach,
            folder,
            soc,
            started_unix_ns: None,
            journal: Journal::default(),
            behind: true,
            next_look: now,
            heard: now,
            hearing: Hearing::new(),
            begun: now,
            away: None,
            answer: ANSWER,
            lost: None,
            ended: false,
        }
    }

    /// Reads what is new, and whether the run has ended.
    fn look(&mut self) -> Result<(), LinkError> {
        let ask_alive = self.heard.elapsed() > SILENCE;
        let limit = self.behind.then_some(PORTION);
        let script = scripts::poll(&self.folder, self.journal.offset(), limit, ask_alive);
        let output = self.reach.link().run(&script, self.answer)?;
        succeeded(self.reach.serial(), &output)?;
        let (state, bytes) = split(&output.stdout);
        self.journal.feed(bytes);
        self.behind = limit == Some(bytes.len() as u64);
        if !bytes.is_empty() {
            self.heard = Instant::now();
            self.hearing.begin_anew();
            return Ok(());
        }
        let state = String::from_utf8_lossy(state);
        let has = |word: &str| state.split_whitespace().any(|known| known == word);
        let exited = state
            .split_whitespace()
            .any(|word| word.strip_prefix("exit=").is_some_and(|code| !code.is_empty()));
        let never_began = has("alive=starting") && self.begun.elapsed() > START;
        self.ended = exited || has("gone") || has("alive=no") || never_began;
        if ask_alive {
            // Asked again after as long a silence.
            self.heard = Instant::now();
            let process = state.split_once("state=").map_or("", |(_, process)| process.trim());
            if let Some(silence) = self.hearing.nothing(process).filter(|_| has("alive=yes")) {
                self.reach.tell_silent(silence);
            }
        }
        Ok(())
    }

    /// Looks, and keeps account of a phone that is away.
    fn look_patiently(&mut self) {
        let error = match self.look() {
            Ok(()) => {
                (self.away, self.answer) = (None, ANSWER);
                self.next_look = Instant::now() + if self.behind { Duration::ZERO } else { LOOK_EVERY };
                return;
            }
            Err(error) => error,
        };
        self.hearing.begin_anew();
        if self.away.is_none() && error.can_retry() {
            self.reach.tell_away(&error);
        }
        if matches!(error, LinkError::TimedOut { .. }) {
            self.answer = (self.answer * 2).min(LONGEST_ANSWER);
        }
        let back_off = self.away.get_or_insert_with(|| self.reach.back_off());
        match back_off.next().filter(|_| error.can_retry()) {
            Some(pause) => {
                self.next_look = Instant::now() + pause;
                self.reach.link().mend();
            }
            None => self.lost = Some(error),
        }
    }

    /// What the phone's log says of a death that its status leaves unclear. A log that
    /// cannot be read says nothing.
    fn investigate(&self, ended: &Ended) -> Option<Clue> {
        let pid = ended.pid.filter(|_| ended.is_unclear())?;
        let since_unix_s = self.started_unix_ns.map(|ns| ns as f64 / 1e9);
        let death = Death { pid, since_unix_s, oom_kills_before: None };
        death::investigate(self.reach.link(), &death).ok().flatten()
    }

    /// An event that is here already.
    fn ready(&mut self) -> Option<Next> {
        match self.journal.next()? {
            Ok(mut envelope) => {
                if let Event::Hello(facts) = &mut envelope.event {
                    self.started_unix_ns = Some(facts.started_unix_ns);
                    name_soc(facts, self.soc.as_deref());
                }
                Some(Next::Event(Box::new(envelope)))
            }
            Err(error) => Some(Next::Garbled(error)),
        }
    }
}

/// The kernel of a phone does not know the name of its SoC; the phone's properties do.
pub(super) fn name_soc(facts: &mut AgentFacts, soc: Option<&str>) {
    if let Some(soc) = soc {
        soc.clone_into(&mut facts.machine.cpu);
    }
}

/// The first line, and what follows it.
fn split(printed: &[u8]) -> (&[u8], &[u8]) {
    match printed.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&printed[..end], &printed[end + 1..]),
        None => (printed, &[]),
    }
}

impl AgentRun for PhoneRun {
    fn next(&mut self, wait: Duration) -> Next {
        let deadline = Instant::now() + wait;
        loop {
            if let Some(next) = self.ready() {
                return next;
            }
            if self.ended || self.lost.is_some() {
                return Next::Ended;
            }
            let now = Instant::now();
            if now >= self.next_look {
                self.look_patiently();
            } else if now >= deadline {
                return if self.away.is_some() { Next::Away } else { Next::Quiet };
            } else {
                thread::sleep(self.next_look.min(deadline) - now);
            }
        }
    }

    fn silence(&self) -> Option<&Silence> {
        self.hearing.silence()
    }

    fn stop(&mut self) {
        // A phone that is away goes on; a resumed sweep finds its run.
        let stopped = self.reach.patient_for(SOON).run(&scripts::stop(&self.folder), LONGEST_ANSWER);
        if let Err(error) = stopped {
            self.lost.get_or_insert(error);
        }
    }

    fn finish(self: Box<Self>) -> Exit {
        let away =
            |error: &LinkError| Exit { lost: Some(error.to_string()), is_gone: true, ..Exit::default() };
        if let Some(error) = &self.lost {
            return away(error);
        }
        let script = scripts::evidence(&self.folder, STDERR_KEPT);
        match self.reach.run(&script, QUICK) {
            Err(error) => away(&error),
            Ok(output) => {
                let ended = evidence::read(&output.text());
                let clue = self.investigate(&ended);
                let mut exit = ended.with(clue);
                exit.notes.extend(self.hearing.account());
                // All that was in it has been recorded.
                let _ = self.reach.run(&format!("rm -rf {}", quote(&self.folder)), QUICK);
                exit
            }
        }
    }
}
