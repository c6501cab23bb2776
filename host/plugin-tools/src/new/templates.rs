//! The projects: folders of `templates/`, each one a project that works as it is.

use super::Brings;
use super::files::{File, files};

/// Languages that a project can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Language {
    /// With the SDK; needs cargo.
    Rust,
    /// In QuickJS; needs npm.
    Js,
    /// In CPython; needs pip.
    Python,
    /// Needs a clang, which pip has.
    C,
}

/// A project to be.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) files: &'static [File],
    pub(super) brings: Brings,
    /// Commands that make the component.
    pub(super) build: &'static [&'static str],
}

/// Files of every project.
pub(super) const SHARED: &[File] = files!("../../templates": "try.sh");

const RUST: Template = Template {
    files: files!("../../templates/rust":
        ".cargo/config.toml",
        ".gitignore",
        "Cargo.toml",
        "Makefile",
        "README.md",
        "scenario.toml",
        "src/lib.rs",
    ),
    brings: Brings::Sdk,
    build: &["make"],
};

const JS: Template = Template {
    files: files!("../../templates/js":
        ".gitignore",
        "README.md",
        "package.json",
        "plugin.js",
        "scenario.toml",
        "wit/reach.wit",
    ),
    brings: Brings::Contract,
    build: &["npm install", "npm run build"],
};

const PYTHON: Template = Template {
    files: files!("../../templates/python":
        ".gitignore",
        "Makefile",
        "README.md",
        "app.py",
        "requirements.txt",
        "scenario.toml",
        "wit/reach.wit",
    ),
    brings: Brings::Contract,
    build: &["pip install -r requirements.txt", "make"],
};

const C: Template = Template {
    files: files!("../../templates/c":
        ".gitignore",
        "Makefile",
        "README.md",
        "scenario.toml",
        "src/arena.c",
        "src/json.c",
        "src/plugin.c",
        "src/text.c",
        "src/text.h",
    ),
    brings: Brings::Bindings,
    build: &["pip install ziglang==0.17.1", "make"],
};

impl Language {
    pub(super) fn template(self) -> &'static Template {
        match self {
            Self::Rust => &RUST,
            Self::Js => &JS,
            Self::Python => &PYTHON,
            Self::C => &C,
        }
    }
}
