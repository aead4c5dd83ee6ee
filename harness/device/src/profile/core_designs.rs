//! Names of core designs by implementer and part number (the MIDR register; values
//! as in Linux, arch/arm64/include/asm/cputype.h).

const ARM: u32 = 0x41;
const QUALCOMM: u32 = 0x51;

/// Implementer, part, name, whether it is an efficiency core.
const CORE_DESIGNS: [(u32, u32, &str, bool); 30] = [
    (ARM, 0xd03, "Cortex-A53", true),
    (ARM, 0xd04, "Cortex-A35", true),
    (ARM, 0xd05, "Cortex-A55", true),
    (ARM, 0xd07, "Cortex-A57", false),
    (ARM, 0xd08, "Cortex-A72", false),
    (ARM, 0xd09, "Cortex-A73", false),
    (ARM, 0xd0a, "Cortex-A75", false),
    (ARM, 0xd0b, "Cortex-A76", false),
    (ARM, 0xd0d, "Cortex-A77", false),
    (ARM, 0xd41, "Cortex-A78", false),
    (ARM, 0xd44, "Cortex-X1", false),
    (ARM, 0xd46, "Cortex-A510", true),
    (ARM, 0xd47, "Cortex-A710", false),
    (ARM, 0xd48, "Cortex-X2", false),
    (ARM, 0xd4b, "Cortex-A78C", false),
    (ARM, 0xd4c, "Cortex-X1C", false),
    (ARM, 0xd4d, "Cortex-A715", false),
    (ARM, 0xd4e, "Cortex-X3", false),
    (ARM, 0xd80, "Cortex-A520", true),
    (ARM, 0xd81, "Cortex-A720", false),
    (ARM, 0xd82, "Cortex-X4", false),
    (ARM, 0xd85, "Cortex-X925", false),
    (ARM, 0xd87, "Cortex-A725", false),
    (QUALCOMM, 0x001, "Oryon", false),
    (QUALCOMM, 0x800, "Kryo 2xx Gold", false),
    (QUALCOMM, 0x801, "Kryo 2xx Silver", true),
    (QUALCOMM, 0x802, "Kryo 3xx Gold", false),
    (QUALCOMM, 0x803, "Kryo 3xx Silver", true),
    (QUALCOMM, 0x804, "Kryo 4xx Gold", false),
    (QUALCOMM, 0x805, "Kryo 4xx Silver", true),
];

fn find(implementer: u32, part: u32) -> Option<&'static (u32, u32, &'static str, bool)> {
    CORE_DESIGNS.iter().find(|design| (design.0, design.1) == (implementer, part))
}

/// Name of a design, or its numbers.
pub(super) fn name((implementer, part): (u32, u32)) -> String {
    find(implementer, part)
        .map_or_else(|| format!("core {implementer:#x}/{part:#x}"), |design| design.2.to_owned())
}

/// Whether a design is one of efficiency cores; `None` for one that is not known.
pub(super) fn is_efficiency(implementer: u32, part: u32) -> Option<bool> {
    find(implementer, part).map(|design| design.3)
}

/// Whether a name is one of these designs.
pub(super) fn is_known(name: &str) -> bool {
    CORE_DESIGNS.iter().any(|design| design.2 == name)
}
