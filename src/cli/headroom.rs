//! `peakday headroom`: how much more load a scenario takes.

use clap::Args;

use super::message::Format;
use super::size::{self, Search};
use super::{Exit, Voice};
use crate::error::Error;
use crate::study::size::Range;

const EXAMPLES: &str = "\
Examples:
  peakday headroom shop.yaml                       results go to output/NAME-headroom
  peakday headroom shop.yaml --replications 240    more days, a narrower answer
  peakday headroom shop.yaml --resume              goes on after Ctrl-C, a crash, a reboot";

/// What `headroom` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct HeadroomArgs {
    #[command(flatten)]
    search: Search,
}

pub(super) fn run(args: &HeadroomArgs, voice: Voice, format: Format) -> Result<Exit, Error> {
    let (loads, start) = Range::loads();
    let asked = size::Wanted { ranges: vec![loads], start, by_cost: false, folder: "headroom", yes: true };
    size::search(&args.search, asked, voice, format)
}
