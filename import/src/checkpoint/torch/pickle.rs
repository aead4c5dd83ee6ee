//! The part of pickle's language that `torch.save` writes (protocol 2), as data.
//!
//! A pickle is a program that may name any function of Python and call it. Here only
//! the names in [`KNOWN`] are taken, and their calls are understood as what torch
//! means by them; any other name is an error at the place where it stands. Memory is
//! in proportion to the pickle: every instruction makes at most one value.

use std::borrow::Cow;
use std::collections::HashMap;

use super::arena::{Node, Reference, View};

/// What a checkpoint may name: module, name.
const KNOWN: [(&str, &str); 14] = [
    ("collections", "OrderedDict"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch", "FloatStorage"),
    ("torch", "HalfStorage"),
    ("torch", "BFloat16Storage"),
    ("torch", "DoubleStorage"),
    ("torch", "LongStorage"),
    ("torch", "IntStorage"),
    ("torch", "ShortStorage"),
    ("torch", "CharStorage"),
    ("torch", "ByteStorage"),
    ("torch", "BoolStorage"),
    ("torch", "UntypedStorage"),
];
const ORDERED_DICT: usize = 0;
const REBUILD_TENSOR: usize = 1;
const REBUILD_PARAMETER: usize = 2;
const FIRST_STORAGE: usize = 3;

type Outcome<T> = Result<T, String>;

/// A pickle that was read.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    nodes: Vec<Node<'a>>,
    root: Reference,
}

impl<'a> Pickle<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Outcome<Self> {
        let mut machine = Machine {
            bytes,
            at: 0,
            nodes: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        };
        loop {
            let opcode = machine.take(1)?[0];
            if opcode == b'.' {
                let root = machine.pop()?;
                return Ok(Self { nodes: machine.nodes, root });
            }
            machine.step(opcode)?;
        }
    }

    pub(super) fn root(&self) -> Reference {
        self.root
    }

    pub(super) fn node(&self, reference: Reference) -> &Node<'a> {
        // References are made by `push` alone.
        &self.nodes[reference as usize]
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node<'a>>,
    stack: Vec<Reference>,
    /// Heights of the stack at marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Reference>,
}

