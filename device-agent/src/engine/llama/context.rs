//! A llama.cpp context: the thin safe layer over what `llama-cpp-2` does not offer of it
//! (threadpool, abort callback, `n_outputs_max`, counters of evaluated tokens).
#![allow(unsafe_code)] // the C interface

use super::{library::raw, log, report};
use crate::{
    engine::{
        error::StepError,
        greedy::greedy,
        model::Setup,
        session::{Sampled, Session},
    },
    host::signals,
    measure::clock,
};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_sys_2 as sys;
use slm_protocol::FlashAttention;
use std::{
    ffi::c_void,
    marker::PhantomData,
    ptr::{self, NonNull},
    slice,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// What the abort callback looks at; its address is known to the engine.
struct Abort {
    /// On the agent's clock.
    deadline_ns: AtomicU64,
}

/// Called by the engine between the nodes of a graph, on its first thread.
unsafe extern "C" fn should_abort(data: *mut c_void) -> bool {
    // SAFETY: `data` is the address of the `Abort` that the context owns in a box
    // and frees after the context.
    let abort = unsafe { &*data.cast::<Abort>() };
    signals::interrupted() || clock::now_ns() >= abort.deadline_ns.load(Ordering::Relaxed)
}

/// Threads that live as long as the context: without a pool the engine would make
/// and end threads for every graph.
struct Threadpool(NonNull<sys::ggml_threadpool>);

impl Threadpool {
    fn new(threads: i32) -> Option<Self> {
        // SAFETY: plain data in and out; the parameters are copied by the callee.
        let pool = unsafe {
            let mut params = sys::ggml_threadpool_params_default(threads);
            sys::ggml_threadpool_new(&raw mut params)
        };
        NonNull::new(pool).map(Self)
    }
}

impl Drop for Threadpool {
    fn drop(&mut self) {
        // SAFETY: made by `ggml_threadpool_new`, freed once; the context that used
        // it is freed before (field order in `Owned`).
        unsafe { sys::ggml_threadpool_free(self.0.as_ptr()) };
    }
}

/// The C context, freed on drop.
struct Handle(NonNull<sys::llama_context>);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: made by `llama_init_from_model`, freed once.
        unsafe { sys::llama_free(self.0.as_ptr()) };
    }
}

/// A context and what must outlive it. Fields are dropped in this order.
pub(super) struct Context<'model> {
    handle: Handle,
    threadpool: Threadpool,
    /// Pools of earlier settings. The engine still points to the last one until it has
    /// computed with the new one.
    retired: Vec<Threadpool>,
    abort: Box<Abort>,
    /// The tokens of a call; allocated once.
    batch: Vec<i32>,
    n_vocab: usize,
    _model: PhantomData<&'model LlamaModel>,
}

impl<'model> Context<'model> {
    /// Makes a context with its own threadpool. `None`: the log says why.
    pub(super) fn new(model: &'model LlamaModel, setup: &Setup) -> Option<Self> {
        let threads = i32::try_from(setup.threads).ok()?;
        let abort = Box::new(Abort { deadline_ns: AtomicU64::new(u64::MAX) });
        // SAFETY: returns plain data.
        let mut params = unsafe { sys::llama_context_default_params() };
        params.n_ctx = setup.n_ctx;
        params.n_batch = setup.n_ctx;
        params.n_ubatch = setup.n_ubatch.unwrap_or(params.n_ubatch);
        params.n_outputs_max = 1;
        params.n_threads = threads;
        params.n_threads_batch = threads;
        params.no_perf = false;
        params.flash_attn_type = match setup.flash_attention {
            FlashAttention::Auto => sys::LLAMA_FLASH_ATTN_TYPE_AUTO,
            FlashAttention::On => sys::LLAMA_FLASH_ATTN_TYPE_ENABLED,
            FlashAttention::Off => sys::LLAMA_FLASH_ATTN_TYPE_DISABLED,
        };
        params.abort_callback = Some(should_abort);
        params.abort_callback_data = ptr::from_ref(abort.as_ref()).cast_mut().cast::<c_void>();
        let threadpool = Threadpool::new(threads)?;
        // SAFETY: the model outlives the context (`'model`); so does the box behind
        // the callback's data (field order). One context at a time is made here.
        let context = unsafe { sys::llama_init_from_model(raw(model), params) };
        let handle = Handle(NonNull::new(context)?);
        // SAFETY: both are alive, and the pool is freed after the context.
        unsafe {
            sys::llama_attach_threadpool(handle.0.as_ptr(), threadpool.0.as_ptr(), threadpool.0.as_ptr());
        };
        let n_vocab = usize::try_from(model.n_vocab()).ok()?;
        let mut context = Self {
            handle,
            threadpool,
            retired: Vec::new(),
            abort,
            batch: Vec::new(),
            n_vocab,
            _model: PhantomData,
        };
        context.batch.reserve_exact(context.n_batch() as usize);
        Some(context)
    }

    /// Context length that the engine took.
    pub(super) fn n_ctx(&self) -> u32 {
        // SAFETY: the context is alive.
        unsafe { sys::llama_n_ctx(self.handle.0.as_ptr()) }
    }

