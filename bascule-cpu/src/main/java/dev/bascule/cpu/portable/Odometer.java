package dev.bascule.cpu.portable;

/** A position in a {@link Radix} that moves forward cheaply; belongs to one worker. */
final class Odometer {
  private final long[] digits;
  private Radix radix;
  private long offset;

  Odometer(int maxRank, Radix any) {
    this.digits = new long[maxRank];
    this.radix = any;
  }

  void seek(Radix target, long position) {
    radix = target;
    offset = 0;
    long rest = position;
    for (int k = target.rank() - 1; k > 0; k--) {
      long extent = target.extents()[k];
      digits[k] = rest % extent;
      rest /= extent;
      offset += digits[k] * target.strides()[k];
    }
    if (target.rank() > 0) {
      digits[0] = rest;
      offset += rest * target.strides()[0];
    }
  }

  long offset() {
    return offset;
  }

  /** The step between neighbours within {@link #run}. */
  long stride() {
    int rank = radix.rank();
    return rank == 0 ? 0 : radix.strides()[rank - 1];
  }

  /** How many positions from here on, at most {@code limit}, lie at one stride. */
  int run(int limit) {
    int rank = radix.rank();
    return rank <= 1 ? limit : (int) Math.min(limit, radix.extents()[rank - 1] - digits[rank - 1]);
  }

  /** Moves forward by no more than {@link #run}. */
  void advance(int count) {
    int k = radix.rank() - 1;
    if (k < 0) {
      return;
    }
    digits[k] += count;
    offset += count * radix.strides()[k];
    while (k > 0 && digits[k] == radix.extents()[k]) {
      offset -= digits[k] * radix.strides()[k];
      digits[k] = 0;
      k--;
      digits[k]++;
      offset += radix.strides()[k];
    }
  }
}
