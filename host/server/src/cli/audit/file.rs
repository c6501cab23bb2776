//! An export, checked without the database: row by row, in little memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read as _};

use pangolin_store::{AuditClaim, AuditFault, AuditSeals, AuditTail};
use serde::Deserialize as _;
use serde_json::Value;

use super::other_file::Beginning;
use super::told::{Break, Chain, Told};
use crate::api::audit::line::{self, ChainPlace, SealLine};

/// The longest line that is read. Those of an export are far shorter.
const LONGEST: u64 = 64 * 1024 * 1024;

/// A chain as far as it was read.
#[derive(Default)]
struct Walked {
    rows: u64,
    start: Option<AuditTail>,
    tail: Option<AuditTail>,
    ended: bool,
}

struct Check<'a> {
    seals: Option<&'a AuditSeals>,
    /// The list of chains; none: the file is a part of the trail.
    hosts: Option<BTreeSet<String>>,
    chains: BTreeMap<String, Walked>,
    breaks: BTreeMap<String, Break>,
    /// Whether a line was one of an export with links.
    is_export: bool,
}

/// Checks all lines.
pub(super) fn check(mut lines: impl BufRead, seals: Option<&AuditSeals>) -> io::Result<Told> {
    let mut check = Check { seals, hosts: None, chains: BTreeMap::new(), breaks: BTreeMap::new(), is_export: false };
    let mut first = Beginning::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if lines.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        first.see(&line);
        if u64::try_from(line.len()).is_ok_and(|length| length == LONGEST) {
            check.say("", number, "line", format!("line {number} is too long: nothing was read after it"));
            break;
        }
        check.line(number, &line);
    }
    Ok(if check.is_export { check.finish() } else { Told::of_another_file(first.code(), first.why()) })
}

