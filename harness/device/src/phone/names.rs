//! Names of files and folders on a phone.

/// Everything of ours on a phone is under this folder: the one that adb's user can both
/// write to and execute from.
pub const ROOT: &str = "/data/local/tmp/slm-bench";

/// A model's name as part of a file name. For people who look at the phone; the
/// hash distinguishes files.
pub(super) fn file_name_part(name: &str) -> String {
    name.chars().take(60).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
