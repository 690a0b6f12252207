package dev.bascule.cpu.emit;

/** Where a value can be read again as a vector, so that its register may be given up. */
sealed interface Home {
  /** A constant, in the pool after the code. */
  record Pool(long bits) implements Home {}

  /** A whole vector at a fixed place of the frame; of a truth value, 32-bit lanes of ones. */
  record Slot(int offset) implements Home {}

  /** A register, as it was, at a fixed place of the frame. */
  record Spill(int offset) implements Home {}

  /** Elements at the current position of an array in the frame. */
  record Array(int offset) implements Home {}

  /** Elements of an operand at the current position, or one element for all lanes. */
  record Operand(int walk) implements Home {}
}
