//! Quantizing a file. The engine reports its progress in its log only, so the log is read
//! while it works.
#![allow(unsafe_code)] // the C interface and a C callback

use super::{log, report::engine_failure};
use crate::engine::error::LoadError;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_sys_2 as sys;
use slm_models::{QuantType, TensorType};
use slm_protocol::QuantizeEvent;
use std::{
    ffi::{CStr, CString, c_char, c_void},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Rows in memory at a time, bytes: as fast as more, and the same result.
const MAX_BUFFER: usize = 16 << 20;
/// Longest line of the log that is kept together, bytes.
const MAX_LINE: usize = 4096;

/// What to quantize, and to what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct QuantizeOptions {
    pub(crate) input: PathBuf,
    /// Not touched in a dry run.
    pub(crate) output: PathBuf,
    pub(crate) quant: QuantType,
    /// Type of the embeddings; `None`: the engine decides.
    pub(crate) embd: Option<TensorType>,
    /// Type of the output matrix; `None`: the engine decides.
    pub(crate) head: Option<TensorType>,
    /// `None`: as many as the machine has cores.
    pub(crate) threads: Option<i32>,
    pub(crate) dry_run: bool,
}

/// Quantizes a file, or with `dry_run` only says what would become of each tensor.
/// The file's header must have been checked: the engine trusts it.
pub(crate) fn quantize(
    options: &QuantizeOptions,
    emit: &mut (dyn FnMut(QuantizeEvent) + Send),
) -> Result<(), LoadError> {
    let (input, output) = (c_path(&options.input), c_path(&options.output));
    let (Some(input), Some(output)) = (input, output) else {
        return Err(LoadError::failed("a path holds a NUL byte"));
    };
    let backend = LlamaBackend::init().map_err(|error| LoadError::failed(error.to_string()))?;
    log::install();
    log::clear();
    let watcher = Mutex::new(Watcher { line: String::new(), needs_imatrix: false, emit });
    // SAFETY: plain data out.
    let mut params = unsafe { sys::llama_model_quantize_default_params() };
    params.nthread = options.threads.unwrap_or(0);
    params.ftype = options.quant.file_type();
    params.dry_run = options.dry_run;
    params.max_buf_size = MAX_BUFFER;
    if let Some(embd) = options.embd {
        params.token_embedding_type = embd.ggml().id();
    }
    if let Some(head) = options.head {
        params.output_tensor_type = head.ggml().id();
    }
    // SAFETY: the strings and parameters outlive the call; the callback gets a pointer to
    // the watcher, which outlives it too, and is taken back before the watcher goes. The
    // null pointers in the parameters mean: no importance matrix, no overrides.
    let status = unsafe {
        sys::llama_log_set(Some(on_log), (&raw const watcher).cast_mut().cast::<c_void>());
        let status = sys::llama_model_quantize(input.as_ptr(), output.as_ptr(), &raw const params);
        log::restore();
        status
    };
    drop(backend);
    let watcher = watcher.into_inner().unwrap_or_else(PoisonError::into_inner);
    if status != 0 {
        return Err(engine_failure("the engine quantized nothing and gave no reason"));
    }
    let needs_imatrix = watcher.needs_imatrix;
    (watcher.emit)(QuantizeEvent::Done { needs_imatrix });
    Ok(())
}

fn c_path(path: &Path) -> Option<CString> {
    CString::new(path.as_os_str().as_bytes()).ok()
}

unsafe extern "C" fn on_log(level: sys::ggml_log_level, text: *const c_char, data: *mut c_void) {
    if text.is_null() || level == sys::GGML_LOG_LEVEL_DEBUG {
        return;
    }
    // SAFETY: the engine hands over a NUL-terminated string that outlives this call, and
    // `data` is the address of the watcher in `quantize`, which outlives the callback.
    let (text, watcher) = unsafe { (CStr::from_ptr(text), &*data.cast::<Mutex<Watcher>>()) };
    // For the reason of a failure.
    log::keep(level, text);
    watcher.lock().unwrap_or_else(PoisonError::into_inner).push(&text.to_string_lossy());
}

struct Watcher<'a> {
    line: String,
    needs_imatrix: bool,
    emit: &'a mut (dyn FnMut(QuantizeEvent) + Send),
}

