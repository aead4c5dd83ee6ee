//! A phone played by this machine's own `sh`, in a folder whose name wants to be
//! executed, with an agent that is a script and a link that fails when told.

use super::*;
use crate::{Next, Shell, ShellOutput, profile::describe};
use slm_plan::{CompiledFile, CompiledSource};
use slm_protocol::{Event, EventWriter, Failure, TvmDevice};
use slm_testkit::agent::job;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// This machine as a phone.
struct Here {
    /// Requests after which the link is lost once, again and again; 0: never.
    lost_after: AtomicU32,
    requests: AtomicU32,
}

impl Here {
    fn is_lost(&self) -> bool {
        let every = self.lost_after.load(Ordering::Relaxed);
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        every > 0 && number.is_multiple_of(every)
    }
}

fn gone() -> LinkError {
    LinkError::Lost { serial: "here".into(), why: "unplugged".into() }
}

impl Shell for Here {
    fn run(&self, script: &str, _: Duration) -> std::result::Result<ShellOutput, LinkError> {
        let output = Command::new("sh").arg("-c").arg(script).output().expect("sh is there");
        // Lost before its answer came: the command has had its effect.
        if self.is_lost() {
            return Err(gone());
        }
        let code = u8::try_from(output.status.code().unwrap_or(255)).unwrap_or(255);
        Ok(ShellOutput { code, stdout: output.stdout, stderr: output.stderr })
    }
}

impl Link for Here {
    fn serial(&self) -> &'static str {
        "here"
    }

    fn run_while_heard(
        &self,
        script: &str,
        silence: Duration,
    ) -> std::result::Result<ShellOutput, LinkError> {
        self.run(script, silence)
    }

    fn push(&self, from: &Path, to: &str) -> std::result::Result<(), LinkError> {
        let bytes = fs::read(from).expect("the file is there");
        // Cut off half-way.
        let lost = self.is_lost();
        fs::write(to, if lost { &bytes[..bytes.len() / 2] } else { &bytes[..] }).expect("it can be written");
        if lost { Err(gone()) } else { Ok(()) }
    }

    fn mend(&self) {}
}

struct Setting {
    folder: TempDir,
    link: Arc<Here>,
    phone: Phone,
}

/// A name that executes something if it is ever read as a command.
const HOSTILE: &str = "it's $(touch x) `touch x`; touch x \"; touch x";
const NAME: RunName<'_> = RunName { sweep: "5eed", model: 0 };

impl Setting {
    /// An agent that writes so many trials, one each 50 ms, then does what is told.
    fn new(trials: u32, end: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join(HOSTILE);
        fs::create_dir(&root).unwrap();
        let mut journal = Vec::new();
        let mut writer = EventWriter::new(&mut journal);
        for trial in 0..trials {
            writer.write(1, Event::TrialStarted { trial_id: format!("t{trial}") }).unwrap();
        }
        fs::write(root.join("lines"), journal).unwrap();
        let agent = root.join("agent");
        let script = "#!/bin/sh\nwhile read -r line; do printf '%s\\n' \"$line\" >> \"$5\"; sleep 0.05; done < \"${0%/*}/lines\"";
        // The copy is written by a process that has ended when it is executed.
        fs::write(root.join("script"), format!("{script}\n{end}\n")).unwrap();
        let made =
            Command::new("sh").current_dir(&root).args(["-c", "cp script agent && chmod 755 agent"]).status();
        assert!(made.unwrap().success());
        let link = Arc::new(Here { lost_after: AtomicU32::new(0), requests: AtomicU32::new(0) });
        let phone = Phone {
            name: "here".into(),
            reach: Reach::new(link.clone(), "here", crate::notice::nobody()),
            root: root.to_str().unwrap().to_owned(),
            identity: Identity::default(),
            described: describe(&Profiles::built_in().unwrap(), &Identity::default(), Vec::new()),
            keeping: Keeping::default(),
            feature: None,
            lease: Lease::USUAL,
            agent: OnceLock::from(agent.to_str().unwrap().to_owned()),
        };
        Self { folder, link, phone }
    }

    fn start(&self) -> Box<dyn AgentRun> {
        self.phone.start(NAME, &job()).expect("it starts")
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join(HOSTILE)
    }

