//! The command-line program; everything it does is in [`peakday::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    peakday::cli::main()
}
