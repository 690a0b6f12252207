package dev.bascule.gpu.opencl;

/**
 * The functions that rendered kernels call: what OpenCL C leaves undefined (division by zero,
 * conversion out of range) made defined, and the small floats. Each source carries only those it
 * names.
 */
enum OpenClPrelude {
  DIV_I32(
      "div_i32",
      "int div_i32(int a, int b) { return b == 0 ? 0 : b == -1 ? (int)(0u - (uint)a) : a / b; }"),
  DIV_I64(
      "div_i64",
      "long div_i64(long a, long b) { return b == 0 ? 0 : b == -1 ? (long)(0ul - (ulong)a) : a / b; }"),
  REM_I32("rem_i32", "int rem_i32(int a, int b) { return b == 0 ? a : b == -1 ? 0 : a % b; }"),
  REM_I64("rem_i64", "long rem_i64(long a, long b) { return b == 0 ? a : b == -1 ? 0 : a % b; }"),

  F32_TO_I32(
      "f32_to_i32",
      """
      int f32_to_i32(float a) {
        return a != a ? 0 : a >= 0x1p31f ? INT_MAX : a < -0x1p31f ? INT_MIN : (int)a;
      }\
      """),
  F32_TO_I64(
      "f32_to_i64",
      """
      long f32_to_i64(float a) {
        return a != a ? 0 : a >= 0x1p63f ? LONG_MAX : a < -0x1p63f ? LONG_MIN : (long)a;
      }\
      """),
  F64_TO_I32(
      "f64_to_i32",
      """
      int f64_to_i32(double a) {
        return a != a ? 0 : a >= 0x1p31 ? INT_MAX : a <= -0x1p31 ? INT_MIN : (int)a;
      }\
      """),
  F64_TO_I64(
      "f64_to_i64",
      """
      long f64_to_i64(double a) {
        return a != a ? 0 : a >= 0x1p63 ? LONG_MAX : a < -0x1p63 ? LONG_MIN : (long)a;
      }\
      """),

  /**
   * The spacing of f16 values at the exponent of a, then round to nearest even by adding and taking
   * away 1.5 * 2^23 of them: below that magnitude the sum's last bit is one spacing, so the
   * addition itself does the rounding.
   */
  ROUND_F16(
      "round_f16",
      """
      float round_f16(float a) {
        uint magnitude = as_uint(a) & 0x7FFFFFFFu;
        uint exponent = max(magnitude >> 23, 113u);
        float big = as_float((exponent + 13u) << 23) * 1.5f;
        float rounded = (as_float(magnitude) + big) - big;
        float finite = rounded >= 65520.0f ? INFINITY : rounded;
        float size = magnitude >= 0x47800000u ? (magnitude > 0x7F800000u ? NAN : INFINITY) : finite;
        return copysign(size, a);
      }\
      """),
  BF16_TO_F32("bf16_to_f32", "float bf16_to_f32(ushort a) { return as_float((uint)a << 16); }"),
  F32_TO_BF16(
      "f32_to_bf16",
      """
      ushort f32_to_bf16(float a) {
        uint bits = as_uint(a);
        return a != a ? (ushort)0x7FC0 : (ushort)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
      }\
      """),
  E4M3_TO_F32(
      "e4m3_to_f32",
      """
      float e4m3_to_f32(uchar a) {
        uint m = a & 0x7Fu;
        float size = m < 8u ? (float)m * 0x1p-9f : as_float((m << 20) + (120u << 23));
        return copysign(m == 0x7Fu ? NAN : size, as_float((uint)a << 24));
      }\
      """),
  F32_TO_E4M3(
      "f32_to_e4m3",
      """
      uchar f32_to_e4m3(float a) {
        float size = fabs(a);
        int exponent = max((int)(as_uint(size) >> 23) - 127, -6);
        int code = (int)rint(fmin(size, 448.0f) * as_float((uint)(130 - min(exponent, 9)) << 23)) + ((min(exponent, 9) + 6) << 3);
        uint sign = as_uint(a) >> 24 & 0x80u;
        return a != a ? (uchar)0x7F : (uchar)(sign | (uint)min(size > 448.0f ? 0x7E : code, 0x7E));
      }\
      """),
  E5M2_TO_F32(
      "e5m2_to_f32",
      """
      float e5m2_to_f32(uchar a) {
        uint m = a & 0x7Fu;
        float size = m < 4u ? (float)m * 0x1p-16f : as_float((m << 21) + (112u << 23));
        return copysign(m > 0x7Cu ? NAN : m == 0x7Cu ? INFINITY : size, as_float((uint)a << 24));
      }\
      """),
  F32_TO_E5M2(
      "f32_to_e5m2",
      """
      uchar f32_to_e5m2(float a) {
        float size = fabs(a);
        int exponent = max((int)(as_uint(size) >> 23) - 127, -14);
        int code = (int)rint(fmin(size, 57344.0f) * as_float((uint)(129 - min(exponent, 16)) << 23)) + ((min(exponent, 16) + 14) << 2);
        uint sign = as_uint(a) >> 24 & 0x80u;
        uint finite = (uint)min(size > 57344.0f ? 0x7B : code, 0x7B);
        return a != a ? (uchar)0x7F : (uchar)(sign | (size == INFINITY ? 0x7Cu : finite));
      }\
      """),

  LOAD_I4(
      "load_i4",
      """
      int load_i4(global const uchar *p, long i) { return ((int)(p[i >> 1] >> ((i & 1) << 2)) << 28) >> 28; }\
      """),
  LOAD_U4(
      "load_u4",
      """
      int load_u4(global const uchar *p, long i) { return (p[i >> 1] >> ((i & 1) << 2)) & 15; }\
      """),
  /** Two elements share a byte, so one work item alone may write a packed output. */
  STORE_4(
      "store_4",
      """
      void store_4(global uchar *p, long i, int value) {
        int shift = (i & 1) << 2;
        p[i >> 1] = (uchar)((p[i >> 1] & ~(15 << shift)) | ((value & 15) << shift));
      }\
      """);

  private final String function;
  private final String text;

  OpenClPrelude(String function, String text) {
    this.function = function;
    this.text = text;
  }

  /** The functions that {@code source} calls, as source. */
  static String of(String source) {
    StringBuilder prelude = new StringBuilder();
    for (OpenClPrelude entry : values()) {
      if (source.contains(entry.function + "(")) {
        prelude.append("static inline ").append(entry.text).append('\n');
      }
    }
    return prelude.toString();
  }
}
