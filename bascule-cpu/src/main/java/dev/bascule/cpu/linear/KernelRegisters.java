package dev.bascule.cpu.linear;

import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Vec;

/** The last eight vector registers of a kernel over blocks; the accumulators are before them. */
final class KernelRegisters {
  /** Two vectors of numbers. */
  final Vec low;

  final Vec high;
  final Vec scale;
  final Vec offset;

  /** For values that live for an instruction or two. */
  final Vec first;

  final Vec second;

  /** A plane of bits above the nibbles. */
  final Vec plane;

  /** A constant of the kernel's own. */
  final Vec constant;

  KernelRegisters(IsaLevel level) {
    int base = level == IsaLevel.AVX512 ? 24 : 8;
    this.low = v(base);
    this.high = v(base + 1);
    this.scale = v(base + 2);
    this.offset = v(base + 3);
    this.first = v(base + 4);
    this.second = v(base + 5);
    this.plane = v(base + 6);
    this.constant = v(base + 7);
  }
}
