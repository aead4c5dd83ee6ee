//! What the engine is given: its configuration and the prompts, as JSON.

use crate::engine::Question;
use serde_json::{Value, json};

/// What a model is loaded with.
pub(super) struct Configuration<'a> {
    /// Its folder.
    pub(super) model: &'a str,
    pub(super) library: &'a str,
    /// Tokens of the KV cache.
    pub(super) context: u32,
    /// Tokens of a prompt evaluated at once; `None`: what the folder says.
    pub(super) chunk: Option<u32>,
}

/// One sequence at a time, no prefix cache (a repeated prompt would cost nothing) and
/// no speculation.
pub(super) fn configuration(asked: &Configuration<'_>) -> Value {
    let mut config = json!({
        "model": asked.model,
        "model_lib": asked.library,
        "mode": "interactive",
        "max_num_sequence": 1,
        "max_single_sequence_length": asked.context,
        "max_total_sequence_length": asked.context,
        "prefix_cache_mode": "disable",
        "speculative_mode": "disable",
        "verbose": false,
    });
    if let Some(chunk) = asked.chunk {
        config["prefill_chunk_size"] = chunk.into();
    }
    config
}

/// A prompt, to be answered greedily.
pub(super) fn chat(question: &Question<'_>) -> Value {
    let message = |role: &str, content: &str| json!({"role": role, "content": content});
    let system = question.system.map(|text| message("system", text));
    let messages: Vec<Value> = system.into_iter().chain([message("user", question.text)]).collect();
    json!({
        "messages": messages,
        "model": "",
        "stream": true,
        "n": 1,
        "max_tokens": question.max_new_tokens,
        "temperature": 0.0,
        "top_p": 1.0,
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
        "seed": 0,
        "debug_config": {"ignore_eos": question.ignore_end},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_sent_as_it_is_and_nothing_is_kept_for_the_next_one() {
        let question = Question {
            text: "say \"hi\"\n",
            system: Some("be brief"),
            max_new_tokens: 5,
            ignore_end: true,
            deadline: None,
        };
        let request = chat(&question);
        assert_eq!(request["messages"][0]["content"], "be brief");
        assert_eq!(request["messages"][1]["content"], "say \"hi\"\n");
        assert_eq!((&request["max_tokens"], &request["temperature"]), (&json!(5), &json!(0.0)));
        assert_eq!(request["debug_config"]["ignore_eos"], true);
        assert_eq!(chat(&Question { system: None, ..question })["messages"][0]["role"], "user");
        let asked = Configuration { model: "/m", library: "/m/x.so", context: 512, chunk: None };
        let config = configuration(&asked);
        assert_eq!(
            (&config["prefix_cache_mode"], &config["max_num_sequence"]),
            (&json!("disable"), &json!(1))
        );
        assert!(config.get("prefill_chunk_size").is_none());
        assert_eq!(configuration(&Configuration { chunk: Some(64), ..asked })["prefill_chunk_size"], 64);
    }
}
