package dev.bascule.formats.gguf;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Writes GGUF files by hand, right ones and wrong ones, and remembers where the numbers lie that a
 * reader must not trust.
 */
final class GgufBytes {
  private record Field(int at, int bytes) {}

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final List<Field> fields = new ArrayList<>();

  GgufBytes number(long bits, int bytes) {
    fields.add(new Field(out.size(), bytes));
    for (int i = 0; i < bytes; i++) {
      out.write((int) (bits >>> i * 8));
    }
    return this;
  }

  GgufBytes u32(long value) {
    return number(value, 4);
  }

  GgufBytes u64(long value) {
    return number(value, 8);
  }

  GgufBytes text(String text) {
    byte[] utf8 = text.getBytes(UTF_8);
    u64(utf8.length);
    out.writeBytes(utf8);
    return this;
  }

  GgufBytes raw(int... bytes) {
    for (int b : bytes) {
      out.write(b);
    }
    return this;
  }

  GgufBytes header(int tensors, int entries) {
    return raw('G', 'G', 'U', 'F').u32(3).u64(tensors).u64(entries);
  }

  /** The start of an entry: key and type. */
  GgufBytes key(String key, GgufType type) {
    return text(key).u32(type.code());
  }

  /** The start of an array: its elements' type and count. */
  GgufBytes array(GgufType type, long count) {
    return u32(type.code()).u64(count);
  }

  /** An entry of the list of tensors; dimensions contiguous first, as the file has them. */
  GgufBytes tensor(String name, int type, long offset, long... dims) {
    text(name).u32(dims.length);
    for (long dim : dims) {
      u64(dim);
    }
    return u32(type).u64(offset);
  }

  GgufBytes align(int alignment) {
    while (out.size() % alignment != 0) {
      out.write(0);
    }
    return this;
  }

  GgufBytes zeros(int count) {
    out.writeBytes(new byte[count]);
    return this;
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  /** The file with a few of its numbers made absurd. */
  byte[] hostile(RandomGenerator random) {
    byte[] bytes = bytes();
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      Field field = fields.get(random.nextInt(fields.size()));
      long bits = 0;
      for (int b = field.bytes() - 1; b >= 0; b--) {
        bits = bits << 8 | bytes[field.at() + b] & 0xFF;
      }
      long changed = absurd(bits, random);
      for (int b = 0; b < field.bytes(); b++) {
        bytes[field.at() + b] = (byte) (changed >>> b * 8);
      }
    }
    return bytes;
  }

  private static long absurd(long bits, RandomGenerator random) {
    return switch (random.nextInt(10)) {
      case 0 -> 0;
      case 1 -> -1;
      case 2 -> Long.MAX_VALUE - random.nextInt(64);
      case 3 -> Long.MIN_VALUE;
      case 4 -> Integer.MAX_VALUE - random.nextInt(64);
      case 5 -> 1L << random.nextInt(64);
      case 6 -> bits + 1;
      case 7 -> bits - 1;
      case 8 -> bits * (1 + random.nextInt(1 << 16));
      default -> random.nextInt(64);
    };
  }

  /** A file with something of everything. */
  static GgufBytes sample() {
    GgufBytes file = new GgufBytes().header(4, 19);
    file.key("general.architecture", GgufType.TEXT).text("llama");
    file.key("general.alignment", GgufType.U32).u32(64);
    file.key("u8", GgufType.U8).number(200, 1);
    file.key("i8", GgufType.I8).number(-3, 1);
    file.key("u16", GgufType.U16).number(60_000, 2);
    file.key("i16", GgufType.I16).number(-300, 2);
    file.key("u32", GgufType.U32).u32(4_000_000_000L);
    file.key("i32", GgufType.I32).u32(-70_000);
    file.key("u64", GgufType.U64).u64(-1);
    file.key("i64", GgufType.I64).u64(Long.MIN_VALUE);
    file.key("f32", GgufType.F32).u32(Float.floatToIntBits(1.5f));
    file.key("f64", GgufType.F64).u64(Double.doubleToLongBits(-0.1));
    file.key("bool", GgufType.BOOL).number(1, 1);
    file.key("bools", GgufType.ARRAY).array(GgufType.BOOL, 3).raw(1, 0, 1);
    file.key("texts", GgufType.ARRAY)
        .array(GgufType.TEXT, 3)
        .text("a")
        .text("")
        .text("äß\uD83D\uDE00");
    file.key("i16s", GgufType.ARRAY).array(GgufType.I16, 2).raw(0xFE, 0xFF, 7, 0);
    file.key("f32s", GgufType.ARRAY).array(GgufType.F32, 1).u32(Float.floatToIntBits(-2));
    file.key("nested", GgufType.ARRAY).array(GgufType.ARRAY, 2);
    file.array(GgufType.U8, 2).raw(1, 2).array(GgufType.TEXT, 1).text("in");
    file.key("none", GgufType.ARRAY).array(GgufType.F64, 0);
    file.tensor("scalar", 0, 0);
    file.tensor("quantised", 8, 64, 64, 2);
    file.tensor("empty", 1, 256, 0, 3);
    file.tensor("unreadable", 16, 256, 256);
    return file.align(64).zeros(256 + 66);
  }
}
