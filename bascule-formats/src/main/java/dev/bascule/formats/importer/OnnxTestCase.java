package dev.bascule.formats.importer;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.onnx.OnnxDataType;
import dev.bascule.formats.onnx.OnnxDimension;
import dev.bascule.formats.onnx.OnnxFile;
import dev.bascule.formats.onnx.OnnxTensor;
import dev.bascule.formats.onnx.OnnxTensorFile;
import dev.bascule.formats.onnx.OnnxType;
import dev.bascule.formats.onnx.OnnxValueInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One of ONNX's test folders: {@code model.onnx}, and a {@code test_data_set_*} of inputs with the
 * outputs they should give, {@code input_0.pb}, {@code output_0.pb}, ... in the order of the
 * model's inputs and outputs.
 */
public record OnnxTestCase(Path model, Map<String, Tensor> inputs, Map<String, Tensor> outputs) {
  /**
   * Relative and absolute: those of ONNX's own test runner, with the resolution of the narrow
   * types.
   */
  private record Tolerance(double relative, double absolute) {}

  public OnnxTestCase {
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
  }

  /** The data sets of a test folder. */
  public static List<Path> dataSets(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(path -> String.valueOf(path.getFileName()).startsWith("test_data_set_"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a data set; its tensors lie in {@code arena}. */
  public static OnnxTestCase read(OnnxFile model, Path dataSet, Arena arena) {
    return new OnnxTestCase(
        model.path(),
        tensors(model.model().graph().inputs(), dataSet, "input_", arena),
        tensors(model.model().graph().outputs(), dataSet, "output_", arena));
  }

  private static Map<String, Tensor> tensors(
      List<OnnxValueInfo> infos, Path dataSet, String prefix, Arena arena) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (int i = 0; i < infos.size(); i++) {
      Path path = dataSet.resolve(prefix + i + ".pb");
      if (Files.exists(path)) {
        requireTensor(infos.get(i), path);
        tensors.put(infos.get(i).name(), declared(infos.get(i), tensor(path, arena), path));
      }
    }
    return tensors;
  }

  /** Before the file is read: one of sequences would be taken for a broken tensor. */
  private static void requireTensor(OnnxValueInfo info, Path path) {
    String what =
        switch (info.type()) {
          case OnnxType.Tensor t -> "";
          case OnnxType.SparseTensor t -> "sparse tensors";
          case OnnxType.Sequence s -> "sequences";
          case OnnxType.Map m -> "maps";
          case OnnxType.Maybe m -> "optional values";
          case OnnxType.Opaque o -> "opaque values";
          case OnnxType.Undeclared u -> "undeclared values";
        };
    if (!what.isEmpty()) {
      String name = FormatException.quote(info.name());
      throw new UnsupportedException(
          path, name, "a tensor", what, info.type().describe(), "export the model with tensors");
    }
  }

  /** ONNX 1.12 and earlier wrote bf16 as u16; and some of its data contradicts its models. */
  private static Tensor declared(OnnxValueInfo info, Tensor tensor, Path path) {
    if (!(info.type() instanceof OnnxType.Tensor(var elementType, var shape))) {
      return tensor;
    }
    List<OnnxDimension> dims = shape.orElse(List.of());
    boolean contradicts = shape.isPresent() && dims.size() != tensor.rank();
    for (int axis = 0; axis < dims.size() && !contradicts; axis++) {
      contradicts =
          dims.get(axis) instanceof OnnxDimension.Fixed(long size) && size != tensor.extent(axis);
    }
    if (contradicts) {
      String what = "test data that contradicts its model";
      String name = FormatException.quote(info.name());
      throw new UnsupportedException(
          path, name, info.type().describe(), what, tensor.toString(), "correct the test folder");
    }
    return elementType == OnnxDataType.BFLOAT16 && tensor.dtype() == DType.U16
        ? new Tensor(DType.BF16, tensor.extents(), tensor.bytes())
        : tensor;
  }

  /** The tensor in a {@code .pb} file, copied into {@code arena}. */
  public static Tensor tensor(Path path, Arena arena) {
    try (OnnxTensorFile file = OnnxTensorFile.open(path)) {
      OnnxTensor tensor = file.tensor();
      return new Tensors(arena)
          .tensor(
              tensor,
              what ->
                  new UnsupportedException(path, "", "numbers", what, what, "use another type"));
    }
  }

  /** What is wrong with a result: empty if nothing is. */
  public static Optional<String> difference(String name, Tensor expected, Tensor got) {
    String output = "output " + FormatException.quote(name);
    if (expected.dtype() != got.dtype() || !Arrays.equals(expected.extents(), got.extents())) {
      return Optional.of(output + ": expected " + expected + ", got " + got);
    }
    Tolerance tolerance = tolerance(expected.dtype());
    long worst = -1;
    double largest = 0;
    long wrong = 0;
    for (long i = 0; i < expected.elements(); i++) {
      double a = expected.number(i);
      double b = got.number(i);
      boolean same = a == b || (Double.isNaN(a) && Double.isNaN(b));
      double apart = Math.abs(a - b);
      if (!same && !(apart <= tolerance.absolute() + tolerance.relative() * Math.abs(a))) {
        wrong++;
        // a NaN or an infinity on one side is as far apart as can be
        if (worst < 0 || !(apart <= largest)) {
          worst = i;
          largest = Double.isNaN(apart) ? Double.POSITIVE_INFINITY : apart;
        }
      }
    }
    return worst < 0
        ? Optional.empty()
        : Optional.of(
            output
                + ": "
                + wrong
                + " of "
                + expected.elements()
                + " elements differ, most at "
                + worst
                + ": expected "
                + expected.number(worst)
                + ", got "
                + got.number(worst));
  }

  private static Tolerance tolerance(DType dtype) {
    return switch (dtype) {
      case F64, F32 -> new Tolerance(1e-3, 1e-7);
      // One step of an 11 bit significand is 1e-3 at worst.
      case F16 -> new Tolerance(2e-3, 1e-5);
      case BF16 -> new Tolerance(1e-2, 1e-3);
      case F8E4M3, F8E5M2 -> new Tolerance(0.13, 1e-2);
      case I64, I32, I16, I8, U64, U32, U16, U8, BOOL, I4, U4 -> new Tolerance(0, 0);
    };
  }
}
