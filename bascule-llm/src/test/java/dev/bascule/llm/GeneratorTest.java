package dev.bascule.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import dev.bascule.formats.tokenizer.Tokenizer;
import dev.bascule.llm.sampling.Sampling;
import dev.bascule.models.CacheType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real model of 260,032 parameters that tells stories. */
class GeneratorTest {
  /** What llama.cpp and llama2.c say after "Once upon a time". */
  private static final String STORY =
      ", there was a little girl named Lily. She loved to play outside in the park. One day, she saw"
          + " a big, red ball. She wanted to play with it, but it was too high.\nLily's mom said, "
          + "\"Lily, let's go to the park.\" Lily was sad and didn't know what to do. She said, \"I want"
          + " to play with your ball, but I can't find it.\"";

  private static final Generator.Listener SILENT = (id, text) -> true;

  private Path model = Path.of("");

  @BeforeEach
  void findTheModel() {
    String root = System.getenv("BASCULE_ORACLES");
    Path oracles = root == null ? Path.of("..", "..", "shared", "oracles") : Path.of(root);
    model = oracles.resolve("stories260K").resolve("stories260K-F32.gguf");
    assumeTrue(Files.exists(model), () -> model + " is not there; set BASCULE_ORACLES");
  }

  private static Device cpu(int threads, Map<String, String> properties) {
    return ServiceLoader.load(Driver.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(driver -> driver.name().equals("cpu"))
        .findFirst()
        .orElseThrow()
        .discover(new DeviceOptions(threads, properties))
        .devices()
        .getFirst();
  }

  private LanguageModel open(Device device) {
    return LanguageModel.open(
        model, device, LanguageModel.Settings.usual().withContext(256).withCache(CacheType.F32));
  }

  private static Generator.Result tell(Generator generator, Tokenizer tokenizer, int count) {
    int[] prompt = tokenizer.encode("Once upon a time").ids();
    return generator.generate(prompt, count, List.of(), Sampling.GREEDY, SILENT);
  }

  @Test
  void theStoryIsTheOneThatLlamaCppTells() {
    Tokenizer tokenizer = Tokenizer.open(model);
    try (Device device = cpu(2, Map.of());
        LanguageModel opened = open(device);
        Generator generator = Generator.of(opened, Optional.of(tokenizer))) {
      Generator.Result result = tell(generator, tokenizer, 200);
      assertThat(result.text()).startsWith(STORY);
      assertThat(result.ids()).hasSize(200);
      assertThat(result.reason()).isEqualTo(StopReason.LENGTH);
    }
  }

  @Test
  void aSpareDeviceGoesOnWithTheSameText() {
    Tokenizer tokenizer = Tokenizer.open(model);
    List<DeviceException> moves = new ArrayList<>();
    Generator.Listener listener =
        new Generator.Listener() {
          @Override
          public boolean token(int id, String text) {
            return true;
          }

          @Override
          public void moved(DeviceException failure) {
            moves.add(failure);
          }
        };
    try (Device failing = cpu(1, Map.of("cpu.fail-after", "900"));
        Device spare = cpu(1, Map.of("cpu.isa", "portable"));
        LanguageModel first = open(failing);
        Generator generator =
            Generator.withSpare(first, Optional.of(tokenizer), () -> open(spare))) {
      int[] prompt = tokenizer.encode("Once upon a time").ids();
      Generator.Result result =
          generator.generate(prompt, 40, List.of(), Sampling.GREEDY, listener);
      assertThat(moves).hasSize(1);
      assertThat(STORY).startsWith(result.text());
      assertThat(result.ids()).hasSize(40);
    }
  }

  @Test
  void withoutASpareTheFailureIsTold() {
    Tokenizer tokenizer = Tokenizer.open(model);
    try (Device failing = cpu(1, Map.of("cpu.fail-after", "900"));
        LanguageModel first = open(failing);
        Generator generator = Generator.of(first, Optional.of(tokenizer))) {
      assertThatThrownBy(() -> tell(generator, tokenizer, 40)).isInstanceOf(DeviceException.class);
    }
  }

  @Test
  void eightThreadsTellTheStoryOfOne() throws Exception {
    Tokenizer tokenizer = Tokenizer.open(model);
    try (Device device = cpu(2, Map.of());
        LanguageModel opened = open(device);
        ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<String>> stories = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        stories.add(
            threads.submit(() -> {
              try (Generator generator = Generator.of(opened, Optional.of(tokenizer))) {
                return tell(generator, tokenizer, 60).text();
              }
            }));
      }
      for (Future<String> story : stories) {
        assertThat(STORY).startsWith(story.get());
      }
    }
  }

  @Test
  void aTextThatSharesItsBeginningIsContinuedAsIfItWereNew() {
    Tokenizer tokenizer = Tokenizer.open(model);
    int[] one = tokenizer.encode("Once upon a time, there was a dog").ids();
    int[] other = tokenizer.encode("Once upon a time, there was a big cat").ids();
    try (Device device = cpu(2, Map.of());
        LanguageModel opened = open(device);
        Generator used = Generator.of(opened, Optional.of(tokenizer));
        Generator fresh = Generator.of(opened, Optional.of(tokenizer))) {
      used.follow(one, 10, List.of(), Sampling.GREEDY, SILENT);
      Generator.Result again = used.follow(other, 20, List.of(), Sampling.GREEDY, SILENT);
      Generator.Result alone = fresh.generate(other, 20, List.of(), Sampling.GREEDY, SILENT);
      assertThat(again.ids()).isEqualTo(alone.ids());
    }
  }

  @Test
  void stopStringsEndAndAFullContextIsTold() {
    Tokenizer tokenizer = Tokenizer.open(model);
    int[] prompt = tokenizer.encode("Once upon a time").ids();
    try (Device device = cpu(2, Map.of());
        LanguageModel opened = open(device);
        Generator generator = Generator.of(opened, Optional.of(tokenizer));
        Sequence sequence = opened.sequence()) {
      Generator.Result result =
          generator.generate(prompt, 200, List.of("loved to"), Sampling.GREEDY, SILENT);
      assertThat(result.text()).isEqualTo(", there was a little girl named Lily. She ");
      assertThat(result.reason()).isEqualTo(StopReason.STOP_STRING);
      assertThatThrownBy(() -> sequence.add(new int[300]))
          .isInstanceOf(ContextFullException.class)
          .hasMessageContaining("room for 256 tokens");
    }
  }
}
