//! Shares, such as 3% or 0.03.

/// A share from 0 to below 1.
pub(super) fn parse_share(text: &str) -> Result<f64, String> {
    let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let share = number.trim().parse::<f64>().ok().map(|number| number / unit);
    share
        .filter(|share| (0.0..1.0).contains(share))
        .ok_or_else(|| "give a share from 0 % to below 100 %, such as 3% or 0.03".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read() {
        assert_eq!((parse_share("3%"), parse_share("0.03"), parse_share("0")), (Ok(0.03), Ok(0.03), Ok(0.0)));
        assert!(["-1%", "100%", "NaN", "few", ""].iter().all(|text| parse_share(text).is_err()));
    }
}
