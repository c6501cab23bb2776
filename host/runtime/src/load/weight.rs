//! What a component asks of the compiler, seen before the compiler sees it.
//!
//! Cranelift's time and memory grow faster than a function does: 60 KB of loops in loops take it
//! half a minute, 2 MB of branches over many locals more memory than the machine has. The bounds are
//! a multiple of what CPython asks for, the largest guest that is known.

use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// Bytes of one function. CPython: 427 KB.
const FUNCTION_BYTES: u64 = 1 << 20;
/// Bytes of all functions. CPython: 6.6 MB.
const CODE_BYTES: u64 = 32 << 20;
/// Functions. CPython: 13,500.
const FUNCTIONS: u64 = 200_000;
/// Blocks in blocks. CPython: 781.
const DEPTH: u64 = 4_000;
/// Loops in loops, times locals. QuickJS: 1,800.
const LOOPS_BY_LOCALS: u64 = 20_000;
/// Branches times locals of one function. CPython: 323,000.
const BRANCHES_BY_LOCALS: u64 = 400_000;
/// The same, of all functions. CPython: 4.4 million.
const ALL_BRANCHES_BY_LOCALS: u64 = 10_000_000;

/// Functions that pass values in and out of components, each compiled by its types. CPython: 136.
const CANONICAL: u64 = 2_000;

/// The component would keep the compiler busy for minutes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {given}, at most {most}; the compiler would take minutes, or more memory than there is")]
pub(crate) struct TooHeavy {
    what: &'static str,
    given: u64,
    most: u64,
}

fn require(what: &'static str, given: u64, most: u64) -> Result<(), TooHeavy> {
    if given <= most { Ok(()) } else { Err(TooHeavy { what, given, most }) }
}

/// Judges all functions of all modules in a component. What cannot be read is left to the compiler,
/// which says what is wrong with it.
pub(super) fn check(bytes: &[u8]) -> Result<(), TooHeavy> {
    let (mut functions, mut code, mut all, mut canonical) = (0, 0, 0, 0);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::CodeSectionEntry(body)) => {
                let weight = Weight::of(&body).unwrap_or_default();
                weight.check()?;
                functions += 1;
                code += weight.bytes;
                all += weight.branches.saturating_mul(weight.locals);
                require("functions of the component", functions, FUNCTIONS)?;
                require("bytes of all functions", code, CODE_BYTES)?;
                require("branches times locals of all functions", all, ALL_BRANCHES_BY_LOCALS)?;
            }
            Ok(Payload::ComponentCanonicalSection(section)) => {
                canonical += u64::from(section.count());
                require("functions that pass values", canonical, CANONICAL)?;
            }
            Ok(_) => {}
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

/// What one function asks for.
#[derive(Debug, Default)]
struct Weight {
    bytes: u64,
    locals: u64,
    branches: u64,
    depth: u64,
    loops: u64,
}

impl Weight {
    fn of(body: &FunctionBody<'_>) -> wasmparser::Result<Self> {
        let mut weight = Self { bytes: body.as_bytes().len() as u64, locals: 1, ..Self::default() };
        for group in body.get_locals_reader()? {
            weight.locals += u64::from(group?.0);
        }
        // Of each block that is open, whether it is a loop.
        let mut open = Vec::new();
        let mut loops = 0;
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Block { .. } | Operator::If { .. } | Operator::TryTable { .. } => {
                    weight.branches += 1;
                    open.push(false);
                }
                Operator::Loop { .. } => {
                    weight.branches += 1;
                    loops += 1;
                    open.push(true);
                }
                Operator::End if open.pop() == Some(true) => loops -= 1,
                Operator::Else | Operator::Br { .. } | Operator::BrIf { .. } => weight.branches += 1,
                // Each of its targets is a way into another block.
                Operator::BrTable { targets } => weight.branches += u64::from(targets.len()) + 1,
                _ => {}
            }
            weight.depth = weight.depth.max(open.len() as u64);
            weight.loops = weight.loops.max(loops);
            if weight.depth > DEPTH {
                break;
            }
        }
        Ok(weight)
    }

    fn check(&self) -> Result<(), TooHeavy> {
        require("bytes of one function", self.bytes, FUNCTION_BYTES)?;
        require("blocks in blocks", self.depth, DEPTH)?;
        require("loops in loops of one function, times its locals", by(self.loops, self.locals), LOOPS_BY_LOCALS)?;
        require("branches of one function times its locals", by(self.branches, self.locals), BRANCHES_BY_LOCALS)
    }
}

