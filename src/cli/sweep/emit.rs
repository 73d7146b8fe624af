//! Scripts that run the shards of a sweep on many machines.

use super::told;
use crate::results::experiment::ExperimentPlan;

/// For whom a script is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Target {
    /// A job array of Slurm.
    Slurm,
    /// An indexed job of Kubernetes.
    Kubernetes,
    /// A call of GNU parallel.
    Parallel,
}

/// Pods of a job side by side: clusters have other work, and the user can change it.
const PODS: u32 = 20;
/// Pods are named `JOB-INDEX-xxxxx`, in 63 characters.
const JOB_NAME: usize = 50;

/// Returns the script; `file` and `dir` are named as the machines see them.
pub(super) fn script(target: Target, plan: &ExperimentPlan, file: &str, dir: &str, shards: u32) -> String {
    let flags = plan.flags.iter().map(String::as_str);
    let run = told::command("peakday sweep run", [file, "-o", dir].into_iter().chain(flags));
    let merge = told::command("peakday sweep merge", [dir]);
    let name = plan.name.get(..JOB_NAME).unwrap_or(&plan.name).trim_matches('-');
    let head = format!("# The sweep {} in {shards} parts, which share the folder {dir}.", plan.name);
    let again =
        "# Start it again after a failure: finished runs are not repeated, and merge says what is missing.";
    match target {
        Target::Slurm => format!(
            "#!/usr/bin/env bash\n{head}\n{again}\n#\n\
             #   job=$(sbatch --parsable THIS_FILE)\n\
             #   sbatch --dependency=afterany:$job --job-name={name}-merge --wrap={merge}\n#\n\
             #SBATCH --job-name={name}\n\
             #SBATCH --array=1-{shards}\n\
             #SBATCH --cpus-per-task=1\n\
             set -euo pipefail\n\
             exec {run} --shard \"$SLURM_ARRAY_TASK_ID/{shards}\" --threads \"${{SLURM_CPUS_PER_TASK:-1}}\" -q\n",
            merge = told::quoted(&merge),
        ),
        Target::Parallel => format!(
            "#!/usr/bin/env bash\n{head}\n{again}\n\
             # Parts run on this machine; --sshloginfile deals them to others that see the same folder.\n\
             set -uo pipefail\n\
             seq {shards} | parallel --retries 3 {part}\n\
             {merge}\n",
            part = told::quoted(&format!("{run} --shard {{}}/{shards} --threads 1 -q")),
        ),
        Target::Kubernetes => {
            let part =
                format!("exec {run} --shard \"$((JOB_COMPLETION_INDEX + 1))/{shards}\" --threads 1 -q");
            // A text in JSON is one in YAML.
            let part = serde_json::Value::from(part);
            format!(
                "{head}\n{again}\n\
                 # Put in your image, and a claim on a volume that holds the sweep and that all nodes may write to\n\
                 # (ReadWriteMany). When the job is complete, where the volume is mounted: {merge}\n\
                 apiVersion: batch/v1\n\
                 kind: Job\n\
                 metadata:\n  name: {name}\n\
                 spec:\n\
                 \x20 completionMode: Indexed\n\
                 \x20 completions: {shards}\n\
                 \x20 parallelism: {pods}\n\
                 \x20 backoffLimitPerIndex: 3\n\
                 \x20 template:\n\
                 \x20   spec:\n\
                 \x20     restartPolicy: Never\n\
                 \x20     containers:\n\
                 \x20       - name: peakday\n\
                 \x20         image: peakday:{version}\n\
                 \x20         workingDir: /work\n\
                 \x20         command: [/bin/sh, -c]\n\
                 \x20         args: [{part}]\n\
                 \x20         resources: {{requests: {{cpu: \"1\"}}}}\n\
                 \x20         volumeMounts: [{{name: work, mountPath: /work}}]\n\
                 \x20     volumes:\n\
                 \x20       - {{name: work, persistentVolumeClaim: {{claimName: peakday}}}}\n",
                pods = shards.min(PODS),
                version = plan.version,
            )
        }
    }
}
