package dev.bascule.cpu.asm;

/** A condition on the flags; the ordinal is its number in jcc, setcc and cmovcc. */
public enum Condition {
  OVERFLOW,
  NO_OVERFLOW,
  /** Unsigned less; also: carry. */
  BELOW,
  /** Unsigned greater or equal; also: no carry. */
  ABOVE_EQUAL,
  /** Also: zero. */
  EQUAL,
  /** Also: not zero. */
  NOT_EQUAL,
  BELOW_EQUAL,
  ABOVE,
  NEGATIVE,
  NOT_NEGATIVE,
  PARITY,
  NO_PARITY,
  LESS,
  GREATER_EQUAL,
  LESS_EQUAL,
  GREATER
}
