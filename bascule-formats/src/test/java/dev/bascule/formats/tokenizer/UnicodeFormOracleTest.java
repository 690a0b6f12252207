package dev.bascule.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer.Form;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The normal forms are those of Hugging Face's library: a vocabulary of bytes shows the text. */
class UnicodeFormOracleTest {
  @TempDir private Path folder;

  private static String tokenizer(Form form) {
    String vocabulary =
        IntStream.range(0, 256)
            .mapToObj(b -> {
              String text = ByteAlphabet.write(new byte[] {(byte) b});
              return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\": " + b;
            })
            .collect(Collectors.joining(", "));
    String byteLevel =
        "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": false, \"use_regex\": false}";
    return "{\"version\": \"1.0\", \"added_tokens\": [], \"normalizer\": {\"type\": \""
        + form
        + "\"}, \"pre_tokenizer\": "
        + byteLevel
        + ", \"decoder\": "
        + byteLevel
        + ", \"post_processor\": null, \"model\": {\"type\": \"BPE\", \"vocab\": {"
        + vocabulary
        + "}, \"merges\": []}}";
  }

  @ParameterizedTest
  @EnumSource
  void everyKindOfCharacterIsNormalizedAlike(Form form) throws IOException {
    System.setProperty("OPT_OUT_TRACKING", "true");
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, tokenizer(form));
    Tokenizer ours = Tokenizer.load(file);
    try (HuggingFaceTokenizer oracle =
        HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"))) {
      StringBuilder text = new StringBuilder();
      for (int c = 1; c < 0x33000; c++) {
        boolean isMany =
            (c > 0x3400 && c < 0xA000)
                || (c > 0xAC00 && c < 0xF900)
                || (c > 0x12000 && c < 0x16000)
                || (c > 0x17000 && c < 0x1B000)
                || (c > 0x20000 && c < 0x2F800);
        boolean isSurrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
        if (!isSurrogate && (!isMany || c % 61 == 0)) {
          text.append('x').appendCodePoint(c).append("y\u0315").appendCodePoint(c).append('\n');
        }
        if (text.length() > 4096 || c == 0x32FFF) {
          int[] ids = ours.encode(text.toString()).ids();
          assertThat(ours.decodeAll(ids))
              .isEqualTo(oracle.decode(oracle.encode(text.toString()).getIds(), false));
          text.setLength(0);
        }
      }
    }
  }
}
