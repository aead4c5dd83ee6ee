//! The JSON that the engine takes: its configuration and the prompts.

use crate::engine::generator::GenerateRequest;
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
pub(super) fn configuration(configuration: &Configuration<'_>) -> Value {
    let mut config = json!({
        "model": configuration.model,
        "model_lib": configuration.library,
        "mode": "interactive",
        "max_num_sequence": 1,
        "max_single_sequence_length": configuration.context,
        "max_total_sequence_length": configuration.context,
        "prefix_cache_mode": "disable",
        "speculative_mode": "disable",
        "verbose": false,
    });
    if let Some(chunk) = configuration.chunk {
        config["prefill_chunk_size"] = chunk.into();
    }
    config
}

/// A prompt, to be answered greedily.
pub(super) fn chat(request: &GenerateRequest<'_>) -> Value {
    let message = |role: &str, content: &str| json!({"role": role, "content": content});
    let system = request.system.map(|text| message("system", text));
    let messages: Vec<Value> = system.into_iter().chain([message("user", request.text)]).collect();
    json!({
        "messages": messages,
        "model": "",
        "stream": true,
        "n": 1,
        "max_tokens": request.max_new_tokens,
        "temperature": 0.0,
        "top_p": 1.0,
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
        "seed": 0,
        "debug_config": {"ignore_eos": request.ignore_end},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_sent_as_it_is_and_nothing_is_kept_for_the_next_one() {
        let request = GenerateRequest {
            text: "say \"hi\"\n",
            system: Some("be brief"),
            max_new_tokens: 5,
            ignore_end: true,
            deadline: None,
        };
        let sent = chat(&request);
        assert_eq!(sent["messages"][0]["content"], "be brief");
        assert_eq!(sent["messages"][1]["content"], "say \"hi\"\n");
        assert_eq!((&sent["max_tokens"], &sent["temperature"]), (&json!(5), &json!(0.0)));
        assert_eq!(sent["debug_config"]["ignore_eos"], true);
        assert_eq!(chat(&GenerateRequest { system: None, ..request })["messages"][0]["role"], "user");
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
