use super::*;
use crate::testing::TestPhone;
use proptest::prelude::*;
use slm_plan::error::{Error, Result};
use std::fs;

fn identity(model: &str, soc: Option<&str>) -> Identity {
    let soc = soc.map(str::to_owned);
    Identity { model: Some(model.into()), soc_model: soc, ..Identity::default() }
}

fn attached(address: &str, model: &str, soc: &str) -> Candidate {
    Candidate { address: address.into(), identity: Ok(identity(model, Some(soc))) }
}

#[test]
fn names_are_taken_as_people_type_them() {
    let profiles = Profiles::built_in().unwrap();
    let name = |typed: &str| profiles.named(typed).map(|phone| phone.name.clone());
    for typed in ["s24+", "S24+", "s24 plus", "s24-plus", "Galaxy S24+", "Samsung Galaxy S24 Plus"] {
        assert_eq!(name(typed).as_deref(), Some("s24-plus"), "{typed}");
    }
    for typed in ["S24Ultra", "s24 ultra", "S24_ULTRA", "galaxy-s24-ultra"] {
        assert_eq!(name(typed).as_deref(), Some("s24-ultra"), "{typed}");
    }
    assert_eq!((name("Pixel 8"), name("pixel8")), (Some("pixel-8".into()), Some("pixel-8".into())));
    assert_eq!((name("s2"), name(""), name("galaxy")), (None, None, None));
}

#[test]
fn the_soc_tells_the_two_s24_apart() {
    let profiles = Profiles::built_in().unwrap();
    let soc = |model: &str, soc: Option<&str>| {
        let found = profiles.find(&identity(model, soc))?;
        Some((found.phone.name.clone(), found.soc.map(|soc| soc.name.clone())))
    };
    let is = |phone: &str, soc: &str| Some((phone.to_owned(), Some(soc.to_owned())));
    assert_eq!(soc("SM-S921B", Some("s5e9945")), is("s24", "exynos-2400"));
    assert_eq!(soc("SM-S921U1", Some("SM8650")), is("s24", "snapdragon-8-gen-3-for-galaxy"));
    assert_eq!(soc("SM-S926N", None), is("s24-plus", "exynos-2400"));
    assert_eq!(soc("SM-S9280", Some("SM8650")), is("s24-ultra", "snapdragon-8-gen-3-for-galaxy"));
    assert_eq!(soc("SM-S921B", Some("s5e9999")), Some(("s24".into(), None)));
    assert_eq!((soc("Pixel 8", None), soc("Pixel 8 Pro", None)), (is("pixel-8", "tensor-g3"), None));
    assert_eq!(soc("SM-S928", None), is("s24-ultra", "snapdragon-8-gen-3-for-galaxy"));
    let by_device = Identity { device: Some("tokay".into()), ..Identity::default() };
    assert_eq!(profiles.find(&by_device).unwrap().phone.name, "pixel-9");
}

#[test]
fn exactly_one_attached_phone_is_picked() {
    let profiles = Profiles::built_in().unwrap();
    let s24 = attached("serial:R5CX1", "SM-S921B", "s5e9945");
    let other = attached("serial:R5CX2", "SM-S921U1", "SM8650");
    let pixel = attached("adb://lab:5037/39;rm -rf", "Pixel 9\u{1b}[2J", "Tensor G4");
    let closed = Candidate { address: "serial:X".into(), identity: Err("unauthorized".into()) };
    let both = [s24.clone(), pixel.clone(), closed.clone()];
    assert_eq!(pick(&profiles, "S24", &both).unwrap().0, &s24);
    let text = |wanted: &str, attached: &[Candidate]| pick(&profiles, wanted, attached).unwrap_err();
    let errors: Vec<String> = [
        text("s24", &[s24, other, closed.clone()]),
        text("s25", &[pixel, closed.clone()]),
        text("s25", &[closed]),
        text("s25", &[]),
        text("s99\n", &[]),
    ]
    .iter()
    .map(|error| format!("exit {}: {error}", error.exit_code()))
    .collect();
    insta::assert_snapshot!(errors.join("\n"));
}

fn user_file(text: &str) -> (tempfile::TempDir, Result<Profiles>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    fs::write(&file, text).unwrap();
    let profiles = Profiles::load(&[file]);
    (folder, profiles)
}

const PHONE: &str = "[[phone]]\nname = \"mine\"\ntitle = \"My phone\"\nram_gib = [8]\n\
                     variants = [{ models = [\"X 1\"], soc = \"tensor-g4\" }]\n";

