//! `bench outputs`: what the models wrote, beside what they were asked.

use super::Outcome;
use crate::{
    args::{OutputFormat, OutputsArgs},
    show::{data, json as print_json, note},
};
use slm_plan::{
    error::{Error, Result},
    text::clean,
};
use slm_report::outputs::{Answer, read, text};
use slm_results::manifest::Manifest;

/// Runs the command.
pub(super) fn run(args: &OutputsArgs) -> Result<Outcome> {
    let manifest = Manifest::read_without_trials(&args.folder)?;
    let outputs = read(&args.folder, &manifest.plan.input.prompts, |_| true)?;
    if outputs.damaged > 0 {
        let file = args.folder.join("events.jsonl");
        let what =
            format!("bench: {} lines of {} cannot be read and are left out", outputs.damaged, file.display());
        note(&clean(&what));
    }
    let answers = chosen(args, outputs.answers)?;
    match args.output.output {
        OutputFormat::Text => data(&text(&answers)),
        OutputFormat::Json => print_json(&answers)?,
    }
    Ok(Outcome::Done)
}

/// The answers asked for. That there are none is a mistake in what was asked.
fn chosen(args: &OutputsArgs, answers: Vec<Answer>) -> Result<Vec<Answer>> {
    let folder = args.folder.display();
    if answers.is_empty() {
        let what = format!("no trial in {folder} has an output");
        return Err(Error::input(
            clean(&what),
            "go on with --resume, or look into its trials.csv for what failed",
        ));
    }
    for (option, asked, has) in [
        ("--model", &args.model, has_name as fn(&Answer, &str) -> bool),
        ("--prompt", &args.prompt, |answer, id| answer.prompt_id == id),
    ] {
        let unknown = asked.iter().find(|asked| !answers.iter().any(|answer| has(answer, asked.as_str())));
        if let Some(unknown) = unknown {
            let what = format!("{option} {unknown}: {folder} has no outputs of that name");
            return Err(Error::input(clean(&what), clean(&format!("it has {}", names(option, &answers)))));
        }
    }
    let is_chosen = |answer: &Answer| {
        let named = |asked: &[String], has: fn(&Answer, &str) -> bool| {
            asked.is_empty() || asked.iter().any(|asked| has(answer, asked))
        };
        named(&args.model, has_name)
            && named(&args.prompt, |answer, id| answer.prompt_id == id)
            && args.chunks.as_ref().is_none_or(|list| answer.chunks.is_some_and(|k| list.0.contains(&k)))
    };
    let chosen: Vec<Answer> = answers.into_iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        let what = format!("{folder} has no outputs that all of --model, --prompt and --chunks ask for");
        return Err(Error::input(clean(&what), "leave one of them out"));
    }
    without_random(args, chosen)
}

/// Leaves the text of random weights out, unless its model was named.
fn without_random(args: &OutputsArgs, answers: Vec<Answer>) -> Result<Vec<Answer>> {
    if !args.model.is_empty() {
        return Ok(answers);
    }
    let (random, real): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(Answer::is_random);
    match (random.first(), real.is_empty()) {
        (Some(first), true) => {
            let what = "all models here have synthetic weights: what they write is random";
            Err(Error::input(
                what,
                clean(&format!("name one to see it all the same, as --model {}", first.model)),
            ))
        }
        (Some(_), false) => {
            note(&clean(&format!(
                "bench: {} left out: their weights are synthetic, and what they write is random",
                names("--model", &random)
            )));
            Ok(real)
        }
        (None, _) => Ok(real),
    }
}

/// Whether a model goes by a name: its own, without `.gguf`, or a part of it.
fn has_name(answer: &Answer, asked: &str) -> bool {
    answer.model.to_lowercase().contains(&asked.to_lowercase())
}

/// Names of models or of prompts, each once.
fn names(option: &str, answers: &[Answer]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for answer in answers {
        let name = if option == "--model" { answer.model.as_str() } else { answer.prompt_id.as_str() };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}
