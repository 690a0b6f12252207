package dev.bascule.formats.onnx;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The declared type of a value. Bascule computes with tensors; the others are named, so that an
 * error can name them.
 */
public sealed interface OnnxType {
  /** A dense tensor; without a shape, its rank is unknown. */
  record Tensor(OnnxDataType elementType, Optional<List<OnnxDimension>> shape) implements OnnxType {
    public Tensor {
      shape = shape.map(List::copyOf);
    }
  }

  record SparseTensor(OnnxDataType elementType, Optional<List<OnnxDimension>> shape)
      implements OnnxType {
    public SparseTensor {
      shape = shape.map(List::copyOf);
    }
  }

  record Sequence(OnnxType elementType) implements OnnxType {}

  record Map(OnnxDataType keyType, OnnxType valueType) implements OnnxType {}

  record Maybe(OnnxType elementType) implements OnnxType {}

  record Opaque(String domain, String name) implements OnnxType {}

  /** The file gives the value a name and no type. */
  record Undeclared() implements OnnxType {}

  /** The type in words, for messages. */
  default String describe() {
    return switch (this) {
      case Tensor(var element, var shape) -> "tensor(" + name(element) + ")" + describe(shape);
      case SparseTensor(var element, var shape) ->
          "sparse tensor(" + name(element) + ")" + describe(shape);
      case Sequence(var element) -> "sequence(" + element.describe() + ")";
      case Map(var key, var value) -> "map(" + name(key) + ", " + value.describe() + ")";
      case Maybe(var element) -> "optional(" + element.describe() + ")";
      case Opaque(var domain, var name) -> "opaque(" + domain + "." + name + ")";
      case Undeclared() -> "undeclared";
    };
  }

  private static String name(OnnxDataType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  private static String describe(Optional<List<OnnxDimension>> shape) {
    return shape
        .map(dims ->
            dims.stream()
                .map(dim ->
                    switch (dim) {
                      case OnnxDimension.Fixed(long size) -> Long.toString(size);
                      case OnnxDimension.Symbolic(String name) -> name;
                      case OnnxDimension.Unknown() -> "?";
                    })
                .toList()
                .toString())
        .orElse("[...]");
  }
}
