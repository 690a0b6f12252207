package dev.bascule.cli;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.core.kernel.Storage;
import dev.bascule.formats.importer.OnnxTestCase;
import dev.bascule.formats.npy.Npy;
import dev.bascule.formats.npy.NpyArray;
import dev.bascule.formats.onnx.OnnxDimension;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The inputs of one run: read from files, or drawn. */
final class RunInputs {
  private final ModelInputs model;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  /** Open dimensions whose extents are known: from files first, then as the user says. */
  private final Map<String, Long> dims = new LinkedHashMap<>();

  RunInputs(ModelInputs model) {
    this.model = model;
  }

  Map<String, Tensor> tensors() {
    return tensors;
  }

  /** Reads each file into {@code arena}. */
  void read(Map<String, Path> files, Arena arena) {
    files.forEach((name, path) -> {
      DType expected = model.dtype(name);
      Tensor tensor = tensor(path, arena);
      if (tensor.dtype() != expected) {
        throw new RequestException(
            "input "
                + Text.quote(name)
                + ": expected "
                + expected
                + ", got "
                + tensor
                + " from "
                + path
                + "; convert the array");
      }
      tensors.put(name, tensor);
    });
    model.exactSymbols(tensors).forEach((name, symbol) -> dims.put(name, symbol.max()));
  }

  private static Tensor tensor(Path path, Arena arena) {
    if (path.toString().endsWith(".pb")) {
      return OnnxTestCase.tensor(path, arena);
    }
    if (path.toString().endsWith(".npy")) {
      NpyArray array = Npy.read(path, arena);
      long[] extents = array.dims().stream().mapToLong(Long::longValue).toArray();
      return new Tensor(array.dtype(), extents, array.data());
    }
    throw new RequestException("--input " + path + ": expected a .npy or .pb file");
  }

  /** Takes the extents that the user named; those that contradict a file are refused. */
  void setDims(Map<String, Long> given) {
    given.forEach((name, extent) -> {
      Long known = dims.putIfAbsent(name, extent);
      if (known != null && !known.equals(extent)) {
        throw new RequestException(
            "--dim " + name + "=" + extent + ": the inputs have " + known + " there");
      }
    });
  }

  /** The inputs that have no value yet. */
  List<String> missing() {
    return model.names().stream().filter(name -> !tensors.containsKey(name)).toList();
  }

  /**
   * Draws the missing inputs: floats evenly from -1 to 1, integers and booleans 0 or 1 (which are
   * valid indices, types and masks).
   *
   * @return what was assumed, for the user to read
   */
  List<String> draw(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> assumed = new ArrayList<>();
    for (String name : missing()) {
      List<OnnxDimension> declared =
          model
              .dimensions(name)
              .orElseThrow(() ->
                  new RequestException(
                      "--random: the rank of input "
                          + Text.quote(name)
                          + " is open; give it with --input"));
      long[] extents = new long[declared.size()];
      for (int axis = 0; axis < extents.length; axis++) {
        extents[axis] = extent(name, axis, declared.get(axis), assumed);
      }
      Tensor tensor = Tensor.zeros(model.dtype(name), extents);
      for (long i = 0; i < tensor.elements(); i++) {
        double value = tensor.dtype().isFloat() ? random.nextDouble(-1, 1) : random.nextInt(2);
        Storage.storeNumber(tensor.dtype(), tensor.bytes(), i, value);
      }
      tensors.put(name, tensor);
    }
    return assumed;
  }

  private long extent(String input, int axis, OnnxDimension dimension, List<String> assumed) {
    if (dimension instanceof OnnxDimension.Fixed(long size)) {
      return size;
    }
    String symbol = ModelInputs.symbol(input, axis, dimension).orElseThrow();
    return dims.computeIfAbsent(
        symbol,
        name -> {
          assumed.add("dimension " + Text.quote(name) + " is 1; --dim " + name + "=N sets another");
          return 1L;
        });
  }
}
