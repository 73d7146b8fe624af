//! Cases of real proxies, answered by the example `conformance` as anyone would run it: without what is
//! expected, through the states that a simulation calls.

mod common;

use common::conformance::{answered, conforms, conforms_exactly};
use common::tables::vectors;
use serde_json::json;

#[test]
fn every_case_of_a_real_balancer_is_answered() {
    let Some(document) = vectors("lb_conformance") else { return };
    let cases = conforms_exactly(&document);
    assert!(cases >= 31, "{cases}");
}

/// Cases from the same tests of Envoy (ring_hash_lb_test.cc, maglev_lb_test.cc, least_request_lb_test.cc) and
/// pingora-ketama that the shared file does not hold.
#[test]
fn more_of_their_tests_hold() {
    let cases = json!({
        "envoy_ring_hash": {
            "weighted": {
                "hosts": ["127.0.0.1:90", "127.0.0.1:91", "127.0.0.1:92"], "weights": [1, 2, 3],
                "min_ring_size": 6, "max_ring_size": 6,
                "expected_ring_port_position": [
                    [92, 928266305478181108_u64], [92, 4443673547860492590_u64],
                    [91, 5583722120771150861_u64], [91, 6311230543546372928_u64],
                    [92, 13444792449719432967_u64], [90, 16117243373044804889_u64]
                ],
                "lookups": [
                    {"key": 4443673547860492590_u64, "expected_port": 92},
                    {"key": 16117243373044804889_u64, "expected_port": 90},
                    {"key": u64::MAX, "expected_port": 92}
                ]
            },
            "uneven": {
                "hosts": ["127.0.0.1:80", "127.0.0.1:81"], "min_ring_size": 3,
                "expected_ring_port_position": [
                    [80, 5454692015285649509_u64], [81, 7859399908942313493_u64],
                    [80, 13838424394637650569_u64], [81, 16064866803292627174_u64]
                ]
            },
            "names": {
                "hosts": ["90", "91", "92", "93", "94", "95"], "min_ring_size": 12,
                "lookups": [
                    {"key": 0, "expected_host": 95},
                    {"key": 7225015537174310577_u64, "expected_host": 92},
                    {"key": 6803900775736438537_u64, "expected_host": 93}
                ]
            }
        },
        "envoy_maglev": {"cases": [
            {
                "table_size": 17, "hosts": ["127.0.0.1:90", "127.0.0.1:91"], "weights": [1, 2],
                "expected_host_index_by_slot": [1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1]
            },
            {
                "table_size": 17, "hosts": ["127.0.0.1:90", "127.0.0.1:91", "127.0.0.1:92"],
                "weights": [8, 2, 0],
                "expected_host_index_by_slot": [1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]
            },
            {
                "table_size": 7, "hosts": ["90", "91", "92", "93", "94", "95"],
                "expected_host_index_by_slot": [2, 5, 0, 3, 4, 1, 0]
            }
        ]},
        "envoy_least_request": {
            "weighted": {"weights": [1, 2], "picks": [1, 0, 1, 1, 0, 1]},
            "bias": {"weights": [1, 2], "active": [0, 1], "active_request_bias": 0, "picks": [1, 0, 1, 1, 0, 1]}
        },
        "nginx_ketama": {
            "servers": ["[::1]:7777", "[::1]:7778", "[::1]:7779"],
            "lookups": [{"uri": "doghash", "expected_upstream": "[::1]:7777"}]
        },
        "pingora": {"weights": [8, 1, 1], "picks": [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0]},
        "haproxy": {"leastconn": {"servers": 2, "weights": [1, 2], "picks": ["s1", "s2", "s2", "s2", "s1", "s2"]}}
    });
    let counted = conforms(&cases).cases;
    assert!(counted >= 16, "{counted}");
}

/// Objects without the keys a case needs, or with nonsense under them, are passed over.
#[test]
fn what_is_no_case_is_left_alone() {
    let nothing = json!({
        "envoy_ring_hash": {"hosts": [], "lookups": [{"key": "x"}, {"key": 5}], "a": {"hosts": 7, "key": 1}},
        "envoy_maglev": [{"table_size": 8, "hosts": ["a"]}, {"table_size": 0, "hosts": ["a"]}, {"hosts": ["a"]}],
        "envoy_least_request": [{"hosts": 0, "active": []}, {"random_draws_for_hosts": []}, {"weights": ["a"]}],
        "ketama": {"servers": [], "lookups": [{"uri": "a"}, {"uri": 4}]},
        "haproxy": {"servers": 0, "requests": 5},
        "nginx": {"weights": [0, -1], "requests": 3},
        "other": {"requests": 3, "weights": [1]}
    });
    assert_eq!(answered(&nothing), nothing);
}
