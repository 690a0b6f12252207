package dev.bascule.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.Fuzz;
import dev.bascule.formats.tokenizer.Tokenizer;
import dev.bascule.llm.template.ChatTemplate;
import dev.bascule.models.CacheType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that somebody has tampered with are refused by a clear error, or they answer. */
class ModelFuzzTest {
  private static final LanguageModel.Settings SETTINGS =
      LanguageModel.Settings.usual().withContext(64).withChunk(8).withCache(CacheType.F32);

  @TempDir private Path folder;

  private static Device cpu() {
    return ServiceLoader.load(Driver.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(driver -> driver.name().equals("cpu"))
        .findFirst()
        .orElseThrow()
        .discover(new DeviceOptions(1, Map.of()))
        .devices()
        .getFirst();
  }

  /** Each part on its own, so that a broken tokenizer does not hide a broken configuration. */
  private static void read(Path path, Device device) {
    Optional<FormatException> broken = Optional.empty();
    int[] ids = {0};
    try {
      Tokenizer tokenizer = Tokenizer.open(path).with(Optional.empty(), Optional.empty());
      String text =
          ChatTemplate.of(path, tokenizer.tokens())
              .map(t -> t.prompt(List.of(Map.of("role", "user", "content", "ab abc \u732b"))))
              .orElse("a");
      ids = tokenizer.encodeBare(text).ids();
      tokenizer.decode(ids);
    } catch (FormatException e) {
      broken = Optional.of(e);
    }
    answer(path, device, ids);
    if (broken.isPresent()) {
      throw broken.get();
    }
  }

  private static void answer(Path path, Device device, int[] ids) {
    try (LanguageModel model = LanguageModel.open(path, device, SETTINGS);
        Sequence sequence = model.sequence()) {
      int vocabulary = model.config().vocabulary();
      int most = Math.min(10, sequence.room() - 1); // a window may be small
      int[] known = Arrays.stream(ids).filter(id -> id < vocabulary).limit(most).toArray();
      if (known.length > 0) {
        assertThat(sequence.add(known)).hasSize(vocabulary);
      }
      assertThat(sequence.add(0)).hasSize(vocabulary);
    }
  }

  private static Fuzz.Outcome fuzz(Path folder, long seed, int from, int end) throws IOException {
    HostileModels models = new HostileModels(folder);
    try (Device device = cpu()) {
      return Fuzz.runBuilt(folder, seed, from, end, models::build, path -> read(path, device));
    }
  }

  @Test
  void modelsThatWereTamperedWithAreRefusedOrAnswer() throws IOException {
    Fuzz.Outcome outcome = fuzz(folder, 1, 0, 300);
    assertThat(outcome.refused()).isGreaterThan(100);
    assertThat(outcome.accepted()).isGreaterThan(30);
  }

  /** A file of a terabyte costs nothing where nobody wrote into it. */
  @Test
  void aModelLargerThanMemoryIsRefusedBeforeItIsTried() throws IOException {
    String header =
        """
        {"model.embed_tokens.weight": {"dtype": "F32", "shape": [8388608, 32768], "data_offsets": [0, 1099511627776]},
         "model.norm.weight": {"dtype": "F32", "shape": [32768], "data_offsets": [1099511627776, 1099511758848]}\
        """
            + layer(1_099_511_758_848L)
            + "}";
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "llama", "num_hidden_layers": 1, "hidden_size": 32768, "num_attention_heads": 8,
         "intermediate_size": 8, "vocab_size": 8388608, "max_position_embeddings": 64,
         "tie_word_embeddings": true}\
        """);
    try (RandomAccessFile file =
        new RandomAccessFile(folder.resolve("model.safetensors").toFile(), "rw")) {
      file.writeLong(Long.reverseBytes(header.length()));
      file.writeBytes(header);
      file.setLength(8 + header.length() + 1_099_511_758_848L + layerBytes());
    }
    try (Device device = cpu()) {
      assertThatThrownBy(() -> LanguageModel.open(folder, device, SETTINGS))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining(folder + " on cpu: 1116.7 GB of weights")
          .hasMessageContaining("do not fit into its");
    }
  }

  private static final long[][] LAYER = {
    {32768},
    {32768, 32768},
    {32768, 32768},
    {32768, 32768},
    {32768, 32768},
    {32768},
    {8, 32768},
    {8, 32768},
    {32768, 8}
  };
  private static final List<String> LAYER_NAMES =
      List.of(
          "input_layernorm",
          "self_attn.q_proj",
          "self_attn.k_proj",
          "self_attn.v_proj",
          "self_attn.o_proj",
          "post_attention_layernorm",
          "mlp.gate_proj",
          "mlp.up_proj",
          "mlp.down_proj");

  private static String layer(long from) {
    StringBuilder text = new StringBuilder();
    long at = from;
    for (int i = 0; i < LAYER.length; i++) {
      long end = at + 4 * Arrays.stream(LAYER[i]).reduce(1, Math::multiplyExact);
      text.append(
          ", \"model.layers.0.%s.weight\": {\"dtype\": \"F32\", \"shape\": %s, \"data_offsets\": [%d, %d]}"
              .formatted(LAYER_NAMES.get(i), Arrays.toString(LAYER[i]), at, end));
      at = end;
    }
    return text.toString();
  }

  private static long layerBytes() {
    return Arrays.stream(LAYER)
        .mapToLong(dims -> 4 * Arrays.stream(dims).reduce(1, Math::multiplyExact))
        .sum();
  }

  /** A longer run: arguments are a seed, the first case, and the one after the last. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("fuzz");
    System.out.println(
        fuzz(
            folder,
            Long.parseLong(arguments[0]),
            Integer.parseInt(arguments[1]),
            Integer.parseInt(arguments[2])));
  }
}