impl Watcher<'_> {
    /// Takes a piece of the log: the engine writes its lines in several.
    fn push(&mut self, text: &str) {
        for part in text.split_inclusive('\n') {
            let room = MAX_LINE.saturating_sub(self.line.len());
            let kept = part.trim_end_matches('\n');
            self.line.push_str(&kept[..kept.floor_char_boundary(room)]);
            if part.ends_with('\n') {
                let line = std::mem::take(&mut self.line);
                self.needs_imatrix |= line.contains("will require an imatrix");
                if let Some(event) = tensor(&line).or_else(|| fallback(&line)) {
                    (self.emit)(event);
                }
            }
        }
    }
}

/// `[ 1/ 26] NAME - [ 64, 1024, 1, 1], type = f16, converting to q4_0 .. size = …`, and in a
/// dry run `… size = 0.12 MiB -> 0.03 MiB (q4_0)`; without either it keeps its type.
fn tensor(line: &str) -> Option<QuantizeEvent> {
    let (number, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let (index, of) = number.split_once('/')?;
    let (name, rest) = rest.rsplit_once(" - [")?;
    let (_, rest) = rest.split_once("], type = ")?;
    let (from, rest) = rest.split_once(',')?;
    let to = rest
        .split_once("converting to ")
        .and_then(|(_, rest)| rest.split_once(" .."))
        .map(|(to, _)| to)
        .or_else(|| rest.rsplit_once(" MiB (")?.1.strip_suffix(')'));
    Some(QuantizeEvent::Tensor {
        index: index.trim().parse().ok()?,
        of: of.trim().parse().ok()?,
        tensor: name.trim().to_owned(),
        from: from.trim().to_owned(),
        to: to.unwrap_or(from).trim().to_owned(),
    })
}

/// `warning: NAME - ncols 576 not divisible by 256 (required for type q4_K) -> falling back to q5_0`
fn fallback(line: &str) -> Option<QuantizeEvent> {
    let (name, rest) = line.strip_prefix("warning: ")?.rsplit_once(" - ncols ")?;
    let (wanted, rest) = rest.split_once("(required for type ")?.1.split_once(')')?;
    let used = rest.rsplit_once("-> falling back to ")?.1;
    Some(QuantizeEvent::Fallback {
        tensor: name.trim().to_owned(),
        wanted: wanted.trim().to_owned(),
        used: used.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn events(pieces: &[&str]) -> (Vec<QuantizeEvent>, bool) {
        let mut found = Vec::new();
        let mut emit = |event| found.push(event);
        let mut watcher = Watcher { line: String::new(), needs_imatrix: false, emit: &mut emit };
        for piece in pieces {
            watcher.push(piece);
        }
        let needs = watcher.needs_imatrix;
        (found, needs)
    }

    #[test]
    fn the_engines_lines_become_events() {
        let tensor = |index, name: &str, from: &str, to: &str| QuantizeEvent::Tensor {
            index,
            of: 26,
            tensor: name.into(),
            from: from.into(),
            to: to.into(),
        };
        let (found, needs) = events(&[
            "[   1/  26] token_embd.weight                    - [   64,  1024,     1,     1], type =    f16, ",
            "converting to q4_0 .. ",
            "size =     0.12 MiB ->     0.04 MiB\n",
            "[   2/  26] blk.0.attn_norm.weight - [   64,     1,     1,     1], type =    f32, ",
            "size =    0.000 MiB\n",
            "[   3/  26] blk.0.ffn_up.weight - [   64,     1,     1,     1], type =    f16, ",
            "size =     0.12 MiB ->     0.04 MiB (q4_K)\n",
            "warning: blk.0.ffn_down.weight                - ncols    576 not divisible by 256 (required for type    q4_K) ",
            "-> falling back to    q5_0\n",
            "quantize: WARNING: dry run completed successfully, but actually completing this quantization will require an imatrix!\n",
        ]);
        let fallback = QuantizeEvent::Fallback {
            tensor: "blk.0.ffn_down.weight".into(),
            wanted: "q4_K".into(),
            used: "q5_0".into(),
        };
        let expected = [
            tensor(1, "token_embd.weight", "f16", "q4_0"),
            tensor(2, "blk.0.attn_norm.weight", "f32", "f32"),
            tensor(3, "blk.0.ffn_up.weight", "f16", "q4_K"),
            fallback,
        ];
        assert_eq!(found, expected);
        assert!(needs);
    }

    proptest! {
        #[test]
        fn no_log_makes_the_reader_panic(
            text in "(\\[|\\] | - \\[|/|\\], type = |,|converting to | \\.\\.| MiB \\(|\\)|warning: |é|\n|1){0,20}",
        ) {
            events(&[&text, "\n"]);
        }
    }
}
