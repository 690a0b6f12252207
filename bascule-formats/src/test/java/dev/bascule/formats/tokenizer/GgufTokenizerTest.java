package dev.bascule.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a GGUF file's metadata says about tokens, and what it must not say. */
class GgufTokenizerTest {
  private static Tokenizer byteLevel(GgufValue tokens, List<String> merges) {
    return Tokenizer.of(
        new GgufMetadata("small.gguf", new LinkedHashMap<>())
            .with("tokenizer.ggml.model", GgufValue.of("gpt2"))
            .with("tokenizer.ggml.tokens", tokens)
            .with("tokenizer.ggml.merges", GgufValue.ofTexts(merges)));
  }

  private static Tokenizer byteLevel(List<String> tokens, String... merges) {
    return byteLevel(GgufValue.ofTexts(tokens), List.of(merges));
  }

  @Test
  void partsOfMergesNeedNotBeTokens() {
    List<String> tokens = List.of("a", "b", "c", "d", "abcd");
    Tokenizer tokenizer = byteLevel(tokens, "a b", "ab c", "abc d");
    assertThat(tokenizer.encodePlain("abcd").ids()).containsExactly(4);
    assertThat(tokenizer.tokens().size()).isEqualTo(5);
    assertThat(tokenizer.tokens().id("abc")).isEmpty();
    assertThat(tokenizer.tokens().text(5)).isEmpty();
  }

  /** GPT-2's alphabet has no space of its own, so that one may stand first. */
  @Test
  void theSpaceBetweenTwoPartsIsTheFirstBehindACharacter() {
    Tokenizer tokenizer = byteLevel(List.of("a", "b", "ab", " ", " a"), "  a", "a b");
    assertThat(tokenizer.encodePlain("ab").ids()).containsExactly(2);
    assertThatThrownBy(() -> byteLevel(List.of("a", "b"), "a b", "ab"))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll(
            "small.gguf, tokenizer.ggml.merges[1]", "two parts and a space between, got 'ab'");
    for (String merge : List.of("", " ", "a", "a ", " a")) {
      assertThatThrownBy(() -> byteLevel(List.of("a", "b"), merge))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("merges[0]");
    }
  }

  @Test
  void aTokenThatIsThereTwiceIsRefused() {
    assertThatThrownBy(() -> byteLevel(List.of("a", "\u732b", "b", "\u732b"), "a b"))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll(
            "small.gguf, tokenizer.ggml.tokens[3]", "each token once, got '\u732b' again");
  }

  @Test
  void emptyTokensHaveNamesOfTheirOwn() {
    Tokenizer tokenizer = byteLevel(List.of("", "a", ""), "a a");
    assertThat(tokenizer.encodePlain("a").ids()).containsExactly(1);
    assertThat(tokenizer.tokens().text(0)).isEqualTo("[EMPTY_0]");
    assertThat(tokenizer.tokens().text(2)).isEqualTo("[EMPTY_2]");
    assertThatThrownBy(() -> byteLevel(List.of("", "[EMPTY_0]"), "a a"))
        .hasMessageContaining("'[EMPTY_0]' again");
  }

  /** As in llama.cpp: a token is its bytes, whether they are characters or not. */
  @Test
  void tokensThatAreNoUtf8AreTwoAndNoTextIsThem() {
    byte[] utf8 = {'a', (byte) 0xC3, (byte) 0xE7, (byte) 0x8C};
    Tokenizer tokenizer = byteLevel(new GgufValue.Texts(utf8, new int[] {1, 2, 4}), List.of());
    assertThat(tokenizer.encodePlain("a\ufffd").ids()).containsExactly(0);
    assertThat(tokenizer.tokens().text(1)).isEqualTo("\ufffd");
    assertThat(tokenizer.tokens().text(2)).isEqualTo("\ufffd");
    assertThat(tokenizer.decode(0, 1)).isEqualTo("a\ufffd");
  }
}
