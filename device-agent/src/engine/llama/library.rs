//! The thin safe layer over what `llama-cpp-2` does not offer of models and of the library:
//! loading without repacking, descriptions, versions.
#![allow(unsafe_code)] // the C interface

use llama_cpp_2::{llama_backend::LlamaBackend, model::LlamaModel};
use llama_cpp_sys_2 as sys;
use slm_protocol::LoadMode;
use std::{
    ffi::{CStr, CString, c_char},
    os::unix::ffi::OsStrExt,
    path::Path,
    ptr::{self, NonNull},
};

const _: () = assert!(size_of::<LlamaModel>() == size_of::<*mut sys::llama_model>());

/// The C pointer of a model, which `llama-cpp-2` does not expose.
pub(super) fn raw(model: &LlamaModel) -> *mut sys::llama_model {
    // SAFETY: LlamaModel is `#[repr(transparent)]` over `Ptr`, which is so over
    // `NonNull<llama_model>`, in the one version that Cargo.toml pins with `=`; the
    // size is asserted above. The pointer is copied and stays valid as long as the
    // reference, which every user of it here holds on to.
    unsafe { *ptr::from_ref(model).cast::<*mut sys::llama_model>() }
}

/// Loads a model; `llama-cpp-2` cannot switch repacking off. `None`: the log says why.
pub(super) fn load(_: &LlamaBackend, path: &Path, mode: LoadMode, repack: bool) -> Option<LlamaModel> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    // SAFETY: returns plain data.
    let mut params = unsafe { sys::llama_model_default_params() };
    params.load_mode = match mode {
        LoadMode::Mmap => sys::LLAMA_LOAD_MODE_MMAP,
        LoadMode::Read => sys::LLAMA_LOAD_MODE_NONE,
    };
    params.use_extra_bufts = repack;
    // SAFETY: the path is NUL-terminated and outlives the call; the defaults point to
    // nothing. The engine is initialised, which the first argument proves.
    let model = NonNull::new(unsafe { sys::llama_model_load_from_file(path.as_ptr(), params) })?;
    // SAFETY: as for `raw`, in the other direction: one pointer that is not null, owned
    // by the result alone, which frees it as if it had loaded it.
    Some(unsafe { std::mem::transmute::<NonNull<sys::llama_model>, LlamaModel>(model) })
}

/// The engine's one-line description of a model.
pub(super) fn description(model: &LlamaModel) -> String {
    let mut buffer = [0u8; 256];
    // SAFETY: the model is alive, and the buffer is as long as said; the engine
    // writes a NUL-terminated string within it.
    unsafe { sys::llama_model_desc(raw(model), buffer.as_mut_ptr().cast::<c_char>(), buffer.len()) };
    CStr::from_bytes_until_nul(&buffer)
        .map_or_else(|_| String::new(), |text| text.to_string_lossy().into_owned())
}

/// Version and commit of the tensor library, as compiled in.
pub(super) fn ggml_version() -> String {
    // SAFETY: both return pointers to constants of the program.
    let (version, commit) = unsafe { (sys::ggml_version(), sys::ggml_commit()) };
    match constant(commit).as_str() {
        // Sources from a package, not from a repository.
        "" | "unknown" => format!("ggml {}", constant(version)),
        commit => format!("ggml {} ({commit})", constant(version)),
    }
}

/// The engine's list of CPU features.
pub(super) fn system_info() -> String {
    // SAFETY: returns a pointer to a static buffer, rewritten by each call; this
    // function is called from one thread only (the agent's main thread).
    constant(unsafe { sys::llama_print_system_info() })
}

/// Copies a string constant of the engine.
fn constant(text: *const c_char) -> String {
    if text.is_null() {
        return "unknown".to_owned();
    }
    // SAFETY: not null, and the callers pass NUL-terminated strings of static life.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
