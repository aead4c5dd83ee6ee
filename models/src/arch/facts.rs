//! The table of facts: one constant per architecture, each written as what differs
//! from its relative. They follow llama.cpp's loaders (`src/models/*.cpp`) and the
//! models' own configurations; `catalogue.csv` names the source of each model.

use super::Arch;

use Extra::{
    EmbeddingNorm, FreeHeadDim, FusedQkv, GroupedQuery, OutputBias, PartialRotary, PerLayer, PostNorms,
    QkNormFull, QkNormPerHead, SingleNorm,
};

/// How a layer's normalisation is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Norm {
    /// RMS norm: a weight.
    Rms,
    /// `LayerNorm` with weight and bias.
    LayerBias,
    /// `LayerNorm` whose bias exists exactly when the linear layers have one.
    LayerBiasWithOthers,
    /// `LayerNorm` with a weight alone.
    LayerNoBias,
    /// `LayerNorm` without any tensor.
    LayerBare,
}

/// The matrices of the feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ffn {
    /// up, down.
    Plain,
    /// gate, up, down.
    Gated,
    /// gate and up in one matrix, down.
    GatedFused,
}

/// Which linear layers carry a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Biases {
    Never,
    /// On the query, key and value projections.
    QkvAlways,
    QkvOptional,
    /// On every linear layer of a block.
    AllAlways,
    AllOptional,
}

/// Where positions come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Positions {
    Rope,
    /// A table with `context + extra` rows.
    Learned {
        extra: u32,
    },
    Alibi,
}

/// Whether the output matrix is the embedding matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tying {
    Either,
    Always,
    Never,
}

/// What some architectures have beyond the common plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    /// Fewer KV heads than heads are allowed.
    GroupedQuery,
    /// `heads * head_dim` may differ from `d_model`.
    FreeHeadDim,
    /// Heads, KV heads and `d_ff` may be lists with one value per layer.
    PerLayer,
    /// Query, key and value projections are one matrix.
    FusedQkv,
    /// A norm of `head_dim` weights on queries and on keys.
    QkNormPerHead,
    /// A norm of full width on queries and on keys.
    QkNormFull,
    /// Norms after attention and after the feed-forward block too.
    PostNorms,
    /// One norm per layer (attention and feed-forward read the same input).
    SingleNorm,
    /// A norm right after the embedding.
    EmbeddingNorm,
    /// The output matrix has a bias.
    OutputBias,
    /// Only a part of each head may be rotated.
    PartialRotary,
}

/// Default of `d_ff` where a shape does not give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FfnDefault {
    /// `n` times `d_model`.
    Times(u32),
    /// 8/3 of `d_model`, rounded up to a multiple of 32.
    EightThirds,
}

/// What a free-form shape gets where it says nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults {
    pub(crate) vocab: u32,
    pub(crate) context: u32,
    pub(crate) d_ff: FfnDefault,
    pub(crate) tied: bool,
    pub(crate) bias: bool,
    /// `None`: `d_model / heads`.
    pub(crate) head_dim: Option<u32>,
    pub(crate) rope_theta: u32,
    /// Sliding window in tokens, for the architectures that have one.
    pub(crate) window: Option<u32>,
    /// Denominator of the rotated part of a head.
    pub(crate) rotary_divisor: u32,
}

const DEFAULTS: Defaults = Defaults {
    vocab: 50_304,
    context: 2048,
    d_ff: FfnDefault::Times(4),
    tied: true,
    bias: false,
    head_dim: None,
    rope_theta: 10_000,
    window: None,
    rotary_divisor: 1,
};

/// All that is particular to one architecture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) norm: Norm,
    /// Epsilon of the norms (the models' own; without effect on speed).
    pub(crate) eps: f32,
    pub(crate) ffn: Ffn,
    pub(crate) biases: Biases,
    pub(crate) positions: Positions,
    pub(crate) tying: Tying,
    pub(crate) extras: &'static [Extra],
    pub(crate) defaults: Defaults,
}

impl Facts {
    pub(crate) fn has(&self, extra: Extra) -> bool {
        self.extras.contains(&extra)
    }
}

/// The llama plan: RMS norm, gated feed-forward, rotary positions, no biases.
const LLAMA: Facts = Facts {
    norm: Norm::Rms,
    eps: 1e-5,
    ffn: Ffn::Gated,
    biases: Biases::Never,
    positions: Positions::Rope,
    tying: Tying::Either,
    extras: &[GroupedQuery, FreeHeadDim],
    defaults: Defaults { vocab: 49_152, d_ff: FfnDefault::EightThirds, ..DEFAULTS },
};

/// The GPT-2 plan: `LayerNorm`, plain feed-forward, learned positions, biases.
const GPT2: Facts = Facts {
    norm: Norm::LayerBias,
    eps: 1e-5,
    ffn: Ffn::Plain,
    biases: Biases::AllAlways,
    positions: Positions::Learned { extra: 0 },
    tying: Tying::Either,
    extras: &[FusedQkv],
    defaults: Defaults { vocab: 50_257, bias: true, ..DEFAULTS },
};

const GEMMA: Facts = Facts {
    eps: 1e-6,
    tying: Tying::Always,
    defaults: Defaults {
        vocab: 256_000,
        context: 8192,
        d_ff: FfnDefault::Times(4),
        head_dim: Some(256),
        ..DEFAULTS
    },
    ..LLAMA
};

