package dev.bascule.formats.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/** The table against a map of byte strings, and the meaning of its texts. */
class TextTableTest {
  private static final long SEED = 11;

  private static byte[] bytes(RandomGenerator random, int lengthMax, int values) {
    byte[] bytes = new byte[random.nextInt(lengthMax + 1)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) random.nextInt(values);
    }
    return bytes;
  }

  private static int find(TextTable table, byte[] bytes) {
    long hash = table.hash(bytes, 0, bytes.length);
    return table.find(hash, bytes, 0, bytes.length);
  }

  private static int findJoined(TextTable table, byte[] left, byte[] right) {
    long hash = table.hash(left, 0, left.length);
    hash = table.hash(hash, right, 0, right.length);
    return table.findJoined(hash, left, 0, left.length, right, 0, right.length);
  }

  private static byte[] joined(byte[] left, byte[] right) {
    return ByteBuffer.allocate(left.length + right.length).put(left).put(right).array();
  }

  /** Few values and short texts: many equal ones, zero bytes and empty texts among them. */
  @Test
  void findsWhatAMapFinds() {
    System.out.println("seed " + SEED);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    for (int lengthMax : new int[] {0, 1, 3, 8, 300}) {
      for (int values : new int[] {1, 2, 256}) {
        TextTable table = new TextTable(new byte[0], new int[0]);
        List<byte[]> texts = new ArrayList<>();
        Map<ByteBuffer, Integer> ids = new HashMap<>();
        for (int id = 0; id < 3000; id++) {
          byte[] text = bytes(random, lengthMax, values);
          texts.add(text);
          assertThat(table.append(text, 0, text.length)).isEqualTo(id);
          Integer other = ids.putIfAbsent(ByteBuffer.wrap(text), id);
          assertThat(table.index(id)).isEqualTo(other == null ? -1 : other);
        }
        for (int i = 0; i < 3000; i++) {
          byte[] text = random.nextBoolean() ? texts.get(i) : bytes(random, lengthMax, values);
          assertThat(find(table, text)).isEqualTo(ids.getOrDefault(ByteBuffer.wrap(text), -1));
          byte[] right = bytes(random, lengthMax, values);
          int joined = ids.getOrDefault(ByteBuffer.wrap(joined(text, right)), -1);
          assertThat(findJoined(table, text, right)).isEqualTo(joined);
        }
        for (int i = 0; i < 3000; i++) {
          int left = random.nextInt(3000);
          int right = random.nextInt(3000);
          byte[] both = joined(texts.get(left), texts.get(right));
          assertThat(table.findJoined(left, right))
              .isEqualTo(ids.getOrDefault(ByteBuffer.wrap(both), -1));
        }
      }
    }
  }

  /** Prouhet, Thue and Morse: what only multiplies, modulo 2^64, cannot tell these two apart. */
  @Test
  void longTextsThatAreMadeToCollideDoNot() {
    StringBuilder one = new StringBuilder("a");
    StringBuilder other = new StringBuilder("b");
    while (one.length() < 1 << 12) {
      String before = one.toString();
      one.append(other);
      other.append(before);
    }
    TextTable table = TextTable.of(List.of(one.toString(), other.toString()));
    byte[] first = one.toString().getBytes(UTF_8);
    byte[] second = other.toString().getBytes(UTF_8);
    assertThat(table.hash(first, 0, first.length))
        .isNotEqualTo(table.hash(second, 0, second.length));
    table.index(0);
    assertThat(table.find(one.toString())).isZero();
    assertThat(table.find(other.toString())).isEqualTo(-1);
    assertThat(table.index(1)).isEqualTo(-1);
    assertThat(table.find(other.toString())).isEqualTo(1);
  }

  @Test
  void textsOfOneHashAreToldApartByTheirBytes() {
    TextTable table = TextTable.of(List.of("abc"));
    table.index(0);
    byte[] text = "abc".getBytes(UTF_8);
    long hash = table.hash(text, 0, 3);
    assertThat(table.find(hash, text, 0, 3)).isZero();
    assertThat(table.findJoined(hash, text, 0, 1, text, 1, 3)).isZero();
    for (String other : List.of("", "ab", "abd", "xbc", "abcd")) {
      byte[] bytes = other.getBytes(UTF_8);
      assertThat(table.find(hash, bytes, 0, bytes.length)).isEqualTo(-1);
      assertThat(table.findJoined(hash, bytes, 0, 0, bytes, 0, bytes.length)).isEqualTo(-1);
    }
  }

  @Test
  void aTextIsFoundWhenItIsIndexedAndNotBefore() {
    TextTable table = TextTable.of(List.of("", "na\u00efve", "\u732b", "\ud83d\ude00"));
    assertThat(table.find("\u732b")).isEqualTo(-1);
    for (int id = 0; id < 4; id++) {
      assertThat(table.index(id)).isEqualTo(-1);
    }
    assertThat(table.find("")).isZero();
    assertThat(table.find("\u732b")).isEqualTo(2);
    assertThat(table.find("\ud83d\ude00")).isEqualTo(3);
    assertThat(table.text(1)).isEqualTo("na\u00efve");
    assertThat(table.bytesMax()).isEqualTo(6);
    assertThat(table.size()).isEqualTo(4);
  }

  @Test
  void halfASurrogatePairIsNoQuestionMark() {
    TextTable table = TextTable.of(List.of("?", "a?"));
    table.index(0);
    table.index(1);
    assertThat(table.find("?")).isZero();
    assertThat(table.find("\ud800")).isEqualTo(-1);
    assertThat(table.find("a\udc00")).isEqualTo(-1);
  }

  @Test
  void theCallersBytesStayAsTheyAre() {
    byte[] utf8 = "abcd".getBytes(UTF_8);
    int[] ends = {2, 4};
    TextTable table = new TextTable(utf8, ends);
    table.index(0);
    table.index(1);
    byte[] more = "xyz".getBytes(UTF_8);
    assertThat(table.index(table.append(more, 0, 1, more, 2, 3))).isEqualTo(-1);
    assertThat(table.find("xz")).isEqualTo(2);
    assertThat(table.find("cd")).isEqualTo(1);
    assertThat(new String(utf8, UTF_8)).isEqualTo("abcd");
    assertThat(ends).containsExactly(2, 4);
  }
}
