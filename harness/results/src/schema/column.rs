//! What a column is, and which text may stand in its fields.

use super::time::UtcTime;
use slm_plan::text::clean;

/// The kind of value that a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number, not negative.
    Whole,
    /// A finite number.
    Number,
    /// `true` or `false`.
    Flag,
    /// A moment, RFC 3339 in UTC.
    Time,
}

/// Which numbers may stand in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Every finite one.
    Any,
    /// From 0 up.
    NotNegative,
    /// Above 0: what was measured took time, and what was not measured is left empty.
    Positive,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The only texts that may stand in it; none: any.
    pub names: &'static [&'static str],
    /// Whether a field may be empty: unknown.
    pub nullable: bool,
    /// Unit of its numbers, where they have one.
    pub unit: Option<&'static str>,
    /// Which numbers may stand in it.
    pub range: Range,
    /// What it means, line by line.
    pub meaning: &'static [&'static str],
}

/// The value of a field, by the kind of its column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// Nothing: unknown.
    Empty,
    /// Text.
    Text(&'a str),
    /// A whole number.
    Whole(u64),
    /// A finite number.
    Number(f64),
    /// `true` or `false`.
    Flag(bool),
    /// A moment.
    Time(UtcTime),
}

impl Column {
    /// The value of a field.
    ///
    /// # Errors
    /// Why it cannot stand in this column, in a few words.
    pub fn parse<'a>(&self, field: &'a str) -> Result<Scalar<'a>, String> {
        if field.is_empty() && self.nullable {
            return Ok(Scalar::Empty);
        }
        if field.trim().is_empty() && !self.nullable {
            return Err("is empty".into());
        }
        let not = |what: &str| format!("{} is not {what}", shown(field));
        match self.kind {
            Kind::Text if self.names.is_empty() || self.names.contains(&field) => Ok(Scalar::Text(field)),
            Kind::Text => Err(not(&format!("one of {}", self.names.join(", ")))),
            Kind::Whole => {
                let number = field.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok());
                number.map(Scalar::Whole).ok_or_else(|| not("a whole number"))
            }
            Kind::Number => {
                let number = field.parse().map_err(|_| not("a number"))?;
                self.check_range(number)?;
                Ok(Scalar::Number(number))
            }
            Kind::Flag => field.parse().map(Scalar::Flag).map_err(|_| not("true or false")),
            Kind::Time => field.parse().map(Scalar::Time).map_err(|_| not("a time")),
        }
    }

    fn check_range(&self, value: f64) -> Result<(), String> {
        match self.range {
            _ if !value.is_finite() => Err(format!("{value} is not a number")),
            Range::NotNegative | Range::Positive if value < 0.0 => Err(format!("{value} is negative")),
            Range::Positive if value == 0.0 => {
                Err("0 is no measurement; what is unknown is left empty".into())
            }
            _ => Ok(()),
        }
    }
}

/// A value of a file as shown in an error: short and without control characters.
pub(crate) fn shown(value: &str) -> String {
    let mut text: String = clean(value).chars().take(40).collect();
    if text.len() < value.len() {
        text.push('…');
    }
    format!("'{text}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_kind_names_and_range() {
        let text = Column {
            name: "a",
            kind: Kind::Text,
            names: &[],
            nullable: false,
            unit: None,
            range: Range::Any,
            meaning: &[],
        };
        assert_eq!(text.parse("x"), Ok(Scalar::Text("x")));
        assert_eq!(text.parse(" ").unwrap_err(), "is empty");
        let named = Column { names: &["on", "off"], nullable: true, ..text };
        assert_eq!((named.parse(""), named.parse("on")), (Ok(Scalar::Empty), Ok(Scalar::Text("on"))));
        assert_eq!(named.parse("up").unwrap_err(), "'up' is not one of on, off");
        let whole = Column { kind: Kind::Whole, ..text };
        assert_eq!(whole.parse("7"), Ok(Scalar::Whole(7)));
        for field in ["-1", "1e3", "9223372036854775808"] {
            assert!(whole.parse(field).unwrap_err().ends_with("is not a whole number"), "{field}");
        }
        let rate = Column { kind: Kind::Number, range: Range::Positive, ..text };
        assert_eq!(rate.parse("1.5"), Ok(Scalar::Number(1.5)));
        for (field, why) in [("NaN", "not a number"), ("-1", "negative"), ("0", "no measurement")] {
            assert!(rate.parse(field).unwrap_err().contains(why), "{field}");
        }
        let size = Column { range: Range::NotNegative, ..rate };
        assert_eq!(size.parse("0"), Ok(Scalar::Number(0.0)));
        assert!(size.parse("-1").is_err() && Column { range: Range::Any, ..rate }.parse("-1").is_ok());
        assert_eq!(Column { kind: Kind::Flag, ..text }.parse("true"), Ok(Scalar::Flag(true)));
        let time = Column { kind: Kind::Time, ..text };
        assert_eq!(time.parse("1970-01-01T00:00:01Z"), Ok(Scalar::Time(UtcTime { unix_ns: 1_000_000_000 })));
    }
}
