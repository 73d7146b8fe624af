//! The fixed words of charts and of the report, in every language. Names and free text are the
//! scenario's own and stay as they are.

mod kinds;

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

            /// Returns a sentence with its places `{0}`, `{1}`, ... filled in.
            pub(super) fn fill(self, word: Word, values: &[&str]) -> String {
                let mut out = String::new();
                let mut parts = self.word(word).split('{');
                out += parts.next().unwrap_or("");
                for part in parts {
                    let (place, rest) = part.split_once('}').unwrap_or((part, ""));
                    // A value stays as it is, whatever it holds.
                    out += place.parse().ok().and_then(|place: usize| values.get(place)).unwrap_or(&"");
                    out += rest;
                }
                out
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
    Wasted: "of it wasted", "其中浪费";
    Availability: "availability %", "可用率（%）";
    OfCapacity: "share of capacity in use", "已用容量占比";
    Requests: "requests", "请求数";
    LoadUnit: "requests/s per server", "每台服务器的请求/秒";
    EvennessUnit: "requests of a server / mean", "单台请求数 / 平均值";
    Servers: "servers", "服务器";
    ServersSorted: "servers, busiest first; over the whole run after the warm-up, there is no series per server",
        "服务器（由忙到闲）；预热后整个运行期间的合计，没有单台服务器的时间序列";
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
    Desired: "wanted", "期望";
    Ordered: "ordered", "已订购";
    MarksOf: "Grey lines mark the gravest of what happened on the first day; events.csv tells of all, every day.",
        "灰线标出首个模拟日中最重要的事件；各日全部事件见 events.csv。";
    Events: "What happened", "事件";
    EventsOf: "On the first day that was simulated; events.csv tells of every day.",
        "首个模拟日的事件；各日事件见 events.csv。";
    MoreEvents: "{0} more stand in events.csv", "另有 {0} 条见 events.csv";
    Event: "event", "事件";
    Pool: "pool", "资源池";
    Name: "name", "名称";
    Detail: "detail", "详情";
    EvReplicas: "servers wanted", "期望服务器数";
    EvFullCapacity: "full capacity", "容量恢复";
    EvInService: "in service", "投入服务";
    EvNeverAlerted: "never alerted", "未触发告警";
    EvCrash: "crash", "崩溃";
    EvBreakdown: "breakdown", "故障";
    EvRepaired: "repaired", "已修复";
    EvZoneOutage: "zone lost", "可用区中断";
    EvZoneBack: "zone back", "可用区恢复";
    EvSlow: "slow", "变慢";
    EvSlowEnds: "full speed", "速度恢复";
    EvErrors: "errors", "出错";
    EvErrorsEnd: "errors end", "出错结束";
    EvLaunchFailed: "launch failed", "启动失败";
    EvFailedLaunches: "launches fail", "启动易失败";
    EvLaunchesBack: "launches work", "启动恢复";
    EvNodes: "nodes", "节点变动";
    EvQuotaReached: "quota reached", "达到配额";
    EvMonitoringOutage: "monitoring lost", "监控中断";
    EvMonitoringBack: "monitoring back", "监控恢复";
    EvAlert: "alert", "告警";
    EvAction: "action", "操作";
    EvUnhealthy: "unhealthy", "不健康";
    EvCommit: "commit", "提交";
    EvStagePassed: "stage passed", "阶段通过";
    EvStageFlaky: "flaky stage", "阶段偶发失败";
    EvDefectCaught: "defect caught", "拦截缺陷";
    EvFrozen: "frozen", "发布冻结";
    EvRolloutStarted: "rollout", "开始发布";
    EvRolloutStep: "step", "发布步骤";
    EvRolloutStuck: "rollout stuck", "发布停滞";
    EvPromoted: "promoted", "发布完成";
    EvConfigurationPushed: "configuration pushed", "配置推送";
    EvCrossed: "bound crossed", "越过界限";
    EvAcknowledged: "acknowledged", "已响应";
    EvRollbackDecided: "rollback decided", "决定回滚";
    EvRollbackStarted: "rollback", "开始回滚";
    EvRollbackFailed: "rollback failed", "回滚失败";
    EvServerRestored: "servers restored", "服务器已恢复";
    EvRolledBack: "rolled back", "回滚完成";
    EvFirstHarm: "first harm", "首次受损";
    EvHealthyAgain: "healthy again", "恢复健康";
    Releases: "Releases", "发布";
    ReleasesOf: "Ranked by requests harmed, then by failure time; the rollback ratio alone ranks nothing, a slower recovery lowers it. Means over days, their 95 % intervals below.",
        "按受损请求数、其次按故障时长排序；回滚比不用于排序，因为恢复越慢其值越低。数值为各日平均，其下为 95% 置信区间。";
    RolloutOf: "First simulated day; of several commits the one that harmed most.", "首个模拟日；多次提交时取受损最多的一次。";
    RolloutTitle: "rollout", "发布过程";
    TrafficShare: "Traffic and servers of the new version", "新版本的流量与服务器占比";
    OfAll: "share of all", "占比";
    Traffic: "traffic", "流量";
    VersionServers: "Servers by version", "各版本服务器数";
    PreviousVersion: "previous version", "旧版本";
    NewVersion: "new version", "新版本";
    ErrorsSeen: "Errors: what users got, what monitoring saw", "错误率：用户所得与监控所见";
    ErrorsUnit: "bad requests, of those that ended", "不良请求占已结束请求的比例";
    UsersGot: "users", "用户";
    MonitoringSaw: "monitoring", "监控";
    Trapped: "rolling back now could not carry the traffic", "此时回滚将无法承载流量";
    NoRollout: "no rollout", "未开始发布";
    Detected: "detected", "发现";
    BarsTitle: "Detection and recovery by policy", "各策略的发现与恢复时间";
    BarsOf: "Means over days, the fewest requests harmed first. Not ranked by the ratio: a slower recovery lowers it.",
        "各日平均值，受损请求最少者在前；不按回滚比排序，因为恢复越慢其值越低。";
    BarsUnit: "time from the first harm", "自首次受损起的时间";
    UnitSeconds: "seconds", "秒";
    UnitMinutes: "minutes", "分钟";
    UnitHours: "hours", "小时";
    DetectionPart: "detection: first harm to decision", "发现：首次受损至决定回滚";
    RecoveryPart: "recovery: decision to healthy again", "恢复：决定回滚至恢复健康";
    RatioIs: "ratio {0}", "回滚比 {0}";
    HarmedIs: "{0} requests harmed", "受损请求 {0}";
    MorePolicies: "{0} more stand in release_policies.csv", "另有 {0} 行见 release_policies.csv";
    Rank: "rank", "名次";
    Policy: "policy", "策略";
    Harmed: "requests harmed", "受损请求数";
    BeyondFirst: "more than the first", "比第一名多";
    FailureTime: "failure time", "故障时长";
    DetectionTime: "detection time", "发现时长";
    RecoveryTime: "recovery time", "恢复时长";
    RollbackRatio: "rollback ratio", "回滚比";
    TrapTime: "rollback trap", "回滚陷阱时长";
    Exposed: "exposed when detected", "发现时已暴露流量";
    Outcomes: "outcomes", "结局";
    OutPromoted: "promoted", "发布完成";
    OutRolledBack: "rolled back", "已回滚";
    OutStuck: "stuck", "停滞";
    OutEscaped: "defect escaped", "缺陷逃逸";
    OutFalseAlarm: "false alarm", "误报";
    OutCensored: "not over by the end", "到结束时仍未了结";
    OutCaught: "caught", "被流水线拦截";
    OutWaiting: "waiting", "等待中";
    OutSkipped: "skipped", "已跳过";
    CountOf: "{0} {1} of {2}", "{0} {1}/{2}";
    FewestHarmed: "{0} harmed the fewest requests, {1}: {2}; {3} the most, {4}: {5}.",
        "{0} 受损请求最少，为 {1}：{2}；{3} 最多，为 {4}：{5}。";
    AllHarmedAlike: "{0} harmed {1} requests: {2}.", "{0} 受损请求 {1}：{2}。";
    WhyDetected: "decided against {0} after the first harm{1}, and healthy again {2} later{3}",
        "首次受损后 {0} 决定回滚{1}，再过 {2} 恢复健康{3}";
    WhyExposed: " with {0}% of the traffic on it", "（当时已暴露 {0}% 流量）";
    WhyStood: " because the previous version's servers still stood", "，因为旧版本服务器仍在";
    WhyTrapped: "; for {0} rolling back could not have carried the traffic", "；其间有 {0} 回滚无法承载流量";
    WhyPush: " since a push waits for no servers", "，因为推送无需等待服务器";
    WhyEscaped: "nobody decided against it", "无人决定回滚";
    WhyPromoted: "it came into service", "已投入服务";
    WhyFalseAlarm: "it was taken back though nobody had been harmed", "尚无人受损便已回滚";
    WhyCensored: "the run ended before users were served well again or its rollout was over",
        "运行结束时用户仍未恢复正常服务，或发布仍未完成";
    WhyStuck: "its rollout came no nearer to its end", "发布没有进展";
    WhyCaught: "its pipeline caught the defect", "流水线拦截了缺陷";
    WhyNever: "its rollout never began", "从未开始发布";
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
    Bands: "Lines are means over the simulated days, bands their 95 % intervals, cut at the edge of a chart.",
        "曲线为各模拟日的平均值，色带为 95% 置信区间，超出图表边缘的部分不绘制。";
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
    DaySimulated: "day simulated", "个模拟日";
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
    WorstWindow: "worst window of the first broken day, from", "首个未达成日的最差窗口，自";
    Note: "note", "备注";
    Notes: "Notes", "备注";
    Charts: "Charts", "图表";
    Summary: "Summary", "汇总";
    Limits: "Nearest to their limits", "最接近上限的资源";
    SummaryOf: "Of the requests that arrived after the warm-up: means over days, their 95 % intervals below. What objectives are judged by stands above.",
        "统计预热之后到达的请求：各日平均值，其下为 95% 置信区间。目标评判的数值见上文。";
    TrafficAndLatency: "Traffic and latency", "流量与延迟";
    UseOfServers: "Use of servers", "服务器使用";
    Waiting: "queue", "队列";
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
    Overlay: "overlay (-f)", "叠加文件（-f）";
    Setting: "setting (--set)", "设定（--set）";
    JudgedOver: "judged", "评判时段";
    RequestsJudged: "requests judged a day", "每日评判请求数";
    WithoutAnswer: "of them lost or too late", "其中丢失或过迟";
    Success: "success", "成功率";
    OfDays: "{0} of {1} days", "{1} 天中的 {0} 天";
    OfOneDay: "{0} of {1} day", "{1} 天中的 {0} 天";
    Second: "second", " 1 秒";
    Minute: "minute", " 1 分钟";
    Hour: "hour", " 1 小时";
    JudgedWhole: "over the whole run", "整个运行期间";
    JudgedAfter: "all that came after the warm-up, from {0}", "预热之后（自 {0} 起）到达的全部请求";
    JudgedStretch: "from {0} to {1}", "{0} 至 {1}";
    WorstCounts: ", the worst {0} counts", "，以最差的{0}为准";
    Unanswered: "more than {0}% of the requests got no answer in time", "超过 {0}% 的请求没有及时得到响应";
    UnansweredInWorst: "more than {0}% of the requests of the worst {1} got no answer in time",
        "最差的{1}内超过 {0}% 的请求没有及时得到响应";
    NoteNoDay: "no replication finished", "没有完成的模拟日";
    NoteNothingJudged: "nothing to judge: no request ended in the judged stretch", "评判时段内没有请求结束，无可评判";
    NoteOneDay: "one day, no interval", "仅一天，无置信区间";
    NoteOneValue: "a single day had something to judge: no interval", "仅一天有可评判的请求：无置信区间";
    NoteUnanswered: "no {2}: on {0} {1}; the days alone decide", "无 {2} 数值：{0}{1}；仅以天数评判";
    NoteGrowing: "its queue grows without end, so the value has no interval; the days alone decide",
        "队列无止境增长，数值没有置信区间；仅以天数评判";
    NothingAsked: "The scenario states no objective, so nothing is judged.", "场景未设目标，因此不作评判。";
    NoDayFinished: "No day was finished, so nothing can be judged.", "没有完成的模拟日，无法评判。";
    TheOneHolds: "The objective holds", "目标达成";
    AllHold: "All {0} objectives hold", "{0} 个目标全部达成";
    SomeHold: "{0} of {1} objectives hold", "{1} 个目标中 {0} 个达成";
    FailsOn: "{0} fails, it holds on {1}: {2}", "{0} 未达成（{1}达成）：{2}";
    UndecidedAfter: "{0} is undecided, it holds on {1}: {2}", "{0} 尚无定论（{1}达成）：{2}";
    AndMore: "and {0} more", "另有 {0} 个";
    ClosestToItsBound: "closest to its bound is {0}: {1}", "最接近上限的是 {0}：{1}";
    OnTheWorstDay: "at worst {0}", "最差情况：{0}";
    WorstWindowValue: "worst {0} {1} {2}", "最差的{0} {1} 为 {2}";
    Succeeded: "{0} completed", "完成率 {0}";
    SucceededInWorst: "{0} completed in the worst {1}", "最差的{1}内完成率 {0}";
    AtTime: " at {0}", "（{0}）";
    OnDay: " on day {0}", "，第 {0} 天";
    AgainstBound: ", bound {0}", "，界限 {0}";
    Semicolon: "; ", "；";
    FullStop: ".", "。";
    RowGrowing: "growing: the offered load is at least what the fleet serves, latency has no limit",
        "持续增长：负载不低于服务能力，延迟没有极限";
    RowParetoTail: "`{0}` has a Pareto tail with alpha = {1}: {2}", "`{0}` 服从帕累托长尾，alpha = {1}：{2}";
    WhyInfiniteWait: "the mean wait is infinite", "平均等待时间无穷大";
    WhyWaitVariance: "the mean wait has no finite variance between runs", "各次运行的平均等待时间没有有限方差";
    WhyLatencyVariance: "latencies have no finite variance", "延迟没有有限方差";
    RowNoCost: "no cost: no price for {0}", "无费用：{0} 没有价格";
    NoteWarmupFound: "the warm-up, {0}, was found by MSER-5 over pilot runs", "预热时长 {0} 由 MSER-5 通过试运行确定";
    NoteAlone: "one day, no interval: replication {0} alone", "仅一天，无置信区间：只有第 {0} 次重复";
    NoteSameRecording: "all days replay the same recording of {0}", "各模拟日重放相同的流量记录：{0}";
    NoteBadLines: "{0}: {1} of {2} lines could not be used", "{0}：{2} 行中有 {1} 行无法使用";
    NoteFirstBad: "; the first, line {0}: {1}", "；首个在第 {0} 行：{1}";
    HarmedRequests: "requests harmed", "受损请求";
    PeakOfLimit: "{0}, peak as a share of its limit", "{0} 峰值占上限的比例";
    ServerHours: "server hours", "服务器小时";
    UnitCount: "count", "个";
    UnitRatio: "ratio", "比值";
    NoValue: "no value", "无数值";
    Holds: "holds", "达成";
    Undecided: "undecided", "未定";
    HoldsNot: "fails", "未达成";
    LogScale: " (log scale)", "（对数刻度）";
    AgainstAxis: "Figures against {0}", "各指标与 {0}";
    BandsOf: "Means over days; bands are their 95 % intervals.", "各日平均值；色带为 95% 置信区间。";
    PointsOf: "Means over days, and their 95 % intervals.", "各日平均值及其 95% 置信区间。";
    OthersVary: "Other axes change along with this one: points are not joined.", "其他轴随之变化，各点不相连。";
    LinesLeftOut: "{0} lines are left out: sweep.csv has all cells.", "略去 {0} 条线，全部单元见 sweep.csv。";
    BeyondAll: "A triangle at the upper edge: more requests got no answer in time than the percentile leaves out.",
        "上缘的三角表示未及时得到响应的请求多于该百分位所允许的。";
    MeansOf: "Means over days.", "各日平均值。";
    RowsAre: "rows: {0}", "行：{0}";
    OverAxes: "Figures over {0} and {1}", "各指标随 {0} 与 {1} 的变化";
    HeatOf: "Means over days. Strokes and a cross: an objective fails; dots and ?: undecided; a tick: all hold.",
        "各日平均值。斜线与叉：有目标未达成；点与问号：未定；勾：全部达成。";
    RankedBy: "Ranking by {0}", "按{0}排名";
    RankingOf: "Means over days with 95 % intervals; the grey row and the upright lines are the baseline.",
        "各日平均值及 95% 置信区间；灰色行与竖线为基线。";
    MoreCells: "{0} more cells stand in sweep.csv.", "另有 {0} 个单元见 sweep.csv。";
    IsBaseline: " (baseline)", "（基线）";
    CostRisk: "Cost against risk", "费用与风险";
    ShareFailing: "days on which an objective fails", "有目标未达成的天数占比";
    PerDay: "{0} a day", "每天 {0}";
    Front: "front", "前沿";
    FrontOf: "Beyond the front nothing is cheaper and safer. Risk with one-sided 95 % bounds, cost with 95 % interval.",
        "没有单元比前沿更便宜又更安全。风险为单侧 95% 界限，费用为 95% 置信区间。";
    LoadHolds: "Load multiplier against objectives", "负载倍数与目标";
    AxisHolds: "Objectives against {0}", "各目标与 {0}";
    DaysHeld: "Days that hold", "达成的天数";
    ShareOfDays: "share of days, with one-sided 95 % bounds", "天数占比及单侧 95% 界限";
    HoldsOf: "The upright line stands where all objectives are last, or first, shown to hold.",
        "竖线表示可证全部目标达成的最后或最初位置。";
    LastThatHolds: "last that holds: {0}", "最后达成：{0}";
    FirstThatHolds: "first that holds: {0}", "最初达成：{0}";
    HoldsUpTo: "all objectives hold up to {0}", "全部目标达成至 {0}";
    HoldsAtAll: "all objectives hold at every load, up to {0}", "所有负载下全部目标均达成，至 {0}";
    HoldsAtNone: "no load is shown to hold", "没有可证达成的负载";
    HoldsAtSome: "some loads hold and lower ones do not: see the chart", "部分负载达成而更低者未达成：见图";
    Demanded: "demanded: {0}%", "要求：{0}%";
    HarmByTime: "Requests harmed by time of release", "按发布时间的受损请求";
    HarmOf: "Expected requests harmed if the release begins at this time, with 95 % intervals.",
        "若在此时开始发布的预期受损请求数及 95% 置信区间。";
    ExpectedHarm: "requests harmed, mean over days", "受损请求数，各日平均";
    LeastIs: "least: {0}", "最少：{0}";
    MostIs: "most: {0}", "最多：{0}";
    HarmAt: "{0} ({1} requests{2})", "{0}（{1} 个请求{2}）";
    LeastHarm: "least harm: {0}; most: {1}", "受损最少：{0}；最多：{1}";
    NoRunFinished: "No run has finished.", "尚无运行完成。";
    CheapestThatHolds: "cheapest that holds: {0}", "达成目标的最便宜者：{0}";
    Cheapest: "cheapest: {0}", "最便宜者：{0}";
    FewestHoursThatHold: "fewest server hours that hold: {0}", "达成目标的服务器小时最少者：{0}";
    BestThatHolds: "best {1} that holds: {0}", "达成目标且{1}最佳者：{0}";
    BestOfAll: "best {1}: {0}", "{1}最佳者：{0}";
    OtherAt: "{0}: {1} ({2})", "{0}：{1}（{2}）";
    OtherNeeds: "{0} needs {1} ({2})", "{0} 需要 {1}（{2}）";
    OtherIs: "{0}: {1}", "{0}：{1}";
    OtherUndecided: "{0} is undecided", "{0} 未定";
    OtherNever: "{0} never holds", "{0} 均未达成";
    NothingHolds: "nothing holds", "均未达成";
    NothingShown: "nothing is shown to hold, {0} cells are undecided", "尚无可证达成者，{0} 个单元未定";
    NearestHeld: "nearest is {0}, whose worst objective held in {1}", "最接近的是 {0}，其最差目标达成 {1}";
    Against: "{0} against {1}, {2}: {3} {4}{5}, {6}", "{0} 对比 {1}，{2}：{4} {3}{5}，{6}";
    AgainstBySigns: "{0} against {1}, {2} day by day: {3}", "{0} 对比 {1}，逐日{2}：{3}";
    IsLower: "lower", "低";
    IsHigher: "higher", "高";
    FromTo: "{0} to {1}", "{0} 至 {1}";
    IsBetter: "better", "更好";
    IsWorse: "worse", "更差";
    NotDistinguishable: "not distinguishable in {0} days", "{0} 天内无法区分";
    ComparisonsCounted: "{0} comparisons with the baseline, corrected by Holm: {1} better, {2} worse, {3} not distinguishable",
        "与基线的 {0} 次比较（经 Holm 校正）：{1} 更好，{2} 更差，{3} 无法区分";
    OneComparison: "one comparison with the baseline: {1} better, {2} worse, {3} not distinguishable",
        "与基线的 1 次比较：{1} 更好，{2} 更差，{3} 无法区分";
    CellsMissing: "{0} of {1} cells lack runs", "{1} 个单元中有 {0} 个缺少运行";
    CellsUndecided: "{0} of {1} cells are undecided: more replications decide them", "{1} 个单元中有 {0} 个未定：更多重复可作定论";
    LookedAt: "cells were looked at after {0} replications; intervals allow for every look",
        "在 {0} 次重复后查看各单元；区间已计入每次查看";
    CellsDropped: "combinations that constraints dropped: {0}", "约束排除的组合数：{0}";
    RecordedShared: "recorded traffic: replications share its arrivals and differ in all else",
        "录制的流量：各次重复共享其到达，其余各异";
    NoIntervals: "no interval for {0}: its variance is infinite, or it grows without end",
        "{0} 没有置信区间：方差无穷大或无限增长";
    SweepReport: "Sweep report", "扫描报告";
    Ranking: "Ranking", "排名";
    Comparisons: "Comparisons", "比较";
    WhatVaried: "What was varied", "变化的内容";
    Axis: "axis", "轴";
    Path: "path", "路径";
    Values: "values", "取值";
    Cell: "cell", "单元";
    Days: "days", "天数";
    CellsHash: "hash of all cells", "全部单元的哈希";
    TheBaseline: "baseline", "基线";
    File: "file", "文件";
    CellsAndDays: "{0} cells, {1} runs", "{0} 个单元，{1} 次运行";
    TimeOfRelease: "time", "时间";
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
            let alike = [
                Word::Cpu,
                Word::DaysOf,
                Word::Semicolon,
                Word::FullStop,
                Word::AtTime,
                Word::CountOf,
                Word::OtherIs,
                Word::OtherAt,
            ];
            assert!(own || alike.contains(&word), "{word:?}: {zh}");
            // Whatever is filled in is told in both.
            for place in ["{0}", "{1}", "{2}", "{3}", "{4}", "{5}"] {
                assert_eq!(en.contains(place), zh.contains(place), "{word:?}: {place}");
            }
        }
    }

    #[test]
    fn values_are_filled_in_where_a_language_wants_them() {
        let table = [
            (Lang::En, Word::OfDays, &["2", "5"][..], "2 of 5 days"),
            (Lang::Zh, Word::OfDays, &["2", "5"], "5 天中的 2 天"),
            // What a user wrote is not read again.
            (Lang::En, Word::AtTime, &["{0} {1}"], " at {0} {1}"),
            (Lang::En, Word::AtTime, &[], " at "),
            (Lang::En, Word::Pass, &["x"], "pass"),
        ];
        for (lang, word, values, expected) in table {
            assert_eq!(lang.fill(word, values), expected);
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