impl<'a> Machine<'a> {
    fn take(&mut self, count: usize) -> Outcome<&'a [u8]> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or("truncated")?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn number(&mut self, size: usize) -> Outcome<u32> {
        Ok(self.take(size)?.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte)))
    }

    fn line(&mut self) -> Outcome<&'a str> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n').ok_or("truncated")?;
        self.at += length + 1;
        std::str::from_utf8(&rest[..length]).map_err(|_| "a name is no text".to_owned())
    }

    fn push(&mut self, node: Node<'a>) -> Outcome<()> {
        let reference = u32::try_from(self.nodes.len()).map_err(|_| "too many values")?;
        self.nodes.push(node);
        self.stack.push(reference);
        Ok(())
    }

    /// Values below the last mark are out of reach.
    fn pop(&mut self) -> Outcome<Reference> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err("damaged: nothing on the stack".to_owned());
        }
        self.stack.pop().ok_or_else(|| "damaged: nothing on the stack".to_owned())
    }

    fn top(&self) -> Outcome<Reference> {
        self.stack.last().copied().ok_or_else(|| "damaged: nothing on the stack".to_owned())
    }

    fn since_mark(&mut self) -> Outcome<Vec<Reference>> {
        let height = self.marks.pop().ok_or("damaged: no mark")?;
        Ok(self.stack.split_off(height.min(self.stack.len())))
    }

    fn tuple(&mut self, count: usize) -> Outcome<()> {
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(self.pop()?);
        }
        items.reverse();
        self.push(Node::Tuple(items))
    }

    fn step(&mut self, opcode: u8) -> Outcome<()> {
        match opcode {
            0x80 => match self.number(1)? {
                2 => Ok(()),
                version => Err(format!(
                    "protocol {version}, where torch writes 2; save it with torch.save's defaults"
                )),
            },
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'}' => self.push(Node::Dict(Vec::new())),
            b']' => self.push(Node::List(Vec::new())),
            b')' => self.push(Node::Tuple(Vec::new())),
            b'N' => self.push(Node::Nothing),
            b'G' => {
                self.take(8)?;
                self.push(Node::Nothing)
            }
            0x88 => self.push(Node::Int(1)),
            0x89 => self.push(Node::Int(0)),
            b'K' => self.integer(1),
            b'M' => self.integer(2),
            b'J' => {
                let value = self.number(4)?.cast_signed();
                self.push(Node::Int(value.into()))
            }
            0x8A => self.long(),
            b'X' => self.text(),
            b'q' => self.memorise(1),
            b'r' => self.memorise(4),
            b'h' => self.recall(1),
            b'j' => self.recall(4),
            b't' => {
                let items = self.since_mark()?;
                self.push(Node::Tuple(items))
            }
            0x85 => self.tuple(1),
            0x86 => self.tuple(2),
            0x87 => self.tuple(3),
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.extend_dict(&[key, value])
            }
            b'u' => {
                let items = self.since_mark()?;
                self.extend_dict(&items)
            }
            b'a' => {
                let item = self.pop()?;
                self.extend_list(&[item])
            }
            b'e' => {
                let items = self.since_mark()?;
                self.extend_list(&items)
            }
            b'c' => self.global(),
            b'Q' => self.storage(),
            b'R' => self.call(),
            // Attributes, such as an OrderedDict's _metadata: dropped.
            b'b' => self.pop().map(|_| ()),
            other => Err(format!("instruction 0x{other:02x} is not one of torch.save's; refused")),
        }
    }

    fn integer(&mut self, size: usize) -> Outcome<()> {
        let value = self.number(size)?;
        self.push(Node::Int(value.into()))
    }

    /// Little-endian, two's complement, of at most 8 bytes.
    fn long(&mut self) -> Outcome<()> {
        let size = self.take(1)?[0];
        let bytes = self.take(size.into())?;
        if size > 8 {
            return Err(format!("a number of {size} bytes"));
        }
        let mut value = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
        for byte in bytes.iter().rev() {
            value = value << 8 | i64::from(*byte);
        }
        self.push(Node::Int(value))
    }

    fn text(&mut self) -> Outcome<()> {
        let length = self.number(4)? as usize;
        let text = String::from_utf8_lossy(self.take(length)?);
        self.push(Node::Text(text))
    }

    fn memorise(&mut self, size: usize) -> Outcome<()> {
        let place = self.number(size)?;
        let top = self.top()?;
        self.memo.insert(place, top);
        Ok(())
    }

    fn recall(&mut self, size: usize) -> Outcome<()> {
        let place = self.number(size)?;
        let reference = *self.memo.get(&place).ok_or("damaged: an unknown memo")?;
        self.stack.push(reference);
        Ok(())
    }

    fn extend_dict(&mut self, items: &[Reference]) -> Outcome<()> {
        let top = self.top()?;
        let (pairs, rest) = items.as_chunks();
        match &mut self.nodes[top as usize] {
            Node::Dict(entries) if rest.is_empty() => {
                entries.extend(pairs.iter().map(|[key, value]| (*key, *value)));
                Ok(())
            }
            _ => Err("damaged: items for what is no dictionary".to_owned()),
        }
    }

    fn extend_list(&mut self, items: &[Reference]) -> Outcome<()> {
        let top = self.top()?;
        match &mut self.nodes[top as usize] {
            Node::List(entries) => {
                entries.extend(items);
                Ok(())
            }
            _ => Err("damaged: items for what is no list".to_owned()),
        }
    }

    fn global(&mut self) -> Outcome<()> {
        let (module, name) = (self.line()?, self.line()?);
        if let Some(index) = KNOWN.iter().position(|known| *known == (module, name)) {
            return self.push(Node::Global(index));
        }
        let named: String = format!("{module}.{name}").chars().take(100).collect();
        Err(format!("names {named:?}, which no checkpoint needs; refused, nothing was run"))
    }

    /// `('storage', type, key, device, length)`: raw data in the archive.
    fn storage(&mut self) -> Outcome<()> {
        let id = self.pop()?;
        let wrong = || "a storage that is not described as torch does it".to_owned();
        let Node::Tuple(parts) = &self.nodes[id as usize] else { return Err(wrong()) };
        let [kind, storage, key, ..] = parts.as_slice() else { return Err(wrong()) };
        let node = |reference: &Reference| &self.nodes[*reference as usize];
        match (node(kind), node(storage), node(key)) {
            (Node::Text(kind), Node::Global(index), Node::Text(key))
                if kind == "storage" && *index >= FIRST_STORAGE =>
            {
                let storage = Node::Storage { dtype: KNOWN[*index].1, key: Cow::clone(key) };
                self.push(storage)
            }
            _ => Err(wrong()),
        }
    }

    fn call(&mut self) -> Outcome<()> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let (Node::Global(function), Node::Tuple(arguments)) =
            (&self.nodes[function as usize], &self.nodes[arguments as usize])
        else {
            return Err("calls what is no known function; refused, nothing was run".to_owned());
        };
        let made = match (*function, arguments.as_slice()) {
            (ORDERED_DICT, []) => Node::Dict(Vec::new()),
            (REBUILD_PARAMETER, [tensor, ..]) => match &self.nodes[*tensor as usize] {
                Node::Tensor(view) => Node::Tensor(view.clone()),
                _ => return Err("a parameter that is no tensor".to_owned()),
            },
            (REBUILD_TENSOR, [storage, offset, shape, stride, ..]) => self
                .view(*storage, *offset, *shape, *stride)
                .ok_or("a tensor that is not described as torch does it")?,
            (function, _) => return Err(format!("calls {} in a way that torch does not", KNOWN[function].1)),
        };
        self.push(made)
    }

    fn view(
        &self,
        storage: Reference,
        offset: Reference,
        shape: Reference,
        stride: Reference,
    ) -> Option<Node<'a>> {
        let Node::Storage { .. } = self.nodes[storage as usize] else { return None };
        let Node::Int(offset) = self.nodes[offset as usize] else { return None };
        let view = View {
            storage,
            offset: u64::try_from(offset).ok()?,
            shape: self.integers(shape)?,
            stride: self.integers(stride)?,
        };
        Some(Node::Tensor(view))
    }

    /// The integers of a short tuple.
    fn integers(&self, tuple: Reference) -> Option<Vec<i64>> {
        let Node::Tuple(items) = &self.nodes[tuple as usize] else { return None };
        let integer = |item: &Reference| match self.nodes[*item as usize] {
            Node::Int(value) => Some(value),
            _ => None,
        };
        items.iter().take(9).map(integer).collect()
    }
}
