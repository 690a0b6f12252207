package dev.bascule.cpu.asm;

/** The width of an integer in a general purpose register, in memory, or of an opmask. */
public enum Width {
  B8(1),
  B16(2),
  B32(4),
  B64(8);

  private final int bytes;

  Width(int bytes) {
    this.bytes = bytes;
  }

  public int bytes() {
    return bytes;
  }
}
