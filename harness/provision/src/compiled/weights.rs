//! `tensor-cache.json` and the shards that it names. The list is the work of strangers:
//! a path in it must not lead out of the folder, here or on a phone.

use super::files::{GET, json};
use serde::Deserialize;
use slm_plan::{
    error::{Error, Result},
    text::clean,
};
use std::{
    fs,
    path::{Component, Path},
};

/// The list of weights.
pub(super) const LIST: &str = "tensor-cache.json";

/// The list, as far as it is needed.
#[derive(Deserialize)]
pub(super) struct Cache {
    pub(super) records: Vec<Shard>,
}

/// A file of weights.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shard {
    pub(super) data_path: String,
    pub(super) nbytes: u64,
    records: Vec<Tensor>,
}

#[derive(Deserialize)]
struct Tensor {
    name: String,
    shape: Vec<u64>,
}

impl Cache {
    /// The list of a folder, every shard there in its full size.
    ///
    /// # Errors
    /// [`Error::Input`] that names the file that is wrong.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        if !folder.join(LIST).exists() && folder.join("ndarray-cache.json").exists() {
            let what = format!("{} has ndarray-cache.json, as an older MLC-LLM wrote it", folder.display());
            let remedy = "convert the weights with a version that writes tensor-cache.json";
            return Err(Error::input(what, remedy));
        }
        let cache: Self = json(&folder.join(LIST))?;
        for shard in &cache.records {
            within(folder, &shard.data_path, LIST)?;
            let path = folder.join(&shard.data_path);
            let size = fs::metadata(&path).map_err(|error| Error::reading(&path, &error))?.len();
            if size != shard.nbytes {
                let what = format!("{} has {size} bytes, and {LIST} says {}", path.display(), shard.nbytes);
                return Err(Error::input(what, "copy or make the folder again"));
            }
        }
        Ok(cache)
    }

    /// Bytes of all shards.
    pub(super) fn bytes(&self) -> u64 {
        self.records.iter().fold(0, |sum, shard| sum.saturating_add(shard.nbytes))
    }

    /// Parameters of packed weights; scales of groups are not counted.
    pub(super) fn parameters(&self, quantization: &str) -> u64 {
        let digits: String = quantization.chars().skip(1).take_while(char::is_ascii_digit).collect();
        let in_a_word = 32 / digits.parse::<u64>().ok().filter(|bits| (1..=32).contains(bits)).unwrap_or(4);
        let tensors = self.records.iter().flat_map(|shard| &shard.records);
        let counted = tensors.map(|tensor| {
            let elements = tensor.shape.iter().fold(1u64, |product, size| product.saturating_mul(*size));
            match tensor.name.rsplit('.').next() {
                Some("q_weight") => elements.saturating_mul(in_a_word),
                Some("q_scale" | "q_zeros") => 0,
                _ => elements,
            }
        });
        counted.fold(0, u64::saturating_add)
    }
}

/// Refuses a path that a file of the folder names and that leads out of it.
pub(super) fn within(folder: &Path, name: &str, told_by: &str) -> Result<()> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let is_printable = !name.chars().any(char::is_control);
    // Components leave a dot or a slash at the end out, which a phone's shell would not.
    let rejoined: Vec<_> =
        Path::new(name).components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let whole = !name.is_empty() && rejoined.join("/") == name;
    if whole && is_printable && Path::new(name).components().all(is_plain) {
        return Ok(());
    }
    let what = format!(
        "{} names '{}', which is no path within the folder",
        folder.join(told_by).display(),
        clean(name)
    );
    Err(Error::input(what, GET))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folder(data_path: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let list = serde_json::json!({"records": [{"dataPath": data_path, "nbytes": 3, "records": []}]});
        fs::write(folder.path().join(LIST), list.to_string()).unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        for name in ["params_shard_0.bin", "sub/a b.bin"] {
            fs::write(folder.path().join(name), "abc").unwrap();
        }
        folder
    }

    #[test]
    fn a_shard_lies_in_the_folder_or_is_refused() {
        for good in ["params_shard_0.bin", "sub/a b.bin"] {
            assert_eq!(Cache::read(folder(good).path()).unwrap().bytes(), 3);
        }
        for bad in [
            "../x",
            "/etc/passwd",
            "sub/../../x",
            "",
            ".",
            "./x",
            "sub/",
            "sub//a b.bin",
            "a\nb",
            "..",
            "sub/.",
        ] {
            let error = Cache::read(folder(bad).path()).err().unwrap().to_string();
            assert!(error.contains("no path within the folder"), "{bad:?}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
        let missing = Cache::read(folder("gone.bin").path()).err().unwrap().to_string();
        assert!(missing.contains("gone.bin"), "{missing}");
    }

    proptest! {
        #[test]
        fn no_path_that_passes_leaves_the_folder(name in "[./a\\\\\u{0}-\u{2} ]{0,12}") {
            let folder = Path::new("/f");
            if within(folder, &name, LIST).is_ok() {
                let joined = folder.join(&name);
                prop_assert!(joined.starts_with(folder) && !joined.components().any(|part| part == Component::ParentDir));
                prop_assert!(joined != folder);
            }
        }
    }
}
