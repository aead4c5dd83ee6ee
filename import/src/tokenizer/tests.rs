use proptest::prelude::*;
use serde_json::json;

use super::structure::Prefix;
use super::*;

fn checkpoint(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoints").join(name)
}

fn tokenizer_json(name: &str) -> Value {
    source::json(&checkpoint(name).join("tokenizer.json")).unwrap().unwrap()
}

/// Reads a changed `tokenizer.json` with unchanged settings.
fn read(json: &Value, rows: u32, config: &Value) -> Result<Tokenizer> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), json.to_string()).unwrap();
    Tokenizer::read(folder.path(), rows, config)
}

#[test]
fn families_are_told_by_their_structure() {
    let gpt2 = Kind::Bytes { pre: "gpt-2", nfc: true };
    let bytes = |pre, nfc| Kind::Bytes { pre, nfc };
    for (name, kind) in [
        ("slimlm", gpt2),
        ("smollm", bytes("smollm", false)),
        ("llama3", bytes("llama-bpe", false)),
        ("qwen2", bytes("qwen2", true)),
        ("phi3", bytes("gpt-4o", false)),
        ("mistral", Kind::Pieces { prefix: Prefix::Stretches }),
        ("tinyllama", Kind::Pieces { prefix: Prefix::Stretches }),
        ("phi3-mini", Kind::Pieces { prefix: Prefix::Stretches }),
        ("mistral-metaspace", Kind::Pieces { prefix: Prefix::Start }),
        ("gemma2", Kind::Pieces { prefix: Prefix::None }),
    ] {
        assert_eq!(structure::identify(&tokenizer_json(name)).unwrap(), kind, "{name}");
    }
}

#[test]
fn metaspace_says_where_a_space_is_put() {
    let mut json = tokenizer_json("mistral-metaspace");
    let always = json!({"type": "Metaspace", "replacement": "▁", "split": false});
    for (fields, prefix) in [
        (json!({"prepend_scheme": "never"}), Prefix::None),
        (json!({"add_prefix_space": false}), Prefix::None),
        (json!({"prepend_scheme": "first"}), Prefix::Start),
        (json!({"prepend_scheme": "always"}), Prefix::BareStretches),
        (json!({"add_prefix_space": true}), Prefix::BareStretches),
    ] {
        let both = always.as_object().unwrap().iter().chain(fields.as_object().unwrap());
        json["pre_tokenizer"] = both.map(|(key, value)| (key.clone(), value.clone())).collect();
        assert_eq!(structure::identify(&json).unwrap(), Kind::Pieces { prefix }, "{fields}");
    }
}

#[test]
fn what_the_agent_must_do_is_in_the_file() {
    let config = json!({"eos_token_id": 1});
    let words = |name: &str| Tokenizer::read(&checkpoint(name), 420, &config).unwrap().normalizer().join(" ");
    let expected = [
        ("slimlm", "nfc"),
        ("mistral", ""),
        ("gemma2", ""),
        ("mistral-metaspace", "prefix-start"),
        ("phi3-mini", "strip"),
    ];
    for (name, expected) in expected {
        assert_eq!(words(name), expected, "{name}");
    }
    let strips = Tokenizer::read(&checkpoint("phi3-mini"), 420, &config).unwrap().vocabulary.strips;
    assert_eq!(strips, ["</s>", "<|assistant|>", "<|end|>", "<|user|>"]);
}

