use std::fs;
use std::io::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::tensor::elements;
use super::*;

/// A folder with one file.
fn folder(name: &str, content: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    folder
}

fn refusal(name: &str, content: &[u8]) -> String {
    let error = Checkpoint::open(folder(name, content).path()).unwrap_err().to_string();
    assert!(!error.contains('\n') && error.len() < 3000, "{error:?}");
    error
}

fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

const GOOD: &str = r#"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[24,28]}}"#;

fn good_data() -> Vec<u8> {
    let mut data: Vec<u8> = (0..6_u8).flat_map(|value| f32::from(value).to_le_bytes()).collect();
    data.extend([0x80, 0x3F, 0x00, 0xC0]);
    data
}

#[test]
fn safetensors_are_read() {
    let folder = folder("model.safetensors", &safetensors(GOOD, &good_data()));
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    let a = &checkpoint.tensors["a"];
    assert_eq!(a.shape, [2, 3]);
    assert_eq!(checkpoint.values(a, 0, 6).unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(checkpoint.values(a, 4, 2).unwrap(), [4.0, 5.0]);
    assert_eq!(checkpoint.values(&checkpoint.tensors["b"], 0, 2).unwrap(), [1.0, -2.0]);
}

#[test]
fn damaged_and_hostile_safetensors_are_refused() {
    let good = safetensors(GOOD, &good_data());
    for length in [0, 3, 8, 20, good.len() - 1] {
        refusal("model.safetensors", &good[..length]);
    }
    let mut longer = good.clone();
    longer.push(0);
    assert!(refusal("model.safetensors", &longer).contains("lists 28"));
    let mut oversized = good.clone();
    oversized[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(refusal("model.safetensors", &oversized).contains("18446744073709551615 bytes"));
    oversized[..8].copy_from_slice(&99_000_000_u64.to_le_bytes());
    assert!(refusal("model.safetensors", &oversized).contains("truncated"));

    let tensor = |shape: &str, from: u64, to: u64| {
        safetensors(
            &format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}}}"#),
            &[0; 24],
        )
    };
    for bad in [
        tensor("[4611686018427387904]", 0, 24),
        tensor("[4294967296,4294967296,4294967296]", 0, 24),
        tensor("[6]", 0, 1 << 62),
        tensor("[6]", 24, 0),
        tensor("[7]", 0, 24),
        tensor("[6]", 24, 48),
        tensor("[-6]", 0, 24),
    ] {
        refusal("model.safetensors", &bad);
    }
    let deep = safetensors(&("[".repeat(100_000) + &"]".repeat(100_000)), &[]);
    assert!(refusal("model.safetensors", &deep).contains("damaged"));
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    assert!(refusal("model.safetensors", pointer).contains("git lfs pull"));
}

