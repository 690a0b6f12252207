package dev.bascule.gpu.opencl;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;

/**
 * How OpenCL C reads and writes an element of each dtype: one row each.
 *
 * <p>f16 is converted by the core functions {@code vload_half} and {@code vstore_half_rte}, which
 * need no extension; the other small floats by the functions of {@link OpenClPrelude}.
 */
final class OpenClElements {
  private OpenClElements() {}

  /** The C type of a register. */
  static String type(ScalarType type) {
    return switch (type) {
      case F32 -> "float";
      case F64 -> "double";
      case I32, BOOL -> "int";
      case I64 -> "long";
    };
  }

  /** The C type that a pointer to elements points to; of packed types, the byte. */
  static String element(DType dtype) {
    return switch (dtype) {
      case F64 -> "double";
      case F32 -> "float";
      case F16 -> "half";
      case BF16, U16 -> "ushort";
      case F8E4M3, F8E5M2, U8, BOOL, I4, U4 -> "uchar";
      case I64, U64 -> "long";
      case I32, U32 -> "int";
      case I16 -> "short";
      case I8 -> "char";
    };
  }

  /** The value of element {@code index} (C text) of {@code pointer}, in the dtype's scalar type. */
  static String load(DType dtype, String pointer, String index) {
    String plain = pointer + "[" + index + "]";
    return switch (dtype) {
      case F64, F32, I64, U64, I32, U32 -> plain;
      case F16 -> "vload_half(" + index + ", " + pointer + ")";
      case BF16 -> "bf16_to_f32(" + plain + ")";
      case F8E4M3 -> "e4m3_to_f32(" + plain + ")";
      case F8E5M2 -> "e5m2_to_f32(" + plain + ")";
      case I16, U16, I8, U8 -> "(int)" + plain;
      case BOOL -> "(" + plain + " != 0)";
      case I4 -> "load_i4(" + pointer + ", " + index + ")";
      case U4 -> "load_u4(" + pointer + ", " + index + ")";
    };
  }

  /** A statement that writes {@code value}, of the dtype's scalar type. */
  static String store(DType dtype, String pointer, String index, String value) {
    String plain = pointer + "[" + index + "] = ";
    return switch (dtype) {
      case F64, F32, I64, U64, I32, U32 -> plain + value + ";";
      case F16 -> "vstore_half_rte(" + value + ", " + index + ", " + pointer + ");";
      case BF16 -> plain + "f32_to_bf16(" + value + ");";
      case F8E4M3 -> plain + "f32_to_e4m3(" + value + ");";
      case F8E5M2 -> plain + "f32_to_e5m2(" + value + ");";
      case I16, U16, I8, U8, BOOL -> plain + "(" + element(dtype) + ")" + value + ";";
      case I4, U4 -> "store_4(" + pointer + ", " + index + ", " + value + ");";
    };
  }
}
