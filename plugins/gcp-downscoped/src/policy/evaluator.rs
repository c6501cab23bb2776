//! Google's side of a boundary, by another hand than the host's proof: roles as lists of
//! permissions, conditions evaluated for one request.

use serde_json::Value;

/// One request to the store.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call<'a> {
    /// A permission on one object.
    Object(&'a str, &'a str),
    /// `storage.objects.list` with a prefix.
    List(&'a str),
}

fn permissions(role: &str) -> &'static [&'static str] {
    match role {
        "inRole:roles/storage.objectViewer" => &["get", "list"],
        "inRole:roles/storage.objectCreator" => &["create"],
        "inRole:roles/storage.objectUser" => &["get", "list", "create", "delete", "update"],
        other => panic!("{other}"),
    }
}

/// Whether the boundary lets the request through.
pub(super) fn allows(boundary: &str, bucket: &str, call: Call<'_>) -> bool {
    let boundary: Value = serde_json::from_str(boundary).unwrap();
    let rules = boundary["accessBoundary"]["accessBoundaryRules"].as_array().unwrap();
    let (permission, name, list_prefix) = match call {
        Call::Object(permission, object) => (permission, format!("projects/_/buckets/{bucket}/objects/{object}"), None),
        Call::List(prefix) => ("list", format!("projects/_/buckets/{bucket}"), Some(prefix)),
    };
    rules.iter().any(|rule| {
        let resource = format!("//storage.googleapis.com/projects/_/buckets/{bucket}");
        let roles = rule["availablePermissions"].as_array().unwrap();
        rule["availableResource"] == resource.as_str()
            && roles.iter().any(|role| permissions(role.as_str().unwrap()).contains(&permission))
            && Cel::new(rule["availabilityCondition"]["expression"].as_str().unwrap(), &name, list_prefix).run()
    })
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Mark(&'static str),
}

fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let (mut at, mut out) = (0, Vec::new());
    while at < chars.len() {
        match chars[at] {
            c if c.is_whitespace() => at += 1,
            quote @ ('\'' | '"') => {
                let mut text = String::new();
                at += 1;
                while chars[at] != quote {
                    assert!(!matches!(chars[at], '\n' | '\r'), "a text ends on its line");
                    if chars[at] == '\\' {
                        at += 1;
                        if chars[at] == 'u' {
                            let code: String = chars[at + 1..at + 5].iter().collect();
                            text.push(char::from_u32(u32::from_str_radix(&code, 16).unwrap()).unwrap());
                            at += 4;
                        } else {
                            assert!(matches!(chars[at], '\\' | '\'' | '"'), "{source}");
                            text.push(chars[at]);
                        }
                    } else {
                        text.push(chars[at]);
                    }
                    at += 1;
                }
                at += 1;
                out.push(Token::Text(text));
            }
            c if c.is_ascii_alphabetic() => {
                let start = at;
                while at < chars.len() && (chars[at].is_ascii_alphanumeric() || chars[at] == '_') {
                    at += 1;
                }
                out.push(Token::Word(chars[start..at].iter().collect()));
            }
            _ => {
                let mark = ["||", "&&", "(", ")", ".", ","]
                    .into_iter()
                    .find(|mark| chars[at..].starts_with(&mark.chars().collect::<Vec<_>>()))
                    .unwrap_or_else(|| panic!("{source}"));
                at += mark.len();
                out.push(Token::Mark(mark));
            }
        }
    }
    out
}

/// Evaluates while it reads.
struct Cel<'a> {
    tokens: std::vec::IntoIter<Token>,
    name: &'a str,
    list_prefix: Option<&'a str>,
}

impl<'a> Cel<'a> {
    fn new(source: &str, name: &'a str, list_prefix: Option<&'a str>) -> Self {
        Self { tokens: tokens(source).into_iter(), name, list_prefix }
    }

    fn next(&mut self) -> Token {
        self.tokens.next().expect("the expression goes on")
    }

    fn mark(&mut self, mark: &'static str) {
        assert_eq!(self.next(), Token::Mark(mark));
    }

    fn word(&mut self, word: &str) {
        assert_eq!(self.next(), Token::Word(word.to_owned()));
    }

    fn text(&mut self) -> String {
        match self.next() {
            Token::Text(text) => text,
            other => panic!("{other:?} is no text"),
        }
    }

    fn run(mut self) -> bool {
        let mut result = self.test();
        while let Some(token) = self.tokens.next() {
            assert_eq!(token, Token::Mark("||"));
            let other = self.test();
            result = result || other;
        }
        result
    }

    fn test(&mut self) -> bool {
        let subject = match self.next() {
            Token::Word(word) if word == "resource" => {
                self.mark(".");
                self.word("name");
                self.name.to_owned()
            }
            Token::Word(word) if word == "api" => {
                self.mark(".");
                self.word("getAttribute");
                self.mark("(");
                assert_eq!(self.text(), "storage.googleapis.com/objectListPrefix");
                self.mark(",");
                let default = self.text();
                self.mark(")");
                self.list_prefix.map_or(default, str::to_owned)
            }
            other => panic!("{other:?}"),
        };
        self.mark(".");
        self.word("startsWith");
        self.mark("(");
        let prefix = self.text();
        self.mark(")");
        subject.starts_with(&prefix)
    }
}