#[test]
fn no_index_leads_out_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    fs::create_dir(&inside).unwrap();
    fs::write(folder.path().join("x.safetensors"), safetensors(GOOD, &good_data())).unwrap();
    for name in
        ["../x.safetensors", "../../x", "/etc/passwd", "a/b.safetensors", "..", ".x.safetensors", "x.bin", ""]
    {
        let index = serde_json::json!({"weight_map": {"a": name}}).to_string();
        fs::write(inside.join("model.safetensors.index.json"), index).unwrap();
        let error = Checkpoint::open(&inside).unwrap_err().to_string();
        assert!(error.contains("is not the name of"), "{error}");
    }
    for index in ["{}", "[]", r#"{"weight_map":{}}"#, r#"{"weight_map":{"a":7}}"#, "{", &"[".repeat(1 << 20)]
    {
        fs::write(inside.join("model.safetensors.index.json"), index).unwrap();
        assert!(!Checkpoint::open(&inside).unwrap_err().to_string().contains('\n'));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// A zip archive with members stored as they are.
fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    let field = |out: &mut Vec<u8>, sizes: &[(usize, usize)]| {
        for (value, size) in sizes {
            out.extend(&(*value as u64).to_le_bytes()[..*size]);
        }
    };
    for (name, data) in members {
        let start = file.len();
        let common = [
            (20, 2),
            (0, 2),
            (0, 2),
            (0, 4),
            (0, 4),
            (data.len(), 4),
            (data.len(), 4),
            (name.len(), 2),
            (0, 2),
        ];
        file.extend(b"PK\x03\x04");
        field(&mut file, &common);
        file.extend(name.as_bytes());
        file.extend(*data);
        directory.extend(b"PK\x01\x02");
        field(&mut directory, &[(20, 2)]);
        field(&mut directory, &common);
        field(&mut directory, &[(0, 2), (0, 2), (0, 2), (0, 4), (start, 4)]);
        directory.extend(name.as_bytes());
    }
    let start = file.len();
    file.extend(&directory);
    file.extend(b"PK\x05\x06");
    let count = members.len();
    field(&mut file, &[(0, 2), (0, 2), (count, 2), (count, 2), (directory.len(), 4), (start, 4), (0, 2)]);
    file
}

/// The pickle of `{"a": tensor}` as torch writes it, of `shape` with `strides` from
/// element `offset` of the storage `0`.
fn pickle(offset: i32, shape: &[i32], strides: &[i32]) -> Vec<u8> {
    let text = |text: &str| {
        let mut out = vec![b'X'];
        out.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        out.extend(text.as_bytes());
        out
    };
    let number = |value: i32| [&[b'J'][..], &value.to_le_bytes()].concat();
    let tuple = |values: &[i32]| {
        let inner: Vec<u8> = values.iter().flat_map(|value| number(*value)).collect();
        [b"(", &inner[..], b"t"].concat()
    };
    [
        b"\x80\x02}q\x00".to_vec(),
        text("a"),
        b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
        text("storage"),
        b"ctorch\nFloatStorage\n".to_vec(),
        text("0"),
        text("cpu"),
        number(6),
        b"tQ".to_vec(),
        number(offset),
        tuple(shape),
        tuple(strides),
        b"\x89ccollections\nOrderedDict\n)RtRs.".to_vec(),
    ]
    .concat()
}

fn torch_file(pickle: &[u8]) -> Vec<u8> {
    zip(&[
        ("archive/data.pkl", pickle),
        ("archive/byteorder", b"little"),
        ("archive/data/0", &good_data()[..24]),
    ])
}

#[test]
fn torch_checkpoints_are_read() {
    let folder = folder("pytorch_model.bin", &torch_file(&pickle(2, &[2, 2], &[2, 1])));
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    let a = &checkpoint.tensors["a"];
    assert_eq!((a.shape.as_slice(), &a.dtype), (&[2, 2][..], &Dtype::F32));
    assert_eq!(checkpoint.values(a, 0, 4).unwrap(), [2.0, 3.0, 4.0, 5.0]);
}

#[test]
fn pickles_that_want_to_call_something_are_refused() {
    let marker = std::env::temp_dir().join(format!("slm-import-was-here-{}", std::process::id()));
    let command = format!("touch {}", marker.display());
    let call = |global: &str| {
        [
            format!("\x02}}{global}X").as_bytes(),
            &u32::try_from(command.len()).unwrap().to_le_bytes(),
            command.as_bytes(),
            b"\x85R.",
        ]
        .concat()
    };
    for (global, named) in [
        ("cos\nsystem\n", "\"os.system\""),
        ("cposix\nsystem\n", "\"posix.system\""),
        ("cbuiltins\neval\n", "\"builtins.eval\""),
        ("csubprocess\nPopen\n", "\"subprocess.Popen\""),
        ("ctorch\nload\n", "\"torch.load\""),
    ] {
        let pickle = [&[0x80][..], &call(global)].concat();
        let error = refusal("pytorch_model.bin", &torch_file(&pickle));
        assert!(error.contains(named) && error.contains("nothing was run"), "{error}");
    }
    // Other ways to name things: instances, stack globals, extensions, protocol 0.
    for pickle in [
        &b"\x80\x02(ios\nsystem\n."[..],
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x02\x82\x01.",
        b"(S'x'\ncos\nsystem\no.",
        b"\x80\x02ccollections\nOrderedDict\nX\x01\x00\x00\x00a\x85R.",
        b"\x80\x02K\x01K\x02R.",
        b"\x80\x02}ccollections\nOrderedDict\n)\x81.",
    ] {
        refusal("pytorch_model.bin", &torch_file(pickle));
    }
    assert!(!marker.exists());
}

#[test]
fn damaged_torch_checkpoints_are_refused() {
    let good = torch_file(&pickle(0, &[2, 3], &[3, 1]));
    for length in 0..good.len() {
        refusal("pytorch_model.bin", &good[..length]);
    }
    for (offset, shape, strides, word) in [
        (1, &[2, 3][..], &[3, 1][..], "reaches past"),
        (0, &[2, 3], &[1, 2], "contiguous"),
        (-1, &[2, 3], &[3, 1], "not described"),
        (0, &[-2, 3], &[3, 1], "contiguous"),
        (0, &[i32::MAX, i32::MAX, 1 << 20], &[1, 1, 1], "contiguous"),
        (0, &[i32::MAX], &[1], "reaches past"),
        (i32::MAX, &[1], &[1], "reaches past"),
    ] {
        let error = refusal("pytorch_model.bin", &torch_file(&pickle(offset, shape, strides)));
        assert!(error.contains(word), "{error}");
    }
    assert!(refusal("pytorch_model.bin", &[0x80, 0x02]).contains("1.6"));
    assert!(refusal("pytorch_model.bin", b"<html>401</html>").contains("is a web page"));
    let big = zip(&[("a/data.pkl", &pickle(0, &[6], &[1])), ("a/byteorder", b"big"), ("a/data/0", &[0; 24])]);
    assert!(refusal("pytorch_model.bin", &big).contains("big-endian"));
    let none = zip(&[("a/data.pkl", &pickle(0, &[6], &[1]))]);
    assert!(refusal("pytorch_model.bin", &none).contains("not in the archive"));
    refusal("pytorch_model.bin", &zip(&[("a/data.pkl", b"\x80\x02}."), ("b/data.pkl", b"\x80\x02}.")]));
}

/// Values that refer to each other a thousand times over, or to themselves.
#[test]
fn nesting_costs_nothing() {
    let mut bomb = b"\x80\x02]q\x00".to_vec();
    bomb.extend(b"h\x00h\x00\x86q\x00".repeat(100_000));
    bomb.push(b'.');
    assert!(refusal("pytorch_model.bin", &torch_file(&bomb)).contains("no tensors"));
    let itself = b"\x80\x02}q\x00X\x05\x00\x00\x00modelh\x00s.";
    assert!(refusal("pytorch_model.bin", &torch_file(itself)).contains("no tensors"));
    let deep = [&b"\x80\x02)"[..], &vec![0x85; 1_000_000], b"."].concat();
    refusal("pytorch_model.bin", &torch_file(&deep));
}

#[test]
fn an_index_without_its_files_gives_way() {
    let folder = folder("pytorch_model.bin", &torch_file(&pickle(0, &[6], &[1])));
    let index = r#"{"weight_map":{"a":"model.safetensors"}}"#;
    fs::write(folder.path().join("model.safetensors.index.json"), index).unwrap();
    assert_eq!(Checkpoint::open(folder.path()).unwrap().tensors.len(), 1);
    fs::remove_file(folder.path().join("pytorch_model.bin")).unwrap();
    let error = Checkpoint::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("lists model.safetensors, which is not there"), "{error}");
}

