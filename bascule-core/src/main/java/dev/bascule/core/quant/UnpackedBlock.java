package dev.bascule.core.quant;

/**
 * One block taken apart: whole numbers, and for each group of them a scale and, where the type has
 * one, an offset. An element is {@code scale * number + offset}, each step rounded to f32.
 */
public final class UnpackedBlock {
  private static final int GROUPS_MAX = 16;

  final byte[] numbers = new byte[QuantType.BLOCK_ELEMENTS_MAX];
  final float[] scales = new float[GROUPS_MAX];
  final float[] offsets = new float[GROUPS_MAX];

  /** The whole number of an element. */
  public int number(int element) {
    return numbers[element];
  }

  public float scale(int group) {
    return scales[group];
  }

  /** 0 where the type has no offsets. */
  public float offset(int group) {
    return offsets[group];
  }
}
