package dev.bascule.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class BpeTest {
  private static final long SEED = 5;

  /** Random merges over three letters; equal scores come up often. */
  private record Training(List<String> tokens, List<String[]> merges, int[] ranks) {
    static Training random(RandomGenerator random) {
      List<String> tokens = new ArrayList<>(List.of("a", "b", "c"));
      List<String[]> merges = new ArrayList<>();
      while (merges.size() < 40) {
        String left = tokens.get(random.nextInt(tokens.size()));
        String right = tokens.get(random.nextInt(tokens.size()));
        if (!tokens.contains(left + right)) {
          tokens.add(left + right);
          merges.add(new String[] {left, right});
        }
      }
      return new Training(
          tokens, merges, tokens.stream().mapToInt(token -> random.nextInt(10)).toArray());
    }

    Vocabulary vocabulary() {
      Map<String, Integer> ids = new HashMap<>();
      tokens.forEach(token -> ids.put(token, ids.size()));
      return Vocabulary.of(ids);
    }

    /** The rank of a pair, or -1. */
    int rank(String left, String right, boolean scored) {
      if (scored) {
        int id = tokens.indexOf(left + right);
        return id < 0 ? -1 : ranks[id];
      }
      for (int rank = 0; rank < merges.size(); rank++) {
        if (merges.get(rank)[0].equals(left) && merges.get(rank)[1].equals(right)) {
          return rank;
        }
      }
      return -1;
    }

    /** As the paper has it: look through all pairs, merge the best, leftmost first, and again. */
    List<Integer> meaning(String text, boolean scored) {
      List<String> parts = new ArrayList<>(List.of(text.split("")));
      while (true) {
        int best = -1;
        int bestRank = Integer.MAX_VALUE;
        for (int i = 0; i + 1 < parts.size(); i++) {
          int rank = rank(parts.get(i), parts.get(i + 1), scored);
          if (rank >= 0 && rank < bestRank) {
            best = i;
            bestRank = rank;
          }
        }
        if (best < 0) {
          return parts.stream().map(tokens::indexOf).toList();
        }
        parts.set(best, parts.get(best) + parts.remove(best + 1));
      }
    }

    Bpe model(boolean scored) {
      Vocabulary vocabulary = vocabulary();
      Symbols symbols = new Symbols(vocabulary).complete();
      MergeTable table = new MergeTable(merges.size());
      for (int rank = 0; rank < merges.size(); rank++) {
        String[] merge = merges.get(rank);
        int result = vocabulary.id(merge[0] + merge[1]);
        table.put(vocabulary.id(merge[0]), vocabulary.id(merge[1]), MergeTable.merge(rank, result));
      }
      Merges chosen =
          scored
              ? new Merges.Scored(symbols.texts(), ranks, vocabulary.bytesMax())
              : new Merges.Listed(table);
      return new Bpe(symbols, chosen, new Fallback(new int[0], OptionalInt.empty(), false), false);
    }
  }

  private static String text(RandomGenerator random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(3)));
    }
    return text.toString();
  }

  @Test
  void shortAndLongPiecesAreMergedAsThePaperSays() {
    System.out.println("seed " + SEED);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    for (int i = 0; i < 60; i++) {
      Training training = Training.random(random);
      boolean scored = i % 2 == 1;
      Bpe model = training.model(scored);
      for (int length : new int[] {1, 2, 3, 10, 47, 48, 49, 50, 200}) {
        String text = text(random, length);
        IdList ids = new IdList();
        model.encode(text, ids);
        assertThat(ids.toArray())
            .as(text)
            .isEqualTo(
                training.meaning(text, scored).stream().mapToInt(Integer::intValue).toArray());
      }
    }
  }

  @Test
  void aMillionCharactersWithoutASpaceTakeNoTimeToSpeakOf() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    Bpe model = Training.random(random).model(false);
    IdList ids = new IdList();
    long start = System.nanoTime();
    model.encode(text(random, 1 << 20), ids);
    // quadratic time would be hours
    assertThat(System.nanoTime() - start).isLessThan(20_000_000_000L);
    assertThat(ids.size()).isBetween(1 << 17, 1 << 20);
  }
}