#[test]
fn a_users_file_adds_and_replaces() {
    let (folder, profiles) = user_file(PHONE);
    assert_eq!(profiles.unwrap().named("Mine").unwrap().title, "My phone");
    let profiles = Profiles::load(&[folder.path().to_owned()]).unwrap();
    let found = profiles.find(&identity("X 1", None)).unwrap();
    assert_eq!(found.soc.unwrap().title, "Google Tensor G4");
    let (_folder, profiles) = user_file(&PHONE.replace("mine", "s24"));
    let profiles = profiles.unwrap();
    assert_eq!(profiles.named("s24").unwrap().title, "My phone");
    assert_eq!(profiles.find(&identity("SM-S921B", None)), None);
}

#[test]
fn a_wrong_file_is_refused_by_name_and_place() {
    let soc = |clusters: &str| {
        format!(
            "[[soc]]\nname = \"a\"\ntitle = \"A\"\nmodels = [\"aa\"]\nagent = \"armv8-a\"\nclusters = [{clusters}]\n"
        )
    };
    let cluster = |cpus: &str, kind: &str| {
        format!("{{ cpus = \"{cpus}\", core = \"c\", max_mhz = 2000, kind = \"{kind}\" }}")
    };
    let two = |a: &str, b: &str| soc(&format!("{a}, {b}"));
    let wrong = [
        String::new(),
        PHONE.replace("ram_gib", "ram"),
        PHONE.replace("tensor-g4", "tensor-g9"),
        PHONE.replace("X 1", "*"),
        PHONE.replace("[8]", "[]"),
        PHONE.replace("\"mine\"", "\"My Phone\""),
        soc(""),
        soc(&cluster("0-3", "huge")),
        soc(&cluster("0-3", "little")),
        soc(&cluster("3-0", "big")),
        two(&cluster("0-3", "little"), &cluster("3-7", "big")),
        two(&cluster("0-3", "little"), &cluster("5-7", "big")),
        soc(&cluster("0-3", "big").replace("2000", "2")),
        soc(&cluster("0", "big")).replace("armv8-a", "armv7"),
        "[[phone]\n".into(),
    ];
    let errors: Vec<String> = wrong
        .iter()
        .map(|text| {
            let (folder, profiles) = user_file(text);
            let error = profiles.unwrap_err();
            assert!(matches!(error, Error::Input(_)), "{error}");
            let error = error.to_string();
            assert_eq!(error.lines().count(), 1, "{error}");
            error.replace(&folder.path().display().to_string(), "[dir]")
        })
        .collect();
    insta::assert_snapshot!(errors.join("\n"));
}

