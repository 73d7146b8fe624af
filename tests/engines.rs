//! A sweep on engines that others made: Ray, GNU parallel, Slurm, Kubernetes' manifest; all on this machine.
//!
//! `.ci/run` installs them and says in the environment where they are. A test whose engine is not there says so and
//! passes, unless `CI` is set.
#![cfg(unix)]

mod desk;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use desk::Desk;

const BINARY: &str = env!("CARGO_BIN_EXE_peakday");
const SHARDS: usize = 20;

/// Two balancers x two fleets, ten days each: 40 runs.
const SWEEP: &str = "\
apiVersion: peakday/v1alpha1
kind: Sweep
metadata: {name: farm}
base:
  run: {duration: 60s, replications: 10, seed: 5}
  traffic: {users: {to: web, class: page, rate: 40k/s}}
  services:
    web:
      pools: {standard: {replicas: 200, concurrency: 2, price: 1 USD/h}}
      work: {exponential: {mean: 8ms}}
      balancer: random
  objectives: [{name: p99, service: web, latency: {percentile: 99, lt: 60ms}, holdsIn: 50%}]
axes:
  - {path: services.web.balancer, name: balancer, values: [random, leastRequest]}
  - {path: services.web.pools.standard.replicas, name: replicas, values: [180, 240]}
";

/// Returns the value of an environment variable that says where an engine is.
///
/// # Panics
/// Where it is missing in CI: there nothing is skipped.
fn engine(variable: &str, what: &str) -> Option<PathBuf> {
    let place = std::env::var_os(variable).map(PathBuf::from);
    if place.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{what} is required in CI: {variable} is not set");
        println!("skipped: {what} is not there; {variable} would say where");
    }
    place
}

/// Every file of a folder by its path within it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn add(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                add(root, &entry, found);
            } else {
                let name = entry.strip_prefix(root).expect("below").display().to_string();
                found.insert(name, fs::read(&entry).expect("a file"));
            }
        }
    }
    let mut found = BTreeMap::new();
    add(folder, folder, &mut found);
    found
}

/// The files of one local run of the sweep.
static LOCAL: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let desk = Desk::with(SWEEP);
    desk.run(&["sweep", "run", "s.yaml", "-o", "local", "-q"]).ends(0);
    let local = files(&desk.path("local"));
    assert!(local.len() > 40, "{:?}", local.keys());
    local
});

#[track_caller]
fn same(desk: &Desk, folder: &str) {
    let (found, expected) = (files(&desk.path(folder)), &*LOCAL);
    assert!(found.keys().eq(expected.keys()), "{folder}: {:?}\n{:?}", found.keys(), expected.keys());
    for (name, bytes) in expected {
        assert!(found[name] == *bytes, "{folder}: {name} differs");
    }
}

/// A process group of this test, ended with it.
struct Started(Child);

