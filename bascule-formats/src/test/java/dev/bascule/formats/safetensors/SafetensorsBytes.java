package dev.bascule.formats.safetensors;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/** Safetensors files written by hand, right ones and wrong ones. */
final class SafetensorsBytes {
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final List<String> ABSURD =
      List.of(
          "0",
          "1",
          "-1",
          "7",
          "1e3",
          "2147483648",
          "9223372036854775807",
          "18446744073709551616",
          "null",
          "\"4\"",
          "[]",
          "{}");
  private static final List<String> DTYPES =
      List.of("F32", "BF16", "I64", "F4", "F6_E2M3", "C64", "F12", "");

  static final String SAMPLE =
      "{\"__metadata__\":{\"format\":\"pt\"},"
          + "\"a\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},"
          + "\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[16,40]},"
          + "\"none\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[40,40]},"
          + "\"c\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[40,42]},"
          + "\"d\":{\"dtype\":\"BOOL\",\"shape\":[1,1],\"data_offsets\":[42,43]}}";
  static final int SAMPLE_DATA_BYTES = 43;

  private SafetensorsBytes() {}

  static byte[] file(String header, int dataBytes) {
    return file(header, header.getBytes(UTF_8).length, dataBytes);
  }

  static byte[] file(String header, long statedBytes, int dataBytes) {
    byte[] text = header.getBytes(UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + text.length + dataBytes);
    return file.order(ByteOrder.LITTLE_ENDIAN).putLong(statedBytes).put(text).array();
  }

  /** The sample with a few of its header's values made absurd. */
  static byte[] hostile(RandomGenerator random) {
    String header = SAMPLE;
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      header =
          switch (random.nextInt(5)) {
            case 0, 1, 2 -> {
              int which = random.nextInt(20);
              int[] met = {0};
              String with = ABSURD.get(random.nextInt(ABSURD.size()));
              yield NUMBER.matcher(header).replaceAll(m -> met[0]++ == which ? with : m.group());
            }
            case 3 -> header.replaceFirst("F32", DTYPES.get(random.nextInt(DTYPES.size())));
            default ->
                header.replaceFirst("\"b\"", random.nextBoolean() ? "\"a\"" : "\"__metadata__\"");
          };
    }
    int data = random.nextInt(4) == 0 ? random.nextInt(80) : SAMPLE_DATA_BYTES;
    long stated = header.getBytes(UTF_8).length;
    return file(header, random.nextInt(8) == 0 ? random.nextLong() : stated, data);
  }
}
