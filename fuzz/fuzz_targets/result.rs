//! `result.json`: any bytes are refused in words, or read and written in every form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peakday::report;

fuzz_target!(|data: &[u8]| {
    if let Ok(result) = report::read_result(data) {
        report::files(&result, report::Lang::En).expect("what was read can be written");
        report::summary_text(&result, Some(80));
    }
});
