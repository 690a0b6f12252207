package dev.bascule.core.quant;

import dev.bascule.core.ShapeException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The block-quantised types, one row each: a row of a weight is a sequence of blocks, and a block
 * is a few bytes of scales and small integers that stand for 32 or 256 floats. Decoding is exact
 * arithmetic in f32 (every product and sum rounded once, nothing contracted), so that it gives the
 * same bits everywhere. Where a type has an encoder, it takes finite floats of magnitude up to
 * {@link #MAGNITUDE_MAX}.
 *
 * <p>Source: the layouts of ggml (https://github.com/ggml-org/ggml); MXFP4 is that of the OCP
 * Microscaling Formats specification 1.0.
 */
@SuppressWarnings("ImmutableEnumChecker") // the rows hold method references without state
public enum QuantType {
  Q4_0(2, 32, 18, 32, false, SimpleBlocks::q40, SimpleEncoders::q40),
  Q4_1(3, 32, 20, 32, true, SimpleBlocks::q41, null),
  Q5_0(6, 32, 22, 32, false, SimpleBlocks::q50, null),
  Q5_1(7, 32, 24, 32, true, SimpleBlocks::q51, null),
  Q8_0(8, 32, 34, 32, false, SimpleBlocks::q80, SimpleEncoders::q80),
  Q2_K(10, 256, 84, 16, true, SuperBlocks::q2k, null),
  Q3_K(11, 256, 110, 16, false, SuperBlocks::q3k, null),
  Q4_K(12, 256, 144, 32, true, SuperBlocks::q4k, SuperBlockEncoders::q4k),
  Q5_K(13, 256, 176, 32, true, SuperBlocks::q5k, SuperBlockEncoders::q5k),
  Q6_K(14, 256, 210, 16, false, SuperBlocks::q6k, SuperBlockEncoders::q6k),
  IQ4_NL(20, 32, 18, 32, false, CodebookBlocks::iq4nl, null),
  IQ4_XS(23, 256, 136, 32, false, CodebookBlocks::iq4xs, null),
  MXFP4(39, 32, 17, 32, false, CodebookBlocks::mxfp4, null);

  /** Elements of the largest block. */
  public static final int BLOCK_ELEMENTS_MAX = 256;

  /** The largest magnitude that encoders take: beyond it an f16 scale could overflow. */
  public static final float MAGNITUDE_MAX = 65504;

  private final int ggufCode;
  private final int blockElements;
  private final int blockBytes;
  private final int groupElements;
  private final boolean hasOffsets;
  private final BlockDecoder decoder;
  private final @Nullable BlockEncoder encoder;

  QuantType(
      int ggufCode,
      int blockElements,
      int blockBytes,
      int groupElements,
      boolean hasOffsets,
      BlockDecoder decoder,
      @Nullable BlockEncoder encoder) {
    this.ggufCode = ggufCode;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
    this.groupElements = groupElements;
    this.hasOffsets = hasOffsets;
    this.decoder = decoder;
    this.encoder = encoder;
  }

  /** The number that stands for this type in a GGUF file. */
  public int ggufCode() {
    return ggufCode;
  }

  public int blockElements() {
    return blockElements;
  }

  public int blockBytes() {
    return blockBytes;
  }

  /** Elements that share a scale: 16 or 32. */
  public int groupElements() {
    return groupElements;
  }

  /** Whether groups have an offset beside their scale. */
  public boolean hasOffsets() {
    return hasOffsets;
  }

  /** Takes the block at byte {@code at} apart. */
  public void unpack(MemorySegment blocks, long at, UnpackedBlock to) {
    decoder.unpack(blocks, at, to);
  }

  /** Bits that an element takes, scales counted. */
  public double bitsPerElement() {
    return (double) blockBytes * Byte.SIZE / blockElements;
  }

  /** Whether rows of {@code elements} can be of this type. */
  public boolean divides(long elements) {
    return elements % blockElements == 0;
  }

  /** Bytes of {@code elements}, which must be whole blocks. */
  public long bytes(long elements) {
    if (elements < 0 || !divides(elements)) {
      throw new ShapeException(
          this
              + ": expected whole blocks of "
              + blockElements
              + " elements, got "
              + elements
              + " elements; leave rows of other lengths in f32");
    }
    return Math.multiplyExact(elements / blockElements, blockBytes);
  }

  public boolean hasEncoder() {
    return encoder != null;
  }

  /**
   * Decodes {@code count} elements (whole blocks), from byte {@code offset} of {@code blocks} on,
   * to {@code values} from {@code to} on.
   */
  public void decode(MemorySegment blocks, long offset, float[] values, int to, int count) {
    UnpackedBlock block = new UnpackedBlock();
    long end = offset + bytes(count);
    for (long at = offset; at < end; at += blockBytes) {
      decoder.unpack(blocks, at, block);
      values(block, values, to);
      to += blockElements;
    }
  }

  private void values(UnpackedBlock block, float[] values, int to) {
    for (int i = 0; i < blockElements; i++) {
      int group = i / groupElements;
      float value = block.scales[group] * block.numbers[i];
      values[to + i] = hasOffsets ? value + block.offsets[group] : value;
    }
  }

  /**
   * Decodes {@code count} elements (whole blocks), from byte {@code offset} of {@code blocks} on,
   * to f32 in {@code values} from its start on.
   */
  public void decode(MemorySegment blocks, long offset, MemorySegment values, long count) {
    UnpackedBlock block = new UnpackedBlock();
    float[] elements = new float[blockElements];
    long end = offset + bytes(count);
    long to = 0;
    for (long at = offset; at < end; at += blockBytes) {
      decoder.unpack(blocks, at, block);
      values(block, elements, 0);
      MemorySegment.copy(elements, 0, values, ValueLayout.JAVA_FLOAT_UNALIGNED, to, blockElements);
      to += (long) blockElements * Float.BYTES;
    }
  }

  /**
   * Encodes {@code count} floats (whole blocks), from {@code from} of {@code values} on, to {@code
   * blocks} from byte {@code offset} on. They must be finite and at most {@link #MAGNITUDE_MAX}.
   */
  public void encode(float[] values, int from, int count, MemorySegment blocks, long offset) {
    if (encoder == null) {
      throw new ShapeException(
          this + " can be read, not written; types that can be written: " + encodable());
    }
    long end = offset + bytes(count);
    for (long at = offset; at < end; at += blockBytes) {
      encoder.encode(values, from, blocks, at);
      from += blockElements;
    }
  }

  private static String encodable() {
    return Arrays.toString(
        Arrays.stream(values()).filter(QuantType::hasEncoder).toArray(QuantType[]::new));
  }

  /** The type of this name, in either case. */
  public static Optional<QuantType> of(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equalsIgnoreCase(name)).findFirst();
  }

  /** The type that a GGUF file writes as this number. */
  public static Optional<QuantType> ofGgufCode(int code) {
    return Arrays.stream(values()).filter(type -> type.ggufCode == code).findFirst();
  }

  /** The name in small letters: {@code q4_k}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