    /// Tokens per call.
    pub(super) fn n_batch(&self) -> u32 {
        // SAFETY: the context is alive.
        unsafe { sys::llama_n_batch(self.handle.0.as_ptr()) }
    }

    /// Tokens per graph.
    pub(super) fn n_ubatch(&self) -> u32 {
        // SAFETY: the context is alive.
        unsafe { sys::llama_n_ubatch(self.handle.0.as_ptr()) }
    }

    /// Threads that the engine took.
    pub(super) fn n_threads(&self) -> u32 {
        // SAFETY: the context is alive.
        u32::try_from(unsafe { sys::llama_n_threads(self.handle.0.as_ptr()) }).unwrap_or(0)
    }

    /// Evaluates the batch: positions follow on, and only the last token's logits
    /// come out (what null pointers mean to the engine).
    fn run(&mut self) -> Result<(), StepError> {
        let batch = sys::llama_batch {
            n_tokens: i32::try_from(self.batch.len())
                .map_err(|_| StepError::Unsupported("the prompt is too long".to_owned()))?,
            token: self.batch.as_mut_ptr(),
            embd: ptr::null_mut(),
            pos: ptr::null_mut(),
            n_seq_id: ptr::null_mut(),
            seq_id: ptr::null_mut(),
            logits: ptr::null_mut(),
        };
        let context = self.handle.0.as_ptr();
        // SAFETY: the context is alive; the batch points to `n_tokens` tokens that
        // stay in place during the call and are not kept after it.
        let status = unsafe { sys::llama_decode(context, batch) };
        match status {
            0 => {
                // SAFETY: the context is alive. Waits for backends that run by themselves.
                unsafe { sys::llama_synchronize(context) };
                self.retired.clear();
                Ok(())
            }
            1 => Err(StepError::Unsupported("no room was left in the KV cache".to_owned())),
            2 => Err(StepError::Aborted),
            -2 => Err(StepError::OutOfMemory(engine_words(status))),
            _ => Err(StepError::Unsupported(engine_words(status))),
        }
    }
}

/// The engine's last errors, or the bare status.
fn engine_words(status: i32) -> String {
    report::load_failure(&log::lines(), &format!("llama_decode gave {status}")).1
}

impl Session for Context<'_> {
    fn set_threads(&mut self, threads: u32) -> Result<(), StepError> {
        let refused = || StepError::Unsupported(format!("the engine made no pool of {threads} threads"));
        let count = i32::try_from(threads).map_err(|_| refused())?;
        let pool = Threadpool::new(count).ok_or_else(refused)?;
        let context = self.handle.0.as_ptr();
        // SAFETY: both are alive, and the new pool is freed after the context. The old
        // one is kept until a decode has brought the new one into use.
        unsafe {
            sys::llama_synchronize(context);
            sys::llama_detach_threadpool(context);
            sys::llama_attach_threadpool(context, pool.0.as_ptr(), pool.0.as_ptr());
            sys::llama_set_n_threads(context, count, count);
        }
        self.retired.push(std::mem::replace(&mut self.threadpool, pool));
        Ok(())
    }

    fn reset(&mut self) {
        let context = self.handle.0.as_ptr();
        // SAFETY: the context is alive, and its memory belongs to it. What an aborted
        // call left queued is settled first, or it would be counted in the next trial.
        unsafe {
            sys::llama_synchronize(context);
            sys::llama_memory_clear(sys::llama_get_memory(context), true);
            sys::llama_perf_context_reset(context);
        }
        log::clear();
    }

    fn set_deadline(&mut self, deadline: Option<Instant>) {
        let deadline_ns = deadline.map_or(u64::MAX, |deadline| {
            let left = deadline.saturating_duration_since(Instant::now());
            clock::now_ns().saturating_add(clock::duration_ns(left))
        });
        self.abort.deadline_ns.store(deadline_ns, Ordering::Relaxed);
    }

    fn prefill(&mut self, tokens: &[i32]) -> Result<(), StepError> {
        let n_batch = self.n_batch() as usize;
        for part in tokens.chunks(n_batch) {
            self.batch.clear();
            self.batch.extend_from_slice(part);
            self.run()?;
        }
        Ok(())
    }

    fn sample(&mut self) -> Result<Sampled, StepError> {
        // SAFETY: the context is alive; the row belongs to it until the next decode.
        let row = unsafe { sys::llama_get_logits_ith(self.handle.0.as_ptr(), -1) };
        if row.is_null() {
            return Err(StepError::Unsupported("the engine gives no logits".to_owned()));
        }
        // SAFETY: not null; a row has one value per token of the vocabulary, and
        // nothing writes to it while the slice lives.
        Ok(greedy(unsafe { slice::from_raw_parts(row, self.n_vocab) }))
    }

    fn decode(&mut self, token: i32) -> Result<(), StepError> {
        self.batch.clear();
        self.batch.push(token);
        self.run()
    }

    fn evaluated(&self) -> Option<u32> {
        // SAFETY: the context is alive; returns plain data.
        let counters = unsafe { sys::llama_perf_context(self.handle.0.as_ptr()) };
        u32::try_from(counters.n_p_eval).ok()
    }
}
