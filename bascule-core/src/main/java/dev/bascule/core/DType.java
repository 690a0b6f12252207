package dev.bascule.core;

/**
 * The element types of tensors, one row each.
 *
 * <p>{@link #bits()} is the storage width; types narrower than a byte are packed, low bits first.
 * {@link #scalar()} is the type in which kernels compute: f16, bf16 and the fp8 types are converted
 * exactly to f32 and rounded (to nearest even) each time a graph value of that type comes into
 * being; integers narrower than 32 bits are computed in i32 and wrap.
 */
public enum DType {
  F64("f64", 64, Kind.FLOAT, ScalarType.F64),
  F32("f32", 32, Kind.FLOAT, ScalarType.F32),
  F16("f16", 16, Kind.FLOAT, ScalarType.F32),
  BF16("bf16", 16, Kind.FLOAT, ScalarType.F32),
  F8E4M3("f8e4m3", 8, Kind.FLOAT, ScalarType.F32),
  F8E5M2("f8e5m2", 8, Kind.FLOAT, ScalarType.F32),
  I64("i64", 64, Kind.SIGNED, ScalarType.I64),
  I32("i32", 32, Kind.SIGNED, ScalarType.I32),
  I16("i16", 16, Kind.SIGNED, ScalarType.I32),
  I8("i8", 8, Kind.SIGNED, ScalarType.I32),
  U64("u64", 64, Kind.UNSIGNED, ScalarType.I64),
  U32("u32", 32, Kind.UNSIGNED, ScalarType.I32),
  U16("u16", 16, Kind.UNSIGNED, ScalarType.I32),
  U8("u8", 8, Kind.UNSIGNED, ScalarType.I32),
  BOOL("bool", 8, Kind.BOOL, ScalarType.BOOL),
  I4("i4", 4, Kind.SIGNED, ScalarType.I32),
  U4("u4", 4, Kind.UNSIGNED, ScalarType.I32);

  /** What the bits mean. */
  public enum Kind {
    FLOAT,
    SIGNED,
    UNSIGNED,
    BOOL
  }

  private final String text;
  private final int bits;
  private final Kind kind;
  private final ScalarType scalar;

  DType(String text, int bits, Kind kind, ScalarType scalar) {
    this.text = text;
    this.bits = bits;
    this.kind = kind;
    this.scalar = scalar;
  }

  /** Storage bits of one element. */
  public int bits() {
    return bits;
  }

  public Kind kind() {
    return kind;
  }

  /** The type in which kernels compute with elements of this type. */
  public ScalarType scalar() {
    return scalar;
  }

  public boolean isFloat() {
    return kind == Kind.FLOAT;
  }

  public boolean isInteger() {
    return kind == Kind.SIGNED || kind == Kind.UNSIGNED;
  }

  /** Bytes that {@code elements} elements take; packed types round up to whole bytes. */
  public long bytes(long elements) {
    return bits >= 8
        ? Math.multiplyExact(elements, bits / 8)
        : Math.ceilDiv(Math.multiplyExact(elements, bits), 8);
  }

  /** The type of this name, as {@link #toString()} writes it. */
  public static DType of(String text) {
    for (DType type : values()) {
      if (type.text.equals(text)) {
        return type;
      }
    }
    throw new ShapeException(
        "no dtype '" + text + "'; known: " + java.util.Arrays.toString(values()));
  }

  @Override
  public String toString() {
    return text;
  }
}
