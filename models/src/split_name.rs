//! Names of the parts of a split model: `NAME-00001-of-00003.gguf`.

/// Most parts that are believed.
const MAX_PARTS: u32 = 1000;

/// A part's name in its pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitName {
    /// What stands before the numbers.
    pub stem: String,
    /// Which part it is, from 1.
    pub part: u32,
    /// How many there are.
    pub count: u32,
}

impl SplitName {
    /// Reads a name (folders before it belong to its stem); `None`: it is not that of a part.
    pub fn parse(name: &str) -> Option<Self> {
        let (rest, count) = name.strip_suffix(".gguf")?.rsplit_once("-of-")?;
        let (stem, part) = rest.rsplit_once('-')?;
        let number = |text: &str| -> Option<u32> {
            let digits = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
            if digits { text.parse().ok() } else { None }
        };
        let (part, count) = (number(part)?, number(count)?);
        let valid = !stem.is_empty() && (2..=MAX_PARTS).contains(&count) && (1..=count).contains(&part);
        valid.then(|| Self { stem: stem.to_owned(), part, count })
    }

    /// The names of all parts, in order.
    pub fn all(&self) -> impl Iterator<Item = String> + '_ {
        (1..=self.count).map(|part| Self::of(&self.stem, part, self.count))
    }

    /// The name of a part.
    pub fn of(stem: &str, part: u32, count: u32) -> String {
        format!("{stem}-{part:05}-of-{count:05}.gguf")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_engines_form_is_a_part() {
        let part = SplitName::parse("q4/m-q4_k_m-00002-of-00003.gguf").unwrap();
        assert_eq!((part.stem.as_str(), part.part, part.count), ("q4/m-q4_k_m", 2, 3));
        assert_eq!(part.all().nth(2).unwrap(), "q4/m-q4_k_m-00003-of-00003.gguf");
        for other in [
            "m.gguf",
            "m-00001-of-00001.gguf",
            "m-00004-of-00003.gguf",
            "m-00000-of-00003.gguf",
            "m-1-of-3.gguf",
            "m-00001-of-00003.safetensors",
            "-00001-of-00003.gguf",
            "m-00001-of-99999.gguf",
        ] {
            assert_eq!(SplitName::parse(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_read_as_it_was_made(stem in "[a-z.-]{1,9}", count in 2_u32..1000, part in 1_u32..1000) {
            let part = part.min(count);
            let name = SplitName::of(&stem, part, count);
            prop_assert_eq!(SplitName::parse(&name), Some(SplitName { stem, part, count }));
        }

        #[test]
        fn any_name_is_read(name in ".{0,30}") {
            let _ = SplitName::parse(&name);
        }
    }
}