    /// Nothing was executed, wherever a shell may have stood.
    fn check(&self) {
        assert!(
            !self.folder.path().join("x").exists()
                && !self.root().join("x").exists()
                && !Path::new("x").exists()
        );
    }
}

/// Trials told until the run ends.
fn follow(run: &mut dyn AgentRun) -> Vec<u64> {
    let deadline = Instant::now() + Duration::from_mins(2);
    let mut seen = Vec::new();
    while Instant::now() < deadline {
        match run.next(Duration::from_millis(100)) {
            Next::Event(envelope) => seen.push(envelope.seq),
            Next::Ended => return seen,
            Next::Quiet | Next::Away => {}
            Next::Garbled(error) => panic!("{error}"),
        }
    }
    panic!("no end; so far {seen:?}");
}

fn all(trials: u64) -> Vec<u64> {
    (0..trials).collect()
}

#[test]
fn a_run_is_followed_to_its_end_and_leaves_nothing() {
    let setting = Setting::new(8, "exit 0");
    let mut run = setting.start();
    assert_eq!(follow(run.as_mut()), all(8));
    let exit = run.finish();
    assert_eq!((exit.code, exit.signal, exit.stopped, exit.lost), (Some(0), None, false, None));
    assert_eq!(setting.phone.runs(NAME).unwrap(), Vec::<String>::new());
    setting.check();
}

#[test]
fn a_link_that_breaks_every_few_requests_costs_no_event_and_starts_nothing_twice() {
    for lost_after in 2..6 {
        let setting = Setting::new(12, "echo ran >> \"${0%/*}/ran\"");
        setting.link.lost_after.store(lost_after, Ordering::Relaxed);
        let mut run = setting.start();
        assert_eq!(follow(run.as_mut()), all(12), "{lost_after}");
        assert_eq!(run.finish().code, Some(0), "{lost_after}");
        assert_eq!(fs::read_to_string(setting.root().join("ran")).unwrap(), "ran\n", "{lost_after}");
        setting.check();
    }
}

#[test]
fn a_killed_host_finds_its_run_and_hears_everything_again() {
    let setting = Setting::new(20, "exit 0");
    let mut first = setting.start();
    while !matches!(first.next(Duration::from_secs(1)), Next::Event(_)) {}
    // What a killed process does: nothing.
    std::mem::forget(first);
    let mut second = setting.phone.adopt(NAME).expect("it is reached").expect("there is a run");
    assert_eq!(follow(second.as_mut()), all(20));
    assert_eq!(second.finish().code, Some(0));
    assert!(setting.phone.adopt(NAME).expect("it is reached").is_none());
    setting.check();
}

#[test]
fn deaths_and_a_torn_last_line_are_told() {
    let setting =
        Setting::new(3, "printf '{\"v\":\"1.0\",\"se' >> \"$5\"; echo 'last words' >&2; kill -KILL $$");
    let mut run = setting.start();
    assert_eq!(follow(run.as_mut()), all(3));
    let exit = run.finish();
    assert_eq!((exit.code, exit.signal), (None, Some(9)));
    assert_eq!(exit.cause().0, Failure::Killed);
    assert!(exit.stderr.contains("last words"), "{exit:?}");
}

#[test]
fn a_keeper_that_dies_with_its_agent_leaves_no_status_and_is_missed_soon() {
    let setting = Setting::new(2, "kill -KILL $PPID $$");
    let mut run = setting.start();
    let before = Instant::now();
    assert_eq!(follow(run.as_mut()), all(2));
    assert!(before.elapsed() < Duration::from_secs(20), "{:?}", before.elapsed());
    let exit = run.finish();
    assert_eq!((exit.code, exit.signal, exit.cause().0), (None, None, Failure::Killed));
}

#[test]
fn a_run_is_ended_and_known_as_ended_by_a_host() {
    let setting = Setting::new(500, "exit 0");
    let mut run = setting.start();
    while !matches!(run.next(Duration::from_secs(1)), Next::Event(_)) {}
    run.stop();
    follow(run.as_mut());
    let exit = run.finish();
    assert!(exit.stopped, "{exit:?}");
    assert_eq!(exit.signal, Some(15));
    setting.check();
}