impl Check<'_> {
    /// The first thing wrong with a chain, or with the file.
    fn wrong(&mut self, host: &str, seq: i64, fault: &AuditFault) {
        self.say(host, seq, fault.code(), fault.to_string());
    }

    fn say(&mut self, host: &str, seq: i64, code: &str, why: String) {
        let broken = Break { host: host.to_owned(), seq, code: code.to_owned(), why };
        self.breaks.entry(host.to_owned()).or_insert(broken);
    }

    fn line(&mut self, number: i64, text: &[u8]) {
        let Ok(value) = serde_json::from_slice::<Value>(text) else {
            if !text.ends_with(b"\n") {
                let why =
                    format!("line {number} is cut off: the file ends within it, so the export or its copy did not end");
                return self.say("", number, "cut-off", why);
            }
            return self.say("", number, "line", format!("line {number} is not JSON"));
        };
        if value.get("seal").is_some() {
            match SealLine::deserialize(&value) {
                Ok(seal) => {
                    self.is_export = true;
                    self.seal(number, seal);
                }
                Err(_) => self.say("", number, "line", format!("line {number} is not a seal")),
            }
            return;
        }
        let Some(Ok(place)) = value.get("chain").map(ChainPlace::deserialize) else {
            let why =
                format!("line {number} has no place in a chain: only an export of Root or of the command line has");
            return self.say("", number, "line", why);
        };
        self.is_export = true;
        self.event(&value, &place);
    }

    fn event(&mut self, line: &Value, place: &ChainPlace) {
        let ChainPlace { host, seq, link, covered } = place;
        let whole = self.hosts.is_some();
        let walked = self.chains.entry(host.clone()).or_default();
        let ended = walked.ended;
        let before = walked.tail.or(walked.start).or(whole.then_some(AuditTail::START));
        let stated = AuditTail::parse(*seq, link);
        walked.rows += 1;
        walked.tail = stated.or(walked.tail);
        let fault = match before {
            _ if ended => Some((*seq, AuditFault::BeyondEnd)),
            _ if stated.is_none() || !line::says_the_same(line, covered) => Some((*seq, AuditFault::Changed)),
            Some(before) if before.seq.checked_add(1) == Some(*seq) => {
                (Some(before.followed_by(covered)) != stated).then_some((*seq, AuditFault::Changed))
            }
            Some(before) if whole => Some((before.seq.saturating_add(1), AuditFault::Missing)),
            // Of a part nobody knows what stood before.
            _ => None,
        };
        if let Some((seq, fault)) = fault {
            self.wrong(host, seq, &fault);
        }
    }

    fn seal(&mut self, number: i64, seal: SealLine) {
        match seal {
            SealLine::Hosts { hosts, mac } => {
                if number > 1 {
                    self.say("", number, "line", format!("line {number}: the list of chains stands first"));
                }
                if let Some(Err(fault)) = self.seals.map(|seals| seals.check(AuditClaim::Hosts(&hosts), Some(&mac))) {
                    self.wrong("", number, &AuditFault::List(fault));
                }
                self.hosts = Some(serde_json::from_str(&hosts).unwrap_or_default());
            }
            SealLine::Start { host, seq, link, mac } => {
                let tail = AuditTail::parse(seq, &link);
                let claimed = tail.map(|tail| AuditClaim::Start(&host, tail));
                if let Some(fault) = self.refused(claimed, &mac) {
                    self.wrong(&host, seq, &AuditFault::Start(fault));
                }
                let walked = self.chains.entry(host.clone()).or_default();
                let first = walked.rows == 0 && walked.start.is_none();
                walked.start = tail;
                if !first {
                    self.wrong(&host, seq, &AuditFault::Changed);
                }
            }
            SealLine::End { host, seq, link, mac } => {
                let end = AuditTail::parse(seq, &link);
                let claimed = end.map(|end| AuditClaim::End(&host, end));
                if let Some(fault) = self.refused(claimed, &mac) {
                    self.wrong(&host, seq, &AuditFault::End(fault));
                }
                let walked = self.chains.entry(host.clone()).or_default();
                walked.ended = true;
                let tail = walked.tail.or(walked.start).unwrap_or(AuditTail::START);
                if end != Some(tail) {
                    let fault = if tail.seq < seq { AuditFault::Missing } else { AuditFault::Changed };
                    self.wrong(&host, tail.seq.saturating_add(1).min(seq), &fault);
                }
            }
        }
    }

    fn refused(&self, claim: Option<AuditClaim<'_>>, mac: &str) -> Option<pangolin_store::SealFault> {
        match (claim, self.seals) {
            (None, _) => Some(pangolin_store::SealFault::Forged),
            (Some(claim), Some(seals)) => seals.check(claim, Some(mac)).err(),
            (Some(_), None) => None,
        }
    }

    fn finish(mut self) -> Told {
        if let Some(hosts) = self.hosts.clone() {
            for host in &hosts {
                match self.chains.get(host).map(|walked| (walked.ended, walked.tail.or(walked.start))) {
                    None => self.wrong(host, 0, &AuditFault::NoChain),
                    Some((false, tail)) => self.wrong(host, tail.map_or(0, |tail| tail.seq), &AuditFault::NoEnd),
                    Some((true, _)) => {}
                }
            }
            let strangers: Vec<String> = self.chains.keys().filter(|host| !hosts.contains(*host)).cloned().collect();
            for host in strangers {
                self.wrong(&host, 0, &AuditFault::Stranger);
            }
        }
        let held = self.chains.iter().filter(|(host, _)| !self.breaks.contains_key(*host));
        let chain = |(host, walked): (&String, &Walked)| {
            let tail = walked.tail.or(walked.start).unwrap_or(AuditTail::START);
            Chain {
                host: host.clone(),
                rows: walked.rows,
                start: walked.start.map_or(0, |start| start.seq),
                end: tail.seq,
                link: tail.link_text(),
                key: None,
            }
        };
        let chains = held.map(chain).collect();
        Told {
            export: true,
            whole: self.breaks.is_empty(),
            complete: self.hosts.is_some(),
            sealed: self.seals.is_some(),
            rows: self.chains.values().map(|walked| walked.rows).sum(),
            chains,
            breaks: self.breaks.into_values().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: impl BufRead) -> Vec<(String, String)> {
        check(text, None).unwrap().breaks.into_iter().map(|broken| (broken.host, broken.code)).collect()
    }

    #[test]
    fn a_hostile_file_is_told_as_broken() {
        let line = |host: &str, seq: i64| {
            let link = AuditTail::START.link_text();
            serde_json::json!({"chain": {"host": host, "seq": seq, "link": link, "covered": "{}"}}).to_string()
        };
        let last = i64::MAX;
        for text in [
            format!("{}\n{}\n", line("a", last), line("a", last)),
            format!(
                "{{\"seal\":\"hosts\",\"hosts\":\"[]\",\"mac\":\"\"}}\n{}\n{}\n",
                line("a", last),
                line("a", i64::MIN)
            ),
            format!(
                "{}\n{{\"seal\":\"end\",\"host\":\"a\",\"seq\":{last},\"link\":\"\",\"mac\":\"\"}}\n{}\n",
                line("a", last),
                line("a", last)
            ),
        ] {
            assert!(codes(text.as_bytes()).iter().any(|(host, _)| host == "a"), "{text}");
        }
        // No line takes more memory than the longest that may be.
        let first = line("a", 1) + "\n";
        let endless = std::io::BufReader::new(first.as_bytes().chain(io::repeat(b'x')));
        assert!(codes(endless).contains(&(String::new(), "line".to_owned())));
        let many: String = (0..20_000).map(|host| line(&format!("host-{host}"), 1) + "\n").collect();
        assert_eq!(codes(many.as_bytes()).len(), 20_000);
    }

    #[test]
    fn another_file_is_not_told_as_broken() {
        let why = |bytes: &[u8]| {
            let told = check(bytes, None).unwrap();
            assert!(!told.export && !told.whole && told.chains.is_empty(), "{told:?}");
            let [broken] = told.breaks.try_into().unwrap();
            (broken.code, broken.why)
        };
        for (bytes, code, wanted) in [
            (&b""[..], "empty", "nothing in it"),
            (b" \n\n", "empty", "nothing in it"),
            (b"\x1f\x8b\x08\x00rest", "not-an-export", "gzip: unpack it first"),
            (b"\x28\xb5\x2f\xfdrest", "not-an-export", "zstd: unpack it first"),
            (b"PK\x03\x04rest", "not-an-export", "ZIP: unpack it first"),
            (b"\xff\xfe{\x00", "not-an-export", "UTF-16"),
            (b"{\n  \"events\": []\n}\n", "not-an-export", "one JSON object on each line"),
            (b"[{\"chain\": 1}]\n", "not-an-export", "one JSON object on each line"),
            (b"{\"a\": 1}\n{\"b\": 2}\n", "not-an-export", "JSON of another kind"),
            (b"\x00\x01\x02", "not-an-export", "one JSON object on each line"),
            (
                b"{\"id\": \"x\", \"action\": \"login\", \"timestamp\": \"2026\"}\n",
                "not-an-export",
                "`pangolin audit export`",
            ),
        ] {
            let (found, text) = why(bytes);
            assert_eq!(found, code, "{text}");
            assert!(text.contains(wanted), "{text}");
        }
        let endless = std::io::BufReader::new(io::repeat(b'x'));
        assert!(!check(endless, None).unwrap().export);
    }

    #[test]
    fn an_export_stays_one_whatever_its_first_line_became() {
        let link = AuditTail::START.link_text();
        let line = serde_json::json!({"chain": {"host": "a", "seq": 1, "link": link, "covered": "{}"}}).to_string();
        for first in ["", "\u{1f}\u{8b}", "{}", "[]"] {
            let told = check(format!("{first}\n{line}\n").as_bytes(), None).unwrap();
            assert!(told.export && !told.whole, "{first:?}");
        }
        let cut = line.get(..line.len() - 3).unwrap();
        let told = check(format!("{line}\n{cut}").as_bytes(), None).unwrap();
        let codes: Vec<&str> = told.breaks.iter().map(|broken| broken.code.as_str()).collect();
        assert!(codes.contains(&"cut-off"), "{told:?}");
    }
}
