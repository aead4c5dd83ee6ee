//! The architectures: which tensors each has and what llama.cpp fixes for it.
//!
//! The table in `facts` holds everything that differs between them.

mod facts;

use std::fmt;
use std::str::FromStr;

pub(crate) use facts::{Biases, Extra, Facts, Ffn, FfnDefault, Norm, Positions, Tying};

/// A model architecture of the catalogue, by llama.cpp's name where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arch {
    /// `mpt`: `SlimLM` (learned positions, biases, tied output).
    Mpt,
    /// `llama`: Llama, Mistral, SmolLM, TinyLlama, danube3, Fox …
    Llama,
    /// `qwen2`: Qwen 1.5, 2 and 2.5.
    Qwen2,
    /// `qwen3`.
    Qwen3,
    /// `gemma`.
    Gemma,
    /// `gemma2`.
    Gemma2,
    /// `gemma3`.
    Gemma3,
    /// `phi2`: Phi-1.5 and Phi-2.
    Phi2,
    /// `phi3`: Phi-3, Phi-3.5 and Phi-4-mini.
    Phi3,
    /// `gptneox`: Pythia.
    GptNeox,
    /// `bloom`.
    Bloom,
    /// `stablelm`.
    StableLm,
    /// `openelm`: sizes differ from layer to layer.
    OpenElm,
    /// `minicpm`.
    MiniCpm,
    /// `olmo`: norms without weights.
    Olmo,
    /// `smollm3`.
    SmolLm3,
    /// `gpt2`: Cerebras-GPT.
    Gpt2,
    /// OPT and Galactica; llama.cpp cannot load it, only its size is known here.
    Opt,
    /// `OpenLM` (DCLM); llama.cpp cannot load it, only its size is known here.
    OpenLm,
}

impl Arch {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 19] = [
        Self::Mpt,
        Self::Llama,
        Self::Qwen2,
        Self::Qwen3,
        Self::Gemma,
        Self::Gemma2,
        Self::Gemma3,
        Self::Phi2,
        Self::Phi3,
        Self::GptNeox,
        Self::Bloom,
        Self::StableLm,
        Self::OpenElm,
        Self::MiniCpm,
        Self::Olmo,
        Self::SmolLm3,
        Self::Gpt2,
        Self::Opt,
        Self::OpenLm,
    ];

    /// Its name in GGUF files (`general.architecture`) and in shapes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mpt => "mpt",
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma => "gemma",
            Self::Gemma2 => "gemma2",
            Self::Gemma3 => "gemma3",
            Self::Phi2 => "phi2",
            Self::Phi3 => "phi3",
            Self::GptNeox => "gptneox",
            Self::Bloom => "bloom",
            Self::StableLm => "stablelm",
            Self::OpenElm => "openelm",
            Self::MiniCpm => "minicpm",
            Self::Olmo => "olmo",
            Self::SmolLm3 => "smollm3",
            Self::Gpt2 => "gpt2",
            Self::Opt => "opt",
            Self::OpenLm => "openlm",
        }
    }

    /// Why llama.cpp cannot load it, if it cannot.
    pub fn unsupported(self) -> Option<&'static str> {
        match self {
            Self::Opt => Some("llama.cpp has no OPT architecture"),
            Self::OpenLm => Some("llama.cpp has no OpenLM architecture"),
            _ => None,
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Arch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|arch| arch.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let known: Vec<_> = Self::ALL
                .iter()
                .filter(|arch| arch.unsupported().is_none())
                .map(|arch| arch.name())
                .collect();
            format!("unknown architecture {text:?}; known: {}", known.join(", "))
        })
    }
}
