//! The modules of a crate: what they define, what they import, what they name.

use super::circle::Edges;
use proc_macro2::{TokenStream, TokenTree};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syn::{
    Attribute, File, Item, ItemMod, ItemUse, UseTree, Visibility,
    visit::{self, Visit},
};

/// Where crates of a package begin.
pub(super) const ROOTS: [&str; 2] = ["lib.rs", "main.rs"];

type Names = Vec<String>;

/// A crate's modules by their paths from its root.
pub(super) struct Crate(BTreeMap<Names, Module>);

#[derive(Default)]
struct Module {
    file: String,
    defined: BTreeSet<String>,
    imports: Vec<Import>,
    /// Paths in its code, imports aside.
    named: BTreeSet<Names>,
}

struct Import {
    path: Names,
    /// Its name here; `*` for everything.
    name: String,
    is_public: bool,
}

impl Crate {
    /// Reads a crate from its first file; paths are those from `root`.
    pub(super) fn read(root: &Path, file: &Path) -> Self {
        let mut all = Self(BTreeMap::new());
        let folder = file.parent().unwrap().to_owned();
        all.add_file(root, file, &folder, &Vec::new());
        all
    }

    fn add_file(&mut self, root: &Path, file: &Path, folder: &Path, path: &Names) {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let File { items, .. } =
            syn::parse_file(&text).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        self.add(root, file, folder, path, &items);
    }

    fn add(&mut self, root: &Path, file: &Path, folder: &Path, path: &Names, items: &[Item]) {
        let mut module = Module { file: file.display().to_string(), ..Module::default() };
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            module.add(item);
            if let Item::Mod(inner) = item {
                self.add_module(root, file, folder, path, inner);
            }
        }
        self.0.insert(path.clone(), module);
    }

    fn add_module(&mut self, root: &Path, file: &Path, folder: &Path, path: &Names, inner: &ItemMod) {
        let name = inner.ident.to_string();
        let folder = folder.join(&name);
        let path: Names = path.iter().cloned().chain([name]).collect();
        if let Some((_, items)) = &inner.content {
            return self.add(root, file, &folder, &path, items);
        }
        let files: [PathBuf; 2] = [folder.with_extension("rs"), folder.join("mod.rs")];
        let file = files.iter().find(|file| root.join(file).is_file());
        self.add_file(root, file.unwrap_or_else(|| panic!("no file of {}", path.join("::"))), &folder, &path);
    }

    /// Which files name what which other files define.
    pub(super) fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for (path, module) in &self.0 {
            let own = edges.entry(module.file.clone()).or_default();
            let is_used = |import: &&Import| {
                let names = || module.named.iter().any(|named| named[0] == import.name);
                !import.is_public || names()
            };
            let imported = module.imports.iter().filter(is_used).map(|import| &import.path);
            for named in imported.chain(&module.named) {
                own.extend(self.file_of(path, named).filter(|file| *file != module.file));
            }
        }
        edges
    }

    /// The file that defines what a path names within a module; nothing for modules
    /// themselves, and what is another crate's.
    fn file_of(&self, module: &Names, path: &[String]) -> Option<String> {
        let (module, is_module) = self.resolve(module, path, 0)?;
        (!is_module).then(|| self.0[&module].file.clone())
    }

    /// The module that defines it, and whether the path is that module's own.
    fn resolve(&self, module: &Names, path: &[String], depth: usize) -> Option<(Names, bool)> {
        // Imports that lead to each other.
        if depth > 16 {
            return None;
        }
        let mut at = module.clone();
        let mut left = path;
        while let Some((first, rest)) = left.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "super" => drop(at.pop()),
                "self" => {}
                _ => break,
            }
            left = rest;
        }
        while let Some((first, rest)) = left.split_first() {
            let child: Names = at.iter().cloned().chain([first.clone()]).collect();
            if self.0.contains_key(&child) {
                (at, left) = (child, rest);
                continue;
            }
            let here = &self.0[&at];
            if here.defined.contains(first) {
                return Some((at, false));
            }
            if let Some(import) = here.imports.iter().find(|import| import.name == *first) {
                let (found, is_module) = self.resolve(&at, &import.path, depth + 1)?;
                if !is_module || rest.is_empty() {
                    return Some((found, is_module));
                }
                (at, left) = (found, rest);
                continue;
            }
            let mut everything = here.imports.iter().filter(|import| import.name == "*");
            let through = |import: &Import| {
                let (found, is_module) = self.resolve(&at, &import.path, depth + 1)?;
                let other = is_module && found != at;
                if other {
                    self.resolve(&found, &[&["self".to_owned()], left].concat(), depth + 1)
                } else {
                    None
                }
            };
            // What is not found is another crate's, or a macro's making.
            return everything.find_map(through);
        }
        Some((at, true))
    }
}

impl Module {
    fn add(&mut self, item: &Item) {
        let name = match item {
            Item::Const(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Macro(item) => item.ident.as_ref(),
            Item::Static(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            Item::Union(item) => Some(&item.ident),
            _ => None,
        };
        self.defined.extend(name.map(ToString::to_string));
        match item {
            Item::Use(import) => self.import(import),
            Item::Mod(_) => {}
            _ => self.visit_item(item),
        }
    }

    fn import(&mut self, import: &ItemUse) {
        let is_public = !matches!(import.vis, Visibility::Inherited);
        let mut left = vec![(Names::new(), &import.tree)];
        while let Some((path, tree)) = left.pop() {
            let with = |name: &syn::Ident| path.iter().cloned().chain([name.to_string()]).collect::<Names>();
            let (path, name) = match tree {
                UseTree::Path(inner) => {
                    left.push((with(&inner.ident), &inner.tree));
                    continue;
                }
                UseTree::Group(group) => {
                    left.extend(group.items.iter().map(|tree| (path.clone(), tree)));
                    continue;
                }
                UseTree::Name(leaf) if leaf.ident == "self" => {
                    (path.clone(), path.last().cloned().unwrap_or_default())
                }
                UseTree::Name(leaf) => (with(&leaf.ident), leaf.ident.to_string()),
                UseTree::Rename(leaf) if leaf.ident == "self" => (path.clone(), leaf.rename.to_string()),
                UseTree::Rename(leaf) => (with(&leaf.ident), leaf.rename.to_string()),
                UseTree::Glob(_) => (path, "*".to_owned()),
            };
            self.imports.push(Import { path, name, is_public });
        }
    }

    /// Paths among the tokens of a macro's call.
    fn name_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons, mut is_field) = (Names::new(), 0, false);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.name(std::mem::take(&mut path));
                    }
                    // A field or a method is no path.
                    if !is_field {
                        path.push(name.to_string());
                    }
                    (colons, is_field) = (0, false);
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.name(std::mem::take(&mut path));
                    is_field = matches!(&other, TokenTree::Punct(mark) if mark.as_char() == '.');
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.name_tokens(group.stream());
                    }
                }
            }
        }
        self.name(path);
    }

    fn name(&mut self, path: Names) {
        if !path.is_empty() {
            self.named.insert(path);
        }
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.name(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.name_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    /// Imports within a function.
    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        self.import(import);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether something is compiled for tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    };
    attributes.iter().any(is_test)
}
