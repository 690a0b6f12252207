package dev.bascule.cpu.emit;

import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.Mem;

/**
 * The memory block one worker's calls work in, laid out while code is written: run-time dimensions
 * and pointers (written when the kernel is bound or a range is run), uniform values, spilled
 * registers, and arrays.
 */
final class Frame {
  /** The register that holds the frame's address. */
  static final Gpr BASE = Gpr.RBX;

  static final int VECTOR_BYTES = 64;
  private static final int WORD = 8;

  /** Where arrays begin that are as long as a row. */
  static final int FIXED_BYTES_MAX = 16 << 10;

  /** Elements along the vectors in this call. */
  final int length = word();

  /** Position of the first of them. */
  final int start = word();

  /** Points of the odometer left in this call. */
  final int points = word();

  /** Positions of a row that is a loop of its own; its counter. */
  final int rows = word();

  final int row = word();

  /** Not 0 once an index was outside its axis. */
  final int fault = word();

  /** A register is kept here for the length of an instruction. */
  final int saved = word();

  /** Vectors for passing lanes through memory. */
  final int scratch;

  final int scratch2;
  private int size;

  Frame() {
    scratch = vector();
    scratch2 = vector();
  }

  int word() {
    return reserve(WORD, WORD);
  }

  int vector() {
    return reserve(VECTOR_BYTES, VECTOR_BYTES);
  }

  int reserve(long bytes, int alignment) {
    int at = (size + alignment - 1) / alignment * alignment;
    size = Math.toIntExact(at + bytes);
    return at;
  }

  int bytes() {
    return size;
  }

  static Mem at(int offset) {
    return Mem.at(BASE, offset);
  }
}
