package dev.bascule.cpu.emit;

import dev.bascule.core.ScalarType;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.VectorLength;

/**
 * How many elements a piece of straight-line code works on at once. Every value takes one register:
 * 32-bit values use the shorter form of it where 64-bit values are about.
 */
record Lanes(IsaLevel isa, int count) {
  static Lanes of(IsaLevel isa, boolean wide) {
    int full = isa == IsaLevel.AVX512 ? 16 : 8;
    return new Lanes(isa, wide ? full / 2 : full);
  }

  /** For a single value: the shortest registers, in which division and roots take least time. */
  static Lanes single(IsaLevel isa, boolean wide) {
    return new Lanes(isa, wide ? 2 : 4);
  }

  boolean hasMasks() {
    return isa == IsaLevel.AVX512;
  }

  /** Vector registers there are. */
  int registers() {
    return hasMasks() ? 32 : 16;
  }

  /** The register form of a value; truth values (without opmasks) are 32-bit lanes of ones. */
  VectorLength length(ScalarType type) {
    return lengthOf(type.isWide() ? 8 : 4);
  }

  VectorLength lengthOf(int elementBytes) {
    return switch (count * elementBytes) {
      case 64 -> VectorLength.V512;
      case 32 -> VectorLength.V256;
      default -> VectorLength.V128;
    };
  }

  /** The longest register form of this instruction set. */
  VectorLength widest() {
    return hasMasks() ? VectorLength.V512 : VectorLength.V256;
  }
}
