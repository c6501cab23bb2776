//! What a credential opens, by what the component asked its upstream for: the host cannot look into
//! a token that a server made.

use pangolin_core::access::Access;
use pangolin_core::strategy::{Minted, Scoping};

use super::suite::{Suite, told, told_with};
use crate::call::Ask;
use crate::lab::{Observed, was_stopped};
use crate::planted::decoded;
use crate::upstream::{By, canned};
use crate::words;

const GROUP: &str = "scope";

/// Directories whose names mean something in a policy, a URL, a query or a shell.
const HOSTILE: [(&str, &str); 9] = [
    ("quotes", "it's \"quoted\""),
    ("percent", "100%25 %2e%2e %00"),
    ("spaces", "a  b c"),
    ("wildcards", "star*any"),
    ("variables", "${aws:username}$x"),
    ("separators", "a;b&c=1+2,d|e"),
    ("markup", "<b>\u{1f511}</b>"),
    ("non-ascii", "na\u{ef}ve-\u{65e5}\u{672c}\u{8a9e}"),
    ("conditions", "') || true || ('"),
];

/// Bytes of a long name.
const LONG: usize = 900;

/// Everything by which a credential was bounded.
struct Evidence {
    texts: Vec<String>,
    /// The same, whole, to be compared.
    whole: String,
}

impl Evidence {
    fn of(observed: &Observed<Minted>) -> Self {
        let mut bytes = Vec::new();
        let mut texts = Vec::new();
        for seen in &observed.seen {
            // A token that the host keeps is asked for by the first call alone.
            if matches!(seen.by, By::Cloud(cloud) if canned::is_kept(cloud)) {
                continue;
            }
            let request = &seen.request;
            bytes.extend_from_slice(format!("{} {}\n", request.method, request.url).as_bytes());
            for (name, value) in &request.headers {
                // The SDK numbers its attempts.
                if !name.as_str().starts_with("amz-sdk-") {
                    bytes.extend_from_slice(name.as_str().as_bytes());
                    bytes.extend_from_slice(value.as_bytes());
                }
            }
            bytes.extend_from_slice(&request.body);
            texts.extend(decoded(request.url.as_str().as_bytes()));
            texts.extend(decoded(&request.body));
        }
        // What the host itself held against the scope before it signed or sent it.
        if let Some(proof) = observed.result.as_ref().ok().and_then(|minted| minted.proof.as_ref()) {
            bytes.extend_from_slice(proof.as_bytes());
            texts.extend(decoded(proof.as_bytes()));
        }
        Self { texts, whole: String::from_utf8_lossy(&bytes).into_owned() }
    }

    fn names(&self, text: &str) -> bool {
        self.texts.iter().any(|known| known.contains(text))
    }
}

/// A vend, and by what it was bounded.
async fn bounded(suite: &mut Suite<'_>, ask: &Ask) -> Result<(Evidence, bool), String> {
    let observed = suite.vend(ask).await.map_err(|error| error.to_string())?;
    match &observed.result {
        Ok(minted) => Ok((Evidence::of(&observed), minted.proof.is_some())),
        Err(error) => Err(told_with(error, &observed)),
    }
}

pub(super) async fn run(suite: &mut Suite<'_>) {
    let scoping = suite.scoping();
    let Some(access) = suite.happy.as_ref().map(|happy| happy.access) else {
        suite.report.not_covered(GROUP, "location", "nothing was minted");
        return;
    };
    if scoping == Scoping::Exact {
        location(suite, access).await;
    } else {
        suite.report.not_covered(
            GROUP,
            "location",
            format!("it says that a credential opens {}", words::scoping(scoping)),
        );
    }
    if matches!(scoping, Scoping::Exact | Scoping::AccessOnly) {
        access_counts(suite).await;
    } else {
        suite.report.not_covered(
            GROUP,
            "access",
            format!("it says that a credential opens {}", words::scoping(scoping)),
        );
    }
    for (name, path) in HOSTILE {
        hostile(suite, name, path, access, scoping).await;
    }
    hostile(suite, "long", &"l".repeat(LONG), access, scoping).await;
}

/// What is sent names the table, and another table is another request.
async fn location(suite: &mut Suite<'_>, access: Access) {
    let ask = suite.ask(access);
    let other = Ask { table: suite.table("returns"), ..ask.clone() };
    let judged = match (bounded(suite, &ask).await, bounded(suite, &other).await) {
        (Err(why), _) | (_, Err(why)) => Err(why),
        (Ok((first, _)), Ok((second, _))) => {
            let key = |ask: &Ask| suite.setting.location(&ask.table).map(|location| location.key().to_owned());
            let (Ok(one), Ok(two)) = (key(&ask), key(&other)) else { return };
            if first.whole == second.whole {
                Err("the same is asked for two tables: a credential of one opens the other".to_owned())
            } else if !first.names(&one) || !second.names(&two) {
                Err(format!("nothing that was asked for names the table's location ({one})"))
            } else if first.names(&two) {
                Err("what was asked for names another table as well".to_owned())
            } else {
                Ok(None)
            }
        }
    };
    suite.report.judge(GROUP, "location", judged);
}

/// Who may only read gets something else than who may write.
async fn access_counts(suite: &mut Suite<'_>) {
    let writing = if matches!(suite.happy.as_ref().map(|happy| happy.access), Some(Access::FULL)) {
        Access::FULL
    } else {
        Access::READ_WRITE
    };
    let (read, write) = (suite.ask(Access::READ), suite.ask(writing));
    match (bounded(suite, &read).await, bounded(suite, &write).await) {
        (Ok((read, _)), Ok((write, _))) => suite.report.judge(
            GROUP,
            "access",
            if read.whole == write.whole {
                Err("the same is asked for reading as for writing: who may read gets to write".to_owned())
            } else {
                Ok(None)
            },
        ),
        (Err(why), _) | (_, Err(why)) => suite.report.not_covered(GROUP, "access", why),
    }
}

/// A name of a directory that means something else: refused, or kept as it is.
async fn hostile(suite: &mut Suite<'_>, name: &str, path: &str, access: Access, scoping: Scoping) {
    let check = format!("name-{name}");
    let ask = Ask { table: format!("{}/{path}", suite.table("odd")), ..suite.ask(access) };
    let Ok(location) = suite.setting.location(&ask.table) else {
        suite.report.not_covered(GROUP, check, "the base of the scenario leaves no room for such a name");
        return;
    };
    let observed = match suite.vend(&ask).await {
        Ok(observed) => observed,
        Err(error) => {
            suite.report.not_covered(GROUP, check, error.to_string());
            return;
        }
    };
    let judged = match &observed.result {
        Err(error) if was_stopped(error) => Err(told(error)),
        Err(error) if !observed.unanswered().is_empty() => Err(told_with(error, &observed)),
        Err(error) => Ok(Some(format!("refused: {}", error.code))),
        // The host read the policy or the boundary itself, with all its escapes.
        Ok(minted) if scoping != Scoping::Exact || minted.proof.is_some() => Ok(None),
        Ok(_) if Evidence::of(&observed).names(location.key()) => Ok(None),
        Ok(_) => Err("nothing that was asked for names the location as it is".to_owned()),
    };
    suite.report.judge(GROUP, check, judged);
}
