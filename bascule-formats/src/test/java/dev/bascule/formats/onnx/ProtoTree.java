package dev.bascule.formats.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * A message as a tree that can be changed and written again: for mutations that keep most of the
 * structure.
 */
public final class ProtoTree {
  /** The fields of each kind of message that hold messages: "field child" pairs. */
  private static final Map<String, Map<Integer, String>> SCHEMA = schema();

  private static Map<String, Map<Integer, String>> schema() {
    Map<String, Map<Integer, String>> schema = new HashMap<>();
    define(schema, "model", "7 graph 8 leaf 14 leaf 25 function");
    define(schema, "function", "7 node 9 leaf 11 attribute");
    define(schema, "graph", "1 node 5 tensor 11 value 12 value 13 value 15 sparse");
    define(schema, "node", "5 attribute");
    define(
        schema,
        "attribute",
        "5 tensor 6 graph 10 tensor 11 graph 14 type 15 type 22 sparse 23 sparse");
    define(schema, "tensor", "13 leaf");
    define(schema, "sparse", "1 tensor 2 tensor");
    define(schema, "value", "2 type");
    define(schema, "type", "1 tensorType 4 element 8 tensorType 9 element");
    define(schema, "element", "1 type");
    define(schema, "tensorType", "2 shape");
    define(schema, "shape", "1 leaf");
    define(schema, "leaf", "");
    return schema;
  }

  private static void define(Map<String, Map<Integer, String>> schema, String kind, String fields) {
    Map<Integer, String> children = new HashMap<>();
    String[] words = fields.isEmpty() ? new String[0] : fields.split(" ");
    for (int i = 0; i < words.length; i += 2) {
      children.put(Integer.parseInt(words[i]), words[i + 1]);
    }
    schema.put(kind, children);
  }

  private static final class Field {
    private int number;
    private int type;
    private long value;
    private byte[] bytes = {};
    private List<Field> children = List.of();
    private String kind = "";
    private long lengthLie;
  }

  private final List<Field> root;
  private final List<Field> all = new ArrayList<>();
  private final List<List<Field>> messages = new ArrayList<>();

  public ProtoTree(byte[] bytes, String kind) {
    root = parse(bytes, kind);
  }

  private List<Field> parse(byte[] bytes, String kind) {
    List<Field> fields = new ArrayList<>();
    messages.add(fields);
    int[] at = {0};
    while (at[0] < bytes.length) {
      Field field = new Field();
      long tag = varint(bytes, at);
      field.number = (int) (tag >>> 3);
      field.type = (int) tag & 7;
      switch (field.type) {
        case 0 -> field.value = varint(bytes, at);
        case 1, 5 -> field.bytes = take(bytes, at, field.type == 1 ? 8 : 4);
        default -> {
          field.bytes = take(bytes, at, (int) varint(bytes, at));
          String child = SCHEMA.getOrDefault(kind, Map.of()).get(field.number);
          if (child != null) {
            field.kind = child;
            field.children = parse(field.bytes, child);
          }
        }
      }
      fields.add(field);
      all.add(field);
    }
    return fields;
  }

  private static long varint(byte[] bytes, int[] at) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = bytes[at[0]++];
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
  }

  private static byte[] take(byte[] bytes, int[] at, int length) {
    byte[] taken = Arrays.copyOfRange(bytes, at[0], at[0] + length);
    at[0] += length;
    return taken;
  }

  /** Changes some fields: their values, lengths, types, names, presence and order. */
  public void mutate(RandomGenerator random) {
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      Field field = all.get(random.nextInt(all.size()));
      List<Field> message = messages.get(random.nextInt(messages.size()));
      switch (random.nextInt(9)) {
        case 0 -> field.value = interesting(random);
        case 1 ->
            field.lengthLie = random.nextBoolean() ? interesting(random) : random.nextInt(-4, 5);
        case 2 -> field.number = 1 + random.nextInt(26);
        case 3 -> field.type = random.nextInt(8);
        case 4 -> field.bytes = all.get(random.nextInt(all.size())).bytes;
        case 5 ->
            message.add(
                message.isEmpty() ? 0 : random.nextInt(message.size()),
                field.children.isEmpty() ? field : new Field());
        case 6 -> {
          if (!message.isEmpty()) {
            message.remove(random.nextInt(message.size()));
          }
        }
        case 7 -> {
          field.bytes = new byte[random.nextInt(40)];
          random.nextBytes(field.bytes);
        }
        default -> Collections.shuffle(message, Random.from(random));
      }
    }
  }

  private static long interesting(RandomGenerator random) {
    long[] values = {
      0,
      1,
      -1,
      2,
      127,
      128,
      Integer.MAX_VALUE,
      Integer.MIN_VALUE,
      1L << 32,
      Long.MAX_VALUE,
      Long.MIN_VALUE,
      1L << 40
    };
    return random.nextInt(4) == 0 ? random.nextLong() : values[random.nextInt(values.length)];
  }

  public byte[] toBytes() {
    return write(root, 0).toBytes();
  }

  private static Proto write(List<Field> fields, int depth) {
    Proto out = Proto.message();
    for (Field field : fields) {
      out.raw(Proto.varint(((long) field.number << 3) | field.type).toBytes());
      switch (field.type) {
        case 0 -> out.raw(Proto.varint(field.value).toBytes());
        case 1, 5 -> out.raw(field.bytes);
        default -> {
          boolean isMessage = !field.kind.isEmpty() && depth < 50;
          byte[] bytes = isMessage ? write(field.children, depth + 1).toBytes() : field.bytes;
          out.raw(Proto.varint(bytes.length + field.lengthLie).toBytes()).raw(bytes);
        }
      }
    }
    return out;
  }
}