impl Started {
    fn new(command: &mut Command) -> Self {
        Self(command.process_group(0).spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // The signal goes to the group that this child leads, and to nobody else.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let patience = Instant::now();
        while patience.elapsed() < Duration::from_secs(15) {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

/// Returns a port that was free a moment ago.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// Waits until something is as it should be.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(90), "{what}: not after 90 s");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn ray_gives_the_bytes_of_a_local_run_though_a_worker_is_lost() {
    let Some(python) = engine("PEAKDAY_RAY", "a Python with Ray") else { return };
    let desk = Desk::with(SWEEP);
    let (port, home) = (port(), desk.path("home"));
    fs::create_dir(&home).expect("a home");
    // Paths of sockets are short: not below a desk's.
    let sockets = tempfile::Builder::new().prefix("ray").tempdir_in("/tmp").expect("a folder");
    let ray = |program: &Path| {
        let mut command = Command::new(program);
        command.env("HOME", &home).env("RAY_USAGE_STATS_ENABLED", "0").current_dir(desk.path("."));
        command
    };
    let address = format!("--port={port}");
    let _head = Started::new(
        ray(&python.with_file_name("ray"))
            .args(["start", "--head", "--num-cpus=2", "--include-dashboard=false", "--block"])
            .args(["--node-ip-address=127.0.0.1", "--disable-usage-stats", &address])
            .arg(format!("--temp-dir={}", sockets.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    until("Ray's head", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/ray_sweep.py");
    let mut driver = Started::new(
        ray(&python)
            .arg(&script)
            .args(["s.yaml", "-o", "ray", "-v", "--shards", &SHARDS.to_string(), "--peakday", BINARY])
            .args(["--address", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::piped()),
    );
    let (mut told, mut killed): (Vec<String>, _) = (Vec::new(), None);
    for line in BufReader::new(driver.0.stderr.take().expect("it is piped")).lines() {
        let line = line.expect("text");
        // The worker of the eighth shard is lost in the middle of its work.
        if told.iter().filter(|line| line.contains(" begins: worker ")).count() == 7
            && killed.is_none()
            && let Some(worker) = line.split(" begins: worker ").nth(1)
        {
            let worker = worker.split(' ').next().expect("a number").to_owned();
            assert!(
                Command::new("kill").args(["-KILL", &worker]).status().expect("kill").success(),
                "{worker}"
            );
            killed = Some(worker);
        }
        told.push(line);
    }
    let ended = driver.0.wait().expect("it ends");
    assert!(ended.success(), "{ended}: {}", told.join("\n"));
    assert!(killed.is_some(), "no worker was killed: {}", told.join("\n"));
    let begun: Vec<&str> = told
        .iter()
        .filter_map(|line| line.split(" begins: ").next())
        .filter(|line| line.starts_with("shard "))
        .collect();
    let again = begun.iter().filter(|shard| begun.iter().filter(|other| other == shard).count() > 1).count();
    assert_eq!(again, 2, "the shard of worker {killed:?} was not begun again: {}", told.join("\n"));
    same(&desk, "ray");
}

/// GNU parallel, with the call that `plan` writes.
#[test]
fn gnu_parallel_gives_the_bytes_of_a_local_run() {
    if engine("PEAKDAY_PARALLEL", "GNU parallel").is_none() {
        return;
    }
    let desk = Desk::with(SWEEP);
    let call = emitted(&desk, "parallel", "parallel");
    fs::write(desk.path("call.sh"), call).expect("written");
    desk.shell("PATH=${P%/*}:$PATH bash call.sh").ends(0);
    same(&desk, "parallel");
}

/// Returns what `plan` writes for an engine, with results in a folder.
fn emitted(desk: &Desk, engine: &str, folder: &str) -> String {
    let shards = SHARDS.to_string();
    desk.run(&["sweep", "plan", "s.yaml", "-o", folder, "--emit", engine, "--shards", &shards]).ends(0).out
}

/// A Slurm cluster of one node: three daemons of this test, on loopback.
struct Cluster {
    folder: tempfile::TempDir,
    _daemons: Vec<Started>,
}

impl Cluster {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("slurm").tempdir_in("/tmp").expect("a folder");
        let root = folder.path().display().to_string();
        let told = |command: &mut Command| {
            let done =
                desk::Done::of(command.output().unwrap_or_else(|error| panic!("{command:?}: {error}")));
            done.ends(0).out.trim().to_owned()
        };
        let (host, user) = (told(Command::new("hostname").arg("-s")), told(Command::new("id").arg("-un")));
        for part in ["munge", "state", "spool"] {
            fs::create_dir(folder.path().join(part)).expect("a folder");
        }
        let key = folder.path().join("munge/key");
        told(Command::new("sh").args(["-c", "umask 077; head -c 1024 /dev/urandom > \"$0\""]).arg(&key));
        let (control, node) = (port(), port());
        let configuration = format!(
            "ClusterName=one\nSlurmctldHost={host}(127.0.0.1)\nSlurmctldPort={control}\nSlurmdPort={node}\n\
             AuthType=auth/munge\nAuthInfo=socket={root}/munge/socket\nSlurmUser={user}\nSlurmdUser={user}\n\
             StateSaveLocation={root}/state\nSlurmdSpoolDir={root}/spool\nSlurmctldPidFile={root}/control.pid\n\
             SlurmdPidFile={root}/node.pid\nSlurmctldLogFile={root}/control.log\nSlurmdLogFile={root}/node.log\n\
             ProctrackType=proctrack/pgid\nTaskPlugin=task/none\nSelectType=select/cons_tres\n\
             SelectTypeParameters=CR_Core\nReturnToService=2\nMpiDefault=none\n\
             JobAcctGatherType=jobacct_gather/none\nAccountingStorageType=accounting_storage/none\n\
             NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN\n\
             PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
        );
        fs::write(folder.path().join("slurm.conf"), configuration).expect("written");
        let daemon = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).env("SLURM_CONF", format!("{root}/slurm.conf"));
            Started::new(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))
        };
        let place = |option: &str, name: &str| format!("--{option}={root}/munge/{name}");
        let munge = daemon(
            "munged",
            &[
                "--foreground",
                "--force",
                &place("key-file", "key"),
                &place("socket", "socket"),
                &place("pid-file", "pid"),
                &place("log-file", "log"),
                &place("seed-file", "seed"),
            ],
        );
        until("munge", || folder.path().join("munge/socket").exists());
        let daemons = vec![daemon("slurmd", &["-D", "-N", &host]), daemon("slurmctld", &["-D"]), munge];
        let cluster = Self { folder, _daemons: daemons };
        until("Slurm", || {
            let nodes = cluster.command("sinfo").args(["-h", "-o", "%T"]).output().expect("it starts");
            nodes.stdout.starts_with(b"idle")
        });
        cluster
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.folder.path().join("slurm.conf"));
        command
    }
}

#[test]
fn a_slurm_array_gives_the_bytes_of_a_local_run() {
    if engine("PEAKDAY_SLURM", "Slurm").is_none() {
        return;
    }
    let desk = Desk::with(SWEEP);
    let cluster = Cluster::start();
    fs::write(desk.path("array.sh"), emitted(&desk, "slurm", "slurm")).expect("written");
    let path = format!("{}:{}", Path::new(BINARY).parent().expect("a folder").display(), env!("PATH"));
    let mut submit = cluster.command("sbatch");
    submit.args(["--wait", "array.sh"]).env("PATH", path).current_dir(desk.path("."));
    desk::Done::of(submit.output().expect("it starts")).ends(0);
    desk.run(&["sweep", "merge", "slurm", "-q"]).ends(0);
    same(&desk, "slurm");
}

#[test]
fn the_kubernetes_job_fits_its_schema_and_its_command_gives_the_bytes_of_a_local_run() {
    let Some(python) = engine("PEAKDAY_RAY", "a Python with kubernetes-validate") else { return };
    let desk = Desk::with(SWEEP);
    fs::write(desk.path("job.yaml"), emitted(&desk, "kubernetes", "kubernetes")).expect("written");
    let check = |file: &str| {
        let mut command = Command::new(python.with_file_name("kubernetes-validate"));
        desk::Done::of(
            command.args(["--strict", file]).current_dir(desk.path(".")).output().expect("it starts"),
        )
    };
    check("job.yaml").ends(0);
    let wrong =
        String::from_utf8(desk.read("job.yaml")).expect("text").replace("completionMode", "completion");
    desk.write("wrong.yaml", &wrong);
    check("wrong.yaml").ends(1);
    // No cluster is started: what each pod of it would do is done here, one after the other.
    let script = "import sys, yaml, subprocess, os\n\
                  job = next(d for d in yaml.safe_load_all(open('job.yaml')) if d['kind'] == 'Job')\n\
                  pod = job['spec']['template']['spec']['containers'][0]\n\
                  for i in range(job['spec']['completions']):\n    \
                  subprocess.run([*pod['command'], *pod.get('args', [])], check=True, env={**os.environ, 'JOB_COMPLETION_INDEX': str(i)})\n";
    let path = format!("{}:{}", Path::new(BINARY).parent().expect("a folder").display(), env!("PATH"));
    let mut pods = Command::new(&python);
    pods.args(["-c", script]).env("PATH", path).current_dir(desk.path("."));
    desk::Done::of(pods.output().expect("it starts")).ends(0);
    desk.run(&["sweep", "merge", "kubernetes", "-q"]).ends(0);
    same(&desk, "kubernetes");
}

/// An object store of this test, on loopback: moto, which answers as S3 does.
#[test]
fn an_object_store_holds_the_bytes_of_a_local_run() {
    let Some(program) = engine("PEAKDAY_OBJECT_STORE", "a peakday with the feature object-store") else {
        return;
    };
    let Some(python) = engine("PEAKDAY_RAY", "a Python with moto") else { return };
    let (desk, port) = (Desk::with(SWEEP), port());
    let _store = Started::new(
        Command::new(&python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    until("the object store", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let url = format!("http://127.0.0.1:{port}");
    let command = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(desk.path(".")).env_remove("HTTP_PROXY").env_remove("http_proxy");
        command.env("AWS_ENDPOINT_URL", &url).env("AWS_ALLOW_HTTP", "true").env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "anybody").env("AWS_SECRET_ACCESS_KEY", "a secret");
        desk::Done::of(command.output().expect("it starts"))
    };
    command(&python, &["-c", "import boto3; boto3.client('s3').create_bucket(Bucket='sweeps')"]).ends(0);
    let place = "s3://sweeps/autumn/farm";
    for shard in ["2/3", "1/3", "3/3"] {
        command(&program, &["sweep", "run", "s.yaml", "-o", place, "--shard", shard, "-q"]).ends(0);
    }
    command(&program, &["sweep", "run", "s.yaml", "-o", place, "-q"]).ends(2).says("add --resume");
    let status = command(&program, &["sweep", "status", place]).ends(0);
    assert!(status.out.contains("40"), "{status:?}");
    command(&program, &["sweep", "merge", place, "-q"]).ends(0);
    let fetch = "import boto3, os\n\
                 for each in boto3.resource('s3').Bucket('sweeps').objects.all():\n    \
                 path = each.key.replace('autumn/farm', 'bucket', 1)\n    \
                 os.makedirs(os.path.dirname(path), exist_ok=True)\n    \
                 open(path, 'wb').write(each.get()['Body'].read())\n";
    command(&python, &["-c", fetch]).ends(0);
    same(&desk, "bucket");
    for (place, told) in
        [("s3://sweeps", "no folder"), ("ftp://sweeps/a", "write a path, or s3://BUCKET/FOLDER")]
    {
        command(&program, &["sweep", "run", "s.yaml", "-o", place, "-q"]).ends(2).says(told);
    }
    let plain = desk.run(&["sweep", "run", "s.yaml", "-o", "s3://sweeps/a", "-q"]).ends(2);
    plain.says("built without object stores");
}