#[test]
fn other_structures_are_refused() {
    let mut changes: Vec<(&str, &str, Value)> = vec![
        ("smollm", "/model/type", json!("Unigram")),
        ("smollm", "/model/ignore_merges", json!(true)),
        ("llama3", "/model/ignore_merges", json!(false)),
        ("smollm", "/model/dropout", json!(0.1)),
        ("smollm", "/model/continuing_subword_prefix", json!("##")),
        ("smollm", "/normalizer", json!({"type": "Lowercase"})),
        ("slimlm", "/normalizer", json!({"type": "NFKC"})),
        ("slimlm", "/pre_tokenizer/add_prefix_space", json!(true)),
        ("smollm", "/pre_tokenizer/pretokenizers/0/individual_digits", json!(false)),
        ("qwen2", "/pre_tokenizer/pretokenizers/0/pattern/Regex", json!("\\p{N}+|.")),
        ("qwen2", "/pre_tokenizer/pretokenizers/0/behavior", json!("Removed")),
        ("mistral", "/normalizer", Value::Null),
        ("mistral", "/pre_tokenizer", json!({"type": "Metaspace", "prepend_scheme": "first"})),
        ("mistral", "/post_processor", json!({"type": "RobertaProcessing"})),
        ("smollm", "/added_tokens/0/lstrip", json!(true)),
        ("smollm", "/added_tokens/0/single_word", json!(true)),
        ("smollm", "/added_tokens/0/id", json!(999)),
        ("smollm", "/added_tokens/0/id", json!(7)),
        ("smollm", "/model/merges/0", json!("never seen")),
        ("smollm", "/model/merges/0", json!(["a"])),
        ("smollm", "/model/merges", Value::Null),
        ("smollm", "/model/vocab", json!([])),
        ("smollm", "/model/vocab/a", json!(-1)),
        ("smollm", "/model/vocab/a", json!(u64::MAX)),
        ("smollm", "/model/vocab/a", json!(7)),
    ];
    // A vocabulary that is not closed has no scores.
    let merges = tokenizer_json("mistral")["model"]["merges"].as_array().unwrap().clone();
    changes.push(("mistral", "/model/merges", json!(merges[1..])));
    let config = json!({"eos_token_id": 1});
    for (name, place, value) in changes {
        let mut json = tokenizer_json(name);
        if json.pointer(place).is_none() {
            let (parent, key) = place.rsplit_once('/').unwrap();
            json.pointer_mut(parent).unwrap()[key] = Value::Null;
        }
        *json.pointer_mut(place).unwrap() = value;
        let error = read(&json, 500, &config).expect_err(place).to_string();
        assert!(!error.contains('\n') && error.contains("tokenizer"), "{place}: {error}");
    }
}

#[test]
fn what_llama_cpp_does_otherwise_is_refused_by_name() {
    let normalizer = "this normalizer is not supported";
    let mut changes = vec![
        ("mistral", "/normalizer/normalizers/1/content", json!("_"), normalizer),
        ("mistral", "/normalizer", json!({"type": "NFKC"}), normalizer),
        ("mistral-metaspace", "/normalizer", json!({"type": "NFC"}), normalizer),
        ("mistral", "/model/ignore_merges", json!(true), "ignore_merges"),
        ("mistral", "/added_tokens/1/normalized", json!(true), "\"<s>\" has normalized=true"),
        ("gemma2", "/added_tokens/10/normalized", json!(true), "\"▁▁\" has normalized=true"),
        ("mistral-metaspace", "/pre_tokenizer/split", json!(true), "split=false"),
        ("mistral-metaspace", "/pre_tokenizer/replacement", json!("_"), "another replacement than ▁"),
        ("mistral-metaspace", "/pre_tokenizer/prepend_scheme", json!("sometimes"), "this Metaspace"),
        ("mistral-metaspace", "/added_tokens/1", json!({"id": 410, "content": " x"}), "begins with a space"),
        ("phi3-mini", "/added_tokens/3/content", json!(" <|end|>"), "begins with a space"),
        ("phi3-mini", "/added_tokens/3/content", json!("<|user|>x"), "begins with \"<|user|>\""),
        ("phi3-mini", "/added_tokens/3/single_word", json!(true), "single_word=true"),
    ];
    let model = tokenizer_json("mistral")["model"].clone();
    let (mut gap, mut merged) = (model.clone(), model);
    gap["vocab"].as_object_mut().unwrap().remove("<0xE4>");
    // That of `A` is not needed.
    gap["vocab"].as_object_mut().unwrap().remove("<0x41>");
    changes.push(("mistral", "/model", gap, "without a token <0xE4>"));
    merged["vocab"]["<0x41>a"] = json!(410);
    merged["merges"].as_array_mut().unwrap().push(json!(["<0x41>", "a"]));
    changes.push(("mistral", "/model", merged, "one of which is a byte"));
    for (name, place, value, words) in changes {
        let mut json = tokenizer_json(name);
        *json.pointer_mut(place).unwrap() = value;
        let error = read(&json, 500, &json!({"eos_token_id": 2})).expect_err(place).to_string();
        assert!(error.contains(words), "{place}: {error}");
    }
}

