//! Recorded instants: any file, under any options, is refused in words or replayed in order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peakday::workload::recorded::RecordedSpec;
use peakday_fuzz::{Choices, replay};

fuzz_target!(|data: &[u8]| {
    let Some((mut choices, file)) = Choices::split(data) else { return };
    let spec = RecordedSpec { time: Some("t".to_owned()), ..choices.spec() };
    replay(&spec, file, &mut choices);
});
