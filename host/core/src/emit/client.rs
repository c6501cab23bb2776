//! Which client reads the answer, and what it would misread.

/// A client as its `User-Agent` tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Client {
    quirk: Option<usize>,
}

/// Keys that versions of a client misread.
struct Quirk {
    /// The product of the `User-Agent`, lower case.
    product: &'static str,
    /// The last release that misreads, as major and minor.
    up_to: (u32, u32),
    /// Keys that begin so do not go out.
    withheld: &'static str,
}

const QUIRKS: &[Quirk] = &[
    // Takes the text after `adls.sas-token` for an account and the time for its SAS.
    Quirk { product: "pyiceberg", up_to: (0, 10), withheld: "adls.sas-token-expires-at-ms" },
];

impl Client {
    /// Reads a `User-Agent` such as `PyIceberg/0.10.0`. An unknown client has no quirks.
    #[must_use]
    pub fn from_user_agent(text: &str) -> Self {
        let quirk = text.split_ascii_whitespace().find_map(|product| {
            let (name, version) = product.split_once('/')?;
            let version = release(version)?;
            QUIRKS.iter().position(|quirk| name.eq_ignore_ascii_case(quirk.product) && version <= quirk.up_to)
        });
        Self { quirk }
    }

    pub(super) fn misreads(self, key: &str) -> bool {
        self.quirk.and_then(|at| QUIRKS.get(at)).is_some_and(|quirk| key.starts_with(quirk.withheld))
    }
}

fn release(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