#[test]
fn a_phone_belongs_to_one_sweep_until_that_is_over_or_gone() {
    let setting = Setting::new(200, "exit 0");
    let (reach, root) = (&setting.phone.reach, setting.phone.root.as_str());
    let (mine, theirs) = (Owner::this("aaaa"), Owner::this("bbbb"));
    lock::take(reach, root, &mine).expect("it is free");
    lock::take(reach, root, &mine).expect("a second time, as after a lost answer");
    assert!(
        matches!(lock::take(reach, root, &theirs), Err(LockError::Held(who)) if who.contains(&mine.host))
    );
    lock::take(reach, root, &Owner::this("aaaa")).expect("the same sweep, resumed");
    lock::release(reach, root, &theirs, "").expect("not theirs: nothing happens");
    assert!(lock::holder(reach, root).unwrap().is_some());
    lock::release(reach, root, &mine, "").unwrap();
    assert!(lock::holder(reach, root).unwrap().is_none());
    // A host that died, of this machine: known at once.
    let mut child = Command::new("true").spawn().unwrap();
    let dead = Owner { pid: child.id(), ..Owner::this("cccc") };
    child.wait().unwrap();
    lock::take(reach, root, &dead).unwrap();
    lock::take(reach, root, &theirs).expect("its owner is dead");
    lock::release(reach, root, &theirs, "").unwrap();
    // Its run that lives is not disturbed.
    let name = RunName { sweep: "cccc", model: 0 };
    let mut run = setting.phone.start(name, &job()).expect("it starts");
    while !matches!(run.next(Duration::from_secs(1)), Next::Event(_)) {}
    lock::take(reach, root, &dead).unwrap();
    let refused = lock::take(reach, root, &theirs);
    assert!(matches!(refused, Err(LockError::Held(who)) if who.contains("its agent runs")));
    run.stop();
    follow(run.as_mut());
    lock::take(reach, root, &theirs).expect("now it is gone");
    setting.check();
}

#[test]
fn a_host_elsewhere_is_gone_when_it_has_not_beaten_for_long() {
    let setting = Setting::new(1, "exit 0");
    let (reach, root) = (&setting.phone.reach, setting.phone.root.as_str());
    let elsewhere = Owner { host: "lab-7".into(), ..Owner::this("dddd") };
    lock::take(reach, root, &elsewhere).unwrap();
    let refused = lock::take(reach, root, &Owner::this("eeee"));
    assert!(matches!(refused, Err(LockError::Held(who)) if who.contains("lab-7")));
    let long_ago = std::time::SystemTime::now() - Duration::from_mins(10);
    fs::File::options()
        .write(true)
        .open(setting.root().join("lock/beat"))
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    lock::take(reach, root, &Owner::this("eeee")).expect("stale");
}

#[test]
fn a_file_arrives_whole_under_its_name_and_is_sent_once() {
    let setting = Setting::new(1, "exit 0");
    let from = setting.folder.path().join("model");
    let content = vec![42u8; 100_000];
    fs::write(&from, &content).unwrap();
    let path = format!("{}/models/{HOSTILE}.gguf", setting.phone.root);
    let sha256 = slm_plan::digest::sha256_hex(&content);
    let wanted = Wanted { path: &path, sha256: &sha256, bytes: 100_000, mode: "640" };
    for lost_after in [2, 3, 0] {
        setting.link.lost_after.store(lost_after, Ordering::Relaxed);
        let _ = fs::remove_file(&path);
        assert_eq!(wanted.deliver(&setting.phone.reach, &from).unwrap(), 100_000, "{lost_after}");
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_eq!(wanted.deliver(&setting.phone.reach, &from).unwrap(), 0, "{lost_after}");
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(fs::read_dir(setting.root().join("models")).unwrap().count(), 1, "no part is left");
    // A file of the right size and another content is no file.
    fs::write(&path, vec![43u8; 100_000]).unwrap();
    assert_eq!(wanted.deliver(&setting.phone.reach, &from).unwrap(), 100_000);
    setting.check();
}

/// A compiled model of this machine: a folder, TVM's libraries, and the plan's account of them.
fn compiled_model(folder: &Path) -> CompiledSource {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        CompiledFile {
            name: name.into(),
            bytes: text.len() as u64,
            sha256: slm_plan::digest::sha256_hex(text.as_bytes()),
        }
    };
    let files = vec![write("model/lib.so", "library"), write("model/deep/shard 0.bin", "weights")];
    let runtime = [write("tvm/libtvm_ffi.so", "ffi"), write("tvm/libtvm_runtime.so", "runtime")];
    let in_model = |file: CompiledFile| CompiledFile { name: file.name.replace("model/", ""), ..file };
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    CompiledSource {
        path: path("model"),
        library: path("model/lib.so"),
        sha256: files[0].sha256.clone(),
        runtime: runtime.iter().map(|file| path(&file.name)).collect(),
        runtime_sha256: runtime.iter().map(|file| file.sha256.clone()).collect(),
        device: TvmDevice::Cpu,
        files: files.into_iter().map(in_model).collect(),
        tvm: None,
        mlc_llm: None,
    }
}