/// Few locals do not make many branches light.
fn by(number: u64, locals: u64) -> u64 {
    const FEWEST: u64 = 20;
    number.saturating_mul(locals.max(FEWEST))
}

#[cfg(test)]
mod tests {
    use super::check;

    fn refused(wat: &str) -> Option<&'static str> {
        check(&wat::parse_str(wat).unwrap()).err().map(|heavy| heavy.what)
    }

    fn function(locals: usize, body: &str) -> String {
        format!("(component (core module (func (local {}) {body})))", "i32 ".repeat(locals))
    }

    #[test]
    fn what_languages_make_passes() {
        assert_eq!(refused("(component)"), None);
        assert_eq!(refused(&function(300, &"(if (local.get 0) (then (local.set 1 (i32.const 1))))".repeat(600))), None);
        let nested = format!("{}{}", "block ".repeat(1_000), "end ".repeat(1_000));
        assert_eq!(refused(&function(20, &nested)), None);
        assert_eq!(check(b"\0asm what is no component"), Ok(()));
    }

    #[test]
    fn what_grows_faster_than_it_is_long_does_not() {
        let nested = |what: &str, depth: usize| format!("{}{}", what.repeat(depth), "end ".repeat(depth));
        let branch = "(if (local.get 0) (then (local.set 1 (i32.const 1))))";
        for (locals, body, what) in [
            (1, nested("block ", 4_001), "blocks in blocks"),
            (1, nested("loop ", 1_100), "loops in loops of one function, times its locals"),
            (2_000, nested("loop ", 11), "loops in loops of one function, times its locals"),
            (200, branch.repeat(5_000), "branches of one function times its locals"),
            (2, branch.repeat(21_000), "branches of one function times its locals"),
            (1, "(drop (i32.const 1))".repeat(400_000), "bytes of one function"),
        ] {
            assert_eq!(refused(&function(locals, &body)), Some(what));
        }
        let many = format!("(component (core module {}))", function_text(200, &branch.repeat(1_000)).repeat(60));
        assert_eq!(refused(&many), Some("branches times locals of all functions"));
        let empty = format!("(component (core module {}))", "(func)".repeat(200_001));
        assert_eq!(refused(&empty), Some("functions of the component"));
        let drops = "(core func (canon resource.drop $r))".repeat(2_001);
        assert_eq!(
            refused(&format!("(component (type $r (resource (rep i32))) {drops})")),
            Some("functions that pass values")
        );
    }

    /// 57 KB that took more than a minute: each table leads into each block, where all locals meet.
    #[test]
    fn each_way_out_of_a_table_is_a_branch() {
        let blocks = |body: &str| format!("{}{body}{}", "block ".repeat(400), "end ".repeat(400));
        let table = |ways: usize| {
            let ways: Vec<String> = (0..ways).map(|way| way.to_string()).collect();
            format!("(block (br_if 0 (local.get 0)) (br_table {} (local.get 0)))", ways.join(" "))
        };
        let what = "branches of one function times its locals";
        assert_eq!(refused(&function(100, &blocks(&table(400).repeat(40)))), Some(what));
        // An interpreter's loop: a way for each of its instructions.
        assert_eq!(refused(&function(100, &blocks(&table(400).repeat(4)))), None);
    }

    fn function_text(locals: usize, body: &str) -> String {
        format!("(func (local {}) {body})", "i32 ".repeat(locals))
    }
}
