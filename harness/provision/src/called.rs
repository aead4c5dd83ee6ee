//! What the models of a sweep are called in tables where their files have one name: makers put
//! quantizations into folders, `Q4_K_M/model.gguf` beside `Q8_0/model.gguf`.

use crate::{hub::Address, known::file_model_name, named::looks_like_file};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Names that tell such files apart, by what the user gave: the folder and the file. Empty
/// where that is of no help.
pub(crate) fn names(models: &[String]) -> BTreeMap<String, String> {
    let mut alike: BTreeMap<String, BTreeSet<(&String, PathBuf)>> = BTreeMap::new();
    for given in models {
        if let Some((place, name)) = place_and_name(given) {
            alike.entry(name).or_default().insert((given, place));
        }
    }
    let mut names = BTreeMap::new();
    for (name, files) in alike.iter().filter(|(_, files)| files.len() > 1) {
        let folder = |place: &Path| Some(place.parent()?.file_name()?.to_str()?.to_owned());
        let folders: BTreeSet<String> = files.iter().filter_map(|(_, place)| folder(place)).collect();
        let places: BTreeSet<&PathBuf> = files.iter().map(|(_, place)| place).collect();
        if folders.len() == files.len() && places.len() == files.len() {
            names.extend(
                files.iter().filter_map(|(given, place)| {
                    Some(((*given).clone(), format!("{}/{name}", folder(place)?)))
                }),
            );
        }
    }
    names
}

/// Where a file lies, and what its model is called by itself.
fn place_and_name(given: &str) -> Option<(PathBuf, String)> {
    let place = match given.strip_prefix("hf:") {
        Some(address) => {
            let Address { repo, file, .. } = address.parse().ok()?;
            Path::new(repo.as_str()).join(file?.as_str())
        }
        None if looks_like_file(given) || Path::new(given).is_file() => {
            Path::new(given).canonicalize().ok()?
        }
        None => return None,
    };
    // A link's own name counts, as for models that are alone.
    let own = if given.starts_with("hf:") { place.clone() } else { PathBuf::from(given) };
    let name = file_model_name(&own)?;
    Some((place, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn folders_tell_files_of_one_name_apart() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name).display().to_string();
        for folder in ["Q4_K_M", "Q8_0", "deep/Q8_0"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join("m.gguf"), "").unwrap();
        }
        let (four, eight) = (path("Q4_K_M/m.gguf"), path("Q8_0/m.gguf"));
        let names_of = |models: &[&str]| {
            let models: Vec<String> = models.iter().map(|&model| model.to_owned()).collect();
            let names = names(&models);
            models.iter().map(|model| names.get(model).cloned()).collect::<Vec<_>>()
        };
        let called = |name: &str| Some(name.to_owned());
        assert_eq!(
            names_of(&[&four, "slimlm-125m", &eight]),
            [called("Q4_K_M/m.gguf"), None, called("Q8_0/m.gguf")]
        );
        // Alone it needs no more; the same file twice is no other one; nor does a folder of the
        // same name help.
        assert_eq!(names_of(&[&four]), [None]);
        assert_eq!(names_of(&[&four, &path("Q4_K_M/../Q4_K_M/m.gguf")]), [None, None]);
        assert_eq!(names_of(&[&eight, &path("deep/Q8_0/m.gguf")]), [None, None]);
        let hub = ["hf:a/x:Q4_K_M/m.gguf", "hf:a/x:Q8_0/m-00001-of-00002.gguf", "hf:a/y:m.gguf"];
        assert_eq!(names_of(&hub), [called("Q4_K_M/m.gguf"), called("Q8_0/m.gguf"), called("y/m.gguf")]);
    }
}
