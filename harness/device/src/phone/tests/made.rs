//! Models made on a phone: hashed when they are made, checked before they are measured.

use super::{super::stage, fixture::Fixture};
use slm_plan::{PlannedModel, digest::sha256_hex};
use std::{fs, path::PathBuf};

/// An agent that makes a file of 5 bytes, and says so like a real one.
fn make(told: &str) -> String {
    format!("[ \"$1\" = make ] || exit 1; printf model > \"$5\"; echo made >> \"$here/made\"\n{told}")
}

fn told() -> String {
    let sha256 = sha256_hex(b"model");
    format!("echo '{{\"bytes\":5,\"sha256\":\"{sha256}\",\"params\":1}}'")
}

fn planned() -> PlannedModel {
    let mut model = slm_testkit::plan::plan_input(1, &[0], 1, 0).models.remove(0);
    let shape = "arch=mpt,layers=2,d_model=64,heads=2,vocab=1024".parse().unwrap();
    model.source = slm_plan::ModelSource::Shape { shape, types: "q4_0".parse().unwrap(), seed: 1 };
    model
}

fn stage(fixture: &Fixture) -> Result<PathBuf, slm_provision::StageError> {
    let agent = fixture.root().join("bin/slm-agent-0").display().to_string();
    stage::stage(&fixture.phone.link, &fixture.phone.root, &agent, &planned())
        .map(|staged| PathBuf::from(staged.path))
}

fn times_made(fixture: &Fixture) -> usize {
    fs::read_to_string(fixture.root().join("made")).unwrap_or_default().lines().count()
}

#[test]
fn a_made_model_that_was_damaged_is_made_again() {
    let fixture = Fixture::with_agent(&make(&told()));
    let path = stage(&fixture).expect("it is made");
    assert_eq!((stage(&fixture).unwrap(), times_made(&fixture)), (path.clone(), 1), "it is whole");
    let record = PathBuf::from(format!("{}.sha256", path.display()));
    let damages: [&dyn Fn(); 6] = [
        &|| fs::write(&path, "mod\u{1}l").unwrap(),
        &|| fs::write(&path, "mode").unwrap(),
        &|| fs::write(&path, "").unwrap(),
        &|| fs::remove_file(&path).unwrap(),
        &|| fs::remove_file(&record).unwrap(),
        &|| fs::write(&record, "half a rec").unwrap(),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        damage();
        assert_eq!(stage(&fixture).unwrap(), path);
        assert_eq!((fs::read(&path).unwrap(), times_made(&fixture)), (b"model".to_vec(), number + 2));
    }
    assert_eq!(fs::read_dir(fixture.root().join("models")).unwrap().count(), 2, "no part is left");
    fixture.check();
}

#[test]
fn a_model_that_another_request_made_is_hashed_on_the_phone() {
    let fixture = Fixture::with_agent(&make("echo waiting"));
    let path = stage(&fixture).expect("it is made");
    assert_eq!((stage(&fixture).unwrap(), times_made(&fixture)), (path, 1));
}

#[test]
fn a_model_that_is_never_whole_fails_with_the_reason() {
    let wrong = told().replace(&sha256_hex(b"model"), &sha256_hex(b"other"));
    let fixture = Fixture::with_agent(&make(&wrong));
    let error = stage(&fixture).unwrap_err();
    assert!(error.message.contains("was damaged each of 3 times"), "{error:?}");
    assert_eq!(times_made(&fixture), 3, "none in vain");
}
