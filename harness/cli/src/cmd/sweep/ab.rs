//! `bench ab`: a sweep of two settings that ends when their difference is known.

use super::{measure, prepare, study::Study};
use crate::{
    args::{AbArgs, OutputFormat},
    cmd::{Outcome, chat_template},
    interrupt,
    show::{self, note},
};
use slm_decide::ab::{AbTest, Answer};
use slm_plan::{
    Plan,
    error::{Error, Result},
    interrupt::Interrupt,
    text::seconds,
};
use slm_report::ab;
use slm_results::{schema::TrialRow, write::replace};
use slm_sweep::store::{SweepEvent, Tables};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Runs the command.
pub(in crate::cmd) fn run(args: &AbArgs) -> Result<Outcome> {
    let interrupt = interrupt::listen()?;
    let mut requests = args.requests()?;
    let template = args.common.chat_template.as_deref().map(chat_template::read).transpose()?;
    for request in &mut requests {
        request.output.template.clone_from(&template);
    }
    let study = Study::Ab(Box::new(requests));
    let Some(mut ready) = prepare::prepare(&args.common, &study, &interrupt)? else {
        return Ok(Outcome::Done);
    };
    let mut session = Session::new(args, &ready.plan, &interrupt);
    let ends = measure(&mut ready, &interrupt, false, &mut |tables, event| session.watch(tables, event))?;
    let Session { test, blocks, start, .. } = session;
    write(&test, ready.store.folder())?;
    show_end(args, &test, blocks, start.elapsed())?;
    note(&format!("\nResults: {}/ (ab.json, and the files of a sweep)", ready.store.folder().display()));
    if let Some(lost) = super::finish::lost_device(&ready, ends) {
        return Err(lost);
    }
    if interrupt.is_set() && !interrupt.is_enough() {
        return Ok(Outcome::Interrupted);
    }
    Ok(outcome(args, &test))
}

/// A gate that cannot tell does not pass.
fn outcome(args: &AbArgs, test: &AbTest) -> Outcome {
    let has = |answer| test.looks().any(|look| look.is_tested && look.answer == answer);
    let fails = has(Answer::Regressed) || has(Answer::Open) || test.looks().next().is_none();
    match (args.fail_on_regression && fails, test.looks().next().is_none()) {
        (true, _) => Outcome::Regressed,
        (false, true) => Outcome::SomeFailed,
        (false, false) => Outcome::Done,
    }
}

/// The session as blocks come in.
struct Session<'a> {
    interrupt: &'a Interrupt,
    max_time: Duration,
    start: Instant,
    /// Measured trials of a block.
    trials_per_block: usize,
    test: AbTest,
    blocks: u32,
}

impl<'a> Session<'a> {
    fn new(args: &AbArgs, plan: &Plan, interrupt: &'a Interrupt) -> Self {
        let of_block = plan.trials.iter().filter(|trial| trial.run == 1 && !trial.warmup);
        Self {
            interrupt,
            max_time: args.max_time,
            start: Instant::now(),
            trials_per_block: of_block.count(),
            test: AbTest::new(args.detect),
            blocks: 0,
        }
    }

    fn watch(&mut self, tables: &Tables, event: &SweepEvent) {
        if !matches!(event, SweepEvent::TrialFinished { .. } | SweepEvent::TrialLost { .. }) {
            return;
        }
        let block = self.blocks + 1;
        let rows: Vec<&TrialRow> = tables.rows().filter(|row| row.run == block && !row.warmup).collect();
        if rows.len() < self.trials_per_block {
            return;
        }
        self.blocks = block;
        let time = self.start.elapsed().as_secs_f64() / self.max_time.as_secs_f64();
        self.test.add_block(&rows, time);
        note(&ab::block_line(block, &self.test));
        if self.test.is_decided() || time >= 1.0 {
            self.interrupt.enough();
        }
    }
}

fn show_end(args: &AbArgs, test: &AbTest, blocks: u32, time: Duration) -> Result<()> {
    match args.common.output.output {
        OutputFormat::Json => show::json(&ab::json(test)),
        OutputFormat::Text => {
            let runs = if blocks == 1 { "1 run" } else { &format!("{blocks} runs") };
            let time = seconds(time.as_secs_f64());
            show::data(&format!(
                "{}\nafter {runs} of each in {time}: {}\n",
                ab::table(test),
                ab::verdict(test)
            ));
            Ok(())
        }
    }
}

fn write(test: &AbTest, folder: &Path) -> Result<()> {
    let path = folder.join("ab.json");
    let bytes =
        serde_json::to_vec_pretty(&ab::json(test)).map_err(|error| Error::Internal(error.to_string()))?;
    replace(&path, &bytes).map_err(|error| Error::writing(&path, &error))
}
