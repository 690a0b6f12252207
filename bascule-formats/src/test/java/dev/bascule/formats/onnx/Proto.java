package dev.bascule.formats.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes the wire format of protocol buffers, right or (with {@link #raw}) wrong. */
public final class Proto {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  public static Proto message() {
    return new Proto();
  }

  public static Proto varint(long value) {
    Proto proto = new Proto();
    proto.put(value);
    return proto;
  }

  private void put(long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.write((int) (rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  public Proto integer(int field, long value) {
    put(((long) field << 3));
    put(value);
    return this;
  }

  public Proto bytes(int field, byte[] bytes) {
    put(((long) field << 3) | 2);
    put(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  public Proto text(int field, String text) {
    return bytes(field, text.getBytes(StandardCharsets.UTF_8));
  }

  public Proto message(int field, Proto message) {
    return bytes(field, message.toBytes());
  }

  public Proto fixed32(int field, int bits) {
    put(((long) field << 3) | 5);
    return raw(little(bits, 4));
  }

  public Proto fixed64(int field, long bits) {
    put(((long) field << 3) | 1);
    return raw(little(bits, 8));
  }

  public Proto packed(int field, long... values) {
    Proto packed = new Proto();
    for (long value : values) {
      packed.put(value);
    }
    return message(field, packed);
  }

  public Proto raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  public static byte[] little(long bits, int bytes) {
    byte[] result = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      result[i] = (byte) (bits >> (8 * i));
    }
    return result;
  }

  public byte[] toBytes() {
    return out.toByteArray();
  }

  // The messages of ONNX, as far as tests need them.

  public static Proto node(String opType, String name, String inputs, String outputs) {
    Proto node = message();
    for (String input : inputs.split(",", -1)) {
      node.text(1, input);
    }
    for (String output : outputs.split(",", -1)) {
      node.text(2, output);
    }
    return node.text(3, name).text(4, opType);
  }

  public static Proto value(String name) {
    return message().text(1, name).message(2, message().message(1, message().integer(1, 1)));
  }

  public static Proto tensor(String name, int type, long... dims) {
    Proto tensor = message();
    for (long dim : dims) {
      tensor.integer(1, dim);
    }
    return tensor.integer(2, type).text(8, name);
  }

  public static byte[] model(Proto graph) {
    return message().integer(1, 8).message(8, message().integer(2, 17)).message(7, graph).toBytes();
  }
}
