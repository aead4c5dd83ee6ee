//! A repository's list of files, as the hub tells it or as the cache holds it.

use super::{Commit, FileName, HubError, RepoId, listed_file::ListedFile};
use serde::Deserialize;

/// The files of one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) commit: Commit,
    pub(super) files: Vec<ListedFile>,
}

#[derive(Deserialize)]
struct Answer {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
}

/// What is pulled for an import, each with whether it may be missing.
const TEXTS: [&str; 11] = [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "chat_template.jinja",
    "chat_template.json",
];

impl Listing {
    /// Reads the hub's answer. One name that leads out of the repository's folder, and
    /// nothing of the answer is believed.
    pub(super) fn parse(repo: &RepoId, text: &[u8]) -> Result<Self, HubError> {
        let answer: Answer = serde_json::from_slice(text).map_err(|error| {
            HubError::Odd(format!("the list of files of {repo} is not understood: {error}"))
        })?;
        let file = |sibling: Sibling| -> Result<ListedFile, HubError> {
            Ok(ListedFile { name: sibling.rfilename.parse()?, bytes: sibling.size })
        };
        let files: Result<Vec<_>, _> = answer.siblings.into_iter().map(file).collect();
        Ok(Self { commit: answer.sha.parse()?, files: files? })
    }

    /// The GGUF files.
    pub(super) fn gguf(&self) -> Vec<ListedFile> {
        self.files.iter().filter(|file| file.name.is_gguf()).cloned().collect()
    }

    /// The files that an import reads: configuration, tokenizer and one set of weights.
    pub(super) fn for_import(&self, repo: &RepoId) -> Result<Vec<FileName>, HubError> {
        let lacks = |lacks| Err(HubError::NothingUsable { repo: repo.clone(), lacks });
        let named = |name: &str| self.files.iter().any(|file| file.name.as_str() == name);
        if !named("config.json") {
            return lacks("config.json");
        }
        let weights =
            [("model", ".safetensors"), ("pytorch_model", ".bin")].into_iter().find_map(|(stem, end)| {
                let of_set = |name: &FileName| is_of_set(name.as_str(), stem, end);
                let set: Vec<FileName> =
                    self.files.iter().map(|file| &file.name).filter(|name| of_set(name)).cloned().collect();
                set.iter().any(|name| !name.as_str().ends_with(".index.json")).then_some(set)
            });
        let Some(mut files) = weights else {
            return lacks("weights (model.safetensors or pytorch_model.bin)");
        };
        files.extend(
            self.files.iter().map(|file| &file.name).filter(|name| TEXTS.contains(&name.as_str())).cloned(),
        );
        files.sort();
        Ok(files)
    }
}

/// Whether a name is `STEM.END`, `STEM-00001-of-00002.END` or `STEM.END.index.json`.
fn is_of_set(name: &str, stem: &str, end: &str) -> bool {
    let Some(rest) = name.strip_prefix(stem) else { return false };
    if rest == end || rest.strip_prefix(end) == Some(".index.json") {
        return true;
    }
    let shard = rest.strip_prefix('-').and_then(|rest| rest.strip_suffix(end));
    let number = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    shard.and_then(|shard| shard.split_once("-of-")).is_some_and(|(one, all)| number(one) && number(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn listing(names: &[&str]) -> Result<Listing, HubError> {
        let siblings: Vec<_> = names.iter().map(|name| json!({"rfilename": name})).collect();
        let answer = json!({"sha": "0".repeat(40), "siblings": siblings, "private": false});
        Listing::parse(&"a/b".parse().unwrap(), answer.to_string().as_bytes())
    }

    fn import(names: &[&str]) -> Result<Vec<String>, String> {
        let files = listing(names).unwrap().for_import(&"a/b".parse().unwrap());
        files.map(|files| files.iter().map(ToString::to_string).collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_import_takes_one_set_of_weights_and_no_more() {
        let names = [
            "README.md",
            "config.json",
            "model.safetensors",
            "onnx/model.onnx",
            "pytorch_model.bin",
            "tokenizer.json",
            "original/consolidated.00.pth",
        ];
        assert_eq!(import(&names).unwrap(), ["config.json", "model.safetensors", "tokenizer.json"]);
        let shards = [
            "config.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
            "model.fp16.safetensors",
        ];
        assert_eq!(import(&shards).unwrap().len(), 4);
        let bins = ["config.json", "pytorch_model.bin", "model.safetensors.index.json"];
        assert_eq!(import(&bins).unwrap(), ["config.json", "pytorch_model.bin"]);
        assert!(import(&["model.safetensors"]).unwrap_err().contains("config.json"));
        assert!(import(&["config.json", "README.md"]).unwrap_err().contains("weights"));
    }

    #[test]
    fn a_hostile_name_spoils_the_whole_list() {
        for name in ["../../x", "/etc/passwd", "a/../../x", "a\\..\\x", ""] {
            assert!(matches!(listing(&["config.json", name]), Err(HubError::Name(_))), "{name}");
        }
        for text in ["", "[]", "{}", "{\"sha\": 1}", "{\"sha\": \"main\", \"siblings\": []}"] {
            let error = Listing::parse(&"a/b".parse().unwrap(), text.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains('\n'), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic(
            text in ".{0,200}",
            name in ".{0,40}",
            size in any::<i64>(),
        ) {
            let repo: RepoId = "a/b".parse().unwrap();
            let _ = Listing::parse(&repo, text.as_bytes());
            let answer = json!({"sha": "a".repeat(40), "siblings": [{"rfilename": name, "size": size}]});
            if let Ok(listing) = Listing::parse(&repo, answer.to_string().as_bytes()) {
                let _ = (listing.gguf(), listing.for_import(&repo));
            }
        }
    }
}
