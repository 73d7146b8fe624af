//! Recorded counts and rates: any file, under any options, is refused in words or replayed in order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peakday::workload::recorded::RecordedSpec;
use peakday_fuzz::{Choices, replay};

fuzz_target!(|data: &[u8]| {
    let Some((mut choices, file)) = Choices::split(data) else { return };
    let named = |name: &str, wanted: bool| wanted.then(|| name.to_owned());
    let (place, rate) = (choices.one(&[0, 1, 2]), choices.one(&[false, true]));
    let interval = Some(choices.length());
    let per = (rate && choices.one(&[false, true])).then(|| choices.length());
    let spec = RecordedSpec {
        time: named("t", place == 0),
        index: named("t", place == 1),
        count: named("n", !rate),
        rate: named("n", rate),
        interval,
        per,
        ..choices.spec()
    };
    replay(&spec, file, &mut choices);
});