/// Whatever is in a file: an answer or one line, and every tensor within the file.
fn sound(path: &Path, content: &[u8]) {
    let mut file = fs::File::create(path).unwrap();
    file.write_all(content).unwrap();
    match Checkpoint::open(path.parent().unwrap()) {
        Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
        Ok(checkpoint) => {
            for tensor in checkpoint.tensors.values() {
                let Some(size) = tensor.dtype.bytes() else { continue };
                let bytes = elements(&tensor.shape).unwrap() * u64::from(size);
                assert!(tensor.offset + bytes <= content.len() as u64);
            }
        }
    }
}

/// Some bytes of a good file changed, and cut.
fn damage(good: &[u8], changes: &[(usize, u8)], cut: usize) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for (at, value) in changes {
        let length = bytes.len();
        bytes[at % length] = *value;
    }
    bytes.truncate(good.len().saturating_sub(cut));
    bytes
}

proptest! {
    #[test]
    fn damaged_files_never_surprise(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        cut in prop_oneof![Just(0_usize), 0_usize..200],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        sound(&path, &damage(&safetensors(GOOD, &good_data()), &changes, cut));
        fs::remove_file(path).unwrap();
        let path = folder.path().join("pytorch_model.bin");
        sound(&path, &damage(&torch_file(&pickle(0, &[2, 3], &[3, 1])), &changes, cut));
        // And within the pickle alone, so that the archive stays whole.
        sound(&path, &torch_file(&damage(&pickle(0, &[2, 3], &[3, 1]), &changes, cut.min(20))));
    }

    #[test]
    fn any_instructions_are_survived(code in proptest::collection::vec(
        prop::sample::select(b"\x80\x02().NKMJXqrhjtsuaecQRb}]\x85\x86\x87\x88\x8a\x00\x01\n".to_vec()), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pytorch_model.bin");
        sound(&path, &torch_file(&code));
    }
}
