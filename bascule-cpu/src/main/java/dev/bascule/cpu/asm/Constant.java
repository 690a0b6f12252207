package dev.bascule.cpu.asm;

/**
 * A constant that lies after the code and is read relative to the instruction; {@link
 * Assembler#constant} makes it.
 */
public final class Constant implements Address {
  final Label label;
  private final boolean broadcast;

  Constant(Label label, boolean broadcast) {
    this.label = label;
    this.broadcast = broadcast;
  }

  /** The same constant, of which one element goes to every lane. */
  public Constant toAllLanes() {
    return new Constant(label, true);
  }

  @Override
  public boolean isBroadcast() {
    return broadcast;
  }
}
