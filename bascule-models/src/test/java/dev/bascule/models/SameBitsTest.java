package dev.bascule.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import dev.bascule.core.graph.Graph;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** However a text is cut into runs, and whatever computes it, the logits have the same bits. */
class SameBitsTest {
  private static final int CAPACITY = 48;

  /** Tokens of a text: a multiple of 7, so that chunks are of one size. */
  private static final int LENGTH = 21;

  /**
   * PoCL compiles each kernel for seconds: this many families there, -DopenclFamilies=99 for all.
   */
  private static final int OPENCL_FAMILIES = Integer.getInteger("openclFamilies", 1);

  static List<Path> decoders() {
    return Oracles.decoders();
  }

  static List<Path> fewDecoders() {
    return Oracles.decoders().stream()
        .sorted(
            Comparator.comparingLong(
                folder -> folder.resolve("model.safetensors").toFile().length()))
        .limit(OPENCL_FAMILIES)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void chunksOfAnySizeGiveTheBitsOfTheWhole(Path folder) {
    onModel(
        folder,
        CacheType.F32,
        (weights, ids, graph) -> {
          try (Run run = Run.onReference(graph)) {
            float[] whole = run.logits(weights, ids.length, ids);
            assertThat(run.logits(weights, 7, ids)).isEqualTo(whole);
            assertThat(run.logits(weights, 1, ids)).isEqualTo(whole);
          }
        });
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void theCpuGivesTheBitsOfTheReference(Path folder) {
    for (String isa : List.of("portable", "avx2", "avx512")) {
      theDeviceGivesTheBitsOfTheReference(
          "cpu", Map.of("cpu.isa", isa), CacheType.F32, folder, LENGTH, 7, 1);
    }
    theDeviceGivesTheBitsOfTheReference("cpu", Map.of(), CacheType.F16, folder, 7);
    theDeviceGivesTheBitsOfTheReference("cpu", Map.of(), CacheType.Q8_0, folder, 7, 1);
  }

  /** As prompts are read: what comes before the last chunk gets no logits. */
  @ParameterizedTest
  @MethodSource("decoders")
  void rowsThatAreAskedForGetTheBitsThatAllRowsGet(Path folder) {
    onModel(
        folder,
        CacheType.F32,
        (weights, ids, graph) -> {
          float[] whole;
          try (Run run = Run.onReference(graph)) {
            whole = run.logits(weights, ids.length, ids);
          }
          int vocabulary = whole.length / ids.length;
          float[] expected = new float[2 * vocabulary];
          System.arraycopy(whole, 20 * vocabulary, expected, 0, vocabulary);
          System.arraycopy(whole, 16 * vocabulary, expected, vocabulary, vocabulary);
          for (String isa : List.of("portable", "avx2", "avx512")) {
            for (Device device : open("cpu", Map.of("cpu.isa", isa))) {
              try (device;
                  Run run = Run.on(device, graph)) {
                assertThat(asked(run, weights, ids)).as(isa).isEqualTo(expected);
              }
            }
          }
          try (Run run = Run.onReference(graph)) {
            assertThat(asked(run, weights, ids)).as("reference").isEqualTo(expected);
          }
        });
  }

  /** The logits of the last token and of one before it, out of the last of three chunks. */
  private static float[] asked(Run run, Weights weights, int[] ids) {
    assertThat(run.logitsOf(weights, 0, new long[0], Arrays.copyOfRange(ids, 0, 7))).isEmpty();
    assertThat(run.logitsOf(weights, 7, new long[0], Arrays.copyOfRange(ids, 7, 14))).isEmpty();
    return run.logitsOf(weights, 14, new long[] {6, 2}, Arrays.copyOfRange(ids, 14, 21));
  }

  @ParameterizedTest
  @MethodSource("fewDecoders")
  void openClGivesTheBitsOfTheReference(Path folder) {
    theDeviceGivesTheBitsOfTheReference("opencl", Map.of(), CacheType.F32, folder, 7);
  }

  private static void theDeviceGivesTheBitsOfTheReference(
      String driver, Map<String, String> settings, CacheType cache, Path folder, int... chunks) {
    List<Device> devices = open(driver, settings);
    Assumptions.assumeFalse(devices.isEmpty(), "no device of " + driver + " " + settings);
    onModel(
        folder,
        cache,
        (weights, ids, graph) -> {
          float[] expected;
          try (Run run = Run.onReference(graph)) {
            expected = run.logits(weights, ids.length, ids);
          }
          try (Device device = devices.getFirst();
              Run run = Run.on(device, graph)) {
            for (int chunk : chunks) {
              assertThat(run.logits(weights, chunk, ids))
                  .as("%s %s, chunks of %d", driver, settings, chunk)
                  .isEqualTo(expected);
            }
          }
        });
  }

  /** What is done with a model, a text and a graph. */
  private interface Check {
    void run(Weights weights, int[] ids, Graph graph);
  }

  private static void onModel(Path folder, CacheType cache, Check check) {
    try (HuggingFaceFolder files = HuggingFaceFolder.open(folder)) {
      DecoderConfig config = DecoderConfig.of(files);
      try (Weights weights = Weights.of(config, files)) {
        int[] ids = Arrays.copyOf(Oracles.answer(folder).ids()[0], LENGTH);
        Graph graph = Decoder.graph(config, weights, Run.limits(CAPACITY, ids.length, cache));
        check.run(weights, ids, graph);
      }
    }
  }

  private static List<Device> open(String driver, Map<String, String> settings) {
    List<Device> devices = new ArrayList<>();
    for (Driver found : ServiceLoader.load(Driver.class)) {
      if (found.name().equals(driver)) {
        try {
          devices.addAll(found.discover(new DeviceOptions(2, settings)).devices());
        } catch (DeviceException absent) {
          System.out.println(absent.getMessage());
        }
      }
    }
    return devices;
  }
}
