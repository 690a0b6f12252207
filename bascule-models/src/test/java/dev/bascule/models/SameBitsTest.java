package dev.bascule.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
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
        DType.F32,
        (model, ids, graph) -> {
          float[] whole = logits(Run.onReference(graph), model, ids.length, ids);
          assertThat(logits(Run.onReference(graph), model, 7, ids)).isEqualTo(whole);
          assertThat(logits(Run.onReference(graph), model, 1, ids)).isEqualTo(whole);
        });
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void theCpuGivesTheBitsOfTheReference(Path folder) {
    for (DType cache : List.of(DType.F32, DType.F16)) {
      onModel(
          folder,
          cache,
          (model, ids, graph) -> {
            float[] expected = logits(Run.onReference(graph), model, ids.length, ids);
            for (String isa : List.of("portable", "avx2", "avx512")) {
              for (Device device : open("cpu", Map.of("cpu.isa", isa))) {
                try (device) {
                  for (int chunk :
                      cache == DType.F32 ? new int[] {ids.length, 7, 1} : new int[] {7}) {
                    assertThat(logits(Run.on(device, graph), model, chunk, ids))
                        .as("%s, chunks of %d", isa, chunk)
                        .isEqualTo(expected);
                  }
                }
              }
            }
          });
    }
  }

  @ParameterizedTest
  @MethodSource("fewDecoders")
  void openClGivesTheBitsOfTheReference(Path folder) {
    List<Device> devices = open("opencl", Map.of());
    Assumptions.assumeFalse(devices.isEmpty(), "no OpenCL device");
    onModel(
        folder,
        DType.F32,
        (model, ids, graph) -> {
          float[] expected = logits(Run.onReference(graph), model, ids.length, ids);
          try (Device device = devices.getFirst()) {
            assertThat(logits(Run.on(device, graph), model, 7, ids)).isEqualTo(expected);
          }
        });
  }

  /** What is done with a model, a text and a graph. */
  private interface Check {
    void run(Weights weights, int[] ids, Graph graph);
  }

  private static void onModel(Path folder, DType cache, Check check) {
    try (HuggingFaceFolder files = HuggingFaceFolder.open(folder)) {
      DecoderConfig config = DecoderConfig.of(files);
      try (Weights weights = Weights.of(config, files)) {
        int[] ids = Arrays.copyOf(Oracles.answer(folder).ids()[0], 24);
        Graph graph = Decoder.graph(config, weights, Run.limits(CAPACITY, ids.length, cache));
        check.run(weights, ids, graph);
      }
    }
  }

  private static float[] logits(Run run, Weights weights, int chunk, int[] ids) {
    try (run) {
      return run.logits(weights, chunk, ids);
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
