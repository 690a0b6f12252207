package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * Random weights, made straight in the bytes of their type: every byte of a block is random but its
 * scales, which are such that weights have mean 0 and a deviation of 1 / sqrt(k), so that
 * activations keep their size from layer to layer. Each row has its own generator (SplitMix64,
 * Steele et al., 2014), so that any row can be made alone, and all of them by several threads.
 */
final class RandomWeights implements WeightSource {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final int SAMPLE = 64; // blocks from which scales are found

  private final DecoderConfig config;
  private final WeightType type;
  private final long seed;
  private final Scales unit;

  /** What the scale and the offset of each block are, for weights of deviation 1. */
  private record Scales(double scale, double offset) {}

  RandomWeights(DecoderConfig config, WeightType type, long seed) {
    this.config = config;
    this.type = type;
    this.seed = seed;
    this.unit =
        switch (type) {
          case WeightType.Floats floats -> new Scales(Math.sqrt(3), 0); // uniform in [-1, 1)
          case WeightType.Blocks(QuantType quant) -> calibrated(quant);
        };
  }

  /** Where a block's scale and offset are, in bytes from its start; -1 where it has none. */
  private record Layout(int scaleAt, int offsetAt) {
    static Layout of(QuantType type) {
      return switch (type) {
        case Q4_0, Q5_0, Q8_0, IQ4_NL, IQ4_XS, MXFP4 -> new Layout(0, -1);
        case Q4_1, Q5_1, Q4_K, Q5_K -> new Layout(0, 2);
        case Q2_K -> new Layout(80, 82);
        case Q3_K -> new Layout(108, -1);
        case Q6_K -> new Layout(208, -1);
      };
    }

    void write(QuantType type, MemorySegment blocks, long at, Scales scales) {
      if (type == QuantType.MXFP4) {
        // an exponent: 2^(e - 127)
        byte exponent = (byte) (127 + Math.round(Math.log(scales.scale) / Math.log(2)));
        blocks.set(ValueLayout.JAVA_BYTE, at + scaleAt, exponent);
        return;
      }
      blocks.set(
          ValueLayout.JAVA_SHORT_UNALIGNED,
          at + scaleAt,
          Float.floatToFloat16((float) scales.scale));
      if (offsetAt >= 0) {
        blocks.set(
            ValueLayout.JAVA_SHORT_UNALIGNED,
            at + offsetAt,
            Float.floatToFloat16((float) scales.offset));
      }
    }
  }

  private static Scales calibrated(QuantType type) {
    double mean = mean(sample(type, new Scales(1, 0)));
    double offset = 0;
    if (Layout.of(type).offsetAt >= 0) {
      offset = -mean / mean(sample(type, new Scales(0, 1)));
    }
    double sum = 0;
    float[] values = sample(type, new Scales(1, offset));
    for (float value : values) {
      sum += (double) value * value;
    }
    double deviation = Math.sqrt(sum / values.length);
    return new Scales(1 / deviation, offset / deviation);
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  private static float[] sample(QuantType type, Scales scales) {
    MemorySegment blocks = MemorySegment.ofArray(new byte[SAMPLE * type.blockBytes()]);
    fill(blocks, 0, blocks.byteSize(), GOLDEN);
    for (int i = 0; i < SAMPLE; i++) {
      Layout.of(type).write(type, blocks, (long) i * type.blockBytes(), scales);
    }
    float[] values = new float[SAMPLE * type.blockElements()];
    type.decode(blocks, 0, values, 0, values.length);
    return values;
  }

  private static void fill(MemorySegment to, long from, long count, long start) {
    long state = start;
    long end = from + count;
    long at = from;
    for (; at + Long.BYTES <= end; at += Long.BYTES) {
      state += GOLDEN;
      to.set(ValueLayout.JAVA_LONG_UNALIGNED, at, mixed(state));
    }
    for (long bits = mixed(state + GOLDEN); at < end; at++, bits >>>= Byte.SIZE) {
      to.set(ValueLayout.JAVA_BYTE, at, (byte) bits);
    }
  }

  private static long mixed(long state) {
    long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  @Override
  public boolean has(Key key) {
    return key.role().isIn(config, key.layer()) && (!key.isBias() || key.role().hasBias(config));
  }

  @Override
  public WeightType type(Key key) {
    long[] extents = key.role().extents(config);
    boolean divides =
        !(type instanceof WeightType.Blocks blocks)
            || blocks.type().divides(extents[extents.length - 1]);
    return divides && key.role() != Role.ROUTER ? type : new WeightType.Floats(DType.F32);
  }

  @Override
  public void read(Key key, long from, MemorySegment to) {
    long[] extents = key.role().extents(config);
    int columns = Math.toIntExact(extents[extents.length - 1]);
    WeightType stored = type(key);
    long rowBytes = stored.rowBytes(columns);
    long rows = to.byteSize() / rowBytes;
    int task = (int) Math.max(1, (1 << 18) / rowBytes);
    LongStream.range(0, Math.ceilDiv(rows, task))
        .parallel()
        .forEach(i -> {
          for (long row = i * task; row < Math.min(rows, (i + 1) * task); row++) {
            row(key, stored, from + row, columns, to, row * rowBytes);
          }
        });
  }

  private void row(Key key, WeightType stored, long row, int columns, MemorySegment to, long at) {
    long name = key.role().ordinal() * 65_537L + key.layer();
    long start = mixed(mixed(seed + name * GOLDEN) + row);
    double deviation = 1 / Math.sqrt(columns);
    switch (stored) {
      case WeightType.Floats(DType dtype) -> floats(dtype, start, columns, deviation, to, at);
      case WeightType.Blocks(QuantType quant) -> {
        fill(to, at, stored.rowBytes(columns), start);
        Layout layout = Layout.of(quant);
        Scales scales = new Scales(unit.scale * deviation, unit.offset * deviation);
        for (int block = 0; block < columns / quant.blockElements(); block++) {
          layout.write(quant, to, at + (long) block * quant.blockBytes(), scales);
        }
      }
    }
  }

  private static void floats(
      DType dtype, long start, int columns, double deviation, MemorySegment to, long at) {
    float width = (float) (Math.sqrt(3) * deviation);
    for (int i = 0; i < columns; i++) {
      // 24 random bits, in [-1, 1)
      float value = ((mixed(start + i * GOLDEN) >> 40) / (float) (1 << 23)) * width;
      switch (dtype) {
        case F16 ->
            to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i, Float.floatToFloat16(value));
        case BF16 ->
            to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i, SmallFloats.floatToBf16(value));
        default -> to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at + 4L * i, value);
      }
    }
  }

  @Override
  public void decode(Key key, long from, int columns, float[] to) {
    if (key.role().isVector()) {
      Arrays.fill(to, 1);
      return;
    }
    if (key.isBias()) {
      Arrays.fill(to, 0);
      return;
    }
    WeightType stored = type(key);
    MemorySegment bytes = MemorySegment.ofArray(new byte[(int) stored.rowBytes(columns)]);
    float[] row = new float[columns];
    for (int i = 0; i < to.length / columns; i++) {
      row(key, stored, from + i, columns, bytes, 0);
      GgufExport.decode(stored, bytes, 0, row);
      System.arraycopy(row, 0, to, i * columns, columns);
    }
  }
}
