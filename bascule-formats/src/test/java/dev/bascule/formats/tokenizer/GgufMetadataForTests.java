package dev.bascule.formats.tokenizer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Metadata of a trusted GGUF file. */
record GgufMetadataForTests(Object file, Map<String, Object> values) implements TokenizerMetadata {
  static GgufMetadataForTests read(Path path) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    in.position(16);
    long count = in.getLong();
    Map<String, Object> values = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      String key = text(in);
      values.put(key, value(in, in.getInt()));
    }
    return new GgufMetadataForTests(path, values);
  }

  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[(int) in.getLong()];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static Object value(ByteBuffer in, int type) {
    return switch (type) {
      case 0, 1 -> (int) in.get();
      case 2, 3 -> (int) in.getShort();
      case 4, 5 -> in.getInt();
      case 6 -> in.getFloat();
      case 7 -> in.get() != 0;
      case 8 -> text(in);
      case 9 -> {
        int element = in.getInt();
        long count = in.getLong();
        List<Object> list = new ArrayList<>();
        for (long i = 0; i < count; i++) {
          list.add(value(in, element));
        }
        yield list;
      }
      case 10, 11 -> in.getLong();
      default -> in.getDouble();
    };
  }

  @Override
  public Optional<String> text(String key) {
    return Optional.ofNullable((String) values.get(key));
  }

  @Override
  public Optional<Boolean> truth(String key) {
    return Optional.ofNullable((Boolean) values.get(key));
  }

  @Override
  public OptionalInt integer(String key) {
    return values.get(key) instanceof Integer i ? OptionalInt.of(i) : OptionalInt.empty();
  }

  @Override
  public Optional<List<String>> texts(String key) {
    return values.get(key) instanceof List<?> list
        ? Optional.of(list.stream().map(String.class::cast).toList())
        : Optional.empty();
  }

  @Override
  public Optional<float[]> floats(String key) {
    if (!(values.get(key) instanceof List<?> list)) {
      return Optional.empty();
    }
    float[] floats = new float[list.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (Float) list.get(i);
    }
    return Optional.of(floats);
  }

  @Override
  public Optional<int[]> integers(String key) {
    return values.get(key) instanceof List<?> list
        ? Optional.of(list.stream().mapToInt(Integer.class::cast).toArray())
        : Optional.empty();
  }
}
