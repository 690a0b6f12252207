package dev.bascule.cli;

import dev.bascule.core.DType;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.formats.importer.OnnxImporter;
import dev.bascule.formats.onnx.OnnxDimension;
import dev.bascule.formats.onnx.OnnxFile;
import dev.bascule.formats.onnx.OnnxTensor;
import dev.bascule.formats.onnx.OnnxType;
import dev.bascule.formats.onnx.OnnxValueInfo;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What an ONNX model takes from outside: its inputs, and the names of their open dimensions. */
final class ModelInputs {
  private final Map<String, OnnxValueInfo> infos = new LinkedHashMap<>();

  ModelInputs(OnnxFile file) {
    Set<String> initializers = new HashSet<>();
    for (OnnxTensor tensor : file.model().graph().initializers()) {
      initializers.add(tensor.name());
    }
    for (OnnxValueInfo info : file.model().graph().inputs()) {
      if (!initializers.contains(info.name())) {
        infos.put(info.name(), info);
      }
    }
  }

  Set<String> names() {
    return infos.keySet();
  }

  /** The inputs with their types, for messages. */
  String describe() {
    return infos.values().stream()
        .map(info -> info.name() + " " + info.type().describe())
        .collect(Collectors.joining(", "));
  }

  /** The element type of an input; refused where it is no tensor of numbers. */
  DType dtype(String input) {
    return tensorType(input)
        .flatMap(type -> OnnxImporter.dtype(type.elementType()))
        .orElseThrow(() ->
            new RequestException(
                "input "
                    + Text.quote(input)
                    + " is "
                    + infoOf(input).type().describe()
                    + ", which no .npy file holds"));
  }

  private OnnxValueInfo infoOf(String input) {
    OnnxValueInfo info = infos.get(input);
    if (info == null) {
      throw new RequestException(
          "the model has no input " + Text.quote(input) + "; its inputs: " + describe());
    }
    return info;
  }

  private Optional<OnnxType.Tensor> tensorType(String input) {
    return infoOf(input).type() instanceof OnnxType.Tensor type
        ? Optional.of(type)
        : Optional.empty();
  }

  /** The declared dimensions of an input; empty where its rank is open. */
  Optional<List<OnnxDimension>> dimensions(String input) {
    return tensorType(input).flatMap(OnnxType.Tensor::shape);
  }

  /** What the importer calls the open dimension {@code axis} of {@code input}; empty if fixed. */
  static Optional<String> symbol(String input, int axis, OnnxDimension dimension) {
    return switch (dimension) {
      case OnnxDimension.Fixed fixed -> Optional.empty();
      case OnnxDimension.Symbolic(String name) -> Optional.of(name);
      case OnnxDimension.Unknown() -> Optional.of(input + "." + axis);
    };
  }

  /** The symbols as these tensors have them: ranges of one value, so that memory fits the run. */
  Map<String, Symbol> exactSymbols(Map<String, Tensor> tensors) {
    Map<String, Symbol> symbols = new LinkedHashMap<>();
    tensors.forEach((input, tensor) -> {
      List<OnnxDimension> dims = dimensions(input).orElse(List.of());
      for (int axis = 0; axis < Math.min(dims.size(), tensor.rank()); axis++) {
        long extent = tensor.extent(axis);
        symbol(input, axis, dims.get(axis))
            .ifPresent(name -> symbols.putIfAbsent(name, new Symbol(name, extent, extent)));
      }
    });
    return symbols;
  }
}
