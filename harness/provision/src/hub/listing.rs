//! A repository's list of files, as the hub tells it or as the cache holds it.

use super::{Commit, FileName, HubError, RepoId, listed_file::ListedFile};
use serde::Deserialize;
use slm_models::SplitName;

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

    /// The models in GGUF: the parts of a split one count as one, and what goes beside a
    /// model (projectors, adapters, importance matrices) is left out.
    pub(super) fn gguf(&self) -> Vec<ListedFile> {
        let mut models: Vec<ListedFile> = Vec::new();
        for file in self.files.iter().filter(|file| file.name.is_gguf() && !goes_beside(file.name.base())) {
            let first = SplitName::parse(file.name.as_str()).and_then(|split| split.all().next());
            let Some(name) = first.and_then(|first| first.parse::<FileName>().ok()) else {
                models.push(file.clone());
                continue;
            };
            match models.iter_mut().find(|model| model.name == name) {
                Some(model) => {
                    model.bytes = model.bytes.zip(file.bytes).map(|(all, own)| all.saturating_add(own));
                }
                None => models.push(ListedFile { name, bytes: file.bytes }),
            }
        }
        models
    }

    /// The files that an import reads: configuration, tokenizer and one set of weights.
    /// `index` gets a file of the repository that lists its shards.
    pub(super) fn for_import(
        &self,
        repo: &RepoId,
        index: &mut dyn FnMut(&FileName) -> Result<Vec<u8>, HubError>,
    ) -> Result<Vec<FileName>, HubError> {
        if !self.has("config.json") {
            return Err(self.nothing(repo, "config.json"));
        }
        let mut weights = None;
        for (single, extension) in WEIGHTS {
            weights = self.weights(repo, single, extension, index)?;
            if weights.is_some() {
                break;
            }
        }
        let Some(mut files) = weights else {
            return Err(self.nothing(repo, "weights (model.safetensors or pytorch_model.bin)"));
        };
        files.extend(
            self.files.iter().map(|file| &file.name).filter(|name| TEXTS.contains(&name.as_str())).cloned(),
        );
        files.sort();
        Ok(files)
    }

    /// A set of weights: the shards that an index lists, by whatever names, and the index; else
    /// the one file. Where a shard is not there, the set is none, as for folders.
    fn weights(
        &self,
        repo: &RepoId,
        single: &str,
        extension: &str,
        index: &mut dyn FnMut(&FileName) -> Result<Vec<u8>, HubError>,
    ) -> Result<Option<Vec<FileName>>, HubError> {
        let listed = format!("{single}.index.json");
        if self.has(&listed) {
            let name: FileName = listed.parse()?;
            let shards = slm_import::shards_of_index(&index(&name)?, &listed, extension)
                .map_err(|error| HubError::Index { repo: repo.clone(), problem: error.to_string() })?;
            if shards.iter().all(|shard| self.has(shard)) {
                let shards: Result<Vec<FileName>, _> = shards.iter().map(|shard| shard.parse()).collect();
                return Ok(Some([vec![name], shards?].concat()));
            }
        }
        Ok(if self.has(single) { Some(vec![single.parse()?]) } else { None })
    }

    fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.name.as_str() == name)
    }

    /// Why nothing here is of use, by what is there instead.
    fn nothing(&self, repo: &RepoId, lacks: &'static str) -> HubError {
        let any = |is: &dyn Fn(&str) -> bool| self.files.iter().any(|file| is(file.name.base()));
        let ends = |end: &'static str| any(&|name: &str| name.ends_with(end));
        let remedy = if any(&|name| name == "adapter_config.json") {
            "it is an adapter (LoRA): choose its base model, or a repository with both merged"
        } else if any(&|name| name == "model_index.json") {
            "it is a pipeline of diffusers, which writes no text: choose a text generator"
        } else if self.files.iter().any(|file| file.name.is_gguf() && goes_beside(file.name.base())) {
            "its GGUF files go beside a model (projector, adapter, importance matrix): choose the model's repository"
        } else if ends(".safetensors") || ends(".bin") || ends(".pth") || ends(".pt") {
            "its weights have names of their own: choose a repository in the form of transformers"
        } else if ends(".onnx") || ends(".h5") || ends(".msgpack") || ends(".tflite") || ends(".litertlm") {
            "its weights are for other engines: choose a repository with safetensors or GGUF"
        } else {
            "choose another repository"
        };
        HubError::NothingUsable { repo: repo.clone(), lacks, remedy }
    }
}

/// Weights in the order of preference: the name of one file, and the extension of shards.
const WEIGHTS: [(&str, &str); 2] = [("model.safetensors", ".safetensors"), ("pytorch_model.bin", ".bin")];