const MPT: Facts = Facts {
    norm: Norm::LayerBiasWithOthers,
    biases: Biases::AllOptional,
    extras: &[FusedQkv, GroupedQuery],
    defaults: Defaults { vocab: 50_368, ..GPT2.defaults },
    ..GPT2
};

const QWEN2: Facts = Facts {
    eps: 1e-6,
    biases: Biases::QkvAlways,
    extras: &[GroupedQuery],
    defaults: Defaults {
        vocab: 151_936,
        context: 32_768,
        bias: true,
        rope_theta: 1_000_000,
        ..LLAMA.defaults
    },
    ..LLAMA
};

const QWEN3: Facts = Facts {
    eps: 1e-6,
    extras: &[GroupedQuery, FreeHeadDim, QkNormPerHead],
    defaults: Defaults {
        vocab: 151_936,
        context: 40_960,
        d_ff: FfnDefault::Times(3),
        head_dim: Some(128),
        rope_theta: 1_000_000,
        ..DEFAULTS
    },
    ..LLAMA
};

const GEMMA2: Facts = Facts {
    extras: &[GroupedQuery, FreeHeadDim, PostNorms],
    defaults: Defaults { window: Some(4096), ..GEMMA.defaults },
    ..GEMMA
};

const GEMMA3: Facts = Facts {
    extras: &[GroupedQuery, FreeHeadDim, PostNorms, QkNormPerHead],
    tying: Tying::Either,
    defaults: Defaults {
        vocab: 262_144,
        context: 32_768,
        rope_theta: 1_000_000,
        window: Some(512),
        ..GEMMA.defaults
    },
    ..GEMMA
};

const PHI2: Facts = Facts {
    positions: Positions::Rope,
    tying: Tying::Never,
    extras: &[SingleNorm, OutputBias, PartialRotary],
    defaults: Defaults { vocab: 51_200, tied: false, bias: true, rotary_divisor: 2, ..DEFAULTS },
    ..GPT2
};

const PHI3: Facts = Facts {
    ffn: Ffn::GatedFused,
    extras: &[GroupedQuery, FusedQkv, PartialRotary],
    defaults: Defaults { vocab: 32_064, context: 4096, tied: false, ..LLAMA.defaults },
    ..LLAMA
};

const GPTNEOX: Facts = Facts {
    positions: Positions::Rope,
    tying: Tying::Never,
    extras: &[FusedQkv, PartialRotary],
    defaults: Defaults { tied: false, bias: true, rotary_divisor: 4, ..DEFAULTS },
    ..GPT2
};

const BLOOM: Facts = Facts {
    positions: Positions::Alibi,
    extras: &[FusedQkv, EmbeddingNorm],
    defaults: Defaults { vocab: 250_880, bias: true, ..DEFAULTS },
    ..GPT2
};

const STABLELM: Facts = Facts {
    norm: Norm::LayerBias,
    biases: Biases::QkvOptional,
    tying: Tying::Never,
    extras: &[GroupedQuery, PartialRotary],
    defaults: Defaults {
        vocab: 100_352,
        context: 4096,
        tied: false,
        bias: true,
        rotary_divisor: 4,
        ..LLAMA.defaults
    },
    ..LLAMA
};

const OPENELM: Facts = Facts {
    eps: 1e-6,
    tying: Tying::Always,
    extras: &[GroupedQuery, FreeHeadDim, PerLayer, FusedQkv, QkNormPerHead],
    defaults: Defaults { vocab: 32_000, ..LLAMA.defaults },
    ..LLAMA
};

const MINICPM: Facts =
    Facts { defaults: Defaults { vocab: 122_753, context: 4096, ..LLAMA.defaults }, ..LLAMA };

const OLMO: Facts = Facts {
    norm: Norm::LayerBare,
    extras: &[GroupedQuery],
    defaults: Defaults { d_ff: FfnDefault::Times(4), ..DEFAULTS },
    ..LLAMA
};

const SMOLLM3: Facts = Facts {
    eps: 1e-6,
    defaults: Defaults { vocab: 128_256, context: 65_536, rope_theta: 5_000_000, ..LLAMA.defaults },
    ..LLAMA
};

const OPT: Facts = Facts {
    positions: Positions::Learned { extra: 2 },
    extras: &[],
    defaults: Defaults { vocab: 50_272, bias: true, ..DEFAULTS },
    ..GPT2
};

const OPENLM: Facts = Facts {
    norm: Norm::LayerNoBias,
    extras: &[QkNormFull],
    defaults: Defaults { vocab: 50_432, tied: false, ..LLAMA.defaults },
    ..LLAMA
};

impl Arch {
    /// What is particular to this architecture.
    pub(crate) fn facts(self) -> Facts {
        match self {
            Self::Mpt => MPT,
            Self::Llama => LLAMA,
            Self::Qwen2 => QWEN2,
            Self::Qwen3 => QWEN3,
            Self::Gemma => GEMMA,
            Self::Gemma2 => GEMMA2,
            Self::Gemma3 => GEMMA3,
            Self::Phi2 => PHI2,
            Self::Phi3 => PHI3,
            Self::GptNeox => GPTNEOX,
            Self::Bloom => BLOOM,
            Self::StableLm => STABLELM,
            Self::OpenElm => OPENELM,
            Self::MiniCpm => MINICPM,
            Self::Olmo => OLMO,
            Self::SmolLm3 => SMOLLM3,
            Self::Gpt2 => GPT2,
            Self::Opt => OPT,
            Self::OpenLm => OPENLM,
        }
    }
}