/// The facts in the profiles, as one list to look at.
#[test]
fn the_built_in_profiles() {
    let profiles = Profiles::built_in().unwrap();
    let mut lines = Vec::new();
    for phone in profiles.phones() {
        for variant in &phone.variants {
            let soc = profiles.soc(variant).expect("every variant has its SoC");
            let clusters: Vec<String> = soc.clusters.iter().map(ToString::to_string).collect();
            let (title, fast) = (&soc.title, big_cores(&soc.clusters));
            lines.push(format!(
                "{}: {title}: {}; runs on {fast} ({})",
                phone.name,
                clusters.join(", "),
                soc.agent
            ));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// CPUs with their clock (kHz), capacity and MIDR register; empty is not reported.
type Planted<'a> = (u32, &'a str, &'a str, &'a str);

/// A phone with planted system files, and the clusters read of it.
fn read_planted(cores: &[Planted], cpuinfo: &str) -> ReportedCores {
    let phone = TestPhone::new();
    for (cpu, khz, capacity, midr) in cores {
        let folder = format!("sys/devices/system/cpu/cpu{cpu}");
        fs::create_dir_all(phone.path(&folder)).unwrap();
        let files = [("cpufreq/cpuinfo_max_freq", khz), ("cpu_capacity", capacity)];
        for (file, text) in files.into_iter().chain([("regs/identification/midr_el1", midr)]) {
            if !text.is_empty() {
                phone.write(&format!("{folder}/{file}"), &format!("{text}\n"));
            }
        }
    }
    // What else is in that folder on a phone.
    phone.write("sys/devices/system/cpu/cpuidle/current_driver", "x").write("proc/cpuinfo", cpuinfo);
    let cores = topology::read_cores_under(&phone, phone.path("").to_str().unwrap()).unwrap();
    assert_eq!(*phone.trips.lock().unwrap(), 1);
    cores
}

#[test]
fn a_phone_without_a_profile_tells_its_own_clusters() {
    // As a SM-S921U1 reports them.
    let a520 = "0x00000000410fd801";
    let (a720, x4) = ("0x00000000410fd811", "0x00000000411fd820");
    let clusters = read_planted(
        &[
            (0, "2265600", "", a520),
            (1, "2265600", "", a520),
            (2, "3148800", "", a720),
            (3, "3148800", "", a720),
            (4, "3148800", "", a720),
            (5, "2956800", "", a720),
            (6, "2956800", "", a720),
            (7, "3398400", "", x4),
        ],
        "",
    );
    let profiles = Profiles::built_in().unwrap();
    let s24 = describe(&profiles, &identity("SM-S921U1", Some("SM8650")), clusters.clone());
    assert_eq!((s24.warnings.as_slice(), s24.cluster_source), ([].as_slice(), ClusterSource::Phone));
    assert_eq!((s24.big_cores.to_string(), s24.big_cores.mask()), ("2-7".into(), 0xfc));
    // The same cores in a phone that claims to be an Exynos one.
    let odd = describe(&profiles, &identity("SM-S921B", Some("s5e9945")), clusters.clone());
    assert_eq!((odd.big_cores.to_string().as_str(), odd.warnings.len()), ("2-7", 1));
    let unknown = describe(&profiles, &identity("Nameless", None), clusters);
    assert_eq!((unknown.profile, unknown.title.as_str()), (None, "Nameless"));
    assert_eq!(unknown.big_cores.to_string(), "2-7");
    // For a phone that reports nothing, the profile's clusters are used.
    let silent = describe(&profiles, &identity("SM-S921B", Some("s5e9945")), ReportedCores::default());
    assert_eq!((silent.cluster_source, silent.big_cores.to_string()), (ClusterSource::Profile, "4-9".into()));
    let nothing = describe(&profiles, &Identity::default(), ReportedCores::default());
    assert_eq!((nothing.cluster_source, nothing.big_cores.is_empty()), (ClusterSource::Unknown, true));
}

/// Half an answer must not hide that the phone is another one.
#[test]
fn a_profile_that_does_not_fit_is_never_used_in_silence() {
    let profiles = Profiles::built_in().unwrap();
    let describe = |cores: ReportedCores| describe(&profiles, &identity("SM-S921B", Some("s5e9945")), cores);
    let cpuinfo = |parts: &[&str], features: &str| {
        let core = |(cpu, part): (usize, &&str)| {
            format!(
                "processor\t: {cpu}\nFeatures\t: {features}\nCPU implementer\t: 0x41\nCPU part\t: {part}\n\n"
            )
        };
        parts.iter().enumerate().map(core).collect::<String>()
    };
    let new = "fp asimd atomics fphp asimdhp asimddp lrcpc i8mm bf16";
    let exynos_2400 =
        ["0xd80", "0xd80", "0xd80", "0xd80", "0xd81", "0xd81", "0xd81", "0xd81", "0xd81", "0xd82"];
    // The right cores without their clocks: the profile's clocks, and it is said.
    let right = describe(read_planted(&[], &cpuinfo(&exynos_2400, new)));
    assert_eq!((right.cluster_source, right.big_cores.to_string()), (ClusterSource::Profile, "4-9".into()));
    assert_eq!(right.warnings, ["the phone does not tell its cores' clocks; the profile's are used"]);
    // Fewer cores, or others, without their clocks.
    for parts in [&exynos_2400[..8], &["0xd05"; 10], &["0xd81"; 10]] {
        let odd = describe(read_planted(&[], &cpuinfo(parts, new)));
        assert_eq!((odd.cluster_source, odd.warnings.len()), (ClusterSource::Phone, 1), "{odd:?}");
        assert!(odd.warnings[0].contains("are not those of the profile"), "{odd:?}");
    }
    // Cores that cannot run what the profile expects.
    let old = describe(read_planted(&[], &cpuinfo(&exynos_2400, "fp asimd atomics fphp asimdhp asimddp")));
    assert!(old.warnings.iter().any(|warning| warning.contains("armv8.2-a+fp16+dotprod, the profile says")));
    // None at all.
    let silent = describe(ReportedCores::default());
    assert!(silent.warnings[0].contains("does not tell its cores"), "{silent:?}");
}

#[test]
fn big_cores_are_found_without_core_designs() {
    let by = |cores: &[Planted], cpuinfo: &str| {
        let ReportedCores { clusters, .. } = read_planted(cores, cpuinfo);
        clusters.iter().map(|cluster| format!("{cluster} {:?}", cluster.kind)).collect::<Vec<_>>()
    };
    // By capacity: by the clocks alone none of these would be slow.
    let cores: Vec<Planted> = (0..10)
        .map(|cpu| if cpu < 4 { (cpu, "2050000", "330", "") } else { (cpu, "2750000", "1024", "") })
        .collect();
    let two = ["0-3 unknown core 2.05 GHz Little", "4-9 unknown core 2.75 GHz Big"];
    assert_eq!(by(&cores, ""), two);
    // By clock alone; a core that reports nothing does not count as slow.
    let cores = [(0, "1800000", "", ""), (1, "2800000", "", ""), (2, "", "", "")];
    let three = ["0 unknown core 1.80 GHz Little", "1 unknown core 2.80 GHz Big", "2 unknown core Middle"];
    assert_eq!(by(&cores, ""), three);
    // By the designs in /proc/cpuinfo.
    let cpuinfo = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd05\n\
                   processor\t: 1\nCPU implementer\t: 0x41\nCPU part\t: 0xd41\n";
    let cores = [(0, "2000000", "", ""), (1, "2400000", "", "")];
    assert_eq!(by(&cores, cpuinfo), ["0 Cortex-A55 2.00 GHz Little", "1 Cortex-A78 2.40 GHz Big"]);
    // A phone of efficiency cores alone runs on its faster ones.
    let a53 = "0x00000000410fd034";
    let cores = [(0, "1800000", "", a53), (1, "1800000", "", a53), (2, "2300000", "", a53)];
    assert_eq!(by(&cores, ""), ["0-1 Cortex-A53 1.80 GHz Little", "2 Cortex-A53 2.30 GHz Big"]);
    assert_eq!(by(&cores[..2], ""), ["0-1 Cortex-A53 1.80 GHz Big"]);
    assert_eq!(by(&[], ""), Vec::<String>::new());
}

#[test]
fn properties_come_in_one_round_trip() {
    let phone = TestPhone::new();
    phone.program(
        "getprop",
        "case $1 in ro.product.model) echo \"SM-S921B'; touch $HERE/x\";; ro.soc.model) echo s5e9945;; esac",
    );
    let identity = Identity::read(&phone).unwrap();
    assert_eq!((*phone.trips.lock().unwrap(), identity.soc_model.as_deref()), (1, Some("s5e9945")));
    assert!(identity.model.unwrap().starts_with("SM-S921B'; touch") && identity.device.is_none());
    assert!(!phone.path("x").exists());
}

/// A value with line breaks, and with what `echo` would make line breaks of.
#[test]
fn no_property_can_pose_as_another() {
    for odd in ["X\nro.soc.model=evil", "X\rro.soc.model=evil", "X\\nro.soc.model=evil", "X\r\nunit=evil\n"] {
        let phone = TestPhone::new();
        phone.write("model", odd);
        phone.program("getprop", "case $1 in ro.product.model) cat \"$HERE/model\"; echo;; esac");
        let identity = Identity::read(&phone).unwrap();
        assert_eq!(identity.soc_model, None, "{odd:?}");
        assert_ne!(identity.unit.as_deref(), Some("evil"), "{odd:?}");
        let model = identity.model.unwrap();
        assert!(model.starts_with('X') && !model.contains(['\n', '\r']), "{model:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_file_makes_the_reader_panic(text in "(\\[\\[(soc|phone)\\]\\]\n|[a-z_]{1,8} = .{0,12}\n|.{0,10}){0,8}") {
        let _ = file::ProfileFile::parse(&text, "file");
    }

    #[test]
    fn a_description_never_runs_on_no_core(clusters in prop::collection::vec((1u64..1 << 10, 0..3u8), 0..4)) {
        let kind = |n: u8| [ClusterKind::Little, ClusterKind::Middle, ClusterKind::Big][usize::from(n)];
        let clusters: Vec<Cluster> = clusters.into_iter().map(|(mask, n)| Cluster {
            cpus: (0..64).filter(|cpu| mask & (1 << cpu) != 0).filter_map(CpuSet::one).fold(CpuSet::default(), CpuSet::union),
            core: "c".into(), max_mhz: Some(1000.0), kind: kind(n),
        }).collect();
        let fast = clusters.iter().any(|cluster| cluster.kind != ClusterKind::Little);
        prop_assert_eq!(big_cores(&clusters).is_empty(), !fast);
    }
}
