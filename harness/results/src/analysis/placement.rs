//! Whether the probes of a run tell what its engine can have done: they compute on the CPU, on cores that the
//! kernel chooses.

use slm_plan::PlannedModel;
use slm_protocol::{ComputeDevice, MachineFacts, ResolvedOptions};

/// Whether a model's engine and the probes computed on the same: on the CPU, with cores that are equally fast.
pub fn probes_apply(model: &PlannedModel, machine: &MachineFacts, options: &ResolvedOptions) -> bool {
    model.device() == ComputeDevice::Cpu && has_equal_cores(machine, options)
}

/// Whether it makes no difference which of the CPUs that they may use the threads were given: all are alike as
/// far as the kernel tells, or each has a thread. On a phone with fast and slow cores the threads of a probe may else
/// have run on slower ones than those of the engine.
fn has_equal_cores(machine: &MachineFacts, options: &ResolvedOptions) -> bool {
    let usable = options.affinity.as_ref().or(machine.cpus.as_ref());
    let is_usable = |cpus| usable.is_none_or(|usable| usable.overlaps(cpus));
    let clusters = machine.clusters.iter().filter(|cluster| is_usable(&cluster.cpus));
    let mut speeds = clusters.map(|cluster| cluster.held_khz.unwrap_or(cluster.max_khz));
    let first = speeds.next();
    let are_alike = speeds.all(|khz| Some(khz) == first);
    are_alike || usable.is_some_and(|cpus| cpus.count() <= options.threads as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use slm_plan::{CompiledSource, ModelSource};
    use slm_protocol::Cluster;
    use slm_testkit::{agent, plan};

    fn machine(clusters: &[(&str, u64, Option<u64>)]) -> MachineFacts {
        let cluster = |(cpus, max_khz, held_khz): &(&str, u64, Option<u64>)| Cluster {
            cpus: cpus.parse().unwrap(),
            max_khz: *max_khz,
            held_khz: *held_khz,
        };
        MachineFacts {
            cpus: "0-9".parse().ok(),
            clusters: clusters.iter().map(cluster).collect(),
            ..agent::machine()
        }
    }

    fn options(affinity: Option<&str>, threads: u32) -> ResolvedOptions {
        let affinity = affinity.map(|cpus| cpus.parse().unwrap());
        ResolvedOptions { affinity, threads, ..agent::ready().options }
    }

    #[test]
    fn on_a_phone_every_core_that_may_be_used_must_have_a_thread_or_be_alike() {
        let held = |khz| (khz, Some(khz));
        let of = |cpus, (max_khz, held_khz)| (cpus, max_khz, held_khz);
        let phone = machine(&[
            of("0-3", held(1_959_000)),
            of("4-6", held(2_592_000)),
            of("7-8", held(2_900_000)),
            of("9", held(3_207_000)),
        ]);
        let is_equal = |affinity, threads| has_equal_cores(&phone, &options(affinity, threads));
        assert!(!is_equal(Some("4-9"), 4), "which four of the six?");
        assert!(is_equal(Some("4-9"), 6));
        assert!(is_equal(Some("4-6"), 2), "one cluster");
        assert!(!is_equal(Some("6-7"), 1));
        assert!(!is_equal(None, 8));
        assert!(is_equal(None, 10));
    }

    #[test]
    fn cores_of_x86_are_alike_by_what_they_hold() {
        let preferred = [("0-1", 5_700_000, Some(4_300_000)), ("2-9", 5_500_000, Some(4_300_000))];
        assert!(has_equal_cores(&machine(&preferred), &options(None, 5)), "one core has a higher turbo");
        let hybrid = [("0-3", 4_700_000, Some(2_100_000)), ("4-9", 3_500_000, Some(1_500_000))];
        assert!(!has_equal_cores(&machine(&hybrid), &options(None, 5)));
        assert!(
            has_equal_cores(&machine(&[]), &options(None, 5)),
            "the kernel of a virtual machine tells none"
        );
    }

    #[test]
    fn probes_of_a_cpu_say_nothing_of_another_device() {
        let (machine, options) = (machine(&[]), options(None, 2));
        let model = |device| PlannedModel {
            source: ModelSource::Compiled(CompiledSource {
                path: String::new(),
                library: String::new(),
                sha256: String::new(),
                runtime: Vec::new(),
                runtime_sha256: Vec::new(),
                device,
                files: Vec::new(),
                tvm: None,
                mlc_llm: None,
            }),
            ..plan::model("m", 1_000_000)
        };
        assert!(probes_apply(&plan::model("m", 1_000_000), &machine, &options));
        assert!(probes_apply(&model(ComputeDevice::Cpu), &machine, &options));
        for device in [ComputeDevice::Opencl, ComputeDevice::Vulkan] {
            assert!(!probes_apply(&model(device), &machine, &options));
        }
    }
}