/// Words in the names of GGUF files that are no models themselves.
const BESIDE: [&str; 7] = ["mmproj", "imatrix", "lora", "adapter", "vocab", "controlvector", "tokenizer"];

/// Whether a GGUF file goes beside a model, by its name.
fn goes_beside(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| BESIDE.contains(&word))
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
        let files = listing(names).unwrap().for_import(&"a/b".parse().unwrap(), &mut |name| {
            // The shards of an index: all files of its kind in the list but the one that stands alone.
            let single = name.as_str().trim_end_matches(".index.json");
            let extension = single.rsplit('.').next().unwrap();
            let shards = names.iter().filter(|name| name.ends_with(extension) && **name != single);
            let map: serde_json::Map<String, _> =
                shards.enumerate().map(|(tensor, shard)| (tensor.to_string(), json!(shard))).collect();
            Ok(json!({ "weight_map": map }).to_string().into_bytes())
        });
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
        ];
        assert_eq!(import(&shards).unwrap().len(), 4);
        assert!(import(&["model.safetensors"]).unwrap_err().contains("config.json"));
        assert!(import(&["config.json", "README.md"]).unwrap_err().contains("weights"));
    }

    #[test]
    fn shards_have_the_names_that_the_index_gives_them() {
        for shards in [
            ["model-00001-of-000002.safetensors", "model-00002-of-000002.safetensors"],
            ["part_a.safetensors", "part_b.safetensors"],
            ["model-1-of-2.safetensors", "model-2-of-2.safetensors"],
        ] {
            let mut names = vec!["config.json", "model.safetensors.index.json"];
            names.extend(shards);
            let mut expected = names.clone();
            expected.sort_unstable();
            assert_eq!(import(&names).unwrap(), expected);
        }
        // An index of files that are not there gives way, as in SlimLM's repository.
        let files = |index: &'static [u8]| {
            let list =
                listing(&["config.json", "model.safetensors.index.json", "pytorch_model.bin"]).unwrap();
            list.for_import(&"a/b".parse().unwrap(), &mut |_| Ok(index.to_vec()))
        };
        let absent = files(br#"{"weight_map": {"a": "model-00001-of-00002.safetensors"}}"#).unwrap();
        assert_eq!(
            absent.iter().map(FileName::as_str).collect::<Vec<_>>(),
            ["config.json", "pytorch_model.bin"]
        );
        for index in [
            &b"{}"[..],
            b"[",
            br#"{"weight_map": {"a": "../x.safetensors"}}"#,
            br#"{"weight_map": {"a": 1}}"#,
        ] {
            let error = files(index).unwrap_err().to_string();
            assert!(error.starts_with("a/b: model.safetensors.index.json"), "{error}");
        }
    }

    #[test]
    fn what_goes_beside_a_model_is_not_taken_for_one() {
        let models = |names: &[&str]| {
            let found = listing(names).unwrap().gguf();
            found.iter().map(|file| file.name.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(models(&["m-Q4_K_M.gguf", "mmproj-m-f16.gguf", "imatrix.gguf"]), ["m-Q4_K_M.gguf"]);
        assert_eq!(models(&["m.gguf", "m.mmproj-Q8_0.gguf", "m-lora-f16.gguf"]), ["m.gguf"]);
        assert_eq!(models(&["mmproj.gguf", "ggml-vocab-llama.gguf"]), Vec::<String>::new());
        // Words that only sound like it stay.
        assert_eq!(models(&["flora-7b.gguf"]), ["flora-7b.gguf"]);
        assert_eq!(models(&["Q4/m.gguf", "Q8/m.gguf"]), ["Q4/m.gguf", "Q8/m.gguf"]);
        let parts = ["Q8/m-00002-of-00002.gguf", "Q8/m-00001-of-00002.gguf", "m-Q4_0.gguf"];
        assert_eq!(models(&parts), ["Q8/m-00001-of-00002.gguf", "m-Q4_0.gguf"]);
    }

    #[test]
    fn a_repository_without_a_model_says_what_it_is() {
        for (names, words) in [
            (&["adapter_config.json", "adapter_model.safetensors"][..], "it is an adapter"),
            (&["model_index.json", "unet/config.json"], "diffusers"),
            (&["config.json", "mmproj-f16.gguf"], "go beside a model"),
            (&["config.json", "consolidated.00.pth"], "names of their own"),
            (&["config.json", "onnx/model.onnx"], "other engines"),
            (&["config.json", "tf_model.h5"], "other engines"),
            (&["README.md"], "choose another repository"),
        ] {
            let error = import(names).unwrap_err();
            assert!(error.contains(words), "{error} should say {words}");
        }
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
                let _ = (listing.gguf(), listing.for_import(&repo, &mut |_| Ok(text.clone().into_bytes())));
            }
        }
    }
}
