//! The prompt for document assistance that the SlimLM paper fine-tunes its models
//! with (Table 13), over our own documents, with requests for its three tasks:
//! summary (SUMM), suggested questions (QS), an answer (QA).

use super::{BuiltPrompt, Context, PromptSet, chunks, set};
use slm_protocol::PromptContent;

/// Its name on the command line and in manifests.
pub(super) const NAME: &str = "docassist";

/// The tasks, each with one request for each document.
const TASKS: [(&str, &str); 3] = [
    ("summ", include_str!("../../../../prompts/docassist/summ.txt")),
    ("qs", include_str!("../../../../prompts/docassist/qs.txt")),
    ("qa", include_str!("../../../../prompts/docassist/qa.txt")),
];

/// The prompts of a cell: every task on the first `k` chunks of every document. With
/// 0 chunks the document is empty: what the frame alone costs.
pub(super) fn prompts(k: u8) -> Vec<BuiltPrompt> {
    let documents = PromptSet::builtin().documents;
    let of_task = |(task, requests): (&'static str, &str)| {
        let pairs = (1..).zip(set::lines(requests).into_iter().zip(&documents));
        let built = pairs.map(|(i, (request, document))| {
            let text = filled(&chunks::first_chunks(document, k), &request);
            BuiltPrompt {
                id: format!("{task}{i}-k{k}"),
                context: Context::Chunks(k),
                nominal_tokens: chunks::count(&text),
                content: PromptContent::Text { text },
            }
        });
        built.collect::<Vec<_>>()
    };
    TASKS.into_iter().flat_map(of_task).collect()
}

/// The paper's prompt around a document and a request.
fn filled(document: &str, request: &str) -> String {
    let frame = include_str!("../../../../prompts/docassist/prompt.txt").trim_end();
    let (before, rest) = frame.split_once("{{document}}").unwrap_or((frame, ""));
    let (between, after) = rest.split_once("{{request}}").unwrap_or((rest, ""));
    [before, document, between, request, after].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn text(prompt: &BuiltPrompt) -> &str {
        match &prompt.content {
            PromptContent::Text { text } => text,
            PromptContent::Exact { .. } => panic!("{} is not a text", prompt.id),
        }
    }

    #[test]
    fn a_cell_is_three_tasks_on_five_documents() {
        for k in 0..=5 {
            let prompts = prompts(k);
            assert_eq!(prompts.len(), 15);
            assert_eq!(prompts.iter().map(text).collect::<BTreeSet<_>>().len(), 15);
            for prompt in &prompts {
                assert!(
                    !text(prompt).contains("{{") && text(prompt).ends_with("</request>"),
                    "{}",
                    prompt.id
                );
                let document = 200 * u32::from(k);
                let frame = prompt.nominal_tokens - document;
                assert!((110..160).contains(&frame), "{}: {frame} tokens around the document", prompt.id);
            }
        }
        let prompts = prompts(1);
        assert_eq!((prompts[0].id.as_str(), prompts[14].id.as_str()), ("summ1-k1", "qa5-k1"));
        let document = &PromptSet::builtin().documents[4];
        let (before, after) = text(&prompts[14]).split_once("<document>\n").unwrap();
        assert!(before.contains("<intent>: [summarization question_suggestion question_answering]"));
        assert!(after.starts_with(&document[..400]));
        assert!(after.ends_with(
            "</document>\n\n<request>\nWhat was corrected in the minutes of the previous meeting?\n</request>"
        ));
    }

    #[test]
    fn what_is_asked_stands_in_the_first_chunk() {
        let answers = ["storm", "23:40", "11.86 million", "1.37", "23,700"];
        for (answer, document) in answers.into_iter().zip(PromptSet::builtin().documents) {
            assert!(chunks::first_chunks(&document, 2).contains(answer), "{answer}");
        }
    }
}
