package dev.bascule.cpu.asm;

/** A place in the code; it may be jumped to before it is bound. */
public final class Label {
  private int position = -1;

  Label() {}

  boolean isBound() {
    return position >= 0;
  }

  int position() {
    if (position < 0) {
      throw new IllegalStateException("a label was used but never bound");
    }
    return position;
  }

  void bind(int position) {
    if (isBound()) {
      throw new IllegalStateException(
          "a label is bound twice: at " + this.position + " and " + position);
    }
    this.position = position;
  }
}
