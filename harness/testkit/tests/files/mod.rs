//! Which files of a crate name what other files of it define. Names that are re-exported
//! count for the file that defines them; tests do not count.

mod circle;
mod modules;

use modules::{Crate, ROOTS};
use std::path::Path;

/// Files of a package that need each other, circle by circle.
pub(crate) fn circles(root: &Path, package: &str) -> Vec<Vec<String>> {
    let of = |file: &str| {
        let path = Path::new(package).join("src").join(file);
        root.join(&path).is_file().then(|| circle::circles(&Crate::read(root, &path).edges()))
    };
    ROOTS.into_iter().filter_map(of).flatten().collect()
}

#[test]
fn circles_are_found_through_re_exports() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join("p/src").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod a; mod b; mod deep; pub use a::A; pub use deep::*;");
    write("a.rs", "use crate::B; pub struct A;\n#[cfg(test)] mod tests { use super::super::b::B; }");
    write("b.rs", "pub struct B(u32);");
    write("deep/mod.rs", "mod c; mod d; pub use c::C;");
    write("deep/c.rs", "use super::d::D; pub struct C(D);");
    write("deep/d.rs", "pub struct D;");
    let circles = || circles(folder.path(), "p");
    assert!(circles().is_empty(), "{:?}", circles());
    // A name of the root's, taken from where it is defined.
    write("b.rs", "pub struct B(Vec<crate::A>);");
    assert!(circles().is_empty(), "`crate::B` is nobody's");
    write("lib.rs", "mod a; mod b; mod deep; pub use {a::A, b::B}; pub use deep::*;");
    assert_eq!(circles(), [["p/src/a.rs", "p/src/b.rs"]]);
    // A file and its folder.
    write("b.rs", "pub struct B;");
    write("deep/mod.rs", "mod c; mod d; pub use c::C; pub struct E(C);");
    write("deep/d.rs", "pub struct D; impl D { fn e() { vec![super::E::new()]; } }");
    assert_eq!(circles(), [["p/src/deep/c.rs", "p/src/deep/d.rs", "p/src/deep/mod.rs"]]);
}
