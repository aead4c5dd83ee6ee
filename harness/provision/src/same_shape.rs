//! Whether what is kept under a name of the catalogue is that model: a folder may be called
//! as one and hold another.

use slm_import::Import;
use slm_models::{Entry, Header, PerLayer, Shape, read_header};
use slm_plan::error::{Error, Result};
use std::path::Path;

/// Refuses weights that were imported under the name of another model.
///
/// # Errors
/// [`Error::Input`] that names the file and what differs.
pub(crate) fn check_file(entry: &Entry, file: &Path) -> Result<()> {
    let header = read_header(file)
        .map_err(|error| Error::input(error.to_string(), "remove the file, so that it is imported again"))?;
    let found = file_differences(&header, &entry.shape);
    if found.is_empty() {
        return Ok(());
    }
    let what =
        format!("{} is kept as {}, but is another model: {}", file.display(), entry.name, found.join(", "));
    Err(Error::input(what, "remove the file, or give --weights synthetic"))
}

/// Refuses a checkpoint that is called as a model of the catalogue and is none. `folder`: the
/// checkpoint; `origin`: the repository and commit that it is of.
///
/// # Errors
/// [`Error::Input`] that names what differs and how to measure it all the same.
pub(crate) fn check_import(
    entry: &Entry,
    import: &Import,
    folder: &Path,
    origin: Option<(&str, &str)>,
) -> Result<()> {
    let found = differences(import, &entry.shape);
    if found.is_empty() {
        return Ok(());
    }
    let (name, list) = (&entry.name, found.join(", "));
    Err(match origin {
        Some((repo, commit)) => Error::input(
            format!("{repo} is {name} in the catalogue, but of another shape: {list}"),
            format!("measure it under its own name, as hf:{repo}@{commit}"),
        ),
        None => Error::input(
            format!(
                "{} is called as {name} of the catalogue, but is of another shape: {list}",
                folder.display()
            ),
            "rename the folder, or choose a place with --out",
        ),
    })
}

/// What a number of a model is, and what the catalogue says.
fn differing<'a, T: PartialEq + ToString>(facts: impl IntoIterator<Item = (&'a str, T, T)>) -> Vec<String> {
    let differ = facts.into_iter().filter(|(_, found, known)| found != known);
    differ
        .map(|(what, found, known)| {
            format!("{what} {} (catalogue: {})", found.to_string(), known.to_string())
        })
        .collect()
}

/// A size that may differ from layer to layer.
fn sizes(sizes: &PerLayer) -> String {
    match sizes.as_uniform() {
        Some(size) => size.to_string(),
        None => sizes.values().iter().map(ToString::to_string).collect::<Vec<_>>().join("|"),
    }
}

fn differences(import: &Import, known: &Shape) -> Vec<String> {
    let found = import.shape();
    let number = |what, found: u32, known: u32| (what, found.to_string(), known.to_string());
    let mut facts = vec![
        ("architecture", found.arch().to_string(), known.arch().to_string()),
        number("layers", found.layers(), known.layers()),
        number("width", found.d_model(), known.d_model()),
        ("heads", sizes(found.heads()), sizes(known.heads())),
        ("key-value heads", sizes(found.kv_heads()), sizes(known.kv_heads())),
        number("width of a head", found.head_dim(), known.head_dim()),
        ("feed-forward width", sizes(found.d_ff()), sizes(known.d_ff())),
        number("vocabulary", found.vocab(), known.vocab()),
        ("parameters", found.params().to_string(), known.params().to_string()),
        number("context", import.trained_context(), known.context()),
    ];
    if known.rotary_dims() > 0 {
        facts.push(number("rope base", found.rope_theta(), known.rope_theta()));
    }
    differing(facts)
}

/// The same for a file: what its header tells. Its context may be that of a window.
fn file_differences(header: &Header, known: &Shape) -> Vec<String> {
    let facts = header.shape_facts();
    let uniform = |sizes: &PerLayer| sizes.as_uniform().map(u64::from);
    let sizes = [
        ("layers", facts.layers, Some(known.layers().into())),
        ("width", facts.d_model, Some(known.d_model().into())),
        ("heads", facts.heads, uniform(known.heads())),
        ("key-value heads", facts.kv_heads, uniform(known.kv_heads())),
        ("width of a head", facts.head_dim, Some(known.head_dim().into())),
        ("feed-forward width", facts.d_ff, uniform(known.d_ff())),
        ("vocabulary", facts.vocab, Some(known.vocab().into())),
    ];
    let both = sizes.into_iter().filter_map(|(what, found, known)| Some((what, found?, known?)));
    let divisors = header.tensors.iter().filter(|tensor| tensor.name == "rope_freqs.weight");
    let params = header.params() - divisors.map(|tensor| tensor.elements).sum::<u64>();
    differing(both.chain([("parameters", params, known.params())]))
}
