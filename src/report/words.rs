//! The fixed words of charts and of the report, in every language. Names and free text are the
//! scenario's own and stay as they are.

use std::str::FromStr;

/// The language of fixed words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl FromStr for Lang {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "en" => Ok(Self::En),
            "zh" => Ok(Self::Zh),
            _ => Err("write en or zh"),
        }
    }
}

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)*) => {
        /// A fixed word or sentence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Word {
            $($name),*
        }

        impl Lang {
            /// Returns a fixed word.
            pub(super) fn word(self, word: Word) -> &'static str {
                let [en, zh] = match word {
                    $(Word::$name => [$en, $zh]),*
                };
                match self {
                    Self::En => en,
                    Self::Zh => zh,
                }
            }
        }

        #[cfg(test)]
        impl Word {
            const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

words! {
    Rate: "Rate against capacity", "请求速率与容量";
    Latency: "Latency over time", "延迟变化";
    Utilisation: "Utilisation", "利用率";
    Queue: "Waiting and in flight", "排队与在途请求";
    Losses: "Requests not completed, by reason", "未完成的请求（按原因）";
    Load: "Load ratio", "负载比";
    Evenness: "Evenness of load", "负载均匀度";
    Scaling: "Scaling ratio against servers", "扩展比与服务器数";
    Nines: "Latency distribution in nines", "延迟分布（几个 9）";
    RequestsPerSecond: "requests/s", "请求/秒";
    LatencyUnit: "time in the system, log scale", "响应时间（对数刻度）";
    OfferedPerSecond: "offered/s", "到达/秒";
    GoodputPerSecond: "completed/s", "完成/秒";
    MeanLatency: "mean ms", "平均（毫秒）";
    Median: "p50 ms", "p50（毫秒）";
    P95: "p95 ms", "p95（毫秒）";
    P99: "p99 ms", "p99（毫秒）";
    P999: "p99.9 ms", "p99.9（毫秒）";
    CpuShare: "CPU %", "CPU 利用率（%）";
    SlotShare: "slots %", "槽位（%）";
    PerServer: "requests per server", "每台请求数";
    Needed: "servers needed", "所需服务器";
    ServersReady: "servers ready", "就绪服务器";
    Cost: "cost", "费用";
    OfCapacity: "share of capacity in use", "已用容量占比";
    Requests: "requests", "请求数";
    LoadUnit: "requests/s per server", "每台服务器的请求/秒";
    EvennessUnit: "requests of a server / mean", "单台请求数 / 平均值";
    Servers: "servers", "服务器";
    ServersSorted: "servers, busiest first", "服务器（由忙到闲）";
    NinesAxis: "share of requests that are at least as fast", "不慢于此的请求占比";
    Offered: "offered", "到达";
    Goodput: "completed", "完成";
    Capacity: "capacity", "容量";
    Cpu: "CPU", "CPU";
    Slots: "slots", "槽位";
    Queued: "waiting", "排队";
    InFlight: "in flight", "在途";
    QueueLimit: "queue limit", "队列上限";
    LoadRatio: "load", "负载";
    ScalingRatio: "needed", "所需";
    Ready: "ready", "就绪";
    All: "all", "全部";
    Failed: "failed", "失败";
    TimedOut: "timed out", "超时";
    Rejected: "rejected", "拒绝";
    Shed: "shed", "丢弃";
    Cancelled: "cancelled", "取消";
    WarmUp: "warm-up", "预热";
    Elapsed: "time since the start", "自开始的时间";
    NothingCompleted: "nothing completed", "没有完成的请求";
    NothingLost: "none", "无";
    NothingCame: "no requests", "没有请求";
    NothingToShow: "does not apply", "不适用";
    Bands: "Lines are means over the simulated days, bands their 95 % intervals.",
        "曲线为各模拟日的平均值，色带为 95% 置信区间。";
    OneDay: "One simulated day: there are no intervals.", "仅模拟一天：无置信区间。";
    Thinned: "Of dense series, lines show the mean of every pixel column, shades its least and largest value.",
        "密集序列：曲线为每个像素列的平均值，色带为其最小值与最大值。";
    NearestShown: "Only the services nearest their limits are drawn; the tables hold all.",
        "仅绘制最接近上限的服务；表格包含全部服务。";
    Report: "Capacity report", "容量报告";
    Pass: "pass", "通过";
    Inconclusive: "inconclusive", "尚无定论";
    Fail: "fail", "未通过";
    NoObjective: "no objective", "未设目标";
    DaysSimulated: "days simulated", "个模拟日";
    DaysOf: "of", "/";
    Interrupted: "interrupted", "已中断";
    Objectives: "Objectives", "目标";
    Objective: "objective", "目标";
    Service: "service", "服务";
    Class: "class", "类别";
    Goal: "goal", "要求";
    Value: "value", "数值";
    HeldIn: "held in", "达成";
    Asked: "asked", "要求占比";
    Shown: "shown", "可证占比";
    Verdict: "verdict", "结论";
    WorstWindow: "worst window of the first broken day", "首个未达成日的最差窗口";
    Note: "note", "备注";
    Notes: "Notes", "备注";
    Charts: "Charts", "图表";
    Summary: "Summary", "汇总";
    Limits: "Nearest to their limits", "最接近上限的资源";
    Resource: "resource", "资源";
    Limit: "limit", "上限";
    PeakUse: "peak use", "峰值";
    Margin: "margin", "余量";
    When: "when", "时间";
    Scenario: "Resolved scenario", "完整场景";
    Provenance: "Provenance", "来源";
    Version: "version", "版本";
    Seed: "seed", "随机种子";
    ScenarioHash: "SHA-256 of the scenario", "场景的 SHA-256";
    Trace: "trace", "流量记录";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_exists_in_both_languages() {
        for &word in Word::ALL {
            let (en, zh) = (Lang::En.word(word), Lang::Zh.word(word));
            assert!(!en.is_empty() && en.is_ascii(), "{word:?}: {en}");
            let own = zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(own || [Word::Cpu, Word::DaysOf].contains(&word), "{word:?}: {zh}");
        }
    }

    #[test]
    fn a_language_is_read_by_its_code() {
        let table = [("en", Ok(Lang::En)), ("zh", Ok(Lang::Zh)), ("de", Err("write en or zh"))];
        for (text, expected) in table {
            assert_eq!(text.parse::<Lang>(), expected);
        }
    }
}
