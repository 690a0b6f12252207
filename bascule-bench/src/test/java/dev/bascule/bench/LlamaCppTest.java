package dev.bascule.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.formats.tokenizer.Tokenizer;
import dev.bascule.models.DecoderModel;
import dev.bascule.models.GgufExport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * llama.cpp goes on with a text as Bascule does, token by token, from its own files and from those
 * that Bascule has written. It runs in a process of its own, both with their usual f16 cache. The
 * llama.cpp is that inside {@code de.kherud:llama}, and the one that {@code scripts/test-data}
 * fetches where that has been done, which knows the newer families too.
 */
class LlamaCppTest {
  private static final String OPENING = "Once upon a time, there was a little girl named Lily.";
  private static final int CONTEXT = 256;

  /** More than one would wait for each other in vain on a busy machine: llama.cpp spins. */
  private static final int THREADS = 1;

  private static final long TIMEOUT_SECONDS = 300;

  /** What begins a text in the stories' vocabulary. */
  private static final int BEGIN = 1;

  /** Ids of any vocabulary of 512. */
  private static final int[] PROMPT = {3, 141, 59, 265, 35, 89, 79, 323};

  @TempDir private static Path shared;
  @TempDir private Path folder;

  private static final List<SideProcess.Kind> PEERS = new ArrayList<>();

  @BeforeAll
  static void findPeers() {
    PEERS.clear();
    BundledLlama.unpack(shared)
        .ifPresent(library -> PEERS.add(SideProcess.Kind.llamaCpp("llama.cpp in Java", library)));
    fetched().ifPresent(path -> PEERS.add(SideProcess.Kind.llamaCpp("llama.cpp", path)));
  }

  private static Optional<Path> fetched() {
    String configured = System.getenv("BASCULE_TEST_DATA");
    Path data = configured == null ? Path.of("..", ".cache", "test-data") : Path.of(configured);
    Path path = data.resolve("llama.cpp/package/bins/linux-x64");
    return Optional.of(path).filter(Files::isDirectory);
  }

  @ParameterizedTest
  @CsvSource({"F32, 200", "Q8_0, 100"})
  void aTrainedModelTellsTheSameStory(String type, int tokens) {
    Path model = oracle("stories260K/stories260K-" + type + ".gguf");
    tellAlike(model, tokens, opening(model));
  }

  @ParameterizedTest
  @CsvSource({"F32, 200", "Q8_0, 100"})
  void aTrainedModelThatBasculeHasWrittenTellsTheSameStory(String type, int tokens)
      throws IOException {
    Path original = oracle("stories260K/stories260K-F32.gguf");
    Path written = folder.resolve("written.gguf");
    write(original, weights(type), written);
    tellAlike(written, tokens, opening(original));
  }

  @ParameterizedTest
  @CsvSource({
    "llama, F32",
    "llama, Q8_0",
    "llama3-rope, F32",
    "llama3-rope, Q8_0",
    "qwen2, F32",
    "qwen2, Q8_0"
  })
  void familiesThatBasculeHasWrittenGoOnAlike(String family, String type) throws IOException {
    Path written = folder.resolve("written.gguf");
    write(oracle("llm/" + family), weights(type), written);
    tellAlike(written, 24, PROMPT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "qwen3_moe", "glm4_moe", "deepseek_v3"})
  void newerFamiliesThatBasculeHasWrittenGoOnAlike(String family) throws IOException {
    Assumptions.assumeTrue(fetched().isPresent(), "scripts/test-data has not fetched llama.cpp");
    Path written = folder.resolve("written.gguf");
    write(oracle("llm/" + family), weights("F32"), written);
    int[] own = ours(written, 24, PROMPT);
    SideProcess.Kind newest = SideProcess.Kind.llamaCpp("llama.cpp", fetched().orElseThrow());
    assertThat(peerGreedy(newest, written, 24, PROMPT)).isEqualTo(own);
  }

  @Test
  void aLibraryThatIsNoneIsNamed() throws IOException {
    Path model = oracle("stories260K/stories260K-F32.gguf");
    Path none = Files.writeString(folder.resolve("libnone.so"), "none");
    SideProcess.Kind kind = SideProcess.Kind.llamaCpp("nobody", none);
    assertThatThrownBy(() -> greedy(kind, model, 1, BEGIN))
        .isInstanceOf(SideFailedException.class)
        .hasMessageStartingWith("nobody: \"open\" failed: it has ended")
        .hasMessageContaining("Cannot open library: " + none);
  }

  private static void tellAlike(Path model, int tokens, int... prompt) {
    Assumptions.assumeFalse(PEERS.isEmpty(), "no llama.cpp for this system");
    int[] own = ours(model, tokens, prompt);
    assertThat(own).hasSize(tokens);
    for (SideProcess.Kind peer : PEERS) {
      assertThat(peerGreedy(peer, model, tokens, prompt)).as(peer.name()).isEqualTo(own);
    }
  }

  private static int[] peerGreedy(SideProcess.Kind peer, Path model, int tokens, int... prompt) {
    try {
      return greedy(peer, model, tokens, prompt);
    } catch (SideFailedException e) {
      boolean isAbsent = String.valueOf(e.getMessage()).contains("Cannot open library");
      Assumptions.assumeFalse(isAbsent, () -> "llama.cpp does not load here: " + e.getMessage());
      throw e;
    }
  }

  private static int[] ours(Path model, int tokens, int... prompt) {
    try (Side side = new BasculeSide(settings(model))) {
      return side.greedy(tokens, prompt);
    }
  }

  private static int[] greedy(SideProcess.Kind kind, Path model, int tokens, int... prompt) {
    try (SideProcess side = new SideProcess(kind, settings(model), TIMEOUT_SECONDS)) {
      return side.greedy(tokens, prompt);
    }
  }

  private static Side.Settings settings(Path model) {
    return new Side.Settings(model, THREADS, CONTEXT, CONTEXT, "best");
  }

  private static void write(Path original, WeightType type, Path written) throws IOException {
    GgufMetadata vocabulary =
        GgufMetadata.empty().with("tokenizer.ggml.model", GgufValue.of("no_vocab"));
    try (DecoderModel model = DecoderModel.open(original)) {
      GgufExport.write(model.config(), model.weights(), type, vocabulary, written);
    }
  }

  private static WeightType weights(String type) {
    return type.equals("F32")
        ? new WeightType.Floats(DType.F32)
        : new WeightType.Blocks(QuantType.of(type).orElseThrow());
  }

  private static int[] opening(Path model) {
    int[] ids = Tokenizer.open(model).encode(OPENING).ids();
    assertThat(ids[0]).isEqualTo(BEGIN);
    return ids;
  }

  private static Path oracle(String name) {
    String configured = System.getenv("BASCULE_ORACLES");
    Path oracles =
        configured == null ? Path.of("..", "..", "shared", "oracles") : Path.of(configured);
    Path path = oracles.resolve(name);
    Assumptions.assumeTrue(Files.exists(path), () -> path + " is not there; set BASCULE_ORACLES");
    return path;
  }
}
