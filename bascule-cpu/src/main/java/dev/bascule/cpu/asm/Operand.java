package dev.bascule.cpu.asm;

/** What an instruction reads or writes: a register or a place in memory. */
public sealed interface Operand permits Gpr, Vec, Mask, Address {}
