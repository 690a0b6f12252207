package dev.bascule.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes ONNX files of one node by hand: the field numbers are those of onnx.proto. Inputs {@code
 * a} and {@code b} are f32 [n, 3], the output {@code c} too.
 */
final class TinyModel {
  private static final int FLOAT = 1;
  private static final int OPSET = 17;

  private TinyModel() {}

  static Path write(Path file, String operator) throws IOException {
    byte[] node =
        join(text(1, "a"), text(1, "b"), text(2, "c"), text(3, "only"), text(4, operator));
    byte[] graph =
        join(
            bytes(1, node),
            text(2, "tiny"),
            bytes(11, value("a")),
            bytes(11, value("b")),
            bytes(12, value("c")));
    byte[] opset = join(text(1, ""), number(2, OPSET));
    Files.write(file, join(number(1, 8), bytes(7, graph), bytes(8, opset)));
    return file;
  }

  /** A test folder: two inputs of one row, and the output it should give. */
  static void writeTest(Path folder, String operator, float[] a, float[] b, float[] c)
      throws IOException {
    Path data = Files.createDirectories(folder.resolve("test_data_set_0"));
    write(folder.resolve("model.onnx"), operator);
    Files.write(data.resolve("input_0.pb"), tensor(a));
    Files.write(data.resolve("input_1.pb"), tensor(b));
    Files.write(data.resolve("output_0.pb"), tensor(c));
  }

  /** f32 [1, 3]. */
  static byte[] tensor(float[] row) {
    ByteBuffer raw = ByteBuffer.allocate(row.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float x : row) {
      raw.putFloat(x);
    }
    return join(number(1, 1), number(1, row.length), number(2, FLOAT), bytes(9, raw.array()));
  }

  private static byte[] value(String name) {
    byte[] shape = join(bytes(1, text(2, "n")), bytes(1, number(1, 3)));
    byte[] tensorType = join(number(1, FLOAT), bytes(2, shape));
    return join(text(1, name), bytes(2, bytes(1, tensorType)));
  }

  private static byte[] number(int field, int value) {
    return new byte[] {(byte) (field << 3), (byte) value};
  }

  private static byte[] text(int field, String text) {
    return bytes(field, text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] bytes(int field, byte[] content) {
    byte[] length =
        content.length < 128
            ? new byte[] {(byte) content.length}
            : new byte[] {(byte) (content.length | 0x80), (byte) (content.length >> 7)};
    return join(new byte[] {(byte) (field << 3 | 2)}, length, content);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
