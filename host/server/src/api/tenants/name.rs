//! What tenants, users and roles may be called.

use crate::error::ApiError;

/// Longest name, in characters.
const MAX_NAME: usize = 128;

/// Refuses a name that is empty, too long, or that cannot be told from another one on a screen.
pub(crate) fn check_name(field: &str, name: &str) -> Result<(), ApiError> {
    let fits = (1..=MAX_NAME).contains(&name.chars().count());
    if fits && name.trim() == name && !name.chars().any(is_unseen) {
        return Ok(());
    }
    let rule = "a name has 1 to 128 characters, none that is not seen, and no blank at its ends";
    Err(ApiError::unprocessable(field, rule))
}

/// Controls, blanks other than the one, and what Unicode says to show as nothing
/// (`Default_Ignorable_Code_Point`) or lets turn the text around: with them two names look the same.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
            | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_look_the_same() {
        for name in ["admin", "J\u{f6}rg \u{5c71}\u{7530}", "O'Neil-\u{416}", "a b", "\u{1f427}"] {
            assert!(check_name("name", name).is_ok(), "{name}");
        }
        for unseen in [
            '\0',
            '\u{85}',
            '\u{a0}',
            '\u{ad}',
            '\u{200b}',
            '\u{200f}',
            '\u{202e}',
            '\u{2066}',
            '\u{2028}',
            '\u{3000}',
            '\u{3164}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{e0041}',
        ] {
            for name in [format!("ad{unseen}min"), format!("admin{unseen}"), format!("{unseen}admin")] {
                assert!(check_name("name", &name).is_err(), "{name:?}");
            }
        }
    }
}