#[test]
fn a_compiled_model_is_sent_once_and_told_in_the_phones_paths() {
    let setting = Setting::new(1, "exit 0");
    let source = compiled_model(&setting.folder.path().join("here"));
    let (reach, root) = (&setting.phone.reach, setting.phone.root.as_str());
    let place = |source: &CompiledSource| compiled::place(reach, root, HOSTILE, source).unwrap();
    let placed = place(&source);
    let runs = placed.compiled.clone().unwrap();
    assert_eq!(runs.library, format!("{}/lib.so", placed.path));
    assert!(placed.path.starts_with(&format!("{root}/models/")), "{}", placed.path);
    let contents =
        |paths: &[&str]| paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect::<Vec<_>>();
    assert_eq!(
        contents(&[&runs.library, &format!("{}/deep/shard 0.bin", placed.path)]),
        ["library", "weights"]
    );
    assert_eq!(contents(&[&runs.runtime[0], &runs.runtime[1]]), ["ffi", "runtime"]);
    assert!(runs.runtime[1].ends_with("/libtvm_runtime.so"), "{runs:?}");

    let written = || fs::metadata(&runs.library).unwrap().modified().unwrap();
    let before = written();
    fs::remove_file(setting.folder.path().join("here/model/deep/shard 0.bin")).unwrap();
    assert_eq!((place(&source), written()), (placed.clone(), before), "nothing was read or sent again");

    // Other weights are another model; TVM's libraries stay the same.
    let mut other = compiled_model(&setting.folder.path().join("there"));
    fs::write(setting.folder.path().join("there/model/deep/shard 0.bin"), "WEIGHTS").unwrap();
    other.files[1].sha256 = slm_plan::digest::sha256_hex(b"WEIGHTS");
    let second = place(&other);
    assert_ne!(second.path, placed.path);
    assert_eq!(second.compiled.unwrap().runtime, runs.runtime);
    assert_eq!(fs::read_dir(setting.root().join("models")).unwrap().count(), 3);
    setting.check();
}

#[test]
fn a_compiled_model_that_changed_since_the_plan_is_not_used() {
    let setting = Setting::new(1, "exit 0");
    let source = compiled_model(&setting.folder.path().join("here"));
    fs::write(&source.library, "LIBRARY").unwrap();
    let error = compiled::place(&setting.phone.reach, &setting.phone.root, "m", &source).unwrap_err();
    assert!(error.to_string().contains("lib.so"), "{error}");
}

#[test]
fn long_work_gives_signs_of_life_and_keeps_its_outcome() {
    let setting = Setting::new(1, "exit 0");
    let reach = &setting.phone.reach;
    let at_most = Duration::from_mins(1);
    let output = reach.working("sleep 2.5; echo out; echo err >&2; exit 3", at_most).unwrap();
    assert_eq!((output.code, output.stdout.as_slice()), (3, b"out\n".as_slice()));
    assert_eq!(String::from_utf8(output.stderr).unwrap().replace("err\n", ""), "\n\n");
    // Nothing of it outlives the work, or delays its end until the next sign.
    let times = [(); 5].map(|()| {
        let before = Instant::now();
        assert_eq!(reach.working("exit 0", at_most).unwrap().code, 0);
        before.elapsed()
    });
    assert!(times.iter().any(|time| *time < Duration::from_millis(900)), "{times:?}");
    // Work without an end is not waited for without one.
    let output = reach.working("sleep 4", Duration::from_secs(1)).unwrap();
    assert_eq!((output.code, output.stderr.as_slice()), (0, b"\n".as_slice()));
}
