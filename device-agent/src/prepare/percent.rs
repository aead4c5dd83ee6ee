//! Python's `%` between a text and values, which the template engine does not know: it becomes the filter
//! `format`, which does the same.

/// `'%s: %d' % (a, b)` as `'%s: %d'|format(a, b)`, wherever a template has a quoted text before the sign.
pub(super) fn as_filter(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = next_block(rest) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = if rest.starts_with("{#") {
            rest.find("#}").map_or(rest.len(), |at| at + 2)
        } else {
            block_end(rest)
        };
        let block = &rest[..end];
        out.push_str(&if block.starts_with("{#") { block.to_owned() } else { rewritten(block) });
        rest = &rest[end..];
    }
    out + rest
}

fn next_block(text: &str) -> Option<usize> {
    ["{{", "{%", "{#"].iter().filter_map(|mark| text.find(mark)).min()
}

/// The end of a block, behind its closing mark; quoted ones do not close it.
fn block_end(block: &str) -> usize {
    let close = if block.starts_with("{{") { "}}" } else { "%}" };
    let mut at = 2;
    while at < block.len() {
        match quoted(&block[at..]) {
            Some(length) => at += length,
            None if block[at..].starts_with(close) => return at + 2,
            None => at += width(&block[at..]),
        }
    }
    block.len()
}

fn width(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

/// Bytes of the quoted text that a rest begins with.
fn quoted(rest: &str) -> Option<usize> {
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

fn rewritten(block: &str) -> String {
    let (mut out, mut at) = (String::with_capacity(block.len()), 0);
    while at < block.len() {
        let rest = &block[at..];
        let Some(length) = quoted(rest) else {
            let step = width(rest);
            out.push_str(&rest[..step]);
            at += step;
            continue;
        };
        out.push_str(&rest[..length]);
        at += length;
        let after = &block[at..];
        let trimmed = after.trim_start();
        let Some(operand) = trimmed.strip_prefix('%').filter(|operand| !operand.starts_with('}')) else {
            continue;
        };
        let operand = operand.trim_start();
        let end = operand_end(operand);
        if end == 0 {
            continue;
        }
        let values = operand[..end].trim();
        let inner = values.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
        let is_one = inner.is_some() && brackets(values) == Some(values.len());
        let inner = inner.filter(|_| is_one).unwrap_or(values).trim().trim_end_matches(',');
        out.push_str("|format(");
        out.push_str(&rewritten(inner));
        out.push(')');
        at = block.len() - operand.len() + end;
    }
    out
}

/// Bytes up to the bracket that closes the first one.
fn brackets(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0usize, 0);
    while at < text.len() {
        if let Some(length) = quoted(&text[at..]) {
            at += length;
            continue;
        }
        let c = text[at..].chars().next()?;
        at += c.len_utf8();
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Bytes of one value: a name, a number, a text or brackets, with what is looked up or called on it, and its
/// filters, which bind it more closely than the sign does.
fn operand_end(text: &str) -> usize {
    let mut at = primary(text);
    while at > 0 {
        let rest = &text[at..];
        let spaces = rest.len() - rest.trim_start().len();
        let more = match rest.trim_start() {
            next if next.starts_with(['(', '[']) && spaces == 0 => brackets(next),
            next if next.starts_with('.') => Some(1 + word(&next[1..])).filter(|length| *length > 1),
            next if next.starts_with('|') => {
                let name = next[1..].trim_start();
                Some(next.len() - name.len() + word(name)).filter(|_| word(name) > 0)
            }
            _ => None,
        };
        match more {
            Some(more) => at += spaces + more,
            None => break,
        }
    }
    at
}

fn primary(text: &str) -> usize {
    match text.chars().next() {
        Some('(' | '[' | '{') => brackets(text).unwrap_or(0),
        Some('\'' | '"') => quoted(text).unwrap_or(0),
        Some('-') => Some(word(&text[1..])).filter(|length| *length > 0).map_or(0, |length| length + 1),
        _ => word(text),
    }
}

fn word(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::as_filter;
    use proptest::prelude::*;

    #[test]
    fn a_sign_after_a_text_becomes_a_filter() {
        for (source, expected) in [
            ("{{ '%s' % x }}", "{{ '%s'|format(x) }}"),
            (
                "{{ 'a%s' % m['content'].strip() | trim }}b",
                "{{ 'a%s'|format(m['content'].strip() | trim) }}b",
            ),
            ("{% set t = '%s: %d' % (a, (b, 1)) %}", "{% set t = '%s: %d'|format(a, (b, 1)) %}"),
            ("{{- \"%s\" % (x,) -}}", "{{- \"%s\"|format(x) -}}"),
            ("{{ '%s' % ('%d' % n) }}", "{{ '%s'|format('%d'|format(n)) }}"),
            ("{{ '%d' % -3 + 1 }}", "{{ '%d'|format(-3) + 1 }}"),
        ] {
            assert_eq!(as_filter(source), expected);
        }
    }

    #[test]
    fn all_else_stays_to_the_byte() {
        for source in [
            "",
            "{% set x = 'a' %}",
            "{%- if x == 'user' -%}{{ 'it''s %' }}",
            "{{ loop.index0 % 2 }}",
            "{# '%s' % x #} '%s' % x",
            "{{ '}} %s' }} % x",
            "{{ 'open",
            "{% set x = \"a\\\"\" %}",
        ] {
            assert_eq!(as_filter(source), source);
        }
    }

    proptest! {
        #[test]
        fn no_source_makes_it_panic(source in "[ {}%#'\"()a|.,\\\\é-]{0,40}") {
            let _ = as_filter(&source);
        }
    }
}
