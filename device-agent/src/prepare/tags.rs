//! A tag that Hugging Face adds to Jinja, in terms of ordinary ones.

/// `{% generation %}` … `{% endgeneration %}` mark what the assistant said, for
/// training; what stands between them is rendered as it is.
pub(super) fn without_generation(source: &str) -> String {
    let mut result = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let Some(length) = rest[start..].find("%}") else { break };
        let (before, inner) = (&rest[..start], &rest[start + 2..start + length]);
        let word = inner.trim_matches(|c: char| c.is_whitespace() || c == '-' || c == '+');
        result.push_str(before);
        result.push_str("{%");
        result.push_str(&match word {
            "generation" => inner.replace(word, "if true"),
            "endgeneration" => inner.replace(word, "endif"),
            _ => inner.to_owned(),
        });
        result.push_str("%}");
        rest = &rest[start + length + 2..];
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::without_generation;

    #[test]
    fn other_tags_stay_to_the_byte() {
        for source in ["", "{%", "a {%- if x %} b {% endif -%} {{ c }}", "{% set generation = 1 %}%}{%"] {
            assert_eq!(without_generation(source), source);
        }
        assert_eq!(
            without_generation("x{%- generation %}y{% endgeneration -%}z"),
            "x{%- if true %}y{% endif -%}z"
        );
    }
}