#[test]
fn tokens_have_their_types_and_rows_are_padded() {
    let config = json!({"eos_token_id": [1, 2]});
    let read_it = read(&tokenizer_json("slimlm"), 400, &config).unwrap();
    let types = &read_it.vocabulary.types;
    assert_eq!(types.len(), 400);
    let id = |token: &str| read_it.vocabulary.id(token).unwrap() as usize;
    assert_eq!((types[id("<|endoftext|>")], types[id("  ")], types[399]), (3, 4, 5));
    let pieces = read(&tokenizer_json("mistral"), 400, &config).unwrap();
    let id = |token: &str| pieces.vocabulary.id(token).unwrap() as usize;
    let types = &pieces.vocabulary.types;
    assert_eq!((types[id("<unk>")], types[id("<s>")], types[id("<0x0A>")], types[id("▁")]), (2, 3, 6, 1));
    let error = read(&tokenizer_json("smollm"), 290, &config).unwrap_err().to_string();
    assert!(error.contains("the embedding has 290 rows"), "{error}");
}

type Change<'a> = &'a dyn Fn(&mut Value);

/// Tokens beyond the embedding's rows (305 of smollm's checkpoint are needed).
#[test]
fn tokens_that_no_text_comes_to_need_no_row() {
    let config = json!({"eos_token_id": 1});
    let smollm = tokenizer_json("smollm");
    let rows =
        1 + smollm["model"]["vocab"].as_object().unwrap().values().filter_map(Value::as_u64).max().unwrap();
    let rows = u32::try_from(rows).unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut json = smollm.clone();
        change(&mut json);
        read(&json, rows, &config)
    };
    let push = |json: &mut Value, place: &str, value: Value| {
        json.pointer_mut(place).unwrap().as_array_mut().unwrap().push(value);
    };
    let special = |json: &mut Value, content: &str, special: bool| {
        push(json, "/added_tokens", json!({"id": 9000, "content": content, "special": special}));
    };
    // A padding token that trainers add, and a word that no merge makes, alone or in a merge.
    let padding = changed(&|json| special(json, "[PAD]", true)).unwrap();
    let note = padding.notes().unwrap();
    assert!(note.contains("\"[PAD]\" (id 9000) left out"), "{note}");
    assert!(!padding.added().contains(&"[PAD]".to_owned()));
    let word = changed(&|json| json["model"]["vocab"]["abcdefgh"] = json!(9000)).unwrap();
    assert_eq!((word.notes().is_some(), word.vocabulary.tokens.len()), (true, rows as usize));
    let both = changed(&|json| {
        json["model"]["vocab"]["[PAD]"] = json!(9000);
        special(json, "[PAD]", true);
    });
    assert_eq!(both.unwrap().vocabulary.left_out.len(), 1);
    let part = changed(&|json| {
        json["model"]["vocab"]["xyxyxy"] = json!(9000);
        push(json, "/model/merges", json!("xyxyxy a"));
    });
    assert!(part.is_ok(), "{part:?}");
    assert!(changed(&|_| {}).unwrap().notes().is_none());

    // What a text comes to is refused: a character, what a merge makes, a plain added token, one
    // with two ids, one that the template puts.
    let cases: [(&str, Change<'_>); 4] = [
        ("\"€\"", &|json| json["model"]["vocab"]["€"] = json!(9000)),
        ("\"zqzq\"", &|json| {
            json["model"]["vocab"]["zqzq"] = json!(9000);
            push(json, "/model/merges", json!("zq zq"));
        }),
        ("\"plain\"", &|json| special(json, "plain", false)),
        ("\"a\"", &|json| special(json, "a", true)),
    ];
    for (token, change) in cases {
        let error = changed(change).expect_err(token).to_string();
        assert!(error.contains(token) && error.contains("--tokenizer"), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut json = smollm.clone();
    special(&mut json, "<|user|>", true);
    std::fs::write(folder.path().join("tokenizer.json"), json.to_string()).unwrap();
    std::fs::write(folder.path().join("chat_template.jinja"), "<|user|>{{ messages }}").unwrap();
    let error = Tokenizer::read(folder.path(), rows, &config).unwrap_err().to_string();
    assert!(error.contains("<|user|>") && error.contains("chat template"), "{error}");
    // Looked up whole, every word of the vocabulary is reached.
    let mut json = tokenizer_json("llama3");
    json["model"]["vocab"]["abcdefgh"] = json!(9000);
    assert!(read(&json, 420, &config).is_err());
}

#[test]
fn a_template_is_read_as_python_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let json = tokenizer_json("smollm").to_string();
    let wide: Vec<u8> = format!("\u{feff}{json}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(folder.path().join("tokenizer.json"), wide).unwrap();
    std::fs::write(folder.path().join("chat_template.jinja"), "\u{feff}{{ a }}\r\n{{ b }}").unwrap();
    let read = Tokenizer::read(folder.path(), 420, &json!({"eos_token_id": 1})).unwrap();
    assert_eq!(read.template.as_deref(), Some("{{ a }}\n{{ b }}"));
    std::fs::write(folder.path().join("chat_template.jinja"), b"abc\xff").unwrap();
    let error = Tokenizer::read(folder.path(), 420, &json!({"eos_token_id": 1})).unwrap_err().to_string();
    assert!(error.contains("chat_template.jinja is not UTF-8 text at byte 3"), "{error}");
}

#[test]
fn what_begins_and_ends_texts_is_known() {
    let config = json!({"eos_token_id": 1, "bos_token_id": 0});
    let specials = |name: &str| Tokenizer::read(&checkpoint(name), 420, &config).unwrap().specials;
    let shown = |name: &str| format!("{:?}", specials(name));
    assert!(
        shown("llama3").contains("begin: Some(0), end: 2") && shown("llama3").contains("add_begin: true")
    );
    assert!(shown("smollm").contains("add_begin: false"));
    assert!(
        shown("mistral").contains("begin: Some(1), end: 2") && shown("mistral").contains("add_begin: true")
    );
    let error = read(&tokenizer_json("smollm"), 320, &Value::Null).unwrap_err().to_string();
    assert!(error.contains("eos_token"), "{error}");
    let template = Tokenizer::read(&checkpoint("smollm"), 320, &config).unwrap().template;
    assert!(template.unwrap().contains("<|im_start|>"));
}

proptest! {
    #[test]
    fn any_value_anywhere_is_survived(
        name in prop::sample::select(vec!["smollm", "mistral", "mistral-metaspace", "phi3-mini", "llama3"]),
        place in prop::sample::select(vec![
            "/model", "/model/vocab", "/model/merges", "/model/merges/3", "/added_tokens", "/added_tokens/0",
            "/added_tokens/0/id", "/normalizer", "/pre_tokenizer", "/post_processor",
        ]),
        value in prop_oneof![
            any::<i64>().prop_map(|value| json!(value)),
            ".{0,12}".prop_map(|value| json!(value)),
            Just(json!([])), Just(json!({})), Just(Value::Null), Just(json!([["a", "b"]])),
            Just(json!({"type": "Sequence", "processors": [{"type": "Sequence"}]})),
        ],
    ) {
        let mut json = tokenizer_json(name);
        if let Some(found) = json.pointer_mut(place) {
            *found = value;
        }
        match read(&json, 420, &json!({"eos_token_id": 1})) {
            Ok(tokenizer) => { let _ = tokenizer.reference(); }
            Err(error) => prop_assert!(!error.to_string().contains('\n')),
        }
    }
}
