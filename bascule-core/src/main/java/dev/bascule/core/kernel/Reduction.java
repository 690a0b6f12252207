package dev.bascule.core.kernel;

import dev.bascule.core.ScalarType;

/**
 * Ways to fold the row axes into one value.
 *
 * <p>All but {@link #FMA} accumulate in one shape-determined order: {@link #LANES} strided lanes,
 * lane j taking elements j, j+32, ... of the row (flattened row-major over the row axes) in
 * sequence, each lane starting from the identity and continuing {@code lane = op(lane, element)};
 * then the halves are folded pairwise: {@code lane[j] = op(lane[j], lane[j+16])} for j below 16,
 * then with 8, 4, 2, 1. Threads, chunks and batch never change it.
 */
public enum Reduction {
  SUM,
  PRODUCT,
  /** {@link Primitive#MAX} from the type's smallest value (-infinity). */
  MAX,
  /** {@link Primitive#MIN} from the type's largest value (infinity). */
  MIN,
  /**
   * {@code acc = fma(a, b, acc)} in ascending order in one accumulator from an initial value;
   * integers wrap.
   */
  FMA;

  /** Lanes of the shape-determined order. */
  public static final int LANES = 32;

  /** The operation of a lane, for the rows that have lanes. */
  public Primitive primitive() {
    return switch (this) {
      case SUM -> Primitive.ADD;
      case PRODUCT -> Primitive.MUL;
      case MAX -> Primitive.MAX;
      case MIN -> Primitive.MIN;
      case FMA -> Primitive.FMA;
    };
  }

  /** Where a lane starts, as {@link Scalars} bits. */
  public long identity(ScalarType type) {
    return switch (this) {
      case SUM -> 0;
      case PRODUCT -> one(type);
      case MAX ->
          switch (type) {
            case F32 -> Scalars.of(Float.NEGATIVE_INFINITY);
            case F64 -> Scalars.of(Double.NEGATIVE_INFINITY);
            case I32 -> Integer.MIN_VALUE;
            case I64 -> Long.MIN_VALUE;
            case BOOL -> 0;
          };
      case MIN ->
          switch (type) {
            case F32 -> Scalars.of(Float.POSITIVE_INFINITY);
            case F64 -> Scalars.of(Double.POSITIVE_INFINITY);
            case I32 -> Integer.MAX_VALUE;
            case I64 -> Long.MAX_VALUE;
            case BOOL -> 1;
          };
      case FMA -> throw new IllegalArgumentException("FMA starts from its initial value");
    };
  }

  private static long one(ScalarType type) {
    return switch (type) {
      case F32 -> Scalars.of(1f);
      case F64 -> Scalars.of(1d);
      case I32, I64, BOOL -> 1;
    };
  }
}
