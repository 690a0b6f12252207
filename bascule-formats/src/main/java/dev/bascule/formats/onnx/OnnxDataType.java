package dev.bascule.formats.onnx;

import java.util.Optional;

/** ONNX's element types ({@code TensorProto.DataType}), one row each. */
public enum OnnxDataType {
  UNDEFINED(0, 0, TypedField.NONE),
  FLOAT(1, 32, TypedField.FLOAT_DATA),
  UINT8(2, 8, TypedField.INT32_DATA),
  INT8(3, 8, TypedField.INT32_DATA),
  UINT16(4, 16, TypedField.INT32_DATA),
  INT16(5, 16, TypedField.INT32_DATA),
  INT32(6, 32, TypedField.INT32_DATA),
  INT64(7, 64, TypedField.INT64_DATA),
  STRING(8, 0, TypedField.STRING_DATA),
  BOOL(9, 8, TypedField.INT32_DATA),
  FLOAT16(10, 16, TypedField.INT32_DATA),
  DOUBLE(11, 64, TypedField.DOUBLE_DATA),
  UINT32(12, 32, TypedField.UINT64_DATA),
  UINT64(13, 64, TypedField.UINT64_DATA),
  COMPLEX64(14, 64, TypedField.FLOAT_DATA),
  COMPLEX128(15, 128, TypedField.DOUBLE_DATA),
  BFLOAT16(16, 16, TypedField.INT32_DATA),
  FLOAT8E4M3FN(17, 8, TypedField.INT32_DATA),
  FLOAT8E4M3FNUZ(18, 8, TypedField.INT32_DATA),
  FLOAT8E5M2(19, 8, TypedField.INT32_DATA),
  FLOAT8E5M2FNUZ(20, 8, TypedField.INT32_DATA),
  UINT4(21, 4, TypedField.INT32_DATA),
  INT4(22, 4, TypedField.INT32_DATA),
  FLOAT4E2M1(23, 4, TypedField.INT32_DATA),
  FLOAT8E8M0(24, 8, TypedField.INT32_DATA),
  UINT2(25, 2, TypedField.INT32_DATA),
  INT2(26, 2, TypedField.INT32_DATA),
  FLOAT6E2M3(27, 6, TypedField.NONE),
  FLOAT6E3M2(28, 6, TypedField.NONE);

  /** The repeated field of a tensor that may hold its elements instead of raw bytes. */
  enum TypedField {
    NONE(-1),
    FLOAT_DATA(4),
    INT32_DATA(5),
    STRING_DATA(6),
    INT64_DATA(7),
    DOUBLE_DATA(10),
    UINT64_DATA(11);

    final int number;

    TypedField(int number) {
      this.number = number;
    }
  }

  private static final OnnxDataType[] BY_CODE = values();

  private final int code;
  private final int bits;
  private final TypedField typedField;

  OnnxDataType(int code, int bits, TypedField typedField) {
    this.code = code;
    this.bits = bits;
    this.typedField = typedField;
  }

  /** The number that stands for this type in a file. */
  public int code() {
    return code;
  }

  /** Bits of one element; 0 for strings, which have no fixed size. */
  public int bits() {
    return bits;
  }

  TypedField typedField() {
    return typedField;
  }

  /** Bytes that {@code elements} take, packed without gaps. */
  long bytesFor(long elements) {
    long whole = Math.multiplyExact(elements / 8, (long) bits);
    return Math.addExact(whole, (elements % 8 * bits + 7) / 8);
  }

  /**
   * Entries of the typed field that {@code elements} take: types under a byte are packed into
   * bytes.
   */
  long typedEntriesFor(long elements) {
    return switch (typedField) {
      case NONE -> 0;
      case INT32_DATA -> bits < 8 ? bytesFor(elements) : elements;
      case FLOAT_DATA -> Math.multiplyExact(elements, bits / 32L);
      case DOUBLE_DATA -> Math.multiplyExact(elements, bits / 64L);
      case STRING_DATA, INT64_DATA, UINT64_DATA -> elements;
    };
  }

  static Optional<OnnxDataType> of(long code) {
    // The rows stand in the order of their codes.
    return code >= 0 && code < BY_CODE.length ? Optional.of(BY_CODE[(int) code]) : Optional.empty();
  }
}
