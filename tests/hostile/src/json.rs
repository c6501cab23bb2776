//! Parts of a script, and the words in them that stand for something else.

use pangolin_plugin_sdk::VendRequest;
use serde_json::Value;

/// What the words in braces stand for.
pub(crate) struct Words(Vec<(&'static str, String)>);

impl Words {
    pub(crate) fn of(request: &VendRequest) -> Self {
        let root = request.scopes.first().map(|scope| scope.location.clone()).unwrap_or_default();
        let field = |name: &str| request.config.text(name).unwrap_or_default().to_owned();
        Self(vec![
            ("{root}", root.clone()),
            ("{path}", root.split_once("://").map(|(_, path)| path.to_owned()).unwrap_or_default()),
            ("{upstream}", field("upstream")),
            ("{collector}", field("collector")),
            ("{endpoint}", field("endpoint")),
            ("{note}", field("note")),
            ("{request}", request.request_id.clone()),
            ("{tenant}", request.tenant.clone()),
            ("{seen}", String::new()),
        ])
    }

    /// What the last answer held.
    pub(crate) fn see(&mut self, text: String) {
        self.0.retain(|(word, _)| *word != "{seen}");
        self.0.push(("{seen}", text));
    }

    pub(crate) fn fill(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (word, value) in &self.0 {
            if out.contains(word) {
                out = out.replace(word, value);
            }
        }
        out
    }

    /// A text; `{"repeat": [text, times]}` is a long one.
    pub(crate) fn text(&self, value: &Value) -> String {
        match value {
            Value::String(text) => self.fill(text),
            Value::Object(object) => {
                let repeated = object.get("repeat").and_then(Value::as_array);
                let text = repeated.and_then(|pair| pair.first()).and_then(Value::as_str).unwrap_or_default();
                let times = repeated.and_then(|pair| pair.get(1)).and_then(Value::as_u64).unwrap_or_default();
                text.repeat(usize::try_from(times).unwrap_or_default())
            }
            other => other.to_string(),
        }
    }

    pub(crate) fn member(&self, object: &Value, name: &str) -> Option<String> {
        object.get(name).filter(|value| !value.is_null()).map(|value| self.text(value))
    }

    pub(crate) fn needed(&self, object: &Value, name: &str) -> String {
        self.member(object, name).unwrap_or_default()
    }

    pub(crate) fn pairs(&self, object: &Value, name: &str) -> Vec<(String, String)> {
        let list = object.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(|pair| Some((self.text(pair.get(0)?), self.text(pair.get(1)?)))).collect()
    }
}

pub(crate) fn number(object: &Value, name: &str) -> Option<u32> {
    object.get(name).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok())
}
