//! Stable short codes of problems: what scripts match and `peakday explain` explains.

use std::fmt;
use std::str::FromStr;

/// Declares the codes with their numbers; a number is never used again for something else.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        /// The kind of a problem; written `PD010`. Numbers are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $name = $number,)*
        }

        impl Code {
            /// Every code, by rising number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

codes! {
    /// The file is no text in UTF-8.
    NotText = 1;
    /// The file is no YAML.
    Syntax = 2;
    /// The file is too large, too deeply nested, or refers too often to its anchors.
    TooLarge = 3;
    /// There is nothing in the file.
    Empty = 4;
    /// A key is given twice.
    DuplicateKey = 5;
    /// There are more problems than are told.
    More = 6;
    /// A key that is not known where it stands.
    UnknownKey = 10;
    /// A key that must be there.
    MissingKey = 11;
    /// A list instead of a map, a text instead of a number, and the like.
    WrongType = 12;
    /// A quantity that is not written as such: without its unit, as a rule.
    WrongForm = 13;
    /// A word that is not among those that may stand there.
    UnknownWord = 14;
    /// More or fewer than one key where one thing is chosen.
    WrongChoice = 15;
    /// A key without a value.
    NoValue = 16;
    /// A file of `include` that cannot be taken in.
    Include = 20;
    /// A `--set` that cannot be applied.
    Set = 21;
    /// A name with other characters than names have.
    Name = 30;
    /// A name that is given twice.
    DuplicateName = 31;
    /// A reference to what is not there.
    UnknownName = 32;
    /// A value out of its range.
    OutOfRange = 40;
    /// Keys that do not go together, or that do nothing.
    Contradiction = 41;
    /// A part without which there is nothing to simulate or to judge.
    Nothing = 42;
    /// An instant that cannot be placed within the run.
    Instant = 43;
    /// Shares that do not add up to 100 %.
    Shares = 44;
    /// More than can be counted or kept in memory.
    TooMuch = 45;
    /// Parameters of a distribution.
    Distribution = 50;
    /// Parameters of a rate.
    Rate = 51;
    /// Parameters of the arrivals.
    Arrivals = 52;
    /// Parameters of a balancer.
    Balancer = 53;
    /// Parameters of a scaling policy.
    Policy = 54;
    /// Parameters of a rollout.
    Rollout = 55;
    /// Parameters of a defect.
    Defect = 56;
    /// Parameters of a detector.
    Detector = 57;
    /// Keys of recorded traffic.
    Recorded = 60;
    /// A trace that cannot be opened.
    TraceMissing = 61;
    /// A trace whose lines cannot be used.
    TraceLines = 62;
    /// An objective that can be neither met nor missed.
    Objective = 70;
    /// A release that cannot be rolled out, judged or taken back as it is written.
    Release = 71;
    /// A sweep where one scenario is expected, or the other way round.
    Sweep = 80;
    /// The base of a sweep that cannot be read, or is none.
    Base = 81;
    /// An axis of a sweep whose path leads nowhere, or whose values cannot be set out.
    Axis = 82;
    /// Axes of a sweep that do not make cells as they are written.
    Cells = 83;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PD{:03}", *self as u16)
    }
}

impl FromStr for Code {
    type Err = ();

    /// Reads `PD010`, in whatever case.
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|code| code.to_string().eq_ignore_ascii_case(text)).ok_or(())
    }
}
