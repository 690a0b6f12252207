package dev.bascule.bench;

import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.importer.ImportOptions;
import dev.bascule.formats.importer.OnnxImporter;
import dev.bascule.formats.onnx.OnnxDimension;
import dev.bascule.formats.onnx.OnnxFile;
import dev.bascule.formats.onnx.OnnxType;
import dev.bascule.formats.onnx.OnnxValueInfo;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.SplittableRandom;

/** A BERT-like model: ids, mask and types in, hidden states out. */
final class EmbeddingModel {
  private EmbeddingModel() {}

  /**
   * The model's graph with its first dimension up to {@code batchMax} and its second up to {@code
   * lengthMax}.
   */
  static Graph load(OnnxFile file, Arena arena, int batchMax, int lengthMax) {
    Map<String, Symbol> symbols = new HashMap<>();
    for (OnnxValueInfo input : file.model().graph().inputs()) {
      if (input.type() instanceof OnnxType.Tensor tensor && tensor.shape().isPresent()) {
        int axis = 0;
        for (OnnxDimension dimension : tensor.shape().get()) {
          if (dimension instanceof OnnxDimension.Symbolic symbolic) {
            symbols.put(
                symbolic.name(), new Symbol(symbolic.name(), 1, axis == 0 ? batchMax : lengthMax));
          }
          axis++;
        }
      }
    }
    return OnnxImporter.load(file, arena, ImportOptions.usual().withSymbols(symbols)).graph();
  }

  /** Random token ids (seeded), a full mask, and types 0. */
  static Map<String, Tensor> inputs(Graph graph, int batch, int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (Value input : graph.inputs()) {
      String name = ((Parameter) input.node().op()).label();
      long[] values = new long[batch * length];
      if (name.contains("mask")) {
        Arrays.fill(values, 1);
      } else if (!name.contains("type")) {
        Arrays.setAll(values, i -> random.nextInt(1000, 29000));
      }
      inputs.put(name, Tensor.of(values, batch, length));
    }
    return inputs;
  }

  /** The device {@code name}, or an error that says why it is absent. */
  static Device device(String name, DeviceOptions options) {
    StringBuilder reasons = new StringBuilder();
    for (Driver driver : ServiceLoader.load(Driver.class)) {
      if (driver.name().equals(name)) {
        Driver.Discovery found = driver.discover(options);
        if (!found.devices().isEmpty()) {
          return found.devices().getFirst();
        }
        reasons.append(found.reason());
      }
    }
    throw new IllegalArgumentException("no device '" + name + "': " + reasons);
  }
}
