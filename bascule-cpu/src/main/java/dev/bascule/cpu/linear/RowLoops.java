package dev.bascule.cpu.linear;

import dev.bascule.core.DType;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.UnpackedBlock;
import dev.bascule.core.quant.WeightType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Linear layers as Java loops over rows as they are stored. A row is unpacked once for all tokens
 * that meet it. For one thread.
 */
public final class RowLoops {
  private static final float LEVELS = 127;

  private final WeightType type;
  private final boolean rounds;
  private final int k;
  private final int group;
  private final byte[] numbers;
  private final float[] scales;
  private final float[] offsets;
  private final float[] values;
  private final UnpackedBlock block = new UnpackedBlock();

  public RowLoops(WeightType type, boolean rounds, long k) {
    this.type = type;
    this.rounds = rounds;
    this.k = Math.toIntExact(k);
    this.group = type instanceof WeightType.Blocks b ? b.type().groupElements() : this.k;
    int groups = rounds ? this.k / group : 0;
    this.numbers = new byte[rounds ? this.k : 0];
    this.scales = new float[groups];
    this.offsets = new float[groups];
    this.values = new float[rounds ? 0 : this.k];
  }

  /** Whether weights of this type meet rounded activations. */
  public static boolean rounds(WeightType type, Linear.Activations activations) {
    return type instanceof WeightType.Blocks && activations == Linear.Activations.INT8;
  }

  /** Activations of all tokens: whole numbers and scales. */
  public record Rounded(byte[] numbers, float[] scales) {
    public static Rounded allocate(long tokens, long k) {
      long elements = Math.multiplyExact(tokens, k);
      return new Rounded(
          new byte[Math.toIntExact(elements)],
          new float[Math.toIntExact(elements / Linear.ACTIVATION_BLOCK)]);
    }

    /** Rounds tokens {@code low} to {@code high} of {@code x}, which begins with token 0. */
    public void round(MemorySegment x, long k, long low, long high) {
      int size = Linear.ACTIVATION_BLOCK;
      for (int b = (int) (low * k / size); b < high * k / size; b++) {
        float most = 0;
        for (int i = 0; i < size; i++) {
          most = Math.max(most, Math.abs(element(x, (long) b * size + i)));
        }
        scales[b] = most / LEVELS;
        float inverse = most == 0 ? 0 : LEVELS / most;
        for (int i = 0; i < size; i++) {
          float level = (float) Math.rint(element(x, (long) b * size + i) * inverse);
          numbers[b * size + i] = (byte) (int) Math.min(Math.max(level, -LEVELS), LEVELS);
        }
      }
    }
  }

  private static float element(MemorySegment x, long index) {
    return x.get(ValueLayout.JAVA_FLOAT_UNALIGNED, index * Float.BYTES);
  }

  /** Takes the row at byte {@code at} apart, for the products that follow. */
  public void load(MemorySegment rows, long at) {
    switch (type) {
      case WeightType.Blocks blocks when rounds -> unpack(blocks.type(), rows, at);
      case WeightType.Blocks blocks -> blocks.type().decode(rows, at, values, 0, k);
      case WeightType.Floats floats -> convert(floats.dtype(), rows, at);
    }
  }

  private void unpack(QuantType quant, MemorySegment rows, long at) {
    int elements = quant.blockElements();
    int groups = elements / group;
    for (int b = 0; b < k / elements; b++) {
      quant.unpack(rows, at + (long) b * quant.blockBytes(), block);
      for (int i = 0; i < elements; i++) {
        numbers[b * elements + i] = (byte) block.number(i);
      }
      for (int g = 0; g < groups; g++) {
        scales[b * groups + g] = block.scale(g);
        offsets[b * groups + g] = block.offset(g);
      }
    }
  }

  private void convert(DType dtype, MemorySegment rows, long at) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(rows, ValueLayout.JAVA_FLOAT_UNALIGNED, at, values, 0, k);
      case F16 -> {
        for (int i = 0; i < k; i++) {
          short half = rows.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i);
          values[i] = Float.float16ToFloat(half);
        }
      }
      default -> {
        for (int i = 0; i < k; i++) {
          short half = rows.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i);
          values[i] = SmallFloats.bf16ToFloat(half);
        }
      }
    }
  }

  /** The loaded row times a token of {@code x}, in f32. */
  public float dot(MemorySegment x, long token) {
    long from = token * k;
    float sum = 0;
    for (int i = 0; i < k; i++) {
      sum = Math.fma(element(x, from + i), values[i], sum);
    }
    return sum;
  }

  /** The loaded row times a token's rounded activations. */
  public float dot(Rounded x, long token) {
    boolean hasOffsets = ((WeightType.Blocks) type).type().hasOffsets();
    int from = (int) (token * k);
    float sum = 0;
    for (int g = 0; g < scales.length; g++) {
      int products = 0;
      int total = 0;
      for (int i = g * group; i < (g + 1) * group; i++) {
        products += x.numbers[from + i] * numbers[i];
        total += x.numbers[from + i];
      }
      float d = x.scales[(from + g * group) / Linear.ACTIVATION_BLOCK];
      sum = Math.fma(products, scales[g] * d, sum);
      if (hasOffsets) {
        sum = Math.fma(total, offsets[g] * d, sum);
      }
    }
    return sum;
  }
}
