package dev.bascule.cpu.portable;

/**
 * Splits a tile into runs of elements at one stride. A tile is {@code majors} groups of {@code
 * minors} positions; the element of (a, b) lies at {@code base + major(a) + minor(b)}.
 */
final class Runs {
  private final Odometer major;
  private final Odometer minor;
  private Radix minorRadix;
  private long minorStart;
  private int minors;
  private int minorsLeft;
  private int majorsLeft;
  private long base;
  private boolean single;

  private long offset;
  private long stride;
  private int count;
  private int position;

  Runs(int maxRank) {
    Radix none = new Radix(new long[0], new long[0]);
    this.major = new Odometer(maxRank, none);
    this.minor = new Odometer(maxRank, none);
    this.minorRadix = none;
  }

  void start(
      long base, Radix majorRadix, long a0, int majors, Radix minorRadix, long b0, int minors) {
    this.base = base;
    this.minorRadix = minorRadix;
    this.minorStart = b0;
    this.minors = minors;
    this.minorsLeft = minors;
    this.majorsLeft = minors == 0 ? 0 : majors;
    this.position = 0;
    this.count = 0;
    major.seek(majorRadix, a0);
    minor.seek(minorRadix, b0);
    single =
        minorRadix.isLinear()
            && (majors == 1
                || (majorRadix.isLinear() && majorRadix.stride() == minorRadix.stride() * minors));
  }

  /** Moves to the next run; false after the last. */
  boolean next() {
    position += count;
    if (majorsLeft == 0) {
      return false;
    }
    offset = base + major.offset() + minor.offset();
    stride = minor.stride();
    if (single) {
      count = majorsLeft * minors;
      majorsLeft = 0;
      return true;
    }
    count = minor.run(minorsLeft);
    minorsLeft -= count;
    if (minorsLeft > 0) {
      minor.advance(count);
    } else {
      majorsLeft--;
      if (majorsLeft > 0) {
        major.advance(1);
        minor.seek(minorRadix, minorStart);
        minorsLeft = minors;
      }
    }
    return true;
  }

  /** Element offset of the run's first element. */
  long offset() {
    return offset;
  }

  long stride() {
    return stride;
  }

  int count() {
    return count;
  }

  /** Index within the tile of the run's first element. */
  int position() {
    return position;
  }
}
