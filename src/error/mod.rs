//! What can go wrong, told with place, reason and remedy.

mod code;

use std::fmt;
use std::path::PathBuf;

pub use code::Code;

/// A place in an input file: line and column count from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1; 0 where only the file is known.
    pub line: u64,
    /// Column, from 1; 0 where only the line is known.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

/// One problem of an input, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// What kind of problem it is.
    pub code: Code,
    /// Where it stands.
    pub place: Place,
    /// The path of the key, for example `services.web.pools.standard.replicas`; empty for syntax.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{} [{}]", self.message, self.code)?;
        if !self.remedy.is_empty() {
            write!(f, "\n  {}", self.remedy)?;
        }
        Ok(())
    }
}

/// One thing wrong with a spec; the scenario layer knows the file and the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The path below the key that was checked, for example `stages.steps[1].target`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

impl Problem {
    /// Creates a problem.
    pub fn new(path: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), remedy: remedy.into() }
    }

    /// Moves the problem below a key.
    #[must_use]
    pub fn under(mut self, key: &str) -> Self {
        self.path = if self.path.is_empty() { key.to_owned() } else { format!("{key}.{}", self.path) };
        self
    }
}

/// Everything that ends a command early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for what cannot be: a file that does not exist, a bad option.
    #[error("{0}")]
    Usage(String),
    /// The scenario, or a trace it names, is invalid; all problems found at once.
    #[error("{}", join(.0))]
    Invalid(Vec<Issue>),
    /// An output could not be written.
    #[error("{}: {source}\n  {remedy}", path.display())]
    Output {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
        /// What to do about it.
        remedy: String,
    },
    /// A run could not go on.
    #[error("{0}")]
    Run(String),
}

fn join(issues: &[Issue]) -> String {
    issues.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
