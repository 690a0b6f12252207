package dev.bascule.llm.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class StopStringsTest {
  @Test
  void aStopStringIsFoundAcrossParts() {
    StopStrings stops = new StopStrings(List.of("</s>", "END"));
    assertThat(stops.add("Hello <")).isEqualTo("Hello ");
    assertThat(stops.add("b> and </")).isEqualTo("<b> and ");
    assertThat(stops.isStopped()).isFalse();
    assertThat(stops.add("s> more")).isEmpty();
    assertThat(stops.isStopped()).isTrue();
    assertThat(stops.add("even more")).isEmpty();
    assertThat(stops.finish()).isEmpty();
  }

  @Test
  void whatOnlyLookedLikeAStopStringComesAtTheEnd() {
    StopStrings stops = new StopStrings(List.of("END"));
    assertThat(stops.add("the EN")).isEqualTo("the ");
    assertThat(stops.finish()).isEqualTo("EN");
  }

  @Test
  void anEmptyStopStringIsRefused() {
    assertThatThrownBy(() -> new StopStrings(List.of(""))).hasMessageContaining("got an empty one");
  }

  /** Where the earliest complete stop string ends; of several there, the longest is cut off. */
  private static String meaning(String text, List<String> stops) {
    for (int end = 1; end <= text.length(); end++) {
      String read = text.substring(0, end);
      int longest = stops.stream().filter(read::endsWith).mapToInt(String::length).max().orElse(0);
      if (longest > 0) {
        return text.substring(0, end - longest);
      }
    }
    return text;
  }

  @Test
  void partsDoNotMatter() {
    System.out.println("seed 4");
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(4);
    for (int i = 0; i < 5000; i++) {
      List<String> stops = new ArrayList<>();
      for (int j = 1 + random.nextInt(3); j > 0; j--) {
        stops.add(word(random, 1 + random.nextInt(5)));
      }
      String text = word(random, random.nextInt(30));
      StopStrings streaming = new StopStrings(stops);
      StringBuilder answer = new StringBuilder();
      for (int at = 0; at < text.length(); ) {
        int end = Math.min(text.length(), at + random.nextInt(5));
        answer.append(streaming.add(text.substring(at, end)));
        at = end;
      }
      answer.append(streaming.finish());
      assertThat(answer.toString()).as("%s in %s", stops, text).isEqualTo(meaning(text, stops));
    }
  }

  private static String word(RandomGenerator random, int length) {
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < length; i++) {
      word.append((char) ('a' + random.nextInt(3)));
    }
    return word.toString();
  }
}
