//! Numbers and columns for people.

use console::{Alignment, measure_text_width, pad_str};

/// A number with about four significant digits: `1234`, `67.8`, `1.91`, `0.046`.
pub fn figure(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 1000.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        v if v >= 0.01 => 3,
        v if v > 0.0 => 5,
        _ => 0,
    };
    format!("{value:.digits$}")
}

/// Bytes in binary units.
pub fn bytes(count: u64) -> String {
    let mib = count as f64 / f64::from(1 << 20);
    match mib {
        m if m >= 10240.0 => format!("{:.0} GiB", m / 1024.0),
        m if m >= 1024.0 => format!("{:.1} GiB", m / 1024.0),
        m if m >= 10.0 => format!("{m:.0} MiB"),
        m if m >= 0.1 || count == 0 => format!("{m:.1} MiB"),
        m => format!("{:.0} KiB", m * 1024.0),
    }
}

/// A span of time: `48 s`, `7 min 30 s`, `2 h 05 min`.
pub fn seconds(value: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what a u64 holds"
    )]
    let whole = value.clamp(0.0, 1e12).round() as u64;
    match whole {
        0..=89 => format!("{whole} s"),
        90..=5399 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Text of unknown origin for a terminal: control characters would move its cursor.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Rows in aligned columns, the first to the left, the others to the right, two
/// spaces between; rows of one column are headings and set no width.
pub fn columns(rows: &[Vec<String>]) -> String {
    let wide = rows.iter().filter(|row| row.len() > 1);
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        wide.clone().filter_map(|row| row.get(column)).map(|cell| measure_text_width(cell)).max()
    };
    let widths: Vec<usize> = (0..count).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let line: Vec<_> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, &width))| match (column, row.len()) {
                (_, 1) => cell.into(),
                (0, _) => pad_str(cell, width, Alignment::Left, None),
                _ => pad_str(cell, width, Alignment::Right, None),
            })
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A name of the user's or of a device as part of a file's name: what is no letter,
/// digit, dot, dash or underscore becomes a dash, and a hash keeps such names apart.
pub fn file_name(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.chars().all(is_plain) && !name.starts_with('.') && name.len() <= 60 {
        return name.to_owned();
    }
    let plain: String =
        name.chars().map(|c| if is_plain(c) && c != '.' { c } else { '-' }).take(40).collect();
    format!("{plain}-{}", &crate::digest::sha256_hex(name.as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn figures_have_about_four_digits() {
        let shown: Vec<_> = [1234.5, 167.8, 67.84, 1.909, 0.0461, 0.000_12, 0.0].map(figure).to_vec();
        assert_eq!(shown, ["1234", "167.8", "67.8", "1.91", "0.046", "0.00012", "0"]);
    }

    #[test]
    fn spans_and_sizes_read_well() {
        assert_eq!([48.2, 450.0, 7500.0].map(seconds), ["48 s", "7 min 30 s", "2 h 05 min"]);
        assert_eq!(
            [20 << 10, 1 << 20, 78 << 20, 5 << 30].map(bytes),
            ["20 KiB", "1.0 MiB", "78 MiB", "5.0 GiB"]
        );
    }

    #[test]
    fn columns_line_up_and_headings_stand_free() {
        let rows = vec![
            vec!["a long heading over all columns".to_owned()],
            vec!["日本".into(), "1".into()],
            vec!["b".into(), "22".into()],
        ];
        assert_eq!(columns(&rows), "a long heading over all columns\n日本   1\nb     22\n");
    }

    #[test]
    fn a_name_cannot_move_the_cursor() {
        assert_eq!(clean("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
    }

    proptest! {
        #[test]
        fn any_name_becomes_a_plain_part_of_a_file_name(name in "\\PC{0,80}") {
            let part = file_name(&name);
            prop_assert!(part.len() <= 60 && !part.starts_with('.') && !part.contains('/'), "{}", part);
            let other = file_name(&format!("{name}/"));
            prop_assert!(other != part, "{}", part);
        }
    }

    #[test]
    fn a_plain_name_stays() {
        assert_eq!(file_name("s24-ultra"), "s24-ultra");
        assert_eq!(file_name("adb://h:1/a b").split_at(13).0, "adb---h-1-a-b");
    }
}
