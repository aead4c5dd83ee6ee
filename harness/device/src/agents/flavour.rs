//! Which instructions an agent for phones may use. A static binary does not choose
//! at run time: one built for newer cores dies on older ones (SIGILL), and one built
//! for all of them is several times slower at prefill.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// An instruction set that agents are built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flavour {
    /// Every 64-bit ARM core.
    Armv8,
    /// Half precision and dot products: Cortex-A55/A75 and newer, phones from about 2018 on.
    DotProduct,
    /// 8-bit matrix products: Cortex-A510/A710/X2 and newer, phones from 2022 on.
    MatrixProduct,
}

impl Flavour {
    /// All of them, slowest first.
    pub const ALL: [Self; 3] = [Self::Armv8, Self::DotProduct, Self::MatrixProduct];

    /// Its name, after its lowest architecture and what it is chosen for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Armv8 => "armv8-a",
            Self::DotProduct => "armv8.2-a+fp16+dotprod",
            Self::MatrixProduct => "armv8.6-a+i8mm",
        }
    }

    /// What the compiler takes for `-march`. GCC's armv8.6-a leaves half precision out.
    pub fn march(self) -> &'static str {
        match self {
            Self::MatrixProduct => "armv8.6-a+fp16+i8mm",
            _ => self.name(),
        }
    }

    /// What a CPU must have for it, in the words of `/proc/cpuinfo` (Linux's
    /// `Documentation/arch/arm64/elf_hwcaps.rst`). Compilers use the atomics of armv8.1 and
    /// the loads of armv8.3 unasked.
    pub fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Armv8 => &[],
            Self::DotProduct => &["atomics", "fphp", "asimdhp", "asimddp"],
            Self::MatrixProduct => &["atomics", "fphp", "asimdhp", "asimddp", "lrcpc", "bf16", "i8mm"],
        }
    }

    /// What of [`Self::needs`] a CPU lacks.
    pub fn lacking<S: AsRef<str>>(self, features: &[S]) -> Vec<&'static str> {
        let has = |name: &str| features.iter().any(|feature| feature.as_ref() == name);
        self.needs().iter().copied().filter(|name| !has(name)).collect()
    }

    /// The fastest flavour for a CPU with these features. On a phone all cores tell
    /// the same ones: Linux lists only what all have.
    pub fn for_cpu<S: AsRef<str>>(features: &[S]) -> Self {
        let fits = |flavour: &Self| flavour.lacking(features).is_empty();
        Self::ALL.into_iter().rev().find(fits).unwrap_or(Self::Armv8)
    }

    /// The same from the text of a phone's `/proc/cpuinfo`: the features that every
    /// core has.
    pub fn for_cpuinfo(cpuinfo: &str) -> Self {
        let mut lists = cpuinfo.lines().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == "Features").then(|| value.split_ascii_whitespace())
        });
        let mut common: Vec<&str> = lists.next().map(Iterator::collect).unwrap_or_default();
        for list in lists {
            let list: Vec<&str> = list.collect();
            common.retain(|feature| list.contains(feature));
        }
        Self::for_cpu(&common)
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Flavour {
    type Err = String;

    /// The name, or the part before its first `+`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |flavour: &Self| {
            let name = flavour.name();
            text == name || name.split('+').next() == Some(text)
        };
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(named)
            .ok_or_else(|| format!("'{text}' is not a flavour of the agent; one of {}", known()))
    }
}

impl Serialize for Flavour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Flavour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_fastest_flavour_that_every_core_can_run() {
        let old = "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid";
        let middle = "fp asimd aes crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp";
        let new = format!("{middle} bf16 i8mm sve2");
        let core = |features: &str| format!("processor\t: 0\nFeatures\t: {features}\nCPU part\t: 0xd46\n\n");
        assert_eq!(Flavour::for_cpuinfo(&core(old)), Flavour::Armv8);
        assert_eq!(Flavour::for_cpuinfo(&core(middle)), Flavour::DotProduct);
        assert_eq!(Flavour::for_cpuinfo(&core(&new)), Flavour::MatrixProduct);
        assert_eq!(Flavour::for_cpuinfo(&(core(&new) + &core(middle))), Flavour::DotProduct);
        assert_eq!(Flavour::for_cpuinfo(""), Flavour::Armv8);
        assert_eq!(Flavour::MatrixProduct.lacking(&middle.split(' ').collect::<Vec<_>>()), ["bf16", "i8mm"]);
    }

    #[test]
    fn names_are_read_back_and_others_refused() {
        for flavour in Flavour::ALL {
            assert_eq!(flavour.name().parse(), Ok(flavour));
        }
        assert_eq!("armv8.2-a".parse(), Ok(Flavour::DotProduct));
        for text in ["", "armv9-a", "armv8.2-a+", "armv8", "x86_64"] {
            let error = text.parse::<Flavour>().unwrap_err();
            assert!(error.contains("armv8.6-a+i8mm"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(cpuinfo in "(Features[ \t]*:[ a-z0-9]{0,40}\n|[^\n]{0,20}\n){0,8}") {
            let chosen = Flavour::for_cpuinfo(&cpuinfo);
            prop_assert!(Flavour::ALL.contains(&chosen));
        }
    }
}
